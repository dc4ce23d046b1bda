"""Rules about versions of the standard that do not know what the model does, or what it shall do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.findings.facts import count, listed
from haoline_analysis.quantization.linter import sources
from haoline_analysis.quantization.linter.facts import DQ, Q, named
from haoline_analysis.quantization.linter.finding import LintFinding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.quantization.linter.facts import LintFacts

PER_CHANNEL, FLOAT8, NARROW, FLOAT4, TWO_BITS = 13, 19, 21, 23, 25
SINCE = {"int16": NARROW, "uint16": NARROW, "int4": NARROW, "uint4": NARROW, "float4_e2m1": FLOAT4}
SINCE |= {"int2": TWO_BITS, "uint2": TWO_BITS}


def too_old(facts: LintFacts) -> Iterator[LintFinding]:
    """Quantizers that use what their opset does not have."""
    needs: dict[str, list[int]] = {}
    since = 0
    for row in facts.of(Q, DQ):
        for what, version in _needs(facts, row):
            if facts.op(row).version < version:
                needs.setdefault(f"{what} (opset {version})", []).append(row)
                since = max(since, version)
    if needs:
        rows = [row for held in needs.values() for row in held]
        uses = ", ".join(f"{len(held)} × {what}" for what, held in needs.items())
        yield LintFinding(
            "opset-too-old",
            "error",
            "Quantizers use what their opset does not have",
            listed(rows),
            f"opset {facts.op(rows[0]).version}, but {uses}",
            f"Raise the opset to {since}, or use the quantizers of com.microsoft.",
            why="Scales per axis came with opset 13, float8 with 19, 16 and 4 bits and blocks with 21: checkers and "
            "runtimes refuse them in older models.",
            source=sources.ONNX_QUANTIZE,
        )


def before_quantizing(facts: LintFacts) -> Iterator[LintFinding]:
    """A float model whose opset bars some of the schemes."""
    version = facts.model.opsets.get("", facts.model.opsets.get("ai.onnx", 0))
    if facts.quantized or not facts.quantizable or not 0 < version < NARROW:
        return
    barred = [
        what
        for what, since in (("scales per channel", PER_CHANNEL), ("float8", FLOAT8), ("16 and 4 bits", NARROW))
        if version < since
    ]
    yield LintFinding(
        "opset-bars-schemes",
        "info",
        "The opset bars some ways of quantizing",
        (),
        f"opset {version}: no {', no '.join(barred)} in the standard's quantizers"
        + ("; 8 bits need 10" if version < 10 else ""),
        "Raise the opset before quantizing; quantize() does where it has to.",
        why="QuantizeLinear knows scales per axis since opset 13, float8 since 19, 16 and 4 bits since 21.",
        source=sources.ONNX_QUANTIZE,
    )


def _needs(facts: LintFacts, row: int) -> Iterator[tuple[str, int]]:
    """What a quantizer uses, and the opset that brought it."""
    op = facts.op(row)
    integers = op.outputs[0] if op.type == Q and op.outputs else facts.source(row)
    dtype = _dtype(facts, row, integers)
    if op.integer("block_size"):
        yield "a scale per block", NARROW
    elif _scales(facts, row) > 1:
        yield "a scale per channel", PER_CHANNEL
    if dtype.startswith("float8"):
        yield dtype, FLOAT8
    elif dtype in SINCE:
        yield dtype, SINCE[dtype]


def _dtype(facts: LintFacts, row: int, integers: int) -> str:
    """Type of the integers: of the zero point, else of the tensor."""
    zero = facts.source(row, 2)
    return facts.dtype(zero) or facts.dtype(integers)


def _scales(facts: LintFacts, row: int) -> int:
    """Number of scales, 1 where unknown."""
    scale = facts.source(row, 1)
    weight = facts.model.tensors[scale].weight if scale >= 0 else None
    return weight.elements if weight is not None else 1


def old_kernels(facts: LintFacts) -> Iterator[LintFinding]:
    """Ops with 8-bit kernels only in later opsets."""
    rows = [row for row in facts.of("MaxPool") if facts.op(row).version < 12 and facts.between_quantizers(row)]
    if rows:
        yield LintFinding(
            "opset-without-8-bit-pooling",
            "warning",
            "Pooling in float for want of an opset",
            listed(rows),
            f"{count(len(rows), 'op')} of opset {facts.op(rows[0]).version} between quantizers: {named(facts, rows)}",
            "Raise the opset to 12 or later.",
            why="MaxPool takes 8-bit integers since opset 12; before, it is dequantized, pooled and quantized again.",
            source=sources.ORT,
        )
