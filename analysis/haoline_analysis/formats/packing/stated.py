"""What configurations say about quantization, in their several spellings, as one thing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEYS = ("quantization_config", "compression_config", "quantization")
_INNER = ("text_config", "language_config", "llm_config", "thinker_config")


@dataclass(slots=True)
class Stated:
    """Quantization as a config states it; what it leaves out is None or empty."""

    method: str = ""  # "gptq", "awq", "bitsandbytes", "fp8", "compressed-tensors", "mxfp4", "modelopt", "mlx", …
    bits: int | None = None
    group: int | None = None
    block: tuple[int, int] | None = None
    format: str = ""  # "pack-quantized", "nvfp4-pack-quantized", "gptq_v2", "gemm", "mxfp4" of MLX, …
    algorithm: str = ""  # of modelopt: "NVFP4", "FP8"
    cache: str = ""  # quantization of the key-value cache: "FP8"
    raw: Mapping[str, Any] = field(default_factory=dict)

    def of(self, module: str) -> Stated:
        """What is stated for one module, where it differs (MLX states modules by name)."""
        own = self.raw.get(module)
        if not isinstance(own, dict):
            return self
        return Stated(
            self.method,
            _integer(own, "bits") or self.bits,
            _integer(own, "group_size") or self.group,
            self.block,
            _text(own, "mode") or self.format,
            raw=own,
        )


def stated(config: Mapping[str, Any] | None, beside: Mapping[str, Mapping[str, Any]] | None = None) -> Stated:
    """Read ``config.json``, then the quantization files beside it (by file name), where config says nothing."""
    config = config or {}
    for holder in (config, *(config[key] for key in _INNER if isinstance(config.get(key), dict))):
        for key in _KEYS:
            found = holder.get(key)
            if isinstance(found, dict) and found:
                return _read(found, "mlx" if key == "quantization" and "quant_method" not in found else "")
    beside = beside or {}
    modelopt = beside.get("hf_quant_config.json", {}).get("quantization")
    if isinstance(modelopt, dict):
        return _read(modelopt, "modelopt")
    for name, method in (("quantize_config.json", "gptq"), ("quant_config.json", "awq")):
        if beside.get(name):
            return _read(beside[name], method)
    return Stated()


def _read(found: Mapping[str, Any], default: str) -> Stated:
    weights = _weights(found)
    block = found.get("weight_block_size") or weights.get("block_structure")
    return Stated(
        method=(_text(found, "quant_method") or _loads(found) or default).lower(),
        bits=_integer(found, "bits", "w_bit", "nbits", "num_bits") or _integer(weights, "num_bits"),
        group=_integer(found, "group_size", "q_group_size") or _integer(weights, "group_size"),
        block=_pair(block),
        format=_text(found, "format", "checkpoint_format", "version", "mode").lower(),
        algorithm=_text(found, "quant_algo").upper(),
        cache=_text(found, "kv_cache_quant_algo").upper(),
        raw=found,
    )


def _loads(found: Mapping[str, Any]) -> str:
    """Bitsandbytes before it named itself."""
    return "bitsandbytes" if found.get("load_in_4bit") or found.get("load_in_8bit") else ""


def _weights(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of compressed-tensors: the arguments for weights of the first group."""
    groups = found.get("config_groups")
    if isinstance(groups, dict):
        for group in groups.values():
            weights = group.get("weights") if isinstance(group, dict) else None
            if isinstance(weights, dict):
                return weights
    return {}


def _integer(found: Mapping[str, Any], *names: str) -> int | None:
    for name in names:
        value = found.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 20:
            return value
    return None


def _pair(value: Any) -> tuple[int, int] | None:
    whole = isinstance(value, list) and len(value) == 2 and all(isinstance(item, int) and item > 0 for item in value)
    return (value[0], value[1]) if whole else None


def _text(found: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = found.get(name)
        if isinstance(value, str):
            return value[:100]
    return ""
