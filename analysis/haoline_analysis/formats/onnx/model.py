"""The outermost messages: ``ModelProto``, ``FunctionProto`` and what they import."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from haoline_analysis.formats.onnx.attributes import Attributes, parse_attribute
from haoline_analysis.formats.onnx.proto import (
    Context,
    Graph,
    Node,
    normal_domain,
    parse_entry,
    parse_node_at,
    parse_value,
)
from haoline_analysis.formats.onnx.protobuf import LEN, VARINT, fields, malformed, name_text, signed

if TYPE_CHECKING:
    from haoline_analysis.formats.onnx.types import TypeInfo
    from haoline_analysis.formats.storage import Buffer

FunctionKey = tuple[str, str, str]
"""Domain, name, overload."""


@dataclass(slots=True, eq=False)
class Function:
    """A ``FunctionProto``."""

    name: str = ""
    domain: str = ""
    overload: str = ""
    inputs: list[bytes] = field(default_factory=list)
    outputs: list[bytes] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)  # attributes without a default
    defaults: Attributes = field(default_factory=Attributes)
    nodes: list[Node] = field(default_factory=list)
    types: dict[bytes, TypeInfo] = field(default_factory=dict)
    opsets: dict[str, int] = field(default_factory=dict)
    size: int = -1  # expanded size, once known

    @property
    def key(self) -> FunctionKey:
        """What a node must name to call it."""
        return self.domain, self.name, self.overload


@dataclass(slots=True, eq=False)
class Proto:
    """A ``ModelProto``."""

    graph: Graph | None = None
    ir_version: int = 0
    producer: str = ""
    producer_version: str = ""
    opsets: dict[str, int] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    functions: dict[FunctionKey, Function] = field(default_factory=dict)
    training: bool = False


def parse_model(buf: Buffer, end: int, context: Context) -> Proto:
    """Read a ``ModelProto``.

    Raises:
        ModelError: if it breaks the format or two functions have one name.
    """
    proto = Proto()
    for number, wire, a, b in fields(buf, 0, end):
        if wire == LEN:
            _model_part(proto, number, buf, a, b, context)
        elif (number, wire) == (1, VARINT):
            proto.ir_version = signed(a)
    return proto


def _model_part(proto: Proto, number: int, buf: Buffer, a: int, b: int, context: Context) -> None:
    if number == 7:
        if proto.graph is not None:
            malformed(a, "a second graph")
        proto.graph = context.graph(buf, a, b, 0)
    elif number == 8:
        domain, version = _opset(buf, a, b)
        proto.opsets[domain] = version
    elif number == 14:
        key, value = parse_entry(buf[a:b], a)
        proto.metadata[key] = value
    elif number == 25:
        function = _parse_function(buf, a, b, context)
        if proto.functions.setdefault(function.key, function) is not function:
            malformed(a, f"a second function {function.name!r} of domain {function.domain!r}")
    elif number == 2:
        proto.producer = name_text(buf[a:b])
    elif number == 3:
        proto.producer_version = name_text(buf[a:b])
    elif number == 20:
        proto.training = True


def _opset(buf: Buffer, pos: int, end: int) -> tuple[str, int]:
    domain, version = "", 0
    for number, wire, a, b in fields(buf, pos, end):
        if (number, wire) == (1, LEN):
            domain = normal_domain(name_text(buf[a:b]))
        elif (number, wire) == (2, VARINT):
            version = signed(a)
    return domain, version


_FUNCTION_LISTS = {4: "inputs", 5: "outputs"}
_FUNCTION_TEXTS = {1: "name", 10: "domain", 13: "overload"}


def _parse_function(buf: Buffer, pos: int, end: int, context: Context) -> Function:
    function = Function()
    for number, wire, a, b in fields(buf, pos, end):
        if wire == LEN:
            _function_part(function, number, buf, a, b, context)
    function.domain = normal_domain(function.domain)
    if not function.name:
        malformed(pos, "a function without a name")
    return function


def _function_part(function: Function, number: int, buf: Buffer, a: int, b: int, context: Context) -> None:
    if number in _FUNCTION_LISTS:
        getattr(function, _FUNCTION_LISTS[number]).append(buf[a:b])
    elif number in _FUNCTION_TEXTS:
        setattr(function, _FUNCTION_TEXTS[number], name_text(buf[a:b]))
    elif number == 6:
        function.parameters.append(name_text(buf[a:b]))
    elif number == 7:
        function.nodes.append(parse_node_at(buf, a, b, 0, context))
    elif number == 9:
        domain, version = _opset(buf, a, b)
        function.opsets[domain] = version
    elif number == 11:
        parse_attribute(buf, a, b, 0, context, function.defaults)
    elif number == 12:
        name, info = parse_value(buf[a:b], a, context)
        function.types[name] = info
