"""Which ops carry activations, which only prepare constants and sizes, and an order in which both can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from haoline_analysis.model import Model, Op
    from haoline_analysis.structure.hashing import Wiring

    I64 = NDArray[np.int64]

SIZES = frozenset({"Shape", "Size"})


def computing(model: Model, wiring: Wiring) -> NDArray[np.bool_]:
    """Which ops depend on a model input, and so are not constants."""
    is_weight = np.array([tensor.weight is not None for tensor in model.tensors], bool)
    varying = ~is_weight[wiring.tensor]
    out = np.ones(wiring.ops, bool)
    out[_settled(model, wiring, varying, [])] = False
    return out


def carrying(model: Model, wiring: Wiring, computed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the ops that compute carry activations, and are no arithmetic on the dims of tensors.

    Such arithmetic is no step of the computation: it is done on the side of it. Where there is nothing else, it is all
    there is to draw.
    """
    if not computed.any():
        return np.ones(wiring.ops, bool)
    sizes = [i for i, op in enumerate(model.ops) if op.type in SIZES and computed[i] and not _in_flow(op)]
    if not sizes:
        return computed
    is_weight = np.array([tensor.weight is not None for tensor in model.tensors], bool)
    constant = is_weight[wiring.tensor] | ((wiring.producer >= 0) & ~computed[wiring.producer])
    out = computed.copy()
    out[_settled(model, wiring, ~constant, sizes)] = False
    return out if out.any() else computed


def _settled(model: Model, wiring: Wiring, varying: NDArray[np.bool_], known: list[int]) -> list[int]:
    """Ops that are ``known`` and those all of whose inputs are, once the wires not ``varying`` are."""
    left = np.bincount(wiring.consumer[varying], minlength=wiring.ops).tolist()
    steps = known + [i for i, inputs in enumerate(left) if not inputs and not _in_flow(model.ops[i])]
    wires = np.flatnonzero(varying & (wiring.producer >= 0))
    wires = wires[np.argsort(wiring.producer[wires], kind="stable")]
    readers = wiring.consumer[wires].tolist()
    starts = np.searchsorted(wiring.producer[wires], np.arange(wiring.ops + 1)).tolist()
    fixed = set(steps)
    for index in steps:  # grows while it is walked
        for consumer in readers[starts[index] : starts[index + 1]]:
            left[consumer] -= 1
            if left[consumer] <= 0 and consumer not in fixed and not _in_flow(model.ops[consumer]):
                fixed.add(consumer)
                steps.append(consumer)
    return steps


def _in_flow(op: Op) -> bool:
    return op.parent >= 0 or bool(op.bodies)


def late_order(wiring: Wiring, main: NDArray[np.bool_], owner: I64) -> I64:
    """Rank per op: an execution order in which what is not ``main`` runs right before it is first needed.

    Files list constants anywhere; in this order a stretch of ops holds its own constants. ``owner`` is ``top_level``.
    """
    edge = np.flatnonzero(wiring.producer >= 0)
    edge = edge[~main[wiring.producer[edge]]]
    made, read = wiring.producer[edge], owner[wiring.consumer[edge]]
    order = np.argsort(-made, kind="stable")  # readers come after makers: their places are settled first
    needed = np.where(main, np.arange(wiring.ops), wiring.ops).tolist()
    for maker, reader in zip(made[order].tolist(), read[order].tolist(), strict=True):
        needed[maker] = min(needed[maker], needed[reader])
    rank = np.empty(wiring.ops, np.int64)
    rank[np.lexsort((np.arange(wiring.ops), main, needed))] = np.arange(wiring.ops)
    return rank


def top_level(model: Model) -> I64:
    """Per op itself, or the control-flow op of the main graph that holds it."""
    owner = list(range(len(model.ops)))
    for index, op in enumerate(model.ops):
        if op.parent >= 0:
            owner[index] = owner[op.parent]
    return np.asarray(owner, np.int64)
