"""``ModelProto`` down to its nodes, as plain records with names; resolving the names is the next step.

The loops over graphs and nodes are written out over tag bytes: a model of 100,000 nodes passes through them a million
times. Every message they handle has length-delimited fields with numbers below 16, so a tag is one byte.
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from haoline_analysis.errors import LimitError
from haoline_analysis.formats.onnx.attributes import NO_ATTRIBUTES, Attributes, parse_attribute
from haoline_analysis.formats.onnx.protobuf import LEN, fields, malformed, name_text, skip, span, text
from haoline_analysis.formats.onnx.tensor import parse_sparse, parse_tensor
from haoline_analysis.formats.onnx.types import UNDECLARED, TypeInfo, parse_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.formats.onnx.external import ExternalFiles
    from haoline_analysis.formats.storage import Buffer, Storage
    from haoline_analysis.model import Weight

MAX_DEPTH = 40
"""Graphs within graphs; protobuf's own limit allows about 32."""

_COPIED_NODE = 1 << 16  # larger nodes, which hold weights, are scanned where they are
_SHARED_BYTES = 1 << 12  # larger attributes are not looked up among those already seen
_RELEASE_BYTES = 8 << 20
_STACK_TRACE = b"\x0a\x1apkg.torch.onnx.stack_trace"  # leaks source paths of the exporting machine


@dataclass(slots=True, eq=False)
class Kind:
    """All of a node but its inputs, outputs and name; nodes that agree in it share one record."""

    type: str
    domain: str
    overload: str
    attributes: Attributes
    metadata: Mapping[str, str]
    late: tuple[list[bytes], list[bytes], bytes] | None = None  # inputs, outputs and name written after the op type


@dataclass(slots=True, eq=False)
class Node:
    """A ``NodeProto``; value names are bytes as stored."""

    inputs: list[bytes]
    outputs: list[bytes]
    name: str
    kind: Kind


@dataclass(slots=True, eq=False)
class Graph:
    """A ``GraphProto``."""

    name: str = ""
    nodes: list[Node] = field(default_factory=list)
    initializers: dict[bytes, Weight] = field(default_factory=dict)
    inputs: list[bytes] = field(default_factory=list)
    outputs: list[bytes] = field(default_factory=list)
    types: dict[bytes, TypeInfo] = field(default_factory=dict)
    size: int = -1  # expanded size, once known


class Metadata(Mapping[str, str]):
    """``metadata_props`` entries, parsed when first asked for: most analyses never do."""

    __slots__ = ("_base", "_entries", "_parsed")

    def __init__(self, entries: list[bytes], base: int) -> None:
        """Take the raw entries of a node at ``base``."""
        self._entries = entries
        self._base = base
        self._parsed: dict[str, str] | None = None

    def _map(self) -> dict[str, str]:
        if self._parsed is None:
            self._parsed = dict(parse_entry(entry, self._base) for entry in self._entries)
            self._entries = []
        return self._parsed

    def __getitem__(self, key: str) -> str:
        """The value of a property."""
        return self._map()[key]

    def __iter__(self) -> Iterator[str]:
        """The keys."""
        return iter(self._map())

    def __len__(self) -> int:
        """Number of properties."""
        return len(self._map())

    def __repr__(self) -> str:
        """As a dict."""
        return repr(self._map())


NO_METADATA: Mapping[str, str] = {}


class Context:
    """What one opening shares: the bytes, external files, and everything already parsed once."""

    def __init__(self, buf: Buffer, storage: Storage, files: ExternalFiles) -> None:
        """Take the bytes to scan, and where weights will be read from later."""
        self.storage = storage
        self.files = files
        self.attributes: dict[bytes | tuple[bytes, ...], Attributes] = {}
        self.kinds: dict[bytes, Kind] = {}
        self.types: dict[bytes, TypeInfo] = {}
        self.texts: dict[bytes, str] = {b"": ""}
        self.unknown_types: dict[int, str] = {}
        self._depth = 0
        self._map = buf if isinstance(buf, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED") else None

    def graph(self, buf: Buffer, pos: int, end: int, base: int) -> Graph:
        """Parse a graph one level down.

        Raises:
            LimitError: if graphs nest deeper than ``MAX_DEPTH``.
        """
        if self._depth >= MAX_DEPTH:
            raise LimitError(f"graphs nest deeper than {MAX_DEPTH} levels at byte {base + pos}")
        self._depth += 1
        try:
            return parse_graph(buf, pos, end, base, self)
        finally:
            self._depth -= 1

    def release(self) -> None:
        """Give back the pages of the map touched so far; they come back from the file when needed."""
        if self._map is not None:
            self._map.madvise(mmap.MADV_DONTNEED)

    def text(self, data: bytes) -> str:
        """Decode a string that many nodes share."""
        known = self.texts.get(data)
        if known is None:
            known = self.texts[data] = name_text(data)
        return known

    def type(self, data: bytes, base: int) -> TypeInfo:
        """Parse a ``TypeProto``, once for equal bytes."""
        known = self.types.get(data)
        if known is None:
            known = self.types[data] = parse_type(data, 0, len(data), base)
        return known


def parse_entry(data: bytes, base: int) -> tuple[str, str]:
    """Read a ``StringStringEntryProto``."""
    found = {n: text(data[a:b]) for n, wire, a, b in fields(data, 0, len(data), base) if wire == LEN}
    return found.get(1, ""), found.get(2, "")


_INPUT, _OUTPUT, _ATTRIBUTE, _PROPS = 0x0A, 0x12, 0x2A, 0x4A
_NODE_NAME, _NODE_TYPE, _NODE_DOMAIN, _NODE_OVERLOAD = 0x1A, 0x22, 0x3A, 0x42
_NODE_TEXTS = frozenset({_NODE_NAME, _NODE_TYPE, _NODE_DOMAIN, _NODE_OVERLOAD})


def parse_node(buf: Buffer, pos: int, end: int, base: int, context: Context) -> Node:
    """Read a ``NodeProto``.

    Raises:
        MalformedModelError: if it breaks the wire format or has no op type.
    """
    inputs: list[bytes] = []
    outputs: list[bytes] = []
    name = b""
    while pos < end:
        tag = buf[pos]
        if tag == 0x0A:
            part = inputs
        elif tag == 0x12:
            part = outputs
        elif tag != 0x1A:
            break
        start = pos + 2
        if start <= end and (size := buf[pos + 1]) < 0x80 and start + size <= end:
            pos = start + size
        else:
            start, pos = span(buf, pos + 1, end, base)
        if tag == 0x1A:
            name = buf[start:pos]
        else:
            part.append(buf[start:pos])
    kind = context.kinds.get(buf[pos:end]) if end - pos <= _SHARED_BYTES else None
    if kind is None:
        kind = _kind(buf, pos, end, base, context)
    if kind.late is not None:
        inputs, outputs, name = inputs + kind.late[0], outputs + kind.late[1], kind.late[2] or name
    return Node(inputs, outputs, name_text(name), kind)


def _kind(buf: Buffer, pos: int, end: int, base: int, context: Context) -> Kind:
    if end - pos > _SHARED_BYTES:
        return _parse_kind(buf, pos, end, base, context)
    data = buf[pos:end]
    kind = _parse_kind(data, 0, end - pos, base + pos, context)
    if kind.metadata is NO_METADATA and not kind.attributes.graphs:
        context.kinds[data] = kind
    return kind


def _parse_kind(buf: Buffer, pos: int, end: int, base: int, context: Context) -> Kind:
    offset = base + pos
    lists: dict[int, list[bytes]] = {_INPUT: [], _OUTPUT: [], _PROPS: []}
    texts: dict[int, bytes] = {}
    attributes: list[tuple[int, int]] = []
    while pos < end:
        tag = buf[pos]
        if tag & 0x87 != LEN:
            pos = skip(buf, pos, end, base)
            continue
        start, pos = span(buf, pos + 1, end, base)
        if tag == _ATTRIBUTE:
            attributes.append((start, pos))
        elif tag in _NODE_TEXTS:
            texts[tag] = buf[start:pos]
        elif tag in lists and buf[start : start + len(_STACK_TRACE)] != _STACK_TRACE:
            lists[tag].append(buf[start:pos])
    if not texts.get(_NODE_TYPE):
        malformed(offset, "a node without an op type")
    late = lists[_INPUT], lists[_OUTPUT], texts.get(_NODE_NAME, b"")
    return Kind(
        context.text(texts[_NODE_TYPE]),
        normal_domain(context.text(texts.get(_NODE_DOMAIN, b""))),
        context.text(texts.get(_NODE_OVERLOAD, b"")),
        _attributes(buf, attributes, base, context),
        Metadata(lists[_PROPS], offset) if lists[_PROPS] else NO_METADATA,
        late if any(late) else None,
    )


def normal_domain(domain: str) -> str:
    """The standard's domain has two spellings; we use the empty one."""
    return "" if domain == "ai.onnx" else domain


def _attributes(buf: Buffer, spans: list[tuple[int, int]], base: int, context: Context) -> Attributes:
    if not spans:
        return NO_ATTRIBUTES
    if spans[-1][1] - spans[0][0] > _SHARED_BYTES:
        return _parse_attributes(buf, spans, base, context)
    if len(spans) == 1:
        key: bytes | tuple[bytes, ...] = buf[spans[0][0] : spans[0][1]]
    else:
        key = tuple([buf[start:stop] for start, stop in spans])
    known = context.attributes.get(key)
    if known is None:
        known = _parse_attributes(buf, spans, base, context)
        if not known.graphs:
            context.attributes[key] = known
    return known


def _parse_attributes(buf: Buffer, spans: list[tuple[int, int]], base: int, context: Context) -> Attributes:
    parsed = Attributes()
    for start, stop in spans:
        parse_attribute(buf, start, stop, base, context, parsed)
    return parsed


_NODE, _GRAPH_NAME, _INITIALIZER, _SPARSE = 0x0A, 0x12, 0x2A, 0x7A
_GRAPH_INPUT, _GRAPH_OUTPUT, _VALUE_INFO = 0x5A, 0x62, 0x6A


def parse_graph(buf: Buffer, pos: int, end: int, base: int, context: Context) -> Graph:
    """Read a ``GraphProto``, stepping over the elements of its tensors.

    Raises:
        ModelError: if anything in it breaks the format.
    """
    graph = Graph()
    nodes = graph.nodes
    released = pos
    while pos < end:
        tag = buf[pos]
        if tag & 0x87 != LEN:
            pos = skip(buf, pos, end, base)
            continue
        start, pos = span(buf, pos + 1, end, base)
        if tag == _NODE:
            nodes.append(parse_node_at(buf, start, pos, base, context))
        elif tag == _VALUE_INFO:
            name, info = parse_value(buf[start:pos], base + start, context)
            _declare(graph.types, name, info)
        else:
            _parse_graph_part(graph, tag, buf, (start, pos), base, context)
        if pos - released > _RELEASE_BYTES:
            released = pos
            context.release()
    return graph


def _declare(types: dict[bytes, TypeInfo], name: bytes, info: TypeInfo) -> None:
    """Keep the first declaration of a value, unless a later one is the first to give a shape."""
    if name not in types or (types[name].shape is None and info.shape is not None):
        types[name] = info


def parse_node_at(buf: Buffer, start: int, stop: int, base: int, context: Context) -> Node:
    """Read the ``NodeProto`` at ``start:stop``, from a copy where that is small."""
    if stop - start <= _COPIED_NODE:
        return parse_node(buf[start:stop], 0, stop - start, base + start, context)
    return parse_node(buf, start, stop, base, context)


def _parse_graph_part(graph: Graph, tag: int, buf: Buffer, part: tuple[int, int], base: int, context: Context) -> None:
    start, stop = part
    if tag == _INITIALIZER:
        if stop - start <= _SHARED_BYTES:  # bytes are quicker to index than a map
            buf, start, stop, base = buf[start:stop], 0, stop - start, base + start
        name, weight = parse_tensor(buf, start, stop, base, context.storage, context.files, "initializer")
        graph.initializers[name] = weight
    elif tag == _SPARSE:
        name, weight = parse_sparse(buf, start, stop, base, context.storage, context.files)
        graph.initializers[name] = weight
    elif tag in {_GRAPH_INPUT, _GRAPH_OUTPUT}:
        name, info = parse_value(buf[start:stop], base + start, context)
        if not name and tag == _GRAPH_INPUT:
            malformed(base + start, "a graph input without a name")
        (graph.inputs if tag == _GRAPH_INPUT else graph.outputs).append(name)
        _declare(graph.types, name, info)
    elif tag == _GRAPH_NAME:
        graph.name = name_text(buf[start:stop])


def parse_value(data: bytes, base: int, context: Context) -> tuple[bytes, TypeInfo]:
    """Read a ``ValueInfoProto``: its name and declared type."""
    info = UNDECLARED
    end = len(data)
    name, pos = _leading_name(data, end)
    while pos < end:
        tag = data[pos]
        if tag & 0x87 != LEN:
            pos = skip(data, pos, end, base)
            continue
        start, pos = span(data, pos + 1, end, base)
        if tag == 0x0A:
            name = data[start:pos]
        elif tag == 0x12:
            kind = data[start:pos]
            info = context.types.get(kind) or context.type(kind, base + start)
    if info.unknown is not None:
        context.unknown_types.setdefault(info.unknown, name_text(name))
    return name, info


def _leading_name(data: bytes, end: int) -> tuple[bytes, int]:
    """The name where it comes first and is short, as it nearly always is, and the position after it."""
    if end > 1 and data[0] == 0x0A and (stop := 2 + data[1]) <= end and stop < 0x82:
        return data[2:stop], stop
    return b"", 0
