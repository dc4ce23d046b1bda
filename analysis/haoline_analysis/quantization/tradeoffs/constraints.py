"""What a user wants of a quantized model, in words: ``"cosine >= 0.99, size <= 30%, fastest"``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.report.formatting import digits, duration, nbytes, percent

if TYPE_CHECKING:
    from haoline_analysis.quantization.tradeoffs.outcome import Outcome

OBJECTIVES = {"fastest": "fastest", "smallest": "smallest", "most accurate": "most accurate", "best": "most accurate"}
HELP = (
    'write for example "cosine >= 0.99", "sqnr >= 20 dB", "top1 loss <= 1%", "size <= 30 MB", "size <= 30%", '
    '"latency <= 5 ms", "fastest within 0.5 dB", several joined by commas'
)
_BYTES = {"b": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "kib": 1024.0, "mib": 1024.0**2, "gib": 1024.0**3}
_MICROSECONDS = {"us": 1.0, "µs": 1.0, "ms": 1e3, "s": 1e6}
_TERM = re.compile(
    r"(?P<metric>cosine|sqnr|top-?1(?:\s+loss)?|size|latency)\s*(?P<sign><=|>=|<|>|=)\s*"
    r"(?P<number>[0-9.]+(?:e-?[0-9]+)?)\s*(?P<unit>[a-zµ%]*)"
)
_OBJECTIVE = re.compile(
    r"(?P<what>fastest|smallest|most accurate|best)(?:\s+within\s+(?P<db>[0-9.]+)\s*db)?(?: of the best)?"
)


@dataclass(frozen=True)
class Term:
    """One bound."""

    metric: str  # "cosine", "sqnr_db", "top1", "size_bytes", "size_share", "p50_us", "latency_share"
    least: bool  # a lower bound; else an upper one
    bound: float

    def met(self, outcome: Outcome) -> bool:
        """Whether the figure is known and within the bound."""
        value = float(getattr(outcome, self.metric))
        return value >= self.bound if self.least else value <= self.bound

    @property
    def accuracy(self) -> bool:
        """Whether it is about the outputs."""
        return self.metric in {"cosine", "sqnr_db", "top1"}

    def had(self, outcome: Outcome) -> str:
        """What it has instead, or that this is not known."""
        value = float(getattr(outcome, self.metric))
        return "which is not known of it" if math.isnan(value) else f"it has {show(self.metric, value)}"

    def __str__(self) -> str:
        """``cosine ≥ 0.99``."""
        return f"{_NAMES[self.metric]} {'≥' if self.least else '≤'} {show(self.metric, self.bound)}"


_NAMES = {
    "cosine": "cosine",
    "sqnr_db": "SQNR",
    "top1": "top-1 agreement",
    "size_bytes": "size",
    "size_share": "size",
    "p50_us": "latency",
    "latency_share": "latency",
}


def show(metric: str, value: float) -> str:
    """A figure with its unit; ``n/a`` where it is not known."""
    if math.isnan(value):
        return "n/a"
    if metric == "cosine":
        return _cosine(value)
    if metric == "sqnr_db":
        return f"{value:.1f} dB" if math.isfinite(value) else "exact"
    if metric == "size_bytes":
        return nbytes(value)
    if metric == "p50_us":
        return duration(value)
    share = percent(value)
    return f"{share} of the float model's" if metric in {"size_share", "latency_share"} else share


def _cosine(value: float) -> str:
    """As many digits as tell it from 1."""
    off = abs(1 - value)
    places = math.ceil(-math.log10(off)) if off > 0 else 4
    return f"{value:.{min(9, max(4, places))}f}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Constraint:
    """Bounds, and what to prefer among what keeps them."""

    terms: tuple[Term, ...] = ()
    objective: str = "fastest"
    within_db: float | None = None  # of the best SQNR there is
    text: str = ""

    def failures(self, outcome: Outcome, best_db: float = math.nan) -> list[str]:
        """Bounds that a variant breaks, each in words; empty where it keeps them all."""
        found = [f"{term} ({term.had(outcome)})" for term in self.terms if not term.met(outcome)]
        if self.within_db is not None and not outcome.sqnr_db >= best_db - self.within_db:
            below, own = best_db - outcome.sqnr_db, show("sqnr_db", outcome.sqnr_db)
            had = f"it is {below:.1f} dB below" if math.isfinite(below) else f"it has {own}"
            found.append(f"within {digits(self.within_db)} dB of the best ({had})")
        return found

    @property
    def accuracy(self) -> tuple[Term, ...]:
        """The bounds on the outputs."""
        return tuple(term for term in self.terms if term.accuracy)

    def __str__(self) -> str:
        """``cosine ≥ 0.99, fastest``."""
        within = "" if self.within_db is None else f" within {digits(self.within_db)} dB of the best"
        return ", ".join([*map(str, self.terms), f"{self.objective}{within}"])


def parse_constraint(text: Any) -> Constraint:
    """Read what is wanted.

    Args:
        text: bounds and at most one preference, joined by commas, semicolons, ``and``; None or empty: the fastest.

    Raises:
        ModelError: if a part means nothing; names it and gives examples.
    """
    if isinstance(text, Constraint):
        return text
    if text is not None and not isinstance(text, str):
        raise ModelError(f"A constraint is text, not {type(text).__name__}: {HELP}.")
    whole = text or ""
    terms: list[Term] = []
    objective: tuple[str, float | None] | None = None
    for part in _parts(whole):
        found = _OBJECTIVE.fullmatch(part)
        if found is None:
            terms.append(_term(part))
        elif objective is not None:
            raise ModelError(f"Two preferences in {whole!r}: name one of fastest, smallest, most accurate.")
        else:
            objective = OBJECTIVES[found["what"]], None if found["db"] is None else _number(found["db"], part)
    what, within = objective or ("fastest", None)
    return Constraint(tuple(terms), what, within, whole)


def _parts(text: str) -> list[str]:
    lowered = text.lower().replace("≥", ">=").replace("≤", "<=").replace("−", "-")
    return [part for each in re.split(r"[,;]|\band\b", lowered) if (part := " ".join(each.split()))]


def _term(part: str) -> Term:
    found = _TERM.fullmatch(part)
    if found is None:
        raise ModelError(f"{part!r} is no constraint: {HELP}.")
    metric, unit, value = found["metric"].replace("top-1", "top1"), found["unit"], _number(found["number"], part)
    least = found["sign"] in {">=", ">", "="}
    make = {"cosine": _plain, "sqnr": _plain, "size": _size, "latency": _latency}.get(metric, _top1)
    term = make(metric, value, unit, least)
    lower = term is not None and term.metric in {"cosine", "sqnr_db", "top1"}
    if term is None or term.least != lower or not math.isfinite(term.bound):
        raise ModelError(f"{part!r} is no constraint: {HELP}.")
    return term


def _number(text: str, part: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ModelError(f"{part!r}: {text} is no number.") from error


def _plain(metric: str, value: float, unit: str, least: bool) -> Term | None:
    if metric == "sqnr":
        return Term("sqnr_db", least, value) if unit in {"", "db"} else None
    share = value / 100 if unit == "%" else value
    return Term("cosine", least, share) if unit in {"", "%"} and 0 <= share <= 1 else None


def _top1(metric: str, value: float, unit: str, least: bool) -> Term | None:
    share = value / 100 if unit == "%" else value
    if unit not in {"", "%"} or not 0 <= share <= 1:
        return None
    return Term("top1", not least, 1 - share) if metric.endswith("loss") else Term("top1", least, share)


def _size(metric: str, value: float, unit: str, least: bool) -> Term | None:  # noqa: ARG001
    if unit == "%":
        return Term("size_share", least, value / 100)
    return Term("size_bytes", least, value * _BYTES[unit]) if unit in _BYTES else None


def _latency(metric: str, value: float, unit: str, least: bool) -> Term | None:  # noqa: ARG001
    if unit == "%":
        return Term("latency_share", least, value / 100)
    return Term("p50_us", least, value * _MICROSECONDS[unit]) if unit in _MICROSECONDS else None
