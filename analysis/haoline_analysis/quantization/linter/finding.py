"""A finding with its reason, its source and, where there is one, a change that ``quantize`` can make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from haoline_analysis.findings.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


@dataclass(frozen=True)
class Fix:
    """Keyword arguments that ``quantize`` takes to avoid a finding."""

    label: str
    options: Mapping[str, Any]

    def __str__(self) -> str:
        """The arguments as they are written in a call, long lists cut."""
        return ", ".join(f"{name}={_short(value)}" for name, value in self.options.items())


@dataclass(frozen=True)
class LintFinding(Finding):
    """What was found, by which numbers, why it matters and who says so."""

    why: str
    source: str  # a document that can be looked up
    fix: Fix | None = None


def options_of(findings: Iterable[LintFinding], severities: Collection[str] = ("error", "warning")) -> dict[str, Any]:
    """The fixes of several findings as keyword arguments of ``quantize``; lists are joined, else the first counts.

    Args:
        findings: findings of one model, worst first.
        severities: those whose fixes count; of mere information many are alternatives that exclude one another.
    """
    options: dict[str, Any] = {}
    for finding in findings:
        for name, value in finding.fix.options.items() if finding.fix and finding.severity in severities else ():
            options[name] = _joined(options[name], value) if name in options else _own(value)
    return options


def _own(value: Any) -> Any:
    """A list of one's own, so that joining changes nobody's finding."""
    return [*value] if isinstance(value, list | tuple) else value


def _joined(held: Any, value: Any) -> Any:
    """Two values of one option."""
    if isinstance(held, list) and isinstance(value, list | tuple):
        return [*dict.fromkeys([*held, *value])]
    return held


def _short(value: Any, most: int = 3) -> str:
    """A value as Python writes it; of a long list the first."""
    if not isinstance(value, list | tuple) or len(value) <= most:
        return repr(list(value) if isinstance(value, tuple) else value)
    shown = ", ".join(repr(item) for item in value[:most])
    return f"[{shown}, … {len(value) - most} more]"
