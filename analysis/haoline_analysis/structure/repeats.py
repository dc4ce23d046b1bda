"""Stretches of a sequence that repeat back to back.

A block that repeats is a tandem repeat of period p: token[i] == token[i + p] over a long run.
Candidate periods are the commonest distances between equal windows of tokens, so the cost is
(a few dozen periods) x (sequence length) in numpy.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from haoline_analysis.structure.hashing import mix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    I64 = NDArray[np.int64]
    U64 = NDArray[np.uint64]

WINDOWS = (1, 2, 5, 12)
PERIODS_PER_WINDOW = 12
MAX_RUNS = 4096
MAIN_SHARE = 0.8
SHORTEST = 2


class Tandem(NamedTuple):
    """``times`` blocks of ``period`` units each, the first at ``start``."""

    start: int
    period: int
    times: int


class _Run(NamedTuple):
    covered: int  # positions in whole repeats
    start: int
    stop: int
    period: int


def find_repeats(exact: U64, alike: U64, cost: I64) -> list[Tandem]:
    """Repeats of two or more units, in order; none overlaps another.

    ``exact`` tokens tell weight shapes apart, ``alike`` tokens do not (the growing layers of a DenseNet): exact
    repeats come first. ``cost[i]`` is that of a cut before unit i: blocks are cut where it is least.
    """
    taken = np.zeros(len(exact), bool)
    found = _find(exact, cost, taken)
    if len(np.unique(exact)) > len(np.unique(alike)):
        found += _find(alike, cost, taken)
    return sorted(found)


def _find(tokens: U64, cost: I64, taken: NDArray[np.bool_]) -> list[Tandem]:
    """Repeats where nothing is taken yet, marked as taken."""
    found: list[Tandem] = []
    for run in _by_importance(_runs(tokens)):
        start, stop = _free_part(taken, run)
        if stop - start < 2 * run.period or not _is_primitive(tokens[start : start + run.period]):
            continue
        start, count = _phase(cost, start, stop, run.period)
        taken[start : start + count * run.period] = True
        found.append(Tandem(start, run.period, count))
    return found


def _is_primitive(tokens: U64) -> bool:
    """Whether a block is no repeat itself."""
    period = len(tokens)
    return not any(
        period % part == 0 and np.array_equal(tokens[part:], tokens[:-part]) for part in range(1, period // 2 + 1)
    )


def _by_importance(runs: list[_Run]) -> list[_Run]:
    """Runs of the smallest period that explains most of the sequence first, then the longest.

    Without the first rule, two stages of unequal length that share a tail would be read as
    one large block, twice.
    """
    covered: Counter[int] = Counter()
    for run in runs:
        covered[run.period] += run.covered
    most = max(covered.values(), default=0)
    main = min((period for period, total in covered.items() if total >= MAIN_SHARE * most), default=0)
    return sorted(runs, key=lambda run: (run.period != main, -run.covered, run.period))[:MAX_RUNS]


def _runs(tokens: U64) -> list[_Run]:
    runs: list[_Run] = []
    for period in _periods(tokens):
        equal = np.zeros(len(tokens) - period + 2, np.int8)
        equal[1:-1] = tokens[:-period] == tokens[period:]
        edges = np.flatnonzero(np.diff(equal))
        starts, lengths = edges[::2], edges[1::2] - edges[::2]
        for at in np.flatnonzero(lengths >= period)[:MAX_RUNS]:
            start, length = int(starts[at]), int(lengths[at])
            covered = (length // period + 1) * period
            runs.append(_Run(covered, start, start + length + period, period))
    return runs


def _periods(tokens: U64) -> list[int]:
    """Commonest distances between equal windows, at least two."""
    periods: set[int] = set()
    for width in WINDOWS:
        if len(tokens) < 2 * width:
            continue
        windows = _window_hashes(tokens, width)
        order = np.argsort(windows, kind="stable")
        same = windows[order[1:]] == windows[order[:-1]]
        counts = np.bincount((order[1:] - order[:-1])[same], minlength=1)
        counts[:SHORTEST] = 0
        best = np.argsort(counts, kind="stable")[::-1][:PERIODS_PER_WINDOW]
        periods.update(int(period) for period in best if counts[period] > 0)
    return sorted(period for period in periods if 2 * period <= len(tokens))


def _window_hashes(tokens: U64, width: int) -> U64:
    length = len(tokens) - width + 1
    out = np.zeros(length, np.uint64)
    for offset in range(width):
        out = mix(out + tokens[offset : offset + length])
    return out


def _free_part(taken: NDArray[np.bool_], run: _Run) -> tuple[int, int]:
    """The longest stretch of the run that no larger repeat has taken."""
    used = np.flatnonzero(taken[run.start : run.stop])
    if not len(used):
        return run.start, run.stop
    bounds = np.concatenate(([-1], used, [run.stop - run.start]))
    at = int(np.argmax(np.diff(bounds)))
    return run.start + int(bounds[at]) + 1, run.start + int(bounds[at + 1])


def _phase(cost: I64, start: int, stop: int, period: int) -> tuple[int, int]:
    """Where to begin counting: as many blocks as fit, cut where it costs least.

    One block fewer is accepted for a cleaner cut while three remain.
    """
    count = (stop - start) // period
    slack = stop - start - count * period
    first = start + int(np.argmin(cost[start : start + slack + 1]))
    if count <= 2 + 1:
        return first, count
    other = start + int(np.argmin(cost[start : start + period]))
    if cost[other] < cost[first]:
        return other, (stop - other) // period
    return first, count
