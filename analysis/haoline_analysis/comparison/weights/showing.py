"""A comparison of weights as text, Markdown and HTML. Names come from files and are escaped here, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.comparison.weights.tree import scope_rows
from haoline_analysis.report import markup
from haoline_analysis.report.formatting import TIMES, UNKNOWN, count, digits, known, nbytes, plain
from haoline_analysis.report.markdown import escape
from haoline_analysis.report.repeats import runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from haoline_analysis.comparison.weights.result import WeightsComparison

MAX_LISTED = 50
"""Weights without a counterpart that are listed; the frames have all."""
MAX_CHANGED = 30
CHANGED_HEADINGS = ["Weight", "Other name", "Changed", "Type", "Size"]
MAX_MODULES = 300
MAX_DEPTH = 12
_LABELS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "parameters": ("Parameters", count),
    "weight_bytes": ("Weights", nbytes),
    "bits_per_weight": ("Bits per weight", lambda value: digits(value) if known(value) else UNKNOWN),
    "tensors": ("Tensors", count),
}


def title(comparison: WeightsComparison) -> str:
    """Both names and formats."""
    sides = [f"{plain(side.name, 80)} ({side.facts.format})" for side in (comparison.first, comparison.second)]
    return f"{sides[0]} against {sides[1]}"


def counted(comparison: WeightsComparison) -> str:
    """How many weights are what."""
    parts = [f"{number:,} {kind}" for kind, number in comparison.counts.items() if number]
    return ", ".join(parts) or "no weights"


def totals(comparison: WeightsComparison) -> list[list[str]]:
    """Figure, both sides and the difference."""
    rows = []
    for name, row in comparison.totals.iterrows():
        label, form = _LABELS[str(name)]
        delta = "" if not known(row["delta"]) else _signed(row["delta"], form)
        ratio = f" ({TIMES}{digits(row['ratio'])})" if known(row["ratio"]) and row["ratio"] != 1 else ""
        rows.append([label, form(row["first"]), form(row["second"]), f"{delta}{ratio}"])
    return rows


def _signed(value: float, form: Callable[[Any], str]) -> str:
    return "0" if value == 0 else f"{'+' if value > 0 else '−'}{form(abs(value))}"


def modules(comparison: WeightsComparison) -> list[tuple[int, list[dict[str, Any]]]]:
    """The modules as runs of equals with their depth, outermost first, of bounded number."""
    rows = scope_rows(comparison)
    below: list[list[int]] = [[] for _ in rows]
    for index, row in enumerate(rows):
        if row["parent"] >= 0:
            below[row["parent"]].append(index)
    structure = [row["structure"] for row in rows]
    found: list[tuple[int, list[dict[str, Any]]]] = []
    stack = [([0], 0)] if rows else []
    while stack and len(found) < MAX_MODULES:
        run, depth = stack.pop()
        found.append((depth, [rows[index] for index in run]))
        if depth < MAX_DEPTH:
            stack += [(inner, depth + 1) for inner in reversed(runs(below[run[0]], structure))]
    return found


def _module(run: list[dict[str, Any]]) -> tuple[str, str]:
    """Name and figures of one module, or of one standing for a run of equals."""
    first, last = run[0], run[-1]
    name = plain(first["name"]) + (f" … {plain(last['name'])} {TIMES}{len(run)}" if len(run) > 1 else "")
    sides = [
        f"{count(first['parameters'])} → {count(first['other_parameters'])} parameters"
        if first["parameters_delta"]
        else f"{count(first['parameters'])} parameters",
        f"{nbytes(first['weight_bytes'])} → {nbytes(first['other_weight_bytes'])}",
    ]
    if known(first["dtype"]) or known(first["other_dtype"]):
        types = [plain(first[name]) if known(first[name]) else "none" for name in ("dtype", "other_dtype")]
        sides.append(types[0] if types[0] == types[1] else f"{types[0]} → {types[1]}")
    sides += [f"{first[kind]:,} {kind}" for kind in ("added", "removed") if first[kind]]
    return name, " · ".join(sides) + (" each" if len(run) > 1 else "")


def alone(comparison: WeightsComparison) -> list[list[str]]:
    """The weights without a counterpart, the largest first."""
    rows = []
    for pair in comparison.pairs:
        if pair.first and pair.second:
            continue
        entry = (pair.first or pair.second)[0]
        side = "first" if pair.first else "second"
        rows.append(
            (entry.weight_bytes, [side, plain(entry.name), plain(entry.dtype or ""), nbytes(entry.weight_bytes)])
        )
    rows.sort(key=lambda row: -row[0])
    listed = [cells for _, cells in rows[:MAX_LISTED]]
    more = len(rows) - len(listed)
    return [*listed, ["…", f"{more:,} more", "", ""]] if more > 0 else listed


def differing(comparison: WeightsComparison) -> list[list[str]]:
    """The weights that changed, those first whose size changed most."""
    rows = comparison.tensors
    rows = rows[rows["change"] == "changed"]
    order = rows["weight_bytes_delta"].abs().sort_values(ascending=False, kind="stable").index[:MAX_CHANGED]
    found = []
    for row in rows.loc[order].to_dict("records"):
        types = [plain(row[name]) for name in ("dtype", "other_dtype") if known(row[name])]
        sizes = [nbytes(row[name]) for name in ("weight_bytes", "other_weight_bytes")]
        name, other = plain(row["name"]), plain(row["other_name"])
        arrows = (" → ".join(dict.fromkeys(sides)) for sides in (types, sizes))
        found.append([name, "" if name == other else other, row["changed"], *arrows])
    more = len(rows) - len(found)
    return [*found, [f"… {more:,} more", "", "", "", ""]] if more > 0 else found


def ways(comparison: WeightsComparison) -> str:
    """How the pairs were found, in words."""
    how = [pair.how for pair in comparison.pairs if pair.how]
    return ", ".join(f"{how.count(way):,} by {way}" for way in dict.fromkeys(how))


def text(comparison: WeightsComparison) -> str:
    """Totals, modules and what has no counterpart."""
    lines = [title(comparison), f"  {counted(comparison)}", ""]
    lines += _aligned([["", "first", "second", "difference"], *totals(comparison)])
    lines.append("")
    for depth, run in modules(comparison)[1:41]:
        name, figures = _module(run)
        lines.append(f"{'  ' * depth}{name}: {figures}")
    lonely = alone(comparison)
    if lonely:
        lines += ["", "Without a counterpart", *_aligned(lonely[:20])]
    if found := ways(comparison):
        lines += ["", f"Paired: {found}"]
    return "\n".join(lines)


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def markdown(comparison: WeightsComparison) -> str:
    """The same for issues and model cards."""
    lines = [f"# {escape(title(comparison))}", "", escape(counted(comparison)), ""]
    lines += _markdown_table(["Figure", "First", "Second", "Difference"], totals(comparison))
    lines += ["", "## Modules", ""]
    for depth, run in modules(comparison)[1:]:
        name, figures = _module(run)
        lines.append(f"{'  ' * (depth - 1)}- **{escape(name)}**: {escape(figures)}")
    if rows := differing(comparison):
        lines += ["", "## Changed", "", *_markdown_table(CHANGED_HEADINGS, rows)]
    if lonely := alone(comparison):
        lines += ["", "## Without a counterpart", ""]
        lines += _markdown_table(["Side", "Weight", "Type", "Size"], lonely)
    return "\n".join(lines) + "\n"


def _markdown_table(headings: list[str], rows: Iterable[list[str]]) -> list[str]:
    lines = [f"| {' | '.join(headings)} |", f"|{' --- |' * len(headings)}"]
    return lines + [f"| {' | '.join(escape(cell) for cell in row)} |" for row in rows]


def html(comparison: WeightsComparison) -> str:
    """Headline figures, the tree of modules as nested details, what has no counterpart."""
    sections = [
        markup.section("Totals", markup.table(["", "First", "Second", "Difference"], totals(comparison))),
        markup.section("Modules", _tree(modules(comparison)[1:])),
        markup.section("Changed", markup.table(CHANGED_HEADINGS, differing(comparison))),
        markup.section("Without a counterpart", markup.table(["Side", "Weight", "Type", "Size"], alone(comparison))),
        markup.section("Paired", markup.text(ways(comparison))),
    ]
    figures = [(kind.capitalize(), f"{number:,}") for kind, number in comparison.counts.items()]
    return markup.whole(comparison.first.id, title(comparison), figures, sections)


def _tree(found: list[tuple[int, list[dict[str, Any]]]]) -> str:
    """Runs with their depths as nested details."""
    parts: list[str] = []
    open_ = 0
    for place, (depth, run) in enumerate(found):
        while open_ >= depth:
            parts.append("</details>")
            open_ -= 1
        name, figures = _module(run)
        head = f"{markup.text(name)} <small>{markup.text(figures)}</small>"
        deeper = place + 1 < len(found) and found[place + 1][0] > depth
        if deeper:
            parts.append(f"<details{' open' if depth == 1 else ''}><summary>{head}</summary>")
            open_ = depth
        else:
            parts.append(f"<p>{head}</p>")
    return "".join([*parts, *["</details>"] * open_])
