"""The main graph of an ONNX file as spans of bytes, and the same file with more graph outputs.

Nothing is parsed that need not be: weights are passed over, and what is new is written after what is there. Protobuf
joins the parts of a message that comes in pieces, so outputs are appended to the end of the file; only the bodies of
loops need their nodes written anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from haoline_analysis.errors import MalformedModelError
from haoline_analysis.formats.onnx.protobuf import LEN, VARINT, fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.formats.storage import Buffer

Chunks = list[bytes | memoryview]
Span = tuple[int, int]

_GRAPH, _NODE, _INITIALIZER, _OUTPUT = 7, 1, 5, 12  # ModelProto.graph, GraphProto.…
_NODE_OUTPUT, _ATTRIBUTE = 2, 5  # NodeProto.…
_ATTRIBUTE_NAME, _ATTRIBUTE_GRAPH, _ATTRIBUTE_INTS = 1, 6, 8
_DATA_TYPE, _RAW, _EXTERNAL, _DATA_LOCATION = 2, 9, 13, 14  # TensorProto.…
_PLAIN = frozenset({1, 2, 3, 6, 7, 10, 11, 16})  # element types that any onnxruntime reads from external data

LARGE = 4096
"""Bytes from which on a weight may become external data."""


@dataclass(slots=True)
class MainGraph:
    """Where the parts of the main graph lie in the file."""

    span: Span = (0, 0)
    producers: dict[bytes, Span] = field(default_factory=dict)  # output name -> its node
    outputs: list[bytes] = field(default_factory=list)
    locations: set[str] = field(default_factory=set)  # external data of initializers
    weights: list[Span] = field(default_factory=list)  # large initializers whose bytes are in the file


@dataclass(frozen=True, slots=True)
class BodyOutputs:
    """Values of a loop's body that its node is to hand out, stacked over the iterations."""

    node: bytes  # one of the node's own outputs, which names it
    values: tuple[bytes, ...]  # names in the body
    outputs: tuple[bytes, ...]  # names they get in the main graph
    missing: int = 0  # trailing outputs that the node leaves out


def scan(buf: Buffer) -> MainGraph:
    """Find the main graph's nodes, outputs and external files.

    Raises:
        MalformedModelError: if the bytes are no protobuf or hold no graph.
    """
    found = MainGraph()
    for number, wire, a, b in fields(buf, 0, len(buf)):
        if (number, wire) == (_GRAPH, LEN):
            found.span = a, b
            _scan_graph(buf, a, b, found)
    if found.span == (0, 0):
        raise MalformedModelError("the file holds no graph")
    return found


def _scan_graph(buf: Buffer, start: int, stop: int, found: MainGraph) -> None:
    for number, wire, a, b in fields(buf, start, stop):
        if wire != LEN:
            continue
        if number == _NODE:
            found.producers.update(dict.fromkeys(_texts(buf, a, b, _NODE_OUTPUT), (a, b)))
        elif number == _OUTPUT:
            found.outputs += _texts(buf, a, b, 1)
        elif number == _INITIALIZER:
            _scan_initializer(buf, a, b, found)


def _scan_initializer(buf: Buffer, start: int, stop: int, found: MainGraph) -> None:
    plain = large = False
    for number, wire, a, b in fields(buf, start, stop):
        if (number, wire) == (_EXTERNAL, LEN) and _texts(buf, a, b, 1) == [b"location"]:
            found.locations.update(value.decode("utf-8", "replace") for value in _texts(buf, a, b, 2))
        elif (number, wire) == (_DATA_TYPE, VARINT):
            plain = a in _PLAIN
        elif (number, wire) == (_RAW, LEN) and b - a >= LARGE:
            large = True
    if plain and large:
        found.weights.append((start, stop))


def _texts(buf: Buffer, start: int, stop: int, number: int) -> list[bytes]:
    return [buf[a:b] for field_, wire, a, b in fields(buf, start, stop) if (field_, wire) == (number, LEN)]


@dataclass(frozen=True, slots=True)
class Changes:
    """What a session's model has that the file has not."""

    outputs: Sequence[bytes] = ()  # those that are outputs already are passed over
    bodies: Sequence[BodyOutputs] = ()
    weights: bytes = b""  # a location: large weights become external data there, the file as it is


def changed(buf: Buffer, graph: MainGraph, changes: Changes) -> bytes:
    """The file with some changes.

    Raises:
        MalformedModelError: if a node of ``bodies`` has no body.
    """
    held = set(graph.outputs)
    new = [name for name in changes.outputs if name not in held]
    new += [name for body in changes.bodies for name in body.outputs]
    suffix = message(_GRAPH, b"".join(_value(name) for name in new)) if new else b""
    if not changes.bodies and not changes.weights:
        return b"".join((buf, suffix))
    chunks = _rewritten(buf, graph, _edits(buf, graph, changes))
    try:
        return b"".join([*chunks, suffix])
    finally:
        for chunk in chunks:
            if isinstance(chunk, memoryview):
                chunk.release()


def _edits(buf: Buffer, graph: MainGraph, changes: Changes) -> dict[int, bytes]:
    """New fields of the main graph, by where the content of the old ones begins."""
    found: dict[int, bytes] = {}
    for body in changes.bodies:
        start, stop = graph.producers[body.node]
        found[start] = message(_NODE, _node(buf, start, stop, body))
    for start, stop in graph.weights if changes.weights else ():
        found[start] = message(_INITIALIZER, _detached(buf, start, stop, changes.weights))
    return found


def _rewritten(buf: Buffer, graph: MainGraph, edits: dict[int, bytes]) -> Chunks:
    """The file with some fields of its main graph written anew; views of everything else."""
    start, stop = graph.span
    inside: Chunks = []
    copied = at = start
    with memoryview(buf) as view:
        for _, wire, a, b in fields(buf, start, stop):
            edit = edits.get(a) if wire == LEN else None
            if edit is not None:
                inside += [view[copied:at], edit]
                copied = b
            at = b
        inside.append(view[copied:stop])
        head = tag(_GRAPH) + number(sum(map(len, inside)))
        return [view[: _tag_before(buf, 0, len(buf), start)], head, *inside, view[stop:]]


def _detached(buf: Buffer, start: int, stop: int, location: bytes) -> bytes:
    """A weight whose elements are external data: the bytes of the file at the place where they are."""
    kept: list[bytes] = []
    at, span = start, (0, 0)
    for field_, wire, a, b in fields(buf, start, stop):
        if (field_, wire) == (_RAW, LEN):
            span = a, b
        else:
            kept.append(buf[at:b])
        at = b
    offset, length = str(span[0]).encode(), str(span[1] - span[0]).encode()
    entries = ((b"location", location), (b"offset", offset), (b"length", length))
    kept += [message(_EXTERNAL, message(1, key) + message(2, text)) for key, text in entries]
    return b"".join([*kept, tag(_DATA_LOCATION, VARINT), b"\1"])


def _tag_before(buf: Buffer, start: int, stop: int, content: int) -> int:
    """Where the field begins whose content begins at ``content``."""
    at = start
    for _, wire, a, b in fields(buf, start, stop):
        if wire == LEN and a == content:
            return at
        at = b
    raise MalformedModelError(f"no field has its content at byte {content}")


def _node(buf: Buffer, start: int, stop: int, body: BodyOutputs) -> bytes:
    """A Loop or Scan with more scan outputs."""
    parts: list[bytes] = []
    at, rewritten = start, False
    for field_, wire, a, b in fields(buf, start, stop):
        names = _texts(buf, a, b, _ATTRIBUTE_NAME) if (field_, wire) == (_ATTRIBUTE, LEN) else []
        extra = _attribute(buf, a, b, names[0], body) if names else None
        parts.append(buf[at:b] if extra is None else message(_ATTRIBUTE, extra))
        rewritten = rewritten or names == [b"body"]
        at = b
    if not rewritten:
        raise MalformedModelError("a loop has no body")
    outputs = [b""] * body.missing + list(body.outputs)
    return b"".join([*parts, *(message(_NODE_OUTPUT, name) for name in outputs)])


def _attribute(buf: Buffer, start: int, stop: int, name: bytes, body: BodyOutputs) -> bytes | None:
    """An attribute with what the new outputs need; None where it stays as it is."""
    if name == b"body":
        # Copies, because a value that is two outputs of a body at once comes out wrong.
        copies = [_copy(value, output) for value, output in zip(body.values, body.outputs, strict=True)]
        inner = message(_ATTRIBUTE_GRAPH, b"".join([*copies, *map(_value, body.outputs)]))
        return b"".join((buf[start:stop], inner))  # the graph in two pieces, which protobuf joins
    if name in (b"scan_output_axes", b"scan_output_directions"):
        zeros = (tag(_ATTRIBUTE_INTS, VARINT) + b"\0") * len(body.values)
        return b"".join((buf[start:stop], zeros))
    return None


def _copy(value: bytes, output: bytes) -> bytes:
    """An Identity node."""
    return message(_NODE, message(1, value) + message(_NODE_OUTPUT, output) + message(4, b"Identity"))


def _value(name: bytes) -> bytes:
    """A graph output without a type, which onnxruntime infers."""
    return message(_OUTPUT, message(1, name))


def message(field_: int, content: bytes) -> bytes:
    """A length-delimited field."""
    return tag(field_) + number(len(content)) + content


def tag(field_: int, wire: int = LEN) -> bytes:
    """The tag of a field."""
    return number(field_ << 3 | wire)


def number(value: int) -> bytes:
    """An unsigned varint."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
