"""The report as HTML without script; colours follow JupyterLab's theme, else the page's."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from haoline_analysis.quantization.linter import display
from haoline_analysis.report import markup

if TYPE_CHECKING:
    from haoline_analysis.quantization.linter.finding import LintFinding
    from haoline_analysis.quantization.linter.report import LintReport

MOST_OPEN = 3
"""Findings whose details are open at first."""


def static_html(report: LintReport) -> str:
    """The report as one element with its own style."""
    found = "".join(_finding(report, finding, at < MOST_OPEN) for at, finding in enumerate(report.findings))
    sections = [
        _meter(report),
        markup.section("Findings", found or "<p>None: nothing speaks against quantizing this model.</p>"),
        markup.section(
            "What takes the score down",
            markup.table(
                ["Finding", "Severity", "Ops", "Points"], display.breakdown(report), [False, False, True, True]
            ),
        ),
        markup.section(
            "Riskiest ops",
            markup.table(["Op", "Type", "Risk", "Findings"], display.riskiest(report), [False, False, True, False]),
        ),
        markup.section("Not looked at", markup.table([], [[gap] for gap in report.gaps])),
    ]
    body = markup.whole(report.report.id, display.title(report), display.cards(report), sections)
    return f"<style>{_style()}</style>{body}"


def page(report: LintReport) -> str:
    """A page of its own."""
    title = markup.text(display.title(report))
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<title>{title}</title></head><body style="margin:24px">{static_html(report)}</body></html>\n'
    )


def _style() -> str:
    return files(__package__).joinpath("lint.css").read_text(encoding="utf-8").replace("\n", "")


def _meter(report: LintReport) -> str:
    """The score as a bar."""
    words = f"{report.score} of 100: {display.verdict(report.score)}"
    level = display.verdict(report.score).partition(":")[0]
    return (
        f'<div class="haoline-lint-meter" role="img" aria-label="{markup.text(words)}">'
        f'<i class="{level}" style="width:{report.score}%"></i></div>'
    )


def _finding(report: LintReport, finding: LintFinding, is_open: bool) -> str:
    """One finding that can be folded away."""
    rows = [
        ("Seen", markup.text(finding.evidence)),
        ("Why", f"{markup.text(finding.why)} {_source(finding.source)}"),
        ("Do", markup.text(finding.advice)),
    ]
    if finding.fix:
        rows.append(("Fix", f"{markup.text(finding.fix.label)}: <code>{markup.text(display.fix(finding))}</code>"))
    parts = "".join(f"<dt>{name}</dt><dd>{body}</dd>" for name, body in rows)
    head = (
        f'<b class="{finding.severity}">{finding.severity}</b> {markup.text(finding.title)} '
        f"<small>{markup.text(display.where(report, finding))}</small>"
    )
    state = " open" if is_open else ""
    return f'<details class="haoline-lint"{state}><summary>{head}</summary><div class="facts">{parts}</div></details>'


def _source(source: str) -> str:
    """Whom to believe, with a link where there is an address."""
    name, address, rest = display.cited(source)
    if not address:
        return f"<small>({markup.text(name)})</small>"
    link = f'<a href="{markup.text(address)}" target="_blank" rel="noopener noreferrer">{markup.text(name)}</a>'
    return f"<small>({link}{markup.text(rest)})</small>"
