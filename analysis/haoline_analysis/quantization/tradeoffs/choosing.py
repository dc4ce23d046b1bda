"""Which variants nothing else beats, and which one to take."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from haoline_analysis.quantization.tradeoffs.constraints import Term, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from haoline_analysis.quantization.tradeoffs.constraints import Constraint
    from haoline_analysis.quantization.tradeoffs.outcome import Outcome

DEFAULT_COSINE = 0.99
"""Asked of the outputs where the user names no bound on them."""
_SAME_SPEED = 0.05
"""Difference of median latencies that is taken for chance."""


def front(outcomes: Mapping[str, Outcome]) -> list[str]:
    """Names of the variants that no other one matches in size, latency and SQNR while beating it in one of them."""
    costs = {name: _costs(each) for name, each in outcomes.items()}
    return [name for name, own in costs.items() if not any(_beats(other, own) for other in costs.values())]


def _costs(outcome: Outcome) -> tuple[float, float, float]:
    """The less the better; what is not known is worst."""
    values = (outcome.size_bytes, outcome.p50_us, -outcome.sqnr_db)
    return tuple(math.inf if math.isnan(each) else each for each in values)  # type: ignore[return-value]


def _beats(other: Sequence[float], own: Sequence[float]) -> bool:
    return all(a <= b for a, b in zip(other, own, strict=True)) and any(a < b for a, b in zip(other, own, strict=True))


@dataclass(frozen=True)
class Choice:
    """A recommendation: a name, or None where nothing keeps the bounds, and the reason."""

    name: str | None
    why: str


def choose(outcomes: Mapping[str, Outcome], constraint: Constraint) -> Choice:
    """Take what the constraint prefers among the variants that keep its bounds."""
    if not outcomes:
        return Choice(None, "No variant could be made and run.")
    wanted, assumed = with_default(constraint)
    best = best_db(outcomes.values())
    broken = {name: wanted.failures(each, best) for name, each in outcomes.items()}
    fitting = {name: outcomes[name] for name, failures in broken.items() if not failures}
    if not fitting:
        return Choice(None, _none(outcomes, broken, wanted))
    name = _preferred(fitting, wanted.objective)
    return Choice(name, _why(name, fitting, outcomes, wanted, assumed))


def best_db(outcomes: Iterable[Outcome]) -> float:
    """The highest SQNR that is known; NaN where none is."""
    return max((each.sqnr_db for each in outcomes if not math.isnan(each.sqnr_db)), default=math.nan)


def with_default(constraint: Constraint) -> tuple[Constraint, str]:
    """The constraint with a bound on the outputs, and what to say where that is assumed."""
    if constraint.accuracy or constraint.within_db is not None or constraint.objective == "most accurate":
        return constraint, ""
    term = Term("cosine", least=True, bound=DEFAULT_COSINE)
    return replace(constraint, terms=(*constraint.terms, term)), f" ({term} is assumed, since no bound was given)"


def _preferred(fitting: Mapping[str, Outcome], objective: str) -> str:
    if objective == "most accurate":
        return max(fitting, key=lambda name: _known(fitting[name].sqnr_db, -math.inf))
    if objective == "smallest":
        return min(fitting, key=lambda name: (_known(fitting[name].size_bytes), _known(fitting[name].latency_share)))
    least = min(_known(each.latency_share) for each in fitting.values())
    if math.isinf(least):  # no latencies: the smallest is the likeliest
        return _preferred(fitting, "smallest")
    even = {name: each for name, each in fitting.items() if each.latency_share <= least * (1 + _SAME_SPEED)}
    return min(even, key=lambda name: even[name].size_bytes)


def _known(value: float, otherwise: float = math.inf) -> float:
    return otherwise if math.isnan(value) else value


def _why(
    name: str, fitting: Mapping[str, Outcome], outcomes: Mapping[str, Outcome], wanted: Constraint, assumed: str
) -> str:
    """The reason in two sentences, with numbers."""
    own = outcomes[name]
    size = f"{show('size_bytes', own.size_bytes)}, {own.size_share:.0%} of the float model"
    pace = "" if math.isnan(own.latency_share) else f", {speed(own.latency_share)}"
    head = f"{name} is {_rank(own, fitting, outcomes, wanted)}{assumed}"
    text = f"{head}: {size}{pace}, cosine {show('cosine', own.cosine)}, SQNR {show('sqnr_db', own.sqnr_db)}."
    others = [each for each in outcomes if each not in fitting]
    if others:
        text += f" {_listed(others)} {'does' if len(others) == 1 else 'do'} not keep it."
    if own.latency_share > 1 + _SAME_SPEED and wanted.objective == "fastest":
        text += " No variant that keeps the bounds is faster than the float model here: it only saves space."
    if wanted.objective == "fastest":
        text += _untimed(fitting)
    return text


def _rank(own: Outcome, fitting: Mapping[str, Outcome], outcomes: Mapping[str, Outcome], wanted: Constraint) -> str:
    """``the fastest of 3 variants that keep cosine ≥ 0.99``; of what was not timed, the smallest."""
    bounds = _bounds(wanted)
    if len(outcomes) == 1:
        return "the only variant" + (f", and keeps {bounds}" if bounds else "")
    if len(fitting) == 1:
        return f"the only one of {len(outcomes)} variants that keeps {bounds}"
    untimed = wanted.objective == "fastest" and math.isnan(own.latency_share)
    kept = f" that keep {bounds}" if bounds else ""
    return f"the {'smallest' if untimed else wanted.objective} of {len(fitting)} variants{kept}"


def _untimed(fitting: Mapping[str, Outcome]) -> str:
    names = [name for name, each in fitting.items() if math.isnan(each.latency_share)]
    return f" The latency of {_listed(names)} is not known." if names else ""


def speed(share: float) -> str:
    """``1.7× as fast``, of a share of the float model's latency."""
    if share <= 1 - _SAME_SPEED:
        return f"{1 / share:.1f}× as fast"
    return "as fast" if share <= 1 + _SAME_SPEED else f"{share:.1f}× as slow"


def _bounds(wanted: Constraint) -> str:
    within = [] if wanted.within_db is None else [f"within {wanted.within_db:g} dB of the best"]
    return ", ".join([*map(str, wanted.terms), *within])


def _listed(names: Sequence[str], most: int = 4) -> str:
    shown = list(names[:most])
    rest = len(names) - len(shown)
    if rest:
        return f"{', '.join(shown)} and {rest} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _none(outcomes: Mapping[str, Outcome], broken: Mapping[str, Sequence[str]], wanted: Constraint) -> str:
    closest = min(broken, key=lambda name: (len(broken[name]), -_known(outcomes[name].sqnr_db, -math.inf)))
    return f"No variant keeps {_bounds(wanted)}. {closest} comes closest, but breaks {'; '.join(broken[closest])}."
