"""The dims of a model that a user can bind, and where they occur."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from haoline_analysis.shapes.dims import TIMES
from haoline_analysis.shapes.expressions import free_names
from haoline_analysis.shapes.hints import forced_role
from haoline_analysis.shapes.roles import PAST, SEQUENCE, TOTAL, Role, role_of_name, role_of_place

if TYPE_CHECKING:
    from haoline_analysis.model import Model, Tensor


@dataclass(slots=True)
class Symbol:
    """A dim without a fixed size."""

    name: str
    role: Role
    named: bool  # by the file; else by us, after its input
    places: list[tuple[str, int]] = field(default_factory=list)  # (input, axis)


@dataclass(slots=True)
class Symbols:
    """All bindable dims, and each input's dims in their terms."""

    by_name: dict[str, Symbol]
    inputs: dict[str, tuple[int | str, ...] | None]  # a str is a symbol or an expression of symbols
    tensors: dict[int, tuple[int | str, ...]]  # the same by tensor index


def find_symbols(model: Model) -> Symbols:
    """Collect the symbols of the model's inputs; unnamed dims are named ``<input>_dim<axis>``."""
    plain = _plain_names(model)
    found = Symbols({}, {}, {})
    for index in model.inputs:
        tensor = model.tensors[index]
        dims = _named_dims(tensor)
        found.inputs[tensor.name] = dims
        if dims is not None:
            found.tensors[index] = dims
            _collect(found.by_name, model, index, dims, plain)
    return found


def _plain_names(model: Model) -> frozenset[str]:
    """Symbols that are no expression of others."""
    dims = {dim for index in model.inputs for dim in model.tensors[index].shape or () if isinstance(dim, str)}
    names = frozenset(dim for dim in dims if not free_names(dim))
    return names | {dim for dim in dims if not all(name in names for name in free_names(dim))}


def _named_dims(tensor: Tensor) -> tuple[int | str, ...] | None:
    if tensor.shape is None:
        return None
    return tuple(f"{tensor.name}_dim{axis}" if dim in (None, "") else dim for axis, dim in enumerate(tensor.shape))


def _collect(
    symbols: dict[str, Symbol], model: Model, index: int, dims: tuple[int | str, ...], plain: frozenset[str]
) -> None:
    tensor = model.tensors[index]
    assert tensor.shape is not None
    for axis, dim in enumerate(dims):
        if isinstance(dim, int):
            continue
        named = tensor.shape[axis] not in (None, "")
        if named and dim not in plain:
            continue  # an expression follows from the symbols in it
        if dim not in symbols:
            role = forced_role(model, index, axis, len(dims)) or (role_of_name(dim, len(dims)) if named else None)
            role = role or role_of_place(axis, tensor.shape, tensor.dtype or "")
            if dim in model.sizes:
                role = role._replace(size=model.sizes[dim], why="the size in the example inputs")
            symbols[dim] = Symbol(dim, role, named)
        symbols[dim].places.append((tensor.name, axis))


def implied_size(symbol: Symbol, sizes: dict[str, int], symbols: dict[str, Symbol]) -> tuple[int, str] | None:
    """The size that other symbols imply: ``batch_plus_1``, ``past_plus_seq``, a total of past and new sequence."""
    parts = symbol.name.split("_plus_")
    if len(parts) > 1 and all(part.isdecimal() or part in sizes for part in parts):
        return sum(int(part) if part.isdecimal() else sizes[part] for part in parts), " + ".join(parts)
    parts = symbol.name.split("_x_")
    if len(parts) == 2 and parts[0] in sizes and parts[1].isdecimal():
        return sizes[parts[0]] * int(parts[1]), f" {TIMES} ".join(parts)
    if symbol.role is not TOTAL:
        return None
    new = _sequence_of(symbol.name, symbols)
    past = [name for name, other in symbols.items() if other.role is PAST]
    if new is None or new not in sizes or len(past) > 1:
        return None
    known = [name for name in (*past, new) if name in sizes]
    return sum(sizes[name] for name in known), " + ".join(known)


def _sequence_of(total: str, symbols: dict[str, Symbol]) -> str | None:
    """The new sequence that a total counts: the only one, else the one it is named after."""
    names = [name for name, symbol in symbols.items() if symbol.role is SEQUENCE]
    if len(names) > 1:
        names = [name for name in names if total.endswith(name)]
    return names[0] if len(names) == 1 else None
