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

    frame = ops.frame(["precision", "weight_precision", "macs", "parameters", "weight_bytes"])
    computed = frame.groupby("precision", sort=False, observed=True)
    stored = frame.groupby("weight_precision", sort=False, observed=True)
    mixed = pd.DataFrame(
        {
            "ops": _nonempty(computed.size()),
            "macs": _nonempty(computed["macs"].sum()),
            "parameters": _nonempty(stored["parameters"].sum()),
            "weight_bytes": _nonempty(stored["weight_bytes"].sum()),
        },
        columns=list(COLUMNS),
    )
    mixed.index.name = "precision"
    return mixed.fillna(0).sort_values(["weight_bytes", "ops"], ascending=False)


def _nonempty(series: pd.Series[Any]) -> pd.Series[Any]:
    """Without the group of ops that have no precision."""
    return series[[bool(name) for name in series.index]]
