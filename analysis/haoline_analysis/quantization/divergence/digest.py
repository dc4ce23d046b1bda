"""A comparison cut down to rows of text; names come from model files and are escaped by whoever sets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from haoline_analysis.report.digest import Rows, told, unknown
from haoline_analysis.report.formatting import UNKNOWN, known, nbytes, percent, plain

if TYPE_CHECKING:
    import pandas as pd

    from haoline_analysis.quantization.divergence.divergence_report import DivergenceReport

HEADINGS = ("Op", "Type", "Precision", "Local dB", "SQNR dB", "Cosine", "Weight dB", "Clipped")
NUMERIC = (False, False, False, True, True, True, True, True)
OUTPUTS = ("Output", "Task", "SQNR dB", "Cosine", "Largest error", "First choice", "KL")


class Listed(NamedTuple):
    """Ops as rows of text, and how many are left out."""

    rows: list[list[str]]
    omitted: int


def cards(compared: DivergenceReport) -> Rows:
    """The comparison in a few figures."""
    matched = int(compared.tensors["matched"].sum())
    origin = f"{compared.samples.origin}{' (synthetic)' if compared.samples.synthetic else ''}"
    rows = [
        ("Samples", samples(compared)),
        ("Input", plain(origin)),
        ("Tensors compared", f"{matched:,} of {len(compared.tensors):,}"),
        ("Scheme", compared.scheme or ""),
        ("Size", " → ".join(nbytes(compared.sizes.get(side)) for side in ("float", "variant"))),
        ("Latency", _latency(compared)),
        ("Ran on", compared.provider),
        ("Deployed run", _check(compared)),
    ]
    return [(name, value) for name, value in rows if value]


def _latency(compared: DivergenceReport) -> str:
    if compared.latency is None:
        return ""
    return " → ".join(f"{compared.latency[side]['p50_us'] / 1000:.3g} ms" for side in ("float", "variant"))


def samples(compared: DivergenceReport) -> str:
    """How many samples were run, and whether that was all."""
    if compared.complete:
        return f"{compared.done:,}"
    return f"{compared.done:,} of {len(compared.samples):,} (not finished)"


def _check(compared: DivergenceReport) -> str:
    """Whether what was measured is what is deployed."""
    check = compared.check
    if check is None:
        return "not compared"
    if check.identical:
        return "identical with and without capture"
    return (
        "not comparable" if check.max_abs_difference is None else f"differs by {check.max_abs_difference:.3g} at most"
    )


def outputs(compared: DivergenceReport) -> list[list[str]]:
    """One row per output."""
    return [
        [
            plain(name),
            row["task"],
            decibel(row["sqnr_db"]),
            _cosine(row["cosine"]),
            f"{row['max_abs']:.3g}" if known(row["max_abs"]) else UNKNOWN,
            percent(row["top1_agreement"]) if known(row["top1_agreement"]) else "",
            f"{row['kl']:.3g}" if known(row["kl"]) else "",
        ]
        for name, row in compared.outputs.iterrows()
    ]


def findings(compared: DivergenceReport) -> list[tuple[str, str, str, str]]:
    """Severity, title with the first op concerned, evidence and advice."""
    return told(compared.findings, compared.report)


def gaps(compared: DivergenceReport) -> Rows:
    """What could not be compared."""
    return unknown(compared.gaps)


def notes(compared: DivergenceReport) -> list[str]:
    """What was assumed and noticed."""
    return [plain(note) for note in dict.fromkeys([*compared.notes, *compared.samples.notes])]


def ops(compared: DivergenceReport, limit: int) -> Listed:
    """The ops that make the most error by themselves; by what is seen of them where that was not measured."""
    frame = compared.ops
    local = frame["local_sqnr_db"].to_numpy(dtype=float, na_value=np.nan)
    rank = local if np.isfinite(local).any() else frame["sqnr_db"].to_numpy(dtype=float, na_value=np.nan)
    order = [at for at in np.argsort(rank, kind="stable").tolist() if np.isfinite(rank[at])]
    shown = order[:limit]
    return Listed([_row(frame.index[at], frame.iloc[at]) for at in shown], len(order) - len(shown))


def _row(name: Any, row: pd.Series) -> list[str]:
    """One op."""
    return [
        plain(row["unit"] or name),
        plain(row["op_type"]) if known(row["op_type"]) else "",
        plain(row["precision"]) if known(row["precision"]) else "",
        decibel(row["local_sqnr_db"]),
        decibel(row["sqnr_db"]),
        _cosine(row["cosine"]),
        decibel(row["weight_sqnr_db"]),
        percent(row["clipped"]) if known(row["clipped"]) else "",
    ]


def decibel(value: Any) -> str:
    """A ratio in dB; ∞ where there is no error."""
    if not known(value):
        return UNKNOWN
    return "∞" if np.isposinf(value) else f"{value:.1f}"


def _cosine(value: Any) -> str:
    return f"{value:.4f}" if known(value) else UNKNOWN
