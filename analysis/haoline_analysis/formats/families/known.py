"""The families whose ops are known, by the names that configs and GGUF files call them.

What a layer is made of follows from its weights (norms, gates, experts, fused projections); a family adds what no
weight shows: the activation, the scale of embeddings. Source: the models as transformers 5 computes them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """What a family's weights do not show."""

    activation: str = "silu"  # ATen op
    scaled_embeddings: bool = False  # by the square root of the hidden size
    transposed: bool = False  # projections are stored [in, out]
    clipped_experts: bool = False  # gates are clamped before they are activated


_SILU = Family()
_GELU = Family("gelu")
_GEMMA = Family("gelu", scaled_embeddings=True)
_GPT_OSS = Family(clipped_experts=True)

FAMILIES: dict[str, Family] = {
    **dict.fromkeys(("llama", "mistral", "mistral3", "mixtral", "smollm3"), _SILU),
    **dict.fromkeys(("qwen2", "qwen2_moe", "qwen2moe", "qwen3", "qwen3_moe", "qwen3moe", "phi3"), _SILU),
    **dict.fromkeys(("gemma", "gemma2", "gemma3", "gemma3_text"), _GEMMA),
    **dict.fromkeys(("phi", "phi2", "starcoder2"), _GELU),
    "gpt2": _GELU,
    **dict.fromkeys(("gpt_oss", "gpt-oss"), _GPT_OSS),
}

TRANSPOSED = Family("gelu", transposed=True)
"""GPT-2 as it is published: its projections are stored the other way round."""
