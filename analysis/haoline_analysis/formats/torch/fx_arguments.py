"""Arguments of a node by its op's schema: tensors in order, the rest by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from haoline_analysis.formats.torch.symbol_names import SymbolNames

DROPPED = frozenset(
    {"device", "layout", "pin_memory", "memory_format", "non_blocking", "generator", "cudnn_enabled", "cudnn_enable"}
)
"""Arguments that say where and how a result is stored, not what it is."""


class Arguments(NamedTuple):
    """What an op is called with."""

    tensors: list[Any]  # nodes, None where one is left out
    attributes: dict[str, Any]
    in_place: Any = None  # the node that the op writes over
    view_of: Any = None  # the node that its result is a view of


def arguments_of(node: Any, names: SymbolNames) -> Arguments:
    """Read the arguments; symbolic numbers become text."""
    schema = getattr(node.target, "_schema", None)
    tensors: list[Any] = []
    attributes: dict[str, Any] = {}
    if schema is None:
        for slot, item in enumerate(node.args):  # control flow: operands in a list, branches by name
            kind = "Tensor" if isinstance(item, list | tuple) and any(map(_is_tensor, item)) else ""
            _sort(f"argument_{slot}", kind, item, tensors, attributes, names)
        return Arguments(tensors, attributes)
    in_place = view_of = None
    for slot, formal in enumerate(schema.arguments):
        given = node.args[slot] if slot < len(node.args) else node.kwargs.get(formal.name, formal.default_value)
        alias = formal.alias_info
        if alias is not None and alias.is_write and _is_node(given):
            in_place = given
        elif alias is not None and not alias.is_write and _is_node(given):
            view_of = view_of or given
        _sort(formal.name, str(formal.type), given, tensors, attributes, names)
    return Arguments(tensors, attributes, in_place, view_of)


def _sort(name: str, kind: str, given: Any, tensors: list[Any], attributes: dict[str, Any], names: SymbolNames) -> None:
    """Put one argument among the tensors or the attributes."""
    if _is_tensor(given) or (given is None and "Tensor" in kind):
        tensors.append(given)
    elif isinstance(given, list | tuple) and "Tensor" in kind:
        tensors.extend(item if _is_tensor(item) else None for item in given)
    elif given is not None and name not in DROPPED:
        attributes[name] = _plain(given, names)


def _plain(value: Any, names: SymbolNames) -> Any:
    """A value that holds nothing of torch."""
    if _is_node(value):
        return names.value(value.meta.get("val"))
    if isinstance(value, list | tuple):
        return [_plain(item, names) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if hasattr(value, "node"):  # a symbolic number
        return names.value(value)
    return str(value).removeprefix("torch.")


def _is_node(item: Any) -> bool:
    return hasattr(item, "users") and hasattr(item, "meta")


def _is_tensor(item: Any) -> bool:
    return _is_node(item) and hasattr(item.meta.get("val"), "untyped_storage")
