"""The fixes by name; each module of this package registers one."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.runtime.samples.errors import closest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Repair = "Callable[[Any], list[str]]"
_MODULES = ("clip_mask", "sum_to_add", "unshare_initializers")


@dataclass(frozen=True)
class FixRule:
    """One fix: changes a ``ModelProto`` in place and says in sentences what it changed; nothing where it finds none."""

    name: str
    label: str
    apply: Callable[[Any], list[str]]


FIXES: dict[str, FixRule] = {}
"""By name; filled when :func:`fix_names` or :func:`apply_fixes` is first called."""


def fix(name: str, label: str) -> Callable[[Callable[[Any], list[str]]], Callable[[Any], list[str]]]:
    """Register a fix under a name."""

    def register(function: Callable[[Any], list[str]]) -> Callable[[Any], list[str]]:
        FIXES[name] = FixRule(name, label, function)
        return function

    return register


def fix_names() -> tuple[str, ...]:
    """All names, in the order in which fixes are applied."""
    for module in _MODULES:
        importlib.import_module(f"{__package__}.{module}")
    return tuple(FIXES)


def apply_fixes(proto: Any, names: Sequence[str]) -> list[str]:
    """Apply fixes to a model; what they changed, or that they found nothing to change.

    Raises:
        ModelError: if there is no fix of such a name.
    """
    check_names(names)
    notes = []
    for name in [each for each in fix_names() if each in names]:
        notes += FIXES[name].apply(proto) or [f"Fix {name} found nothing to change."]
    return notes


def check_names(names: Sequence[str]) -> None:
    """Refuse what is no fix.

    Raises:
        ModelError: naming the closest.
    """
    known = fix_names()
    for name in names:
        if name not in known:
            near = closest(str(name), known)
            raise ModelError(f"There is no fix {name!r}: {near}choose from {', '.join(known)}.")
