"""Accuracy over latency of several variants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import MissingExtraError

if TYPE_CHECKING:
    from haoline_analysis.quantization.tradeoffs.variants_result import Variants


def scatter(found: Variants) -> Any:
    """An altair chart: latency to the right, SQNR upwards, file size as area, the front in colour.

    Raises:
        MissingExtraError: if altair is not installed.
    """
    try:
        import altair as alt
    except ImportError as error:
        raise MissingExtraError('Charts need altair: pip install "haoline-jupyter[lab]"') from error
    frame = found.table.reset_index(names="variant")[["variant", "p50_us", "sqnr_db", "size_bytes", "cosine", "front"]]
    frame = frame.assign(p50_ms=frame["p50_us"] / 1e3, size_mb=frame["size_bytes"] / 1e6)
    known = np.isfinite(frame["sqnr_db"]) & np.isfinite(frame["p50_ms"])  # the float model has no error to draw
    base = alt.Chart(frame[known]).encode(
        x=alt.X("p50_ms:Q", title="Median latency (ms)", scale=alt.Scale(zero=False, padding=30)),
        y=alt.Y("sqnr_db:Q", title="SQNR of the outputs (dB)", scale=alt.Scale(zero=False, padding=20)),
        tooltip=["variant", "p50_ms", "sqnr_db", "cosine", "size_mb"],
    )
    points = base.mark_circle(opacity=0.8).encode(
        size=alt.Size("size_mb:Q", title="Size (MB)"),
        color=alt.Color(
            "front:N", title="Pareto front", scale=alt.Scale(domain=[True, False], range=["#2f7ed8", "#999999"])
        ),
    )
    names = base.mark_text(align="left", dx=9, dy=-9).encode(text="variant:N")
    return (points + names).properties(width=480, height=320, title=f"Variants of {found.name}")
