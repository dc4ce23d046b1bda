"""The mix of precisions: what is computed and what is stored in which type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from haoline_analysis.table import Table

COLUMNS = ("ops", "macs", "parameters", "weight_bytes")


def precision_mix(ops: Table) -> pd.DataFrame:
    """Per precision (the index): ops and MACs computed in it, parameters and bytes stored in it."""
    import pandas as pd

    there = ("precision", "weight_precision", "macs", "parameters", "weight_bytes")
    frame = ops.frame([name for name in there if name in ops])
    parts: dict[str, pd.Series[Any]] = {}
    if "precision" in frame:
        computed = frame.groupby("precision", sort=False, observed=True)
        parts["ops"] = _nonempty(computed.size())
        if "macs" in frame:
            parts["macs"] = _nonempty(computed["macs"].sum())
    if "weight_precision" in frame:
        stored = frame.groupby("weight_precision", sort=False, observed=True)
        parts |= {name: _nonempty(stored[name].sum()) for name in ("parameters", "weight_bytes") if name in frame}
    mixed = pd.DataFrame(parts, columns=[name for name in COLUMNS if name in parts])
    mixed.index.name = "precision"
    order = [name for name in ("weight_bytes", "ops") if name in mixed]
    return mixed.fillna(0).sort_values(order, ascending=False) if order else mixed


def _nonempty(series: pd.Series[Any]) -> pd.Series[Any]:
    """Without the group of ops that have no precision."""
    return series[[bool(name) for name in series.index]]
