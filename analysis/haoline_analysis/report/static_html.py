"""The report as HTML without script: what a notebook shows where nothing else can.

Every string of the model is escaped in ``markup``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.report import cards, digest, markup
from haoline_analysis.report.curve import memory_svg
from haoline_analysis.report.scope_tree import scope_tree

if TYPE_CHECKING:
    from haoline_analysis.report.model_report import ModelReport

MAX_LAYERS = 200
_BREAKDOWN_RIGHT = (False, False, False, True, True, True, True, True)


def static_html(report: ModelReport, max_layers: int = MAX_LAYERS) -> str:
    """The whole report as one element with its own scoped style; the layer table holds the costliest ops."""
    title = digest.hardware_title(report)
    estimated = "Hardware (estimated)" if not title else f"Estimated on {title}"
    sections = [
        markup.section("Architecture", markup.table([], cards.architecture(report))),
        markup.section("Findings", markup.table(["", "Finding", "Evidence", "Advice"], digest.findings(report))),
        markup.section("Bound by you", markup.table([], digest.user_bindings(report))),
        markup.section("Assumptions", markup.table([], digest.assumptions(report))),
        markup.section(estimated, markup.table([], digest.hardware(report))),
        markup.section("Modules", scope_tree(report.tables["scopes"])),
        markup.section("Memory", memory_svg(report)),
        markup.section("Weights by role", markup.table(cards.HEADINGS, cards.breakdown(report), _BREAKDOWN_RIGHT)),
        markup.section("Precisions", _precisions(report) if report.holds != "weights" else ""),
        markup.section("Weights" if report.holds == "weights" else "Layers", _layers(report, max_layers)),
        markup.section("Not known", markup.table([], digest.gaps(report))),
        markup.section("Model", markup.table([], digest.facts(report) + digest.more_totals(report))),
    ]
    return markup.whole(report.id, report.name, digest.cards(report), sections)


def static_graph(report: ModelReport) -> str:
    """What stands for the graph where no script runs: the module tree."""
    modules = markup.section("Modules", scope_tree(report.tables["scopes"]))
    return markup.whole(report.id, report.name, digest.cards(report), [modules])


def _precisions(report: ModelReport) -> str:
    """The precision mix."""
    headings, rows = digest.precisions(report)
    return markup.table(headings, rows, [False, *[True] * (len(headings) - 1)])


def _layers(report: ModelReport, limit: int) -> str:
    """The costliest ops."""
    layers = digest.layers(report, limit)
    less = "smaller weights" if report.holds == "weights" else f"{report.holds} of lower cost"
    rest = f"<p>{layers.omitted} {less} are left out.</p>" if layers.omitted else ""
    return markup.table(layers.headings, layers.rows, layers.numeric) + rest
