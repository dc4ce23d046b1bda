"""Other defaults to try where the usual ones do not fit a model: 77 positions, images of 384 pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.shapes.bindings import Binding
    from haoline_analysis.shapes.symbols import Symbols

ALTERNATIVES: tuple[tuple[frozenset[str], tuple[int, ...]], ...] = (
    (frozenset({"sequence"}), (64, 32, 16, 8)),
    (frozenset({"height", "width"}), (384, 256, 336, 512, 299, 64, 32)),
)
"""Roles that change together, and the sizes to try, likeliest first."""


def alternatives(found: Symbols, binding: Binding) -> Iterator[dict[str, int]]:
    """Sizes to try for dims that ``binding`` gave their defaults, one role at a time."""
    for roles, sizes in ALTERNATIVES:
        names = [name for name in sorted(binding.defaulted) if found.by_name[name].role.name in roles]
        for size in sizes if names else ():
            yield dict.fromkeys(names, size)
