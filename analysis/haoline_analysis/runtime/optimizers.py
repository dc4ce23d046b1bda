"""Which of onnxruntime's optimizers a model has to be spared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from haoline_analysis.formats.onnx.protobuf import LEN, VARINT, fields, varint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.formats.storage import Buffer

FUSION = "MatmulTransposeFusion"
"""Joins a MatMul with a transposition, before which it puts the cast that is between them. Where it then cannot join
them, as with a first axis that the other operand does not have, it leaves a node that is not made ready, and
onnxruntime (1.32) ends the process at the next optimizer that looks there, unless another has changed the graph."""

_GRAPH = 7  # ModelProto.graph
_NODE, _INITIALIZER = 1, 5  # GraphProto.…
_INPUT, _OUTPUT, _TYPE, _ATTRIBUTE = 1, 2, 4, 5  # NodeProto.…
_INTEGER, _BODY, _INTEGERS = 3, 6, 8  # AttributeProto.…
_DATA_TYPE = 2  # TensorProto.…
_HALF = 10  # float16, around which onnxruntime inserts casts for most ops of the CPU
_PASSING = frozenset({b"Cast", b"Identity"})
_JOINED = frozenset({b"FusedMatMul", b"MatMul"})


def spared(buf: Buffer) -> list[str]:
    """Optimizers to leave out when the CPU is to run this model.

    Raises:
        MalformedModelError: if the bytes are no protobuf.
    """
    graphs = [(a, b) for number, wire, a, b in fields(buf, 0, len(buf)) if (number, wire) == (_GRAPH, LEN)]
    return [FUSION] if any(_unsafe(buf, start, stop, half=False) for start, stop in graphs) else []


def _unsafe(buf: Buffer, start: int, stop: int, *, half: bool) -> bool:
    """Whether a MatMul of a graph or of its bodies reads what has its first axis moved and then is cast."""
    nodes: list[_Node] = []
    for number, wire, a, b in fields(buf, start, stop):
        if (number, wire) == (_NODE, LEN):
            nodes.append(_node(buf, a, b))
        elif (number, wire) == (_INITIALIZER, LEN):
            half = half or (_DATA_TYPE, VARINT, _HALF) in (each[:3] for each in fields(buf, a, b))
    turned: dict[bytes, bool] = {}  # and whether it is cast
    for node in nodes:
        behind = [turned[name] for name in node.inputs if name in turned]
        if node.type == b"Cast":
            half = half or _HALF in _values(buf, node, _INTEGER)
        if node.type == b"Transpose" and _moves_first(list(_values(buf, node, _INTEGERS))):
            turned[node.outputs[0]] = False
        elif node.type in _PASSING and behind:
            turned[node.outputs[0]] = behind[0] or node.type == b"Cast"
        elif node.type in _JOINED and behind and (half or any(behind)):
            return True
        if any(_unsafe(buf, *body, half=half) for body in _bodies(buf, node)):
            return True
    return False


def _moves_first(order: list[int]) -> bool:
    """Whether a transposition makes the first of three or more axes the last or the last but one."""
    last = len(order) - 1
    return last > 1 and order in ([*range(1, last), 0, last], [*range(1, last + 1), 0])


@dataclass(slots=True)
class _Node:
    """What matters of a node."""

    type: bytes = b""
    inputs: list[bytes] = field(default_factory=list)
    outputs: list[bytes] = field(default_factory=list)
    attributes: list[tuple[int, int]] = field(default_factory=list)


def _node(buf: Buffer, start: int, stop: int) -> _Node:
    node = _Node()
    for number, wire, a, b in fields(buf, start, stop):
        if wire != LEN:
            continue
        if number == _INPUT:
            node.inputs.append(buf[a:b])
        elif number == _OUTPUT:
            node.outputs.append(buf[a:b])
        elif number == _TYPE:
            node.type = buf[a:b]
        elif number == _ATTRIBUTE:
            node.attributes.append((a, b))
    return node


def _values(buf: Buffer, node: _Node, wanted: int) -> Iterator[int]:
    """Integers of a node's attributes, packed or not."""
    for start, stop in node.attributes:
        for number, wire, a, b in fields(buf, start, stop):
            if (number, wire) == (wanted, VARINT):
                yield a
            elif (number, wire) == (wanted, LEN):
                while a < b:
                    value, a = varint(buf, a, b)
                    yield value


def _bodies(buf: Buffer, node: _Node) -> Iterator[tuple[int, int]]:
    for start, stop in node.attributes:
        for number, wire, a, b in fields(buf, start, stop):
            if (number, wire) == (_BODY, LEN):
                yield a, b
