"""Transposes that onnxruntime puts around ops which work channels last, and the tensors between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.quantization.matching.families import channels_last

if TYPE_CHECKING:
    from haoline_analysis.model import Model, Op

_AGNOSTIC = frozenset(
    {"QuantizeLinear", "DequantizeLinear", "Cast", "Identity", "Relu", "Clip", "LeakyRelu", "Sigmoid", "Tanh", "Add"}
    | {"Sum", "Mul", "Sub", "Div", "Max", "Min", "Pow", "Sqrt", "Exp", "Erf", "Abs", "Neg", "HardSigmoid", "HardSwish"}
    | {"Elu", "Softplus", "Where", "Concat", "Pad", "Slice", "Split", "Resize", "Upsample", "Softmax", "LogSoftmax"}
    | {"QLinearAdd", "QLinearMul", "QLinearSigmoid", "QLinearLeakyRelu", "QLinearConcat", "QLinearSoftmax", "Dropout"}
)
"""Ops that keep the order of axes, whichever it is; onnxruntime renames their axes when it turns their operands."""


class Layouts:
    """Which tensors of a graph are channels last."""

    def __init__(self, model: Model) -> None:
        """Follow the channels from the ops that need them last."""
        self._model = model
        self._last: dict[int, int] = {}  # tensor -> its rank
        if any(channels_last(op) for op in model.ops):
            self._wanted = self._find_wanted()
            self._follow()

    def is_layout(self, op: Op) -> bool:
        """Whether a Transpose only changes the memory layout."""
        return op.type == "Transpose" and self._changes(op)

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
            elif op.type in _AGNOSTIC and not wanted.isdisjoint(op.outputs):
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
            return len(perm) if perm == to_last(len(perm)) and op.outputs[0] in self._wanted else 0
        if channels_last(op):
            return self._last.get(op.inputs[0], 4)
        ranks = [self._last[tensor] for tensor in op.inputs if tensor in self._last]
        return max(ranks) if ranks and op.type in _AGNOSTIC else 0


def to_first(rank: int) -> tuple[int, ...]:
    """NHWC to NCHW."""
    return (0, rank - 1, *range(1, rank - 1))


def to_last(rank: int) -> tuple[int, ...]:
    """NCHW to NHWC."""
    return (0, *range(2, rank), 1)
