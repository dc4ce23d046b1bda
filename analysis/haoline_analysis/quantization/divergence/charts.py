"""Charts of a comparison, with altair where it is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import MissingExtraError, ModelError

if TYPE_CHECKING:
    import pandas as pd

    from haoline_analysis.quantization.divergence.divergence_report import DivergenceReport

KINDS = ("ranking", "depth", "blocks", "categories")
MADE, PASSED = "made here", "seen here"
COLORS = {MADE: "#d1495b", PASSED: "#5b8bc9"}
_MOST = 20
_PART = "share of the output's power"


def chart(compared: DivergenceReport, kind: str = "ranking") -> Any:
    """One chart.

    ``ranking``: the ops that make the most error; ``depth``: error along the model, made and seen; ``blocks`` and
    ``categories``: error that groups of ops make.

    Raises:
        ModelError: if there is no such chart.
        MissingExtraError: if altair is not installed.
    """
    if kind not in KINDS:
        raise ModelError(f"There is no chart {kind!r}; choose one of {', '.join(KINDS)}.")
    try:
        import altair as alt
    except ImportError as error:
        raise MissingExtraError('Charts need altair: pip install "haoline-jupyter[lab]"') from error
    made = {"ranking": _ranking, "depth": _depth, "blocks": _blocks, "categories": _categories}
    return made[kind](alt, compared)


def errors(compared: DivergenceReport) -> pd.DataFrame:
    """Relative error power of every op, made and seen: noise over signal, NaN where unknown."""
    ops = compared.ops
    frame = ops.assign(
        place=np.arange(len(ops)),
        **{MADE: _power(ops["local_sqnr_db"]), PASSED: _power(ops["sqnr_db"])},
    )
    return frame.reset_index()


def _power(sqnr_db: pd.Series) -> np.ndarray:
    values = sqnr_db.to_numpy(dtype=float, na_value=np.nan)
    return np.asarray(np.where(np.isposinf(values), 0.0, 10 ** (-values / 10)))


def _long(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per op and kind of error."""
    kept = ["op", "op_type", "category", "scope", "precision", "place"]
    return frame.melt(kept, [MADE, PASSED], "error", "power").dropna(subset=["power"])


def _color(altair: Any) -> Any:
    scale = altair.Scale(domain=list(COLORS), range=list(COLORS.values()))
    return altair.Color("error:N", title=None, scale=scale)


def _tooltip() -> list[str]:
    return ["op:N", "op_type:N", "precision:N", "error:N", "power:Q"]


def _ranking(altair: Any, compared: DivergenceReport) -> Any:
    frame = errors(compared)
    by = MADE if frame[MADE].notna().any() else PASSED
    worst = frame.nlargest(_MOST, by)
    order = worst["op"].tolist()
    return (
        altair.Chart(_long(worst), title="Ops that make the most error")
        .mark_bar()
        .encode(
            y=altair.Y("op:N", sort=order, title=None),
            yOffset="error:N",
            x=altair.X("power:Q", title=_PART),
            color=_color(altair),
            tooltip=_tooltip(),
        )
    )


def _depth(altair: Any, compared: DivergenceReport) -> Any:
    frame = _long(errors(compared))
    frame = frame[frame["power"] > 0]
    return (
        altair.Chart(frame, title="Error along the model")
        .mark_line(point=True, interpolate="step-after")
        .encode(
            x=altair.X("place:Q", title="op, in execution order"),
            y=altair.Y("power:Q", scale=altair.Scale(type="log"), title=_PART),
            color=_color(altair),
            tooltip=_tooltip(),
        )
        .properties(width=640)
    )


def _grouped(altair: Any, frame: pd.DataFrame, by: str, title: str) -> Any:
    known = frame[frame[by].astype(bool)].groupby(by, sort=False)[[MADE]].sum(min_count=1).reset_index()
    return (
        altair.Chart(known, title=title)
        .mark_bar(color=COLORS[MADE])
        .encode(
            y=altair.Y(f"{by}:N", sort=known[by].tolist(), title=None),
            x=altair.X(f"{MADE}:Q", title=f"sum over ops: {_PART}"),
            tooltip=[f"{by}:N", f"{MADE}:Q"],
        )
    )


def _blocks(altair: Any, compared: DivergenceReport) -> Any:
    frame = errors(compared)
    frame["scope"] = frame["scope"].fillna("(no scope)").replace("", "(no scope)")
    return _grouped(altair, frame, "scope", "Error by block")


def _categories(altair: Any, compared: DivergenceReport) -> Any:
    return _grouped(altair, errors(compared), "category", "Error by kind of op")
