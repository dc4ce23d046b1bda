"""Stages: neighbouring blocks of one kind, up to the block that changes the shape of what passes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from haoline_analysis.structure.groups import Group, Part

if TYPE_CHECKING:
    from collections.abc import Iterator

MIN_BLOCKS = 8
"""Blocks that stages make easier to read."""

FEWEST = 2
"""Stages, and blocks in each of them."""


def with_stages(parts: list[Part]) -> list[Part]:
    """The same parts, blocks of one kind gathered in stages where that makes several stages.

    The common kind of a row carries on a stage, any other kind (the residual block with a projection) begins one; so
    does an op between two rows, as in a DenseNet, whose blocks all differ in shape.
    """
    rows = list(_rows(parts))
    stages = [stage for row in rows for stage in _stages(row)]
    proper = [stage for stage in stages if len(stage) >= FEWEST]
    held = sum(map(len, proper))
    if len(proper) < FEWEST or len(proper) < len(stages) or held < MIN_BLOCKS:
        return parts
    inside = {part.start for stage in proper for part in stage}
    loose = [part for part in parts if part.start not in inside]
    return sorted([*loose, *map(_stage, proper)])


def _rows(parts: list[Part]) -> Iterator[list[Part]]:
    """Stretches of groups without an op between them, where two or more are of one kind."""
    row: list[Part] = []
    for part in [*parts, None]:
        if part is None or (row and row[-1].stop != part.start):
            if len({each.group.alike for each in row}) < len(row):
                yield row
            row = []
        if part is not None:
            row.append(part)


def _stages(row: list[Part]) -> list[list[Part]]:
    kinds = Counter(part.group.alike for part in row)
    common, count = kinds.most_common(1)[0]
    if count * 2 < len(row) or all(part.group is row[0].group for part in row):
        return []
    stages: list[list[Part]] = []
    for part in row:
        if not stages or part.group.alike != common:
            stages.append([])
        stages[-1].append(part)
    return stages


def _stage(blocks: list[Part]) -> Part:
    start = blocks[0].start
    moved = [Part(part.start - start, part.group) for part in blocks]
    return Part(start, Group(blocks[-1].stop - start, 0, parts=moved, stage=True))
