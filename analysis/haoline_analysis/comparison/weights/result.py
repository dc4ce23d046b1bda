"""What two models store, side by side, as frames."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from haoline_analysis.comparison.weights.tree import scope_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from haoline_analysis.comparison.weights.aligning import Pair
    from haoline_analysis.comparison.weights.entries import Entry
    from haoline_analysis.report import ModelReport

SAME, CHANGED, ADDED, REMOVED = "same", "changed", "added", "removed"
KINDS = (SAME, CHANGED, ADDED, REMOVED)
FIGURES = ("parameters", "weight_bytes", "bits_per_weight", "tensors")


@dataclass(eq=False)
class WeightsComparison:
    """Two models' weights; ``first`` is what ``second`` is measured against."""

    first: ModelReport
    second: ModelReport
    pairs: list[Pair]

    @cached_property
    def totals(self) -> pd.DataFrame:
        """Whole-model figures of both sides (index: figure): ``first``, ``second``, ``delta``, ``ratio``."""
        import pandas as pd

        rows = {}
        for name in FIGURES:
            values = [_figure(report, name) for report in (self.first, self.second)]
            mine, other = values
            delta = None if mine is None or other is None else other - mine
            rows[name] = (mine, other, delta, other / mine if mine and other is not None else None)
        columns = ["first", "second", "delta", "ratio"]
        frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns).astype("Float64")
        frame.index.name = "figure"
        return frame

    @cached_property
    def tensors(self) -> pd.DataFrame:
        """One row per weight of either side: names, ``change``, what ``changed``, ``how`` they were paired, figures."""
        import pandas as pd

        frame = pd.DataFrame([self._row(pair) for pair in self.pairs], columns=list(_COLUMNS))
        whole = [name for name in _COLUMNS if name.endswith(("parameters", "weight_bytes", "_delta"))]
        return frame.astype({**dict.fromkeys(whole, "Int64"), "bits": "Float64", "other_bits": "Float64"})

    @cached_property
    def scopes(self) -> pd.DataFrame:
        """One row per module of the first model, with the sums of both sides over all below it; row 0 is the model."""
        import pandas as pd

        return pd.DataFrame(scope_rows(self))

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many weights are the same, changed, added and removed."""
        kinds = [kind_of(pair) for pair in self.pairs]
        return {kind: kinds.count(kind) for kind in KINDS}

    def _row(self, pair: Pair) -> dict[str, Any]:
        left, right = _side(pair.first), _side(pair.second)
        row = {
            "name": left["name"],
            "other_name": right["name"],
            "change": kind_of(pair),
            "changed": ", ".join(changed(pair)) or None,
            "how": pair.how or None,
            "role": (pair.first or pair.second)[0].role,
        }
        for name in ("shape", "dtype", "quantization", "parameters", "weight_bytes", "bits"):
            row[name], row[f"other_{name}"] = left[name], right[name]
        for name in ("parameters", "weight_bytes"):
            row[f"{name}_delta"] = (right[name] or 0) - (left[name] or 0)
        return row

    def to_markdown(self) -> str:
        """Totals, modules and what has no counterpart, as Markdown."""
        from haoline_analysis.comparison.weights.showing import markdown

        return markdown(self)

    def to_json(self, indent: int | None = None) -> str:
        """The three frames as JSON: ``{"kind", "first", "second", "counts", "totals", "scopes", "tensors"}``."""
        data = {
            "schema": 1,
            "kind": "haoline.weights-comparison",
            "first": {"name": self.first.name, "format": self.first.facts.format},
            "second": {"name": self.second.name, "format": self.second.facts.format},
            "counts": self.counts,
            "totals": json.loads(self.totals.reset_index().to_json(orient="records", double_precision=15)),
            "scopes": json.loads(self.scopes.to_json(orient="records", double_precision=15)),
            "tensors": json.loads(self.tensors.to_json(orient="records", double_precision=15)),
        }
        return json.dumps(data, indent=indent)

    def to_html(self) -> str:
        """One element with its own scoped style, without script."""
        from haoline_analysis.comparison.weights.showing import html

        return html(self)

    def __repr__(self) -> str:
        """Totals and the modules that differ, as text."""
        from haoline_analysis.comparison.weights.showing import text

        return text(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ARG002
        """Text and HTML, for any notebook front end."""
        return {"text/plain": repr(self), "text/html": self.to_html()}


_COLUMNS = (
    *("name", "other_name", "change", "changed", "how", "role", "shape", "other_shape", "dtype", "other_dtype"),
    *("quantization", "other_quantization", "parameters", "other_parameters", "parameters_delta"),
    *("weight_bytes", "other_weight_bytes", "weight_bytes_delta", "bits", "other_bits"),
)


def _figure(report: ModelReport, name: str) -> float | None:
    """A total; bits per weight follow from the others, and tensors are the stored ones."""
    totals = report.totals
    if name == "bits_per_weight":
        size, parameters = totals.get("weight_bytes"), totals.get("parameters")
        return 8 * size / parameters if size is not None and parameters else None
    if name == "tensors":
        kinds = list(report.tables["tensors"]["kind"].values)
        return float(sum(kind in ("initializer", "constant", "buffer") for kind in kinds))
    return None if totals.get(name) is None else float(totals[name])


def _side(entries: Sequence[Entry]) -> dict[str, Any]:
    """One side of a row; of several weights the sums, and what they share."""
    if not entries:
        names = ("name", "shape", "dtype", "quantization", "parameters", "weight_bytes", "bits")
        return dict.fromkeys(names)
    parameters, size = (sum(getattr(entry, name) for entry in entries) for name in ("parameters", "weight_bytes"))
    return {
        "name": _joined([entry.name for entry in entries]),
        "shape": _one(
            entries, lambda entry: None if entry.shape is None else "×".join(map(str, entry.shape)) or "scalar"
        ),
        "dtype": _one(entries, lambda entry: entry.dtype),
        "quantization": _one(entries, lambda entry: entry.quantization),
        "parameters": parameters,
        "weight_bytes": size,
        "bits": 8 * size / parameters if parameters else None,
    }


def _joined(names: Sequence[str]) -> str:
    """One name, or the first and the last of several."""
    return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]} ({len(names)})"


def _one(entries: Sequence[Entry], get: Callable[[Entry], str | None]) -> str | None:
    """What they all say, else the distinct ones."""
    found = [text for text in dict.fromkeys(get(entry) for entry in entries) if text is not None]
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return ", ".join(found[:3]) + more if found else None


def kind_of(pair: Pair) -> str:
    """``same``, ``changed``, ``added`` or ``removed``."""
    if not pair.first or not pair.second:
        return REMOVED if pair.first else ADDED
    return CHANGED if changed(pair) else SAME


def changed(pair: Pair) -> list[str]:
    """What differs between the sides, in words; empty where nothing does or a side is missing."""
    if not pair.first or not pair.second:
        return []
    words = []
    left, right = _side(pair.first), _side(pair.second)
    if left["parameters"] != right["parameters"]:
        words.append("parameters")
    if (short(left["dtype"]), left["quantization"]) != (short(right["dtype"]), right["quantization"]):
        words.append("type")
    if len(pair.first) != len(pair.second):
        words.append("stacked")
    elif len(pair.first) == 1:
        words += _layout(pair.first[0], pair.second[0])
    return words


def short(dtype: str | None) -> str | None:
    """A type without the difference between spellings."""
    return dtype.lower().replace("_", "") if dtype else None


def _layout(first: Entry, second: Entry) -> list[str]:
    if first.shape is None or second.shape is None or first.shape == second.shape:
        return []
    if first.elements != second.elements:
        return []  # the parameters say it
    if first.shape == second.shape[::-1]:
        return ["transposed"]
    return ["shape"]
