"""Transposes that onnxruntime puts around ops which work channels last, and the tensors between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.quantization.deployed.blocked import NCHWC
from haoline_analysis.quantization.matching.families import channels_last
from haoline_analysis.structure.categories import category

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.model import Model, Op

    Shapes = Sequence[tuple[int | None, ...] | None]

_AGNOSTIC = frozenset({"activation", "elementwise", "logic", "cast", "quantize", "concat"})
_OTHERS = frozenset(
    {"Identity", "Dropout", "Pad", "Slice", "Split", "Resize", "Upsample"}
    | {"LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization"}
)
"""Categories of ops, and other ops, that keep the order of axes, whichever it is.

onnxruntime renames their axes when it turns their operands.
"""


class Layouts:
    """Which tensors of a graph are channels last."""

    def __init__(self, model: Model, shapes: Shapes, *, own: bool = False) -> None:
        """Follow the channels from the ops that need them last; with ``own`` from any Transpose that puts them last."""
        self._model, self._shapes = model, shapes
        self._last: dict[int, int] = {}  # tensor -> its rank
        self._wanted: set[int] | None = None
        blocked = any(op.domain == NCHWC for op in model.ops)
        self._turns = any(channels_last(op) and op.domain != NCHWC for op in model.ops)
        if own or blocked or self._turns:
            self._wanted = None if own else self._find_wanted()
            self._follow()

    def is_layout(self, op: Op) -> bool:
        """Whether a Transpose only changes the memory layout, for an op that onnxruntime runs channels last."""
        return self._turns and op.type == "Transpose" and self._changes(op)

    def order(self, tensor: int) -> tuple[int, ...] | None:
        """The axes that bring a tensor into the graph's own layout, None where it is in that."""
        rank = self._last.get(tensor)
        return None if rank is None else to_first(rank)

    def _changes(self, op: Op) -> bool:
        perm = tuple(op.attributes.get("perm", ()))
        if len(perm) < 3:
            return False
        if perm == to_first(len(perm)):
            return op.inputs[0] in self._last
        return perm == to_last(len(perm)) and op.outputs[0] in self._last

    def _find_wanted(self) -> set[int]:
        """Tensors that some op takes channels last, through ops that do not care."""
        wanted: set[int] = set()
        for op in reversed(self._model.ops):
            if channels_last(op):
                wanted.update(op.inputs[:1])
            elif _is_agnostic(op) and not wanted.isdisjoint(op.outputs):
                wanted.update(tensor for tensor in op.inputs if tensor >= 0)
        return wanted

    def _follow(self) -> None:
        for op in self._model.ops:
            if not op.outputs:
                continue
            rank = self._rank(op)
            if rank:
                self._last.update(dict.fromkeys((tensor for tensor in op.outputs if tensor >= 0), rank))

    def _rank(self, op: Op) -> int:
        """Rank of a result that is channels last, 0 where it is not."""
        perm = tuple(op.attributes.get("perm", ())) if op.type == "Transpose" else ()
        if perm:
            wanted = self._wanted is None or op.outputs[0] in self._wanted
            return len(perm) if len(perm) > 2 and perm == to_last(len(perm)) and wanted else 0
        if op.domain == NCHWC:  # blocked, but for what is brought back from that
            return self._axes(op.outputs[0]) if op.type == "ReorderOutput" and op.integer("channels_last") else 0
        if channels_last(op):
            return self._last.get(op.inputs[0]) or self._axes(op.inputs[0])
        ranks = [self._last[tensor] for tensor in op.inputs if tensor in self._last]
        return max(ranks) if ranks and _is_agnostic(op) else 0

    def _axes(self, tensor: int) -> int:
        shape = self._shapes[tensor]
        return 4 if shape is None else len(shape)


def _is_agnostic(op: Op) -> bool:
    if op.type.startswith("Reduce"):
        return op.integer("keepdims", 1) == 1
    return op.type in _OTHERS or category(op.type, op.domain) in _AGNOSTIC


def fitting(
    order: tuple[int, ...] | None, shape: tuple[int | None, ...] | None, wanted: tuple[int | None, ...] | None
) -> tuple[int, ...] | None:
    """The order of axes that brings one shape into another: the expected one, else another that layouts differ by."""
    if shape is None or wanted is None or len(shape) != len(wanted) or len(shape) < 3:
        return order
    orders = (order, None, to_first(len(shape)), to_last(len(shape)))
    return next((one for one in orders if _brings(one, shape, wanted)), order)


def _brings(order: tuple[int, ...] | None, shape: tuple[int | None, ...], wanted: tuple[int | None, ...]) -> bool:
    if order is not None and len(order) != len(shape):
        return False
    turned = shape if order is None else tuple([shape[axis] for axis in order])
    return all(one is None or other is None or one == other for one, other in zip(turned, wanted, strict=True))


def to_first(rank: int) -> tuple[int, ...]:
    """NHWC to NCHW."""
    return (0, rank - 1, *range(1, rank - 1))


def to_last(rank: int) -> tuple[int, ...]:
    """NCHW to NHWC."""
    return (0, *range(2, rank), 1)
