"""Changes to how a model is quantized, each under a name that can be chosen, stored and sent: repairs and switches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.quantization.quantizers.fixes.registry import fix_names
from haoline_analysis.quantization.quantizers.schemes import find_scheme

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SWITCHES = {
    "per-channel": "per_channel",
    "symmetric": "symmetric",
    "reduce-range": "reduce_range",
}
"""Options of :func:`quantize` that are on or off, by what turning them on is called."""


def change_names() -> tuple[str, ...]:
    """All names."""
    return (*fix_names(), *_SWITCHES)


def changes_in(options: Mapping[str, Any]) -> tuple[str, ...]:
    """The changes that keyword arguments of ``quantize`` ask for."""
    switched = [name for name, option in _SWITCHES.items() if options.get(option) is True]
    return (*(name for name in fix_names() if name in options.get("fixes", ())), *switched)


def changes_left(options: Mapping[str, Any]) -> tuple[str, ...]:
    """The changes that could come on top of keyword arguments of ``quantize``: those that their scheme knows.

    Raises:
        ModelError: if there is no such scheme.
    """
    takes, made = find_scheme(options["scheme"]).takes, changes_in(options)
    foreign = {name for name, option in _SWITCHES.items() if option not in takes}
    return tuple(name for name in change_names() if name not in made and name not in foreign)


def with_changes(options: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Keyword arguments of ``quantize`` with changes made on top."""
    chosen = set(names)
    fixes = [name for name in fix_names() if name in chosen or name in options.get("fixes", ())]
    switched = {option: True for name, option in _SWITCHES.items() if name in chosen}
    return {**options, **({"fixes": fixes} if fixes else {}), **switched}
