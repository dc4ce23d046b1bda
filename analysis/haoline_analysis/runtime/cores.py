"""How many cores this process has, and work for all of them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_WORTH = 1 << 20
"""Elements for which another thread is worth its while: they take about half a millisecond."""


def cores() -> int:
    """Cores that this process may run on, which may be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def shares(sizes: Sequence[int]) -> list[slice]:
    """Runs of pieces of work of these sizes, one per core, that take about equally long; fewer if they are small."""
    total = sum(sizes)
    count = max(1, min(cores(), total // _WORTH))
    ends, reached = [0], list(accumulate(sizes))
    for part in range(1, count):
        end = next(at for at, sum_ in enumerate(reached) if sum_ * count >= part * total)
        ends.append(max(ends[-1], end))
    return [slice(start, stop) for start, stop in zip(ends, [*ends[1:], len(sizes)], strict=True) if stop > start]


def spread_out(work: Callable[[slice], None], parts: Sequence[slice]) -> None:
    """Do work that needs no Python for each of some parts, in a thread each.

    Raises:
        Exception: what the work raises.
    """
    others = [_threads().submit(work, part) for part in parts[1:]]
    try:
        for part in parts[:1]:
            work(part)
    finally:  # they work on what the caller may let go of
        wait(others)
    for other in others:
        other.result()


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, cores() - 1), thread_name_prefix="haoline-core")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_threads.cache_clear)  # threads do not live on in a fork
