"""The liveness curve as inline SVG with its peak marked."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.report.formatting import nbytes, plain

if TYPE_CHECKING:
    from haoline_analysis.report.model_report import ModelReport

WIDTH, HEIGHT, POINTS = 720, 120, 360


def thin(values: np.ndarray, points: int = POINTS) -> np.ndarray:
    """At most ``points`` values, each the greatest of its stretch, so that no peak is lost."""
    if len(values) <= points:
        return values
    edges = np.linspace(0, len(values), points + 1).astype(int)[:-1]
    return np.maximum.reduceat(values, edges)


def memory_svg(report: ModelReport) -> str:
    """A figure of live bytes over the execution order; empty where nothing is known."""
    live = np.nan_to_num(np.asarray(report.tables["memory"]["live_bytes"].values, dtype=float))
    if len(live) < 2 or live.max() <= 0:
        return ""
    heights = thin(live)
    x = np.linspace(0, WIDTH, len(heights)).round(1)
    y = (HEIGHT - heights / live.max() * (HEIGHT - 8)).round(1)
    line = " ".join(f"{a:g},{b:g}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
    peak = int(live.argmax())
    row = int(report.tables["memory"]["op"].values[peak])
    name = plain(report.tables["ops"]["name"].values[row]) if row >= 0 else ""
    caption = escape(f"Live activations over {len(live)} ops; peak {nbytes(live.max())} at {name}")
    mark = f'<path d="M{peak / (len(live) - 1) * WIDTH:.1f} 0V{HEIGHT}"/>'
    box = f'viewBox="0 -2 {WIDTH} {HEIGHT + 4}" preserveAspectRatio="none"'
    return (
        f'<figure><svg {box} role="img" aria-label="{caption}">'
        f'<polygon points="0,{HEIGHT} {line} {WIDTH},{HEIGHT}"/>{mark}</svg><figcaption>{caption}</figcaption></figure>'
    )
