"""One layer of an engine, as its layer information states it in JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from haoline_analysis.errors import LimitError, MalformedModelError
from haoline_analysis.formats.tensorrt import bounded_json as checked
from haoline_analysis.formats.tensorrt.layouts import Layout, element_type, read_layout

MAX_LAYERS = 1_000_000
MAX_PORTS = 65_536
MAX_RANK = 32
MAX_NAME = 1 << 20
"""Characters of a name: one that joins the names of thousands of ops is long."""

CONSTANTS = ("Weights", "Bias", "Constant", "Scale", "Shift")
"""Keys under which a layer states a count of stored elements and their type."""

UNSTATED = "Layer"
"""The type of a layer of which only the name is stated."""

REFORMAT_NAME = "Reformatting CopyNode for "

_OWN_KEYS = frozenset({"Name", "LayerType", "Inputs", "Outputs", "StreamId", "Metadata", *CONSTANTS})


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor as one layer states it."""

    name: str
    shape: tuple[int | None, ...] | None  # None for a size that is chosen at run time
    words: str  # type and layout as written
    layout: Layout
    location: str = ""  # "Device", "Host"


@dataclass(frozen=True, slots=True)
class Stored:
    """Elements that an engine stores for a layer: how many and of which type, never which."""

    role: str  # one of CONSTANTS
    dtype: str | None
    count: int


@dataclass(slots=True, eq=False)
class Layer:
    """One layer of an engine, in execution order."""

    name: str
    type: str = UNSTATED
    inputs: tuple[Value, ...] = ()
    outputs: tuple[Value, ...] = ()
    stored: tuple[Stored, ...] = ()
    stream: int | None = None
    metadata: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def tactic(self) -> str | None:
        """The kernel's name, else its number in hexadecimal; None where neither is stated."""
        for key in ("TacticName", "TacticValue"):
            found = self.attributes.get(key)
            if isinstance(found, str) and found:
                return found
        return None


def read_layers(value: Any) -> list[Layer]:
    """The layers of a ``Layers`` list: objects, or names alone where the engine was built without details.

    Raises:
        MalformedModelError: if an entry is neither.
        LimitError: if there are more than ``MAX_LAYERS``.
    """
    entries = checked.listing(value, "Layers")
    if len(entries) > MAX_LAYERS:
        raise LimitError(f"the engine states {len(entries):,} layers, more than the {MAX_LAYERS:,} that are read")
    return [_read(entry, index) for index, entry in enumerate(entries)]


def _read(entry: Any, index: int) -> Layer:
    if isinstance(entry, str):
        return named(entry, index)
    if isinstance(entry, dict):
        return read_layer(entry, f"layer {index}")
    raise MalformedModelError(f"layer {index} is neither an object nor a name")


def named(text: str, index: int) -> Layer:
    """A layer of which only the name is stated."""
    name = _bounded(text.strip(), f"layer {index}") or f"layer {index}"
    return Layer(name, "Reformat" if name.startswith(REFORMAT_NAME) else UNSTATED)


def read_layer(entry: dict[str, Any], where: str) -> Layer:
    """A layer from its JSON object.

    Raises:
        MalformedModelError: if a key that has a meaning holds something else.
    """
    name = _bounded(checked.text(entry.get("Name", ""), f"the name of {where}"), where)
    stream = entry.get("StreamId")
    return Layer(
        name=name or where,
        type=checked.text(entry.get("LayerType", ""), f"the type of {where}") or UNSTATED,
        inputs=_values(entry.get("Inputs", []), f"the inputs of {where}"),
        outputs=_values(entry.get("Outputs", []), f"the outputs of {where}"),
        stored=tuple(_stored(entry, where)),
        stream=None if stream is None else checked.integer(stream, f"the stream of {where}", most=2**31),
        metadata=checked.text(entry.get("Metadata") or "", f"the metadata of {where}"),
        attributes={str(key): _plain(item) for key, item in entry.items() if key not in _OWN_KEYS},
    )


def _bounded(name: str, where: str) -> str:
    if len(name) > MAX_NAME:
        raise LimitError(f"the name of {where} has {len(name):,} characters")
    return name


def _values(entries: Any, where: str) -> tuple[Value, ...]:
    found = checked.listing(entries, where)
    if len(found) > MAX_PORTS:
        raise LimitError(f"{where} are {len(found):,}, more than the {MAX_PORTS:,} that are read")
    return tuple(_value(entry, where) for entry in found)


def _value(entry: Any, where: str) -> Value:
    if isinstance(entry, str):  # a name alone
        return Value(entry, None, "", Layout(None, None))
    entry = checked.mapping(entry, f"one of {where}")
    words = checked.text(entry.get("Format/Datatype", entry.get("Datatype", "")), f"a type among {where}")
    location = checked.text(entry.get("Location", ""), f"a location among {where}")
    name = checked.text(entry.get("Name", ""), f"a name among {where}")
    return Value(_bounded(name, where), _shape(entry.get("Dimensions"), where), words, read_layout(words), location)


def _shape(value: Any, where: str) -> tuple[int | None, ...] | None:
    """Sizes; -1 is one that is chosen at run time."""
    if value is None:
        return None
    dims = checked.listing(value, f"dimensions among {where}")
    if len(dims) > MAX_RANK:
        raise LimitError(f"dimensions among {where} are {len(dims)}, more than the {MAX_RANK} that are read")
    sizes = [checked.integer(dim, f"a dimension among {where}", at_least=-1) for dim in dims]
    return tuple(None if size < 0 else size for size in sizes)


def _stored(entry: dict[str, Any], where: str) -> list[Stored]:
    found = []
    for role in CONSTANTS:
        value = entry.get(role)
        if not isinstance(value, dict):
            continue
        count = checked.integer(value.get("Count", 0), f"the count of {role.lower()} of {where}")
        kind = checked.text(value.get("Type", ""), f"the type of {role.lower()} of {where}")
        if count:
            found.append(Stored(role, element_type(kind), count))
    return found


def _plain(value: Any) -> Any:
    """An attribute as it is shown: objects become ``key: value`` text."""
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_plain(item)}" for key, item in value.items())
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
