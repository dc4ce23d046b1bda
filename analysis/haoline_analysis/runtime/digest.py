"""A capture cut down to rows of text; names come from model files and are escaped by whoever sets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from haoline_analysis.report.digest import Rows, told, unknown
from haoline_analysis.report.formatting import UNKNOWN, digits, known, percent, plain

if TYPE_CHECKING:
    from typing import Any

    import pandas as pd

    from haoline_analysis.runtime.activation_report import ActivationReport

_FIGURES = (("min", "Min"), ("max", "Max"), ("mean", "Mean"), ("std", "Std"))
HEADINGS = ("Tensor", "Op", "Shape", *(label for _, label in _FIGURES), "Zeros", "NaN, Inf", "Dead channels")
NUMERIC = (False, False, False, True, True, True, True, True, True, True)
_GREAT, _SMALL = 1e6, 1e-3


class Listed(NamedTuple):
    """Tensors as rows of text, and how many are left out."""

    rows: list[list[str]]
    omitted: int


def cards(captured: ActivationReport) -> Rows:
    """The capture in a few figures."""
    return [
        ("Samples", samples(captured)),
        ("Input", plain(f"{captured.samples.origin}{' (synthetic)' if captured.samples.synthetic else ''}")),
        ("Tensors", f"{len(captured.tensors):,}"),
        ("Mode", captured.mode),
        ("Ran on", captured.provider),
        ("Outputs", outputs(captured)),
    ]


def samples(captured: ActivationReport) -> str:
    """How many samples were run, and whether that was all."""
    total = len(captured.samples)
    if captured.complete:
        return f"{captured.done:,}"
    return f"{captured.done:,} of {total:,} (not finished)"


def outputs(captured: ActivationReport) -> str:
    """What capturing did to the model's outputs."""
    check = captured.check
    if check is None:
        return "not compared"
    if check.identical:
        return "as without capture"
    if check.max_abs_difference is None:
        return "not comparable"
    share = "" if check.relative_difference is None else f", {figure(check.relative_difference)} of the largest output"
    return f"differ by {figure(check.max_abs_difference)} at most{share}"


def findings(captured: ActivationReport) -> list[tuple[str, str, str, str]]:
    """Severity, title with the first op concerned, evidence and advice."""
    return told(captured.findings, captured.report)


def gaps(captured: ActivationReport) -> Rows:
    """What could not be captured."""
    return unknown(captured.gaps)


def notes(captured: ActivationReport) -> list[str]:
    """What was assumed and noticed."""
    told_before = set(captured.notes)
    listed = [*captured.notes, *(note for note in captured.samples.notes if note not in told_before)]
    if captured.check is not None and not captured.check.identical:
        listed.append(captured.check.note)
    return [plain(note) for note in dict.fromkeys(listed)]


def tensors(captured: ActivationReport, limit: int) -> Listed:
    """The tensors that deserve a look, in execution order."""
    frame = captured.tensors
    rows = np.sort(np.argsort(-_interest(captured), kind="stable")[:limit])
    return Listed([_row(name, frame.loc[name]) for name in frame.index[rows]], len(frame) - len(rows))


def _interest(captured: ActivationReport) -> np.ndarray:
    """How much each tensor deserves a look: findings first, then not finite, dead, and how far it reaches."""
    frame = captured.tensors
    concerned = {row for finding in captured.findings for row in finding.ops}
    names = captured.report.tables["ops"]["name"].values
    told_of = frame["op"].isin([names[row] for row in concerned]).to_numpy(dtype=float)
    strange = _numbers(frame, "nan") + _numbers(frame, "inf") > 0
    dead = _numbers(frame, "dead_channels") > 0
    reach = np.fmax(np.abs(_numbers(frame, "min")), np.abs(_numbers(frame, "max")))
    return np.asarray(4 * told_of + 2 * strange + dead + reach / (1 + reach))


def _numbers(frame: pd.DataFrame, name: str) -> np.ndarray:
    """A column as float64, 0 where unknown."""
    values = frame[name].to_numpy(dtype=float, na_value=np.nan)
    return np.asarray(np.nan_to_num(values, nan=0.0, posinf=1e300, neginf=-1e300))


def _row(name: Any, row: pd.Series) -> list[str]:
    """One tensor."""
    strange = sum(int(row[kind]) for kind in ("nan", "inf") if known(row[kind]))
    return [
        plain(name),
        plain(row["op_type"]) if known(row["op_type"]) else "",
        plain(row["shape"]) if known(row["shape"]) else UNKNOWN,
        *(figure(row[column]) for column, _ in _FIGURES),
        percent(row["sparsity"]),
        f"{strange:,}" if strange else "",
        _dead(row),
    ]


def _dead(row: pd.Series) -> str:
    """``3 of 16``; empty where a tensor has no channels."""
    if not known(row["channels"]) or not known(row["dead_channels"]) or not row["channels"]:
        return ""
    return f"{int(row['dead_channels']):,} of {int(row['channels']):,}"


def figure(value: Any) -> str:
    """A measured number in three digits, with an exponent where it is far from one."""
    if not known(value):
        return UNKNOWN
    number = float(value)
    if number and not _SMALL <= abs(number) < _GREAT:
        return f"{number:.3g}"
    return digits(number)
