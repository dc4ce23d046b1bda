"""Rules about parts of a model that deserve a decision of their own: its ends, its tables, what has no shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.dtypes import FLOATS
from haoline_analysis.findings.facts import count, listed, size
from haoline_analysis.quantization.linter import sources
from haoline_analysis.quantization.linter.facts import DQ, MAX_HOPS, Q, named
from haoline_analysis.quantization.linter.finding import Fix, LintFinding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.quantization.linter.facts import LintFacts

TABLE_BYTES = 1e6
TABLE_SHARE = 0.2
FEWEST = 3
"""Ops with weights from which on there are ends to tell from a middle."""
ATTENTION = ("Attention", "MultiHeadAttention", "GroupQueryAttention")
PASSING = ("Where", "Cast", "Dropout", "Identity", Q, DQ)
PRODUCTS = ("MatMul", "Einsum", "QLinearMatMul")
SHAPED = ("Conv", "ConvTranspose", "Gemm", "MatMul", "Add", "Mul", "Concat", "LayerNormalization", "Softmax")


def ends(facts: LintFacts) -> Iterator[LintFinding]:
    """The first and the last op with weights."""
    found = [item for item in facts.weighted if facts.computes(item.row)]
    if len(found) < FEWEST:
        return
    ends = [item for item in (found[0], found[-1]) if not facts.quantized or item.grid is not None]
    if not ends:
        return
    rows = listed(item.row for item in ends)
    total = float(facts.macs.sum())
    share = f", {facts.macs[list(rows)].sum() / total:.1%} of the MACs" if total else ""
    yield LintFinding(
        "first-last-layer",
        "info",
        "First and last layer in 8 bits" if facts.quantized else "First and last layer",
        rows,
        f"{named(facts, rows)}{share}",
        "If accuracy falls short, leave these in float first.",
        why="The first layer reads raw input and the last one makes the result: their errors are neither averaged out "
        "nor corrected behind, and they hold little of the work.",
        source=sources.DOREFA,
        fix=Fix("Leave the ends in float", {"keep_float": facts.float_names(rows)}),
    )


def dynamic_first(facts: LintFacts) -> Iterator[LintFinding]:
    """Transformers and recurrent networks, for which the runtime's makers advise dynamic quantization."""
    static = _in_eight_bits(facts)
    if not facts.target.is_cpu or (facts.quantized and (not static or facts.captured is not None)):
        return  # what was captured is judged by itself
    rows = [row for row in facts.anywhere("Softmax", "QLinearSoftmax") if _weighs(facts, row)]
    rows += [row for row in facts.anywhere(*ATTENTION) if facts.computes(row)]
    rows += facts.of("LSTM", "GRU", "RNN")
    if rows:
        scales = f", {count(len(static), 'activation')} in 8 bits with a scale for all inputs" if static else ""
        yield LintFinding(
            "dynamic-first",
            "warning" if static else "info",
            "A network for dynamic quantization",
            listed(rows),
            f"{count(len(rows), 'attention or recurrent op')}: {named(facts, sorted(rows))}{scales}",
            "Compare it with the float model on real data, or lint it with a capture; dynamic INT8 is the safer choice."
            if static
            else "Try dynamic INT8 first, and static INT8 only where it is too slow.",
            why="Activations of transformers and recurrent networks differ from input to input, with outliers that one "
            "scale for all inputs does not fit; dynamic quantization chooses a scale for each.",
            source=f"{sources.ORT}#method-selection",
            fix=Fix("Dynamic INT8", {"scheme": "dynamic-int8"}),
        )


def _in_eight_bits(facts: LintFacts) -> list[int]:
    """Activations that are rounded to 8 bits on scales known before the run; none where most have more bits."""
    made = {tensor: facts.maker(tensor) for tensor in facts.forms}
    rounded = [tensor for tensor, kind in made.items() if kind == Q or kind.startswith("QLinear")]
    narrow = [tensor for tensor in rounded if facts.forms[tensor].bits == 8]
    return narrow if 2 * len(narrow) > len(rounded) else []


def _weighs(facts: LintFacts, row: int) -> bool:
    """Whether a matrix product reads a softmax, be it behind ops that only mask, cast or quantize."""
    rows = [row]
    for _ in range(2 * MAX_HOPS):  # a quantizer is two
        readers = [at for held in rows for at in facts.readers(facts.op(held))]
        if any(facts.op(at).type in PRODUCTS for at in readers):
            return True
        rows = [at for at in readers if facts.op(at).type in PASSING]
    return False


def float_tables(facts: LintFacts) -> Iterator[LintFinding]:
    """Embedding tables in float that make up much of the file."""
    total = sum((tensor.weight.nbytes or 0) for tensor in facts.model.tensors if tensor.weight is not None)
    tables: dict[int, list[int]] = {}
    for row in facts.of("Gather"):
        tensor = facts.source(row)
        weight = facts.model.tensors[tensor].weight if tensor >= 0 else None
        if weight is not None and weight.dtype in FLOATS and (weight.nbytes or 0) >= TABLE_BYTES:
            tables.setdefault(tensor, []).append(row)
    held = sum((weight.nbytes or 0) for tensor in tables if (weight := facts.model.tensors[tensor].weight) is not None)
    if not tables or held < TABLE_SHARE * total:
        return
    yield LintFinding(
        "float-embedding",
        "warning" if facts.quantized else "info",
        "Embedding tables in float",
        listed(row for rows in tables.values() for row in rows),
        f"{count(len(tables), 'table')}, {size(held)} of {size(total)} of weights ({held / total:.0%})",
        "Quantize the tables too: dynamic and static quantization take Gather, weight-only quantization to 4 bits can "
        "through GatherBlockQuantized.",
        why="A table is only looked up: eight bits cost no time and shrink it to a quarter, while it in float bounds "
        "what quantizing the rest can save.",
        source=sources.ORT_REGISTRY,
    )


def missing_shapes(facts: LintFacts) -> Iterator[LintFinding]:
    """Activations of which neither file nor inference knows the shape."""
    rows = [row for row in facts.of(*SHAPED) if any(_unknown(facts, tensor) for tensor in facts.op(row).inputs)]
    rows = [row for row in rows if facts.op(row).parent < 0]
    if rows:
        yield LintFinding(
            "missing-shapes",
            "warning",
            "Ops that read tensors of unknown shape",
            listed(rows),
            f"{count(len(rows), 'op')} of {len(facts.of(*SHAPED)):,}: {named(facts, rows)}",
            "Run shape inference (quant_pre_process) before quantizing, or declare the shapes when exporting.",
            why="Quantizers skip or misjudge what they know no rank of: a bias, the weight of a product, an axis.",
            source=sources.ORT_PREPROCESS,
        )


def _unknown(facts: LintFacts, tensor: int) -> bool:
    """Whether not even the rank of a tensor is known."""
    return tensor >= 0 and facts.rank(tensor) is None


def unfolded_norms(facts: LintFacts) -> Iterator[LintFinding]:
    """Batch normalisations that are still beside their convolutions."""
    rows = [
        row
        for row in facts.of("BatchNormalization")
        if facts.maker(facts.source(row)) in ("Conv", "ConvTranspose", "Gemm", "DequantizeLinear")
    ]
    cut = [row for row in rows if facts.from_dq(facts.source(row))]
    if rows:
        yield LintFinding(
            "unfolded-batch-norm",
            "warning" if cut else "info",
            "Batch normalisations beside their convolutions",
            listed(rows),
            f"{count(len(rows), 'BatchNormalization')} behind a convolution"
            + (f", {len(cut)} of them behind a quantizer" if cut else ""),
            "Fold them into the weights before quantizing: quantize() and quant_pre_process do.",
            why="Folded, the pair is one integer kernel; apart, the normalisation runs in float on rounded values.",
            source=sources.ORT_PREPROCESS,
        )
