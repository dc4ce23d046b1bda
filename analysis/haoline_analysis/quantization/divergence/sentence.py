"""A comparison in a sentence or two that a person can paste."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.report.formatting import nbytes, plain

if TYPE_CHECKING:
    from haoline_analysis.quantization.divergence.divergence_report import DivergenceReport

_EQUAL = 0.05  # shares of speed within which two runs are told as equally fast


def sentence(compared: DivergenceReport) -> str:
    """Size, speed, accuracy, and the ops that cost most."""
    count = f"{compared.done:,} sample{'s' if compared.done != 1 else ''}"
    facts = [part for part in (_size(compared), _speed(compared)) if part]
    name, other = (plain(report.name, 60) for report in (compared.report, compared.variant_report))
    first = f"{other} against {name}, {count}{' (made up)' if compared.samples.synthetic else ''}"
    text = f"{first}: {'; '.join([*facts, _accuracy(compared)])}."
    worst = _worst(compared)
    return f"{text} {worst}" if worst else text


def _size(compared: DivergenceReport) -> str:
    whole, part = compared.sizes.get("float"), compared.sizes.get("variant")
    if not whole or not part:
        return ""
    return f"{nbytes(part)} instead of {nbytes(whole)} ({part / whole:.0%})"


def _speed(compared: DivergenceReport) -> str:
    if compared.latency is None:
        return ""
    whole, part = compared.latency["float"]["p50_us"], compared.latency["variant"]["p50_us"]
    times = f"{part / 1000:.3g} ms instead of {whole / 1000:.3g} ms on the {compared.provider}"
    ratio = whole / part
    if abs(ratio - 1) <= _EQUAL:
        return f"as fast ({times})"
    return f"{ratio:.2g}× as fast ({times})" if ratio > 1 else f"{1 / ratio:.2g}× slower ({times})"


def _accuracy(compared: DivergenceReport) -> str:
    """The output that is farthest off."""
    outputs = compared.outputs[compared.outputs["cosine"].notna()]
    if not len(outputs):
        return "outputs were not compared"
    row = outputs.iloc[int(outputs["cosine"].to_numpy(float).argmin())]
    if np.isinf(row["sqnr_db"]):
        return "outputs are the same to the last bit"
    told = f"output cosine {row['cosine']:.4f}, SQNR {row['sqnr_db']:.1f} dB"
    if row["top1_agreement"] == row["top1_agreement"]:
        told += f", the same first choice in {row['top1_agreement']:.1%}"
    return told


def _worst(compared: DivergenceReport) -> str:
    ops = compared.ops
    ranked = ops[np.isfinite(ops["local_sqnr_db"].astype(float))].sort_values("local_sqnr_db", kind="stable")
    told = [f"{plain(name, 80)} ({row['local_sqnr_db']:.1f} dB)" for name, row in ranked.iloc[:3].iterrows()]
    return f"Most error is made at {', '.join(told)}." if told else ""
