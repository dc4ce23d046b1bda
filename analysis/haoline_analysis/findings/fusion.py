"""Rules about patterns that one op would replace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.findings.facts import Facts, count, listed
from haoline_analysis.findings.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.model import Op

BETWEEN = {"Add", "Cast", "Div", "Dropout", "IsNaN", "Mul", "Reshape", "Softmax", "Sub", "Where"}
MAX_STEPS = 8
ATTENTION_OPSET, LAYER_NORM_OPSET, GELU_OPSET = 23, 17, 20


def unfused_attention(facts: Facts) -> Iterator[Finding]:
    """MatMul, scale and mask, Softmax, MatMul as separate ops."""
    rows = [index for index in facts.of("Softmax") if _between_products(facts, facts.model.ops[index])]
    if rows:
        yield Finding(
            "unfused-attention",
            "info",
            "Attention is written out in single ops",
            listed(rows),
            f"{count(len(rows), 'attention')} of MatMul, Softmax, MatMul",
            f"Fuse with onnxruntime.transformers.optimizer, or export Attention at opset {ATTENTION_OPSET}.",
        )


def _between_products(facts: Facts, softmax: Op) -> bool:
    return bool(softmax.inputs) and _before(facts, softmax.inputs[0]) and _after(facts, softmax)


def _before(facts: Facts, tensor: int) -> bool:
    """Whether a product of two activations leads here through scaling and masking."""
    for _ in range(MAX_STEPS):
        producer = facts.producer(tensor)
        if producer < 0:
            return False
        op = facts.model.ops[producer]
        if op.type == "MatMul":
            return len(facts.activations(op)) > 1
        if op.type not in BETWEEN:
            return False
        tensor = next((t for t in op.inputs if facts.maker(t) in BETWEEN | {"MatMul"}), -1)
    return False


def _after(facts: Facts, op: Op) -> bool:
    """Whether a product of two activations follows, perhaps after Dropout, a Cast or a NaN guard."""
    for _ in range(MAX_STEPS):
        readers = [facts.model.ops[index] for index in facts.readers(op)]
        if any(reader.type == "MatMul" and len(facts.activations(reader)) > 1 for reader in readers):
            return True
        inner = next((reader for reader in readers if reader.type in ("Cast", "Dropout", "Where", "Reshape")), None)
        if inner is None:
            return False
        op = inner
    return False


def decomposed_layer_norm(facts: Facts) -> Iterator[Finding]:
    """Layer and RMS normalisation out of ReduceMean, Add, Sqrt, Div."""
    rows = []
    for index in facts.of("Sqrt"):
        op = facts.model.ops[index]
        plus = facts.producer(facts.source(index))
        scaled = {"Div", "Reciprocal"} & facts.reader_types(op)
        if plus >= 0 and facts.model.ops[plus].type == "Add" and scaled:
            mean = next((t for t in facts.model.ops[plus].inputs if facts.maker(t) == "ReduceMean"), -1)
            if mean >= 0 and facts.maker(facts.source(facts.producer(mean))) in ("Pow", "Mul"):
                rows.append(index)
    if rows:
        yield Finding(
            "decomposed-layer-norm",
            "info",
            "Layer or RMS normalisation in single ops",
            listed(rows),
            f"{count(len(rows), 'normalisation')}, each about 6 to 9 passes over its tensor",
            f"Export opset {LAYER_NORM_OPSET} (LayerNormalization) or 23 (RMSNormalization), or let a runtime fuse.",
        )


def decomposed_gelu(facts: Facts) -> Iterator[Finding]:
    """GELU out of Erf, or of Tanh with a cube."""
    rows = [index for index in facts.of("Erf") if "Add" in facts.reader_types(facts.model.ops[index])]
    rows += [index for index in facts.of("Tanh") if _is_tanh_gelu(facts, facts.model.ops[index])]
    if rows:
        yield Finding(
            "decomposed-gelu",
            "info",
            "GELU in single ops",
            listed(rows),
            f"{count(len(rows), 'GELU')}, each about 5 passes over its tensor",
            f"Export Gelu at opset {GELU_OPSET}, or let the runtime's optimiser fuse it.",
        )


def _is_tanh_gelu(facts: Facts, op: Op) -> bool:
    """Whether Tanh takes sqrt(2/pi) (x + 0.044715 x^3) and 1 is added."""
    scaled = facts.producer(op.inputs[0]) if op.inputs else -1
    if scaled < 0 or facts.model.ops[scaled].type != "Mul" or "Add" not in facts.reader_types(op):
        return False
    inner = next((t for t in facts.model.ops[scaled].inputs if facts.maker(t) == "Add"), -1)
    return inner >= 0 and any(facts.maker(t) == "Mul" for t in facts.model.ops[facts.producer(inner)].inputs)
