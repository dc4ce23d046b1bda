"""``AttributeProto`` to Python values, sharing one object among nodes whose attributes are equal."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.formats.onnx.protobuf import (
    FIXED32,
    LEN,
    VARINT,
    fields,
    float32,
    malformed,
    name_text,
    signed,
    varint,
)
from haoline_analysis.formats.onnx.sources import RawSource
from haoline_analysis.formats.onnx.tensor import parse_sparse, parse_tensor
from haoline_analysis.formats.onnx.types import parse_type
from haoline_analysis.model import Weight

if TYPE_CHECKING:
    from haoline_analysis.formats.onnx.proto import Context, Graph
    from haoline_analysis.formats.storage import Buffer

_NAME, _REF, _TYPE = 1, 21, 20
_LARGE_STRING = 1 << 16
"""Longer byte strings (compiled engines in EPContext nodes) stay in the file, as a uint8 Weight."""

# AttributeType -> field that holds the value (or values).
_VALUE_FIELDS = {1: 2, 2: 3, 3: 4, 4: 5, 5: 6, 6: 7, 7: 8, 8: 9, 9: 10, 10: 11, 11: 22, 12: 23, 13: 14, 14: 15}
_TYPE_OF_FIELD = {field: kind for kind, field in _VALUE_FIELDS.items()}
_DEFAULTS: dict[int, Any] = {1: 0.0, 2: 0, 3: ""}
_GRAPH, _STRINGS, _GRAPHS = 5, 8, 10
_NUMBER_LISTS, _MESSAGES, _MESSAGE_LISTS = frozenset({6, 7}), frozenset({4, 11, 13}), frozenset({9, 12, 14})

LONG_LIST = 1024
"""Longer lists of numbers (tree ensembles have millions) are an ``array.array`` instead of a ``list``."""


@dataclass(slots=True, eq=False)
class Attributes:
    """The attributes of a node: values, references to a function's attributes, and subgraphs."""

    values: dict[str, Any] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)  # own name -> name in the enclosing function
    graphs: list[tuple[str, Graph]] = field(default_factory=list)


NO_ATTRIBUTES = Attributes()


def parse_attribute(buf: Buffer, pos: int, end: int, base: int, context: Context, into: Attributes) -> None:
    """Read one ``AttributeProto`` into ``into``.

    Raises:
        MalformedModelError: if it has no name, no known type, or breaks the wire format.
    """
    name, reference, kind = "", "", 0
    reader = _Reader(buf, base, context)
    found: dict[int, Any] = {}
    for number, wire, a, b in fields(buf, pos, end, base):
        if number in _TYPE_OF_FIELD:
            reader.collect(found, number, wire, a, b)
        elif wire == LEN and number == _NAME:
            name = name_text(buf[a:b])
        elif wire == LEN and number == _REF:
            reference = name_text(buf[a:b])
        elif wire == VARINT and number == _TYPE:
            kind = a
    if not name:
        malformed(base + pos, "an attribute without a name")
    if reference:
        into.references[name] = reference
        return
    kind = kind or next((_TYPE_OF_FIELD[number] for number in found), 0)
    if kind not in _VALUE_FIELDS:
        malformed(base + pos, f"attribute {name!r} has the unknown type {kind}")
    _store(name, kind, found.get(_VALUE_FIELDS[kind], []), reader, into)


def _store(name: str, kind: int, found: Any, reader: _Reader, into: Attributes) -> None:
    if kind in _NUMBER_LISTS:
        into.values[name] = list(found) if len(found) <= LONG_LIST else found
    elif kind == _GRAPH:
        into.graphs.extend((name, reader.message(kind, *entry)) for entry in found[-1:])
    elif kind == _GRAPHS:
        into.graphs.extend((f"{name}[{index}]", reader.message(kind, *entry)) for index, entry in enumerate(found))
    elif kind in _MESSAGE_LISTS:
        into.values[name] = [reader.message(kind, *entry) for entry in found]
    elif kind in _MESSAGES and found:
        into.values[name] = reader.message(kind, *found[-1])
    elif kind == _STRINGS:
        into.values[name] = found
    elif kind in _DEFAULTS:
        into.values[name] = found[-1] if found else _DEFAULTS[kind]


@dataclass(slots=True)
class _Reader:
    """Decodes value fields."""

    buf: Buffer
    base: int
    context: Context

    def collect(self, found: dict[int, Any], number: int, wire: int, a: int, b: int) -> None:
        """Add one occurrence of a value field; messages only as positions, and a wrong wire type not at all."""
        if number in {2, 7}:
            self._floats(found.setdefault(number, array("f")), wire, a, b)
        elif number in {3, 8}:
            self._ints(found.setdefault(number, array("q")), wire, a, b)
        elif wire == LEN:
            found.setdefault(number, []).append(self._string(a, b) if number in {4, 9} else (a, b))

    def _floats(self, into: array[float], wire: int, a: int, b: int) -> None:
        if wire == FIXED32:
            into.append(float32(self.buf, a))
        elif wire == LEN:
            if (b - a) % 4:
                malformed(self.base + a, "truncated: packed floats end inside a number")
            into.extend(np.frombuffer(self.buf[a:b], "<f4"))

    def _ints(self, into: array[int], wire: int, a: int, b: int) -> None:
        if wire == VARINT:
            into.append(signed(a))
        while wire == LEN and a < b:
            value, a = varint(self.buf, a, b, self.base)
            into.append(signed(value))

    def _string(self, a: int, b: int) -> str | bytes | Weight:
        if b - a > _LARGE_STRING:
            source = RawSource("", "uint8", b - a, self.context.storage, self.base + a, b - a)
            return Weight("uint8", (b - a,), source, "constant")
        data = self.buf[a:b]
        known = self.context.texts.get(data)
        if known is not None:
            return known
        try:
            decoded = self.context.texts[data] = data.decode()
        except UnicodeDecodeError:
            return data
        return decoded

    def message(self, kind: int, a: int, b: int) -> Any:
        """Decode a tensor, sparse tensor, type or graph."""
        context = self.context
        if kind in {4, 9}:
            return parse_tensor(self.buf, a, b, self.base, context.storage, context.files, "constant")[1]
        if kind in {11, 12}:
            return parse_sparse(self.buf, a, b, self.base, context.storage, context.files)[1]
        if kind in {13, 14}:
            return parse_type(self.buf, a, b, self.base).dtype or "?"
        return context.graph(self.buf, a, b, self.base)
