"""The report as rows of text, as text for terminals, as Markdown and as plain data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from haoline_analysis.report.formatting import plain
from haoline_analysis.report.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.quantization.linter.finding import LintFinding
    from haoline_analysis.quantization.linter.report import LintReport

QUANTIZERS = ("QuantizeLinear", "DequantizeLinear")
TOP = 15
"""Riskiest ops that are listed."""
_ADDRESS = re.compile(r"https://[\w./#%~+-]*[\w/]")
BANDS = ((90, "good"), (75, "fair: with care"), (50, "poor: needs changes"), (0, "bad: will not do as it is"))


def verdict(score: int) -> str:
    """What a score says in words."""
    return next(words for least, words in BANDS if score >= least)


def cited(source: str) -> tuple[str, str, str]:
    """A source as title, address and what follows; the address is "" where there is none."""
    found = _ADDRESS.search(source)
    if found is None:
        return source, "", ""
    return source[: found.start()].rstrip(", ") or found[0], found[0], source[found.end() :]


def title(report: LintReport) -> str:
    """What the report is about."""
    what = "Quantized model" if report.quantized else "Ready to quantize?"
    return plain(f"{what} {report.report.name}", 120)


def cards(report: LintReport) -> list[tuple[str, str]]:
    """The headline figures."""
    label = "Soundness" if report.quantized else "Readiness"
    counts = [(f"{severity.capitalize()}s", str(report.count(severity))) for severity in ("error", "warning")]
    rows = [(label, f"{report.score} / 100"), ("That is", verdict(report.score)), *counts]
    return [*rows, ("Notes", str(report.count("info"))), ("Target", report.target.name)]


def where(report: LintReport, finding: LintFinding) -> str:
    """The first op that a finding concerns, and how many more."""
    if not finding.ops:
        return "the whole model"
    first = plain(report.report.tables["ops"]["name"].values[finding.ops[0]], 100)
    return first + (f" and {len(finding.ops) - 1} more" if len(finding.ops) > 1 else "")


def fix(finding: LintFinding) -> str:
    """The call that avoids a finding; "" where there is none."""
    return plain(f"quantize(…, {finding.fix})") if finding.fix else ""


def breakdown(report: LintReport) -> list[tuple[str, str, str, str]]:
    """Finding, severity, ops and points, in the order in which they are taken."""
    rows = report.breakdown.itertuples(index=False)
    return [(plain(row.title), str(row.severity), str(row.ops), f"−{row.points:.1f}") for row in rows]


def riskiest(report: LintReport, top: int = TOP) -> list[tuple[str, str, str, str]]:
    """Op, type, risk and reasons of the riskiest ops."""
    ops = report.risk
    rows = ops[~ops["type"].isin(QUANTIZERS)].head(top).itertuples(index=False)  # what they round has their risk
    return [(plain(row.op), plain(row.type), f"{row.risk:.2f}", plain(row.reasons)) for row in rows]


def summary(report: LintReport) -> str:
    """The report in some forty lines, without control characters."""
    rows = cards(report)
    width = max(len(name) for name, _ in rows)
    lines = [title(report), *(f"  {name:<{width}}  {value}" for name, value in rows)]
    for finding in report.findings:
        lines += ["", f"[{finding.severity}] {plain(finding.title)} ({where(report, finding)})"]
        parts = (finding.evidence, finding.advice, fix(finding))
        lines += [f"    {plain(part)}" for part in parts if part]
    return "\n".join([*lines, *([""] if report.gaps else []), *map(plain, report.gaps)])


def to_markdown(report: LintReport) -> str:
    """The whole report as Markdown."""
    sections = [
        f"# {escape(title(report))}\n",
        _table(("Figure", "Value"), cards(report)),
        "## Findings\n",
        "\n".join(_finding(report, finding) for finding in report.findings) or "None.\n",
        "## What takes the score down\n\n" + _table(("Finding", "Severity", "Ops", "Points"), breakdown(report)),
        "## Riskiest ops\n\n" + _table(("Op", "Type", "Risk", "Findings"), riskiest(report)),
        "## Not looked at\n\n" + "\n".join(f"- {escape(gap)}" for gap in report.gaps) + "\n" if report.gaps else "",
    ]
    return "\n".join(section for section in sections if section)


def _finding(report: LintReport, finding: LintFinding) -> str:
    """One finding as a section."""
    lines = [
        f"### {escape(finding.severity)}: {escape(finding.title)}\n",
        f"`{finding.id}`, {escape(where(report, finding))}\n",
    ]
    lines += [f"{escape(text)}\n" for text in (finding.evidence, finding.why)]
    lines.append(f"- **Do:** {escape(finding.advice)}")
    if finding.fix:
        lines.append(f"- **Fix:** {escape(finding.fix.label)}: {escape(fix(finding))}")
    return "\n".join([*lines, f"- **Source:** {_link(finding.source)}", ""])


def _link(source: str) -> str:
    """A source as a Markdown link."""
    name, address, rest = cited(source)
    return f"[{escape(name)}](<{address}>){escape(rest)}" if address else escape(name)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; "None." without rows."""
    if not rows:
        return "None.\n"
    lines = [headings, ["---"] * len(headings)]
    marked = [f"| {' | '.join(cells)} |" for cells in lines]
    return "\n".join([*marked, *(f"| {' | '.join(escape(cell) for cell in row)} |" for row in rows)]) + "\n"


def to_dict(report: LintReport) -> dict[str, Any]:
    """Everything as plain data: strings, numbers, lists."""
    names = report.report.tables["ops"]["name"].values
    return {
        "model": report.report.name,
        "target": report.target.id,
        "quantized": report.quantized,
        "score": report.score,
        "findings": [
            {
                "id": finding.id,
                "severity": finding.severity,
                "title": finding.title,
                "ops": [str(names[row]) for row in finding.ops],
                "evidence": finding.evidence,
                "why": finding.why,
                "source": finding.source,
                "advice": finding.advice,
                "fix": {"label": finding.fix.label, "options": dict(finding.fix.options)} if finding.fix else None,
            }
            for finding in report.findings
        ],
        "breakdown": [{key: _bare(value) for key, value in row.items()} for row in report.breakdown.to_dict("records")],
        "risk": [{key: _bare(value) for key, value in row.items()} for row in report.risk.to_dict("records")],
        "gaps": [*report.gaps],
    }


def _bare(value: Any) -> Any:
    """A value without numpy's types."""
    return value.item() if hasattr(value, "item") else value
