"""What of a comparison deserves a look first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.findings.finding import SEVERITIES, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd


COLLAPSED, WEAK = 0.9, 0.99
"""Cosines of outputs below which a variant is broken, or worth repairing."""
LOUD_DB = 20.0
"""An op that makes an error of a hundredth of its output's power by itself."""
CLIPPED = 0.01
WEIGHT_DB = 20.0
_MOST = 3


def findings(tensors: pd.DataFrame, outputs: pd.DataFrame) -> list[Finding]:
    """Everything the rules find, worst first."""
    found = [*_outputs(outputs), *_odd(tensors), *_loud(tensors), *_clipped(tensors), *_weights(tensors)]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def _outputs(outputs: pd.DataFrame) -> Iterator[Finding]:
    cosines = outputs["cosine"].dropna()
    worst = cosines.min() if len(cosines) else 1.0
    if worst >= WEAK:
        return
    name = str(cosines.idxmin())
    severity = "error" if worst < COLLAPSED else "warning"
    yield Finding(
        "output-divergence",
        severity,
        "The variant's output is no longer the model's" if severity == "error" else "The variant's output is off",
        (),
        f"{name}: cosine {worst:.4g}, SQNR {outputs['sqnr_db'].loc[name]:.1f} dB",
        "Keep the ops that make the most error in float or 16 bits, or calibrate them on a better range.",
    )


def _odd(tensors: pd.DataFrame) -> Iterator[Finding]:
    some = tensors[tensors["odd"].fillna(0) > 0]
    if len(some):
        yield Finding(
            "odd-values",
            "error",
            "NaN or infinite on one side only",
            _rows(some),
            _listed(some, lambda name, row: f"{name}: {int(row['odd']):,} elements"),
            "Look at the first of these ops: a range or an element type is too small for its values.",
        )


def _loud(tensors: pd.DataFrame) -> Iterator[Finding]:
    some = tensors[tensors["local_sqnr_db"] < LOUD_DB].sort_values("local_sqnr_db", kind="stable")
    if len(some):
        yield Finding(
            "local-error",
            "warning",
            "Ops that make much error themselves",
            _rows(some),
            _listed(some, lambda name, row: f"{name}: {row['local_sqnr_db']:.1f} dB"),
            "Keep them in float or 16 bits first: what later ops show is partly this error passed on.",
        )


def _clipped(tensors: pd.DataFrame) -> Iterator[Finding]:
    some = tensors[tensors["clipped"] > CLIPPED].sort_values("clipped", ascending=False, kind="stable")
    if len(some):
        yield Finding(
            "clipped-range",
            "warning",
            "Values beyond the quantization grid",
            _rows(some),
            _listed(some, lambda name, row: f"{name}: {row['clipped']:.1%}"),
            "Calibrate on data like this, or by a method that cuts off less.",
        )


def _weights(tensors: pd.DataFrame) -> Iterator[Finding]:
    some = tensors[tensors["weight_sqnr_db"] < WEIGHT_DB].sort_values("weight_sqnr_db", kind="stable")
    if len(some):
        yield Finding(
            "weight-error",
            "info",
            "Weights that lost much",
            _rows(some),
            _listed(some, lambda name, row: f"{name}: {row['weight_sqnr_db']:.1f} dB"),
            "Quantize weights per channel, in smaller blocks, or in more bits.",
        )


def _rows(some: pd.DataFrame) -> tuple[int, ...]:
    return tuple(sorted({int(row) for row in some["op_row"] if row >= 0}))


def _listed(some: pd.DataFrame, tell: object) -> str:
    assert callable(tell)
    told = [tell(row["op"] if isinstance(row["op"], str) else name, row) for name, row in some.iloc[:_MOST].iterrows()]
    more = len(some) - len(told)
    return "; ".join([*told, *([f"and {more:,} more"] if more > 0 else [])])
