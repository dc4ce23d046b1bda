"""From what the user binds to a size for every symbolic dim, each default being a stated assumption."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.errors import BindingError
from haoline_analysis.shapes.dims import TIMES
from haoline_analysis.shapes.expressions import evaluate_expression
from haoline_analysis.shapes.symbols import Symbol, Symbols, find_symbols, implied_size
from haoline_analysis.shapes.value import Assumption

if TYPE_CHECKING:
    from haoline_analysis.model import Model

MAX_DIM = 1 << 40
"""Larger sizes are a typing error, not a model."""

ALIASES: dict[str, str] = {
    "batch": "batch",
    "batch_size": "batch",
    "n": "batch",
    "seq": "sequence",
    "sequence": "sequence",
    "seq_len": "sequence",
    "seqlen": "sequence",
    "sequence_length": "sequence",
    "past": "past",
    "past_seq_len": "past",
    "past_sequence_length": "past",
    "height": "height",
    "width": "width",
    "channels": "channels",
    "frames": "frames",
}
"""Names by which a user may bind the only dim of a role, whatever the file calls it."""

Shapes = Mapping[str, int | Sequence[int | None]]


@dataclass(slots=True)
class Binding:
    """Sizes of all symbols, and of inputs whose rank the file leaves open."""

    sizes: dict[str, int] = field(default_factory=dict)
    unranked: dict[str, tuple[int, ...]] = field(default_factory=dict)
    assumptions: list[Assumption] = field(default_factory=list)
    defaulted: set[str] = field(default_factory=set)  # symbols that nobody bound

    def resolve(self, dim: int | str | None) -> int | None:
        """The size of a declared dim: a symbol, an expression of symbols, or a number."""
        if dim is None or isinstance(dim, int):
            return None if dim is not None and dim < 0 else dim
        size = self.sizes.get(dim)
        return evaluate_expression(dim, self.sizes) if size is None else size


def symbols(model: Model) -> dict[str, list[tuple[str, int]]]:
    """The dims a user can bind: name to the (input, axis) places that have it."""
    return {symbol.name: list(symbol.places) for symbol in find_symbols(model).by_name.values()}


def bind(found: Symbols, shapes: Shapes | None) -> Binding:
    """Sizes for all symbols.

    Raises:
        BindingError: if a name matches nothing, a size is no size, or sizes contradict each other or the file.
    """
    if not isinstance(shapes, Mapping | None):
        raise BindingError(f"shapes are given by name, as in {{'batch': 8}}, not as {shapes!r}")
    binding = Binding()
    for name, wanted in (shapes or {}).items():
        _bind_name(found, binding, name, wanted)
    _default(found.by_name, binding)
    _check_expressions(found, binding, shapes or {})
    return binding


def _bind_name(found: Symbols, binding: Binding, name: str, wanted: int | Sequence[int | None]) -> None:
    if not isinstance(name, str):
        raise BindingError(f"shape names are strings, not {name!r}")
    if name in found.by_name and not _is_list(wanted):
        return _set(binding, name, _size(name, wanted), name)
    if name in found.inputs:
        return _bind_input(found, binding, name, wanted)
    members = _alias_members(found, name)
    if not members:
        raise BindingError(_nothing_named(found, name))
    for symbol in members:
        _set(binding, symbol.name, _size(name, wanted), name)
    return None


def _alias_members(found: Symbols, name: str) -> list[Symbol]:
    """The symbols that a common name stands for: one of the file's, with the unnamed of the same role."""
    role = ALIASES.get(name.lower())
    members = [symbol for symbol in found.by_name.values() if symbol.role.name == role]
    named = [symbol.name for symbol in members if symbol.named]
    if len(named) > 1:
        raise BindingError(f"{name!r} could be any of {', '.join(map(repr, named))}: name the one you mean")
    return members


def _bind_input(found: Symbols, binding: Binding, name: str, wanted: int | Sequence[int | None]) -> None:
    sizes = tuple(wanted) if _is_list(wanted) else (wanted,)  # type: ignore[arg-type]
    dims = found.inputs[name]
    if dims is None:
        binding.unranked[name] = tuple(_size(name, size) for size in sizes)
        return
    if len(sizes) != len(dims):
        raise BindingError(f"input {name!r} has {len(dims)} dimensions {_show(dims)}, got {len(sizes)}")
    for dim, size in zip(dims, sizes, strict=True):
        if size is None:
            continue
        number = _size(name, size)
        if isinstance(dim, str):
            if dim in found.by_name:
                _set(binding, dim, number, name)
        elif dim != number:
            raise BindingError(f"input {name!r} is {_show(dims)}: a dimension fixed at {dim} cannot be {number}")


def _set(binding: Binding, symbol: str, size: int, source: str) -> None:
    known = binding.sizes.setdefault(symbol, size)
    if known != size:
        raise BindingError(f"dimension {symbol!r} is bound to {known} and, through {source!r}, to {size}")


def _size(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise BindingError(f"the size of {name!r} must be an integer, not {value!r}")
    if not 0 <= value <= MAX_DIM:
        raise BindingError(f"the size of {name!r} must lie between 0 and 2^40, not {value}")
    return int(value)


def _is_list(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim > 0
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _default(by_name: dict[str, Symbol], binding: Binding) -> None:
    """Give unbound symbols their defaults, totals last."""
    unbound = [symbol for symbol in by_name.values() if symbol.name not in binding.sizes]
    waiting = []
    for symbol in unbound:
        if symbol.role.name == "total" or "_plus_" in symbol.name or "_x_" in symbol.name:
            waiting.append(symbol)
        else:
            _assume(binding, symbol, symbol.role.size, symbol.role.why)
    for symbol in waiting:
        size, why = implied_size(symbol, binding.sizes, by_name) or (symbol.role.size, symbol.role.why)
        _assume(binding, symbol, size, why)


def _assume(binding: Binding, symbol: Symbol, size: int, why: str) -> None:
    binding.sizes[symbol.name] = size
    binding.defaulted.add(symbol.name)
    binding.assumptions.append(Assumption(f"dimension {symbol.name}", size, why))


def _check_expressions(found: Symbols, binding: Binding, shapes: Shapes) -> None:
    """Refuse sizes of whole inputs that contradict what the file computes them from."""
    for name, wanted in shapes.items():
        dims = found.inputs.get(name)
        if dims is None or not _is_list(wanted):
            continue
        for dim, size in zip(dims, wanted, strict=True):  # type: ignore[arg-type]
            expected = binding.resolve(dim)
            if size is not None and expected is not None and size != expected:
                hint = f"; bind {', '.join(sorted(binding.defaulted))} as well" if binding.defaulted else ""
                raise BindingError(f"input {name!r}: dimension {dim} is {expected}, not {size}{hint}")


def _nothing_named(found: Symbols, name: str) -> str:
    names = [*found.by_name, *found.inputs]
    close = get_close_matches(name, names, 3)
    hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
    dims = ", ".join(found.by_name) or "none"
    return (
        f"no dimension or input named {name!r}: {hint}dimensions: {dims}; inputs: {', '.join(found.inputs) or 'none'}"
    )


def _show(dims: Sequence[int | str]) -> str:
    return TIMES.join(map(str, dims)) or "()"
