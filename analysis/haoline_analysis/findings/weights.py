"""Rules about what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.findings.facts import Facts, count, listed, size
from haoline_analysis.findings.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.model import Weight

OVERSIZED_SHARE = 0.4
OVERSIZED_BYTES = 20e6
UNUSED_BYTES = 1e3
LARGE_CONSTANT = 4e6
REARRANGED_BYTES = 1e6


def oversized_layer(facts: Facts) -> Iterator[Finding]:
    """One op that holds most of the model."""
    stored = np.nan_to_num(facts.column("weight_bytes"), nan=0.0)
    total, largest = stored.sum(), int(stored.argmax()) if len(stored) else -1
    if largest < 0 or stored[largest] < max(OVERSIZED_BYTES, OVERSIZED_SHARE * total):
        return
    op = facts.model.ops[largest]
    table = op.type.startswith("Gather")
    yield Finding(
        "oversized-layer",
        "warning",
        "One op holds a large part of the weights",
        (largest,),
        f"{op.type} {op.name}: {size(stored[largest])} of {size(total)} ({stored[largest] / total:.0%})",
        "Trim the vocabulary or quantize the table to 8 or 4 bits."
        if table
        else "Replace it by global pooling or a factorised layer, or quantize it first: it decides the file size.",
    )


def rearranged_weights(facts: Facts) -> Iterator[Finding]:
    """Large weights that are transposed or cast during the run."""
    written = np.nan_to_num(facts.column("output_bytes"), nan=0.0)
    rows = [
        index
        for index in facts.of("Transpose", "Cast")
        if written[index] >= REARRANGED_BYTES and facts.is_weight(facts.source(index))
    ]
    if rows:
        kinds = sorted({facts.model.ops[index].type for index in rows})
        yield Finding(
            "rearranged-weights",
            "info",
            "Weights are rearranged during the run",
            listed(rows),
            f"{count(len(rows), 'op')} ({', '.join(kinds)}): {size(float(written[rows].sum()))} of copies",
            "Counted as activations here. A runtime that folds constants keeps the copy beside the original instead: "
            "store the weight as it is used, or fold it offline.",
        )


def unused_initializers(facts: Facts) -> Iterator[Finding]:
    """Stored tensors that no op reads."""
    idle = [
        tensor
        for index, tensor in enumerate(facts.model.tensors)
        if not tensor.consumers and tensor.weight is not None and tensor.producer < 0 and index not in facts.kept
    ]
    nbytes = sum(_nbytes(tensor.weight) for tensor in idle if tensor.weight is not None)
    if nbytes >= UNUSED_BYTES:
        named = ", ".join(tensor.name for tensor in idle[:4])
        yield Finding(
            "unused-initializers",
            "warning" if nbytes >= LARGE_CONSTANT else "info",
            "Stored weights that nothing reads",
            (),
            f"{count(len(idle), 'initializer')}, {size(nbytes)}: {named}",
            "They only take memory: this forward pass does without them."
            if facts.is_pytorch
            else "They only enlarge the file: remove them with onnxsim or onnxslim.",
        )


def double_precision(facts: Facts) -> Iterator[Finding]:
    """Arithmetic in float64."""
    rows = [index for index, name in enumerate(facts.precisions) if name in ("fp64", "float64")]
    if rows:
        macs = facts.macs[rows].sum()
        yield Finding(
            "float64",
            "warning",
            "Computes in float64",
            listed(rows),
            f"{count(len(rows), 'op')}, {macs:,.0f} MACs",
            "GPUs run float64 at 1/2 to 1/64 of their float32 rate and TensorRT refuses it: cast to float32.",
        )


def large_constants(facts: Facts) -> Iterator[Finding]:
    """Large tensors inside Constant nodes, which tools that look for initializers miss."""
    stored = ((tensor, tensor.weight) for tensor in facts.model.tensors if tensor.weight is not None)
    found = [
        (tensor, weight) for tensor, weight in stored if weight.kind == "constant" and _nbytes(weight) >= LARGE_CONSTANT
    ]
    if found:
        nbytes = sum(_nbytes(weight) for _, weight in found)
        yield Finding(
            "large-constants",
            "info",
            "Large tensors stored in Constant nodes",
            listed(index for tensor, _ in found for index in tensor.consumers),
            f"{count(len(found), 'constant')}, {size(nbytes)}",
            "Quantizers and external-data writers look at initializers only: lift them with onnxsim.",
        )


def _nbytes(weight: Weight) -> int:
    return weight.nbytes or 0
