"""Repeated blocks in a plain sequence of ops, for files that name nothing.

A block that repeats back to back is a tandem repeat of period p: token[i] == token[i + p]
over a long run. Candidate periods are the commonest distances between equal windows of
tokens, so the cost is (a few dozen periods) x (sequence length) in numpy.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from haoline_analysis.structure.hashing import mix

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOWS = (2, 5, 12)
PERIODS_PER_WINDOW = 12
MIN_PERIOD = 3
MIN_GAP = 4
MAX_DEPTH = 3
MAX_RUNS = 4096
MAIN_SHARE = 0.8


@dataclass(slots=True)
class Block:
    """Positions ``start:stop`` of the sequence that form one block, and the blocks inside it."""

    start: int
    stop: int
    inner: list[Block] = field(default_factory=list)


class _Run(NamedTuple):
    covered: int  # positions in whole repeats
    start: int
    stop: int
    period: int


def find_blocks(exact: NDArray[np.uint64], alike: NDArray[np.uint64], crossing: NDArray[np.int64]) -> list[Block]:
    """Blocks of repeats, and the pieces between two repeats, in order.

    ``exact`` tokens tell weight shapes apart, ``alike`` tokens do not (the growing layers of
    a DenseNet): exact repeats come first. ``crossing[i]`` counts the tensors alive between
    positions i - 1 and i: blocks are cut where few cross.
    """
    taken = np.zeros(len(exact), bool)
    blocks = _find(exact, crossing, taken, 0) + _find(alike, crossing, taken, 0)
    blocks.sort(key=lambda block: block.start)
    return _with_gaps(blocks)


def _find(tokens: NDArray[np.uint64], crossing: NDArray[np.int64], taken: NDArray[np.bool_], depth: int) -> list[Block]:
    """Repeats where nothing is taken yet, marked as taken; inner ones are searched in the first block of each."""
    blocks: list[Block] = []
    for run in _by_importance(_runs(tokens)):
        start, stop = _free_part(taken, run)
        if stop - start >= 2 * run.period:
            start, count = _phase(crossing, start, stop, run.period)
            stop = start + count * run.period
            taken[start:stop] = True
            blocks += _split(tokens, crossing, start, run.period, count, depth)
    return blocks


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


def _split(
    tokens: NDArray[np.uint64], crossing: NDArray[np.int64], start: int, period: int, count: int, depth: int
) -> list[Block]:
    stop = start + period
    inner: list[Block] = []
    if depth + 1 < MAX_DEPTH and period >= 2 * MIN_PERIOD:
        inner = _find(tokens[start:stop], crossing[start : stop + 1], np.zeros(period, bool), depth + 1)
        inner = _with_gaps(sorted(inner, key=lambda block: block.start))
    return [Block(base, base + period, _shifted(inner, base)) for base in range(start, start + count * period, period)]


def _shifted(blocks: list[Block], by: int) -> list[Block]:
    return [Block(b.start + by, b.stop + by, _shifted(b.inner, by)) for b in blocks]


def _with_gaps(blocks: list[Block]) -> list[Block]:
    """Pieces between two blocks are blocks too where they are more than a stray op."""
    out: list[Block] = []
    for block in blocks:
        if out and block.start - out[-1].stop >= MIN_GAP:
            out.append(Block(out[-1].stop, block.start))
        out.append(block)
    return out


def _runs(tokens: NDArray[np.uint64]) -> list[_Run]:
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


def _periods(tokens: NDArray[np.uint64]) -> list[int]:
    """Commonest distances between equal windows, at least ``MIN_PERIOD``."""
    periods: set[int] = set()
    for width in WINDOWS:
        if len(tokens) < 2 * width:
            continue
        windows = _window_hashes(tokens, width)
        order = np.argsort(windows, kind="stable")
        same = windows[order[1:]] == windows[order[:-1]]
        counts = np.bincount((order[1:] - order[:-1])[same], minlength=1)
        counts[:MIN_PERIOD] = 0
        best = np.argsort(counts, kind="stable")[::-1][:PERIODS_PER_WINDOW]
        periods.update(int(period) for period in best if counts[period] > 0)
    return sorted(period for period in periods if 2 * period <= len(tokens))


def _window_hashes(tokens: NDArray[np.uint64], width: int) -> NDArray[np.uint64]:
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


def _phase(crossing: NDArray[np.int64], start: int, stop: int, period: int) -> tuple[int, int]:
    """Where to begin counting: as many blocks as fit, cut where the fewest tensors cross.

    One block fewer is accepted for a cleaner cut while three remain.
    """
    count = (stop - start) // period
    slack = stop - start - count * period
    first = start + int(np.argmin(crossing[start : start + slack + 1]))
    if count <= 2 + 1:
        return first, count
    other = start + int(np.argmin(crossing[start : start + period]))
    if crossing[other] < crossing[first]:
        return other, (stop - other) // period
    return first, count
