"""Tensors in onnxruntime's blocked layout (NCHWc), and copies of them in the graph's own.

On x86 float convolutions run on tensors of which 8 or 16 channels lie side by side. ReorderOutput brings such a
tensor back; a copy that nothing else reads changes no result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.model import Op, Tensor
from haoline_analysis.runtime.wire import message, number, tag

if TYPE_CHECKING:
    from collections.abc import Iterable

    from haoline_analysis.model import Model

NCHWC = "com.microsoft.nchwc"
_PER_CHANNEL = {"bn_scale": "BatchNormalization", "mul_scale": "Mul"}
_GRAPH, _NODE, _VARINT, _INT = 7, 1, 0, 2


def blocked(model: Model) -> set[int]:
    """Rows of tensors in blocked layout: what NCHWc ops make, and what others make of that.

    Only ops that do not care for the layout are left to read it: for all others onnxruntime brings it back.
    """
    found: set[int] = set()
    for op in model.ops:
        if op.type != "ReorderOutput" and (op.domain == NCHWC or not found.isdisjoint(op.inputs)):
            found.update(tensor for tensor in op.outputs if tensor >= 0)
    return found


def written_as_convolution(model: Model, op: Op) -> str:
    """The op that onnxruntime runs as a convolution with one number for each channel, "" for any other op.

    What it calls the numbers tells it from convolutions of the model, whose filters it rearranges and names so.
    """
    if op.domain != NCHWC or op.type != "Conv" or len(op.inputs) < 2 or op.inputs[1] < 0:
        return ""
    name = model.tensors[op.inputs[1]].name
    return next((made for start, made in _PER_CHANNEL.items() if name.startswith(start)), "")


class Copies:
    """Ops that onnxruntime's graph gets in addition, when what they make is asked for."""

    def __init__(self, model: Model) -> None:
        """None yet; ``model`` gets a row for each."""
        self._model = model
        self._made: dict[tuple[int, int], int] = {}
        self._sources: dict[str, tuple[str, int]] = {}

    def plain(self, tensor: int, channels: int) -> int:
        """The row of a copy of a blocked tensor in NCHW with its first ``channels`` channels."""
        if (tensor, channels) not in self._made:
            source = self._model.tensors[tensor].name
            name = f"{source}/nchw{channels}"
            self._made[tensor, channels] = len(self._model.tensors)
            self._sources[name] = source, channels
            self._append(tensor, channels, name)
        return self._made[tensor, channels]

    def _append(self, tensor: int, channels: int, name: str) -> None:
        model = self._model
        row, made = len(model.ops), len(model.tensors)
        model.tensors.append(Tensor(name, "float32", None, None, row))
        attributes = {"channels": channels, "channels_last": 0}
        model.ops.append(Op(f"{name}/ReorderOutput", "ReorderOutput", NCHWC, 1, (tensor,), (made,), attributes, {}))
        model.tensors[tensor].consumers.append(row)

    def nodes(self, names: Iterable[str]) -> bytes:
        """Nodes that make the copies among ``names``, as a piece of a model file that protobuf joins to the rest."""
        return b"".join(self._node(name) for name in names if name in self._sources)

    def _node(self, name: str) -> bytes:
        source, channels = self._sources[name]
        attribute = message(1, b"channels") + tag(3, _VARINT) + number(channels) + tag(20, _VARINT) + number(_INT)
        parts = [
            *(message(1, source.encode()), message(2, name.encode()), message(3, name.encode())),
            *(message(4, b"ReorderOutput"), message(5, attribute), message(7, NCHWC.encode())),
        ]
        return message(_GRAPH, message(_NODE, b"".join(parts)))
