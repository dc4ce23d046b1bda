"""Which tensors share one buffer: views, and results written over an input that is no longer needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.cost.aten import DOMAIN
from haoline_analysis.cost.operands import result, source
from haoline_analysis.cost.slots import key
from haoline_analysis.cost.traffic import VIEWS

if TYPE_CHECKING:
    from haoline_analysis.cost.plan import CostPlan
    from haoline_analysis.model import Op

IN_PLACE = frozenset(
    {
        "Cast", "Celu", "Clip", "Elu", "HardSigmoid", "LeakyRelu", "LogSoftmax", "Relu", "ScatterElements", "ScatterND",
        "Selu", "Shrink", "Sigmoid", "Softmax", "Softplus", "Softsign", "Tanh", "TensorScatter", "ThresholdedRelu",
    }
)  # fmt: skip
"""Ops that onnxruntime's CPU kernels run over their first input; found by measuring its arena (tests/python/cost)."""


def share_buffers(plan: CostPlan, sizes: np.ndarray, pinned: np.ndarray) -> np.ndarray:
    """The tensor whose buffer each tensor uses, int64 [tensors].

    ``sizes`` are bytes per tensor; ``pinned`` marks tensors that have a buffer of their own and keep it: inputs,
    constants and outputs of the model and of bodies.
    """
    last_read = plan.spans.last
    roots = np.arange(len(last_read))
    buffer_end = last_read.copy()  # of a buffer: the last read of any tensor in it
    for index in sorted([*plan.rows(VIEWS | IN_PLACE), *plan.aten_sharers]):
        op = plan.model.ops[index]
        if op.domain == DOMAIN:
            _alias(op, roots, buffer_end, last_read)
            continue
        origin, target = source(op), result(op)
        if min(origin, target) < 0 or pinned[target]:
            continue
        root = roots[origin]
        free = not pinned[root] and buffer_end[root] == index and sizes[origin] == sizes[target]
        if op.type in VIEWS or (free and key(op)[0] == ""):
            roots[target] = root
            buffer_end[root] = max(buffer_end[root], last_read[target])
    return roots


def _alias(op: Op, roots: np.ndarray, buffer_end: np.ndarray, last_read: np.ndarray) -> None:
    """Put all results of an ATen view or in-place op into its first input's buffer, whoever owns that."""
    origin = source(op)
    if origin < 0:
        return
    root = roots[origin]
    for target in op.outputs:
        if target >= 0:
            roots[target] = root
            buffer_end[root] = max(buffer_end[root], last_read[target])
