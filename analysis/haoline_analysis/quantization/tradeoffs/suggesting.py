"""What lint says of a model and of its variant, as changes that can be chosen and built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from haoline_analysis.quantization.divergence import DivergenceReport
    from haoline_analysis.quantization.linter.finding import LintFinding

_SEVERITIES = ("error", "warning")
_OPS = ("keep_float", "int16")


def suggestions(compared: DivergenceReport, options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Findings with a change that the variant has not got yet, worst first.

    Each has the words of the finding, ``label`` (what to do), rows of the float model's ops that it speaks of
    (``ops``), that it would keep float or at 16 bits (``keep_float``, ``int16``), and names of ``changes``, which are
    those of :mod:`~haoline_analysis.quantization.quantizers.changes`.

    Args:
        compared: the comparison; both models are looked at, neither is run.
        options: keyword arguments of ``quantize`` that made the variant, or that would make one like it.
    """
    from haoline_analysis.quantization.linter import lint

    target = options.get("target")
    own = [(finding, finding.ops) for finding in lint(compared.report, target=target).findings]
    rows = _float_rows(compared)
    others = [
        (finding, tuple(sorted({row for op in finding.ops for row in rows.get(op, ())})))
        for finding in lint(compared.variant_report, target=target).findings
    ]
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    missing = _Missing(compared, options)
    for finding, ops in sorted([*own, *others], key=lambda one: _rank(one[0])):
        told = missing.of(finding, ops)
        if told is not None:
            found.setdefault(tuple(tuple(told[part]) for part in (*_OPS, "changes")), told)
    return list(found.values())


def _rank(finding: LintFinding) -> int:
    return _SEVERITIES.index(finding.severity) if finding.severity in _SEVERITIES else len(_SEVERITIES)


def _float_rows(compared: DivergenceReport) -> dict[int, list[int]]:
    """Rows of the float model's ops by rows of the variant's ops that do their work."""
    found: dict[int, list[int]] = {}
    for row, other in enumerate(compared.counterpart):
        found.setdefault(int(other), []).append(row)
    return found


class _Missing:
    """Tells what of a fix the variant has not got."""

    def __init__(self, compared: DivergenceReport, options: Mapping[str, Any]) -> None:
        from haoline_analysis.quantization.quantizers.changes import changes_left

        names = [str(name) for name in compared.report.tables["ops"]["name"].values]
        self._rows = {name: row for row, name in enumerate(names)}
        precision = compared.ops["precision"]
        self._float = {str(name) for name in precision.index[precision.astype(str).str.startswith("float")]}
        self._float.update(options.get("keep_float", ()))
        self._wide = {*options.get("int16", ()), *self._float}
        self._left = changes_left(options)

    def of(self, finding: LintFinding, ops: Sequence[int]) -> dict[str, Any] | None:
        """A finding, with the float model's ops it speaks of and what would be new; None where nothing is."""
        from haoline_analysis.quantization.quantizers.changes import changes_in

        if finding.fix is None or finding.severity not in _SEVERITIES:
            return None
        options = finding.fix.options
        parts: dict[str, list[Any]] = {
            "keep_float": self._known(options.get("keep_float", ()), self._float),
            "int16": self._known(options.get("int16", ()), self._wide),
            "changes": [name for name in changes_in(options) if name in self._left],
        }
        if not any(parts.values()):
            return None
        words = ("id", "severity", "title", "evidence", "advice", "why", "source")
        about = sorted({*ops, *parts["keep_float"], *parts["int16"]})
        return {name: getattr(finding, name) for name in words} | {"label": finding.fix.label, "ops": about} | parts

    def _known(self, names: Iterable[str], done: set[str]) -> list[int]:
        """Rows of ops of the float model, but for those that are so already."""
        return sorted(self._rows[name] for name in names if name in self._rows and name not in done)
