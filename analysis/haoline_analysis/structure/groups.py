"""What dividing a sequence yields: groups, where they stand, and how many members a reader sees."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

LIMIT = 40
"""Most members of a group found by structure, a run of equal ones counting once.

About what a screen shows with readable labels, and what a layered drawing untangles in a few milliseconds.
"""

CROWDED = 48
"""Members above which a scope of the file gets groups inside.

Modules that people write stay below it: the fullest in the exports we test, an attention with its rotary arithmetic,
has 47; the next, a state-space mixer written out step by step, 79.
"""

SMALL = 20
"""Ops that are read better side by side than in groups."""


@dataclass(slots=True, eq=False)
class Group:
    """A stretch of units and the groups inside it; one object stands for all equal stretches."""

    size: int
    alike: int  # equal for stretches that differ in sizes only
    repeated: bool = False
    stage: bool = False
    parts: list[Part] = field(default_factory=list)


class Part(NamedTuple):
    """A group at a place of the stretch around it."""

    start: int
    group: Group

    @property
    def stop(self) -> int:
        """One past its last unit."""
        return self.start + self.group.size

    def continues(self, other: Part | None) -> bool:
        """Whether it follows an equal one without a gap, and so is one run with it."""
        return other is not None and other.stop == self.start and other.group is self.group


def folded(size: int, parts: list[Part]) -> int:
    """Members of a stretch as a reader sees them: neighbours of one structure count once."""
    count, last = size, None
    for part in parts:
        count -= part.group.size - (0 if part.continues(last) else 1)
        last = part
    return count


def members(size: int, parts: list[Part]) -> tuple[list[int], list[list[Part]]]:
    """Where each member of a stretch starts, and the groups it is: one, the equal ones of a run, or none for an op."""
    starts: list[int] = []
    inner: list[list[Part]] = []
    at = 0
    for part in parts:
        starts += range(at, part.start)
        inner += [[] for _ in range(at, part.start)]
        if part.start == at and inner and inner[-1] and part.continues(inner[-1][-1]):
            inner[-1].append(part)
        else:
            starts.append(part.start)
            inner.append([part])
        at = part.stop
    starts += range(at, size)
    inner += [[] for _ in range(at, size)]
    return starts, inner


def dissolved(size: int, parts: list[Part]) -> list[Part]:
    """Parts without a group that holds most of the stretch, and so tells little, where its parts fit in its place."""
    while True:
        at = next((at for at, part in enumerate(parts) if part.group.size * 2 > size), -1)
        if at < 0 or not parts[at].group.parts:
            return parts
        start, group = parts[at]
        inner = [Part(start + part.start, part.group) for part in group.parts]
        opened = [*parts[:at], *inner, *parts[at + 1 :]]
        several = len({id(part.group) for part in inner}) > 1
        if folded(size, opened) > (LIMIT if several else SMALL):
            return parts
        parts = opened
