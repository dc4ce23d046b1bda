"""Groups within groups for a flat sequence: regions, what repeats, and where neither is left, the narrowest cuts.

Equal stretches are divided once: a transformer of a thousand layers costs its sequence and one layer.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from haoline_analysis.structure.groups import LIMIT, SMALL, Group, Part, dissolved, folded, members
from haoline_analysis.structure.regions import find_regions
from haoline_analysis.structure.repeats import Tandem, find_repeats
from haoline_analysis.structure.sequence import POOL
from haoline_analysis.structure.shelves import narrow_cuts
from haoline_analysis.structure.stages import with_stages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from haoline_analysis.structure.sequence import Sequence

    I64 = NDArray[np.int64]

MIN_GAP = 4
"""Loose ops between groups that make a group of their own."""

MIN_REPEATED = 12
"""Ops that a repeat of plain ops must cover: shorter ones are chance."""

MIN_PLAIN = 3
"""Times that plain ops must repeat; the rotations of a query and a key, say, are no blocks."""

MAX_DEPTH = 12
"""Levels to which regions inside regions are followed; below, only cuts are made, whose levels are few."""


class _Span(NamedTuple):
    """Units ``start:stop``; those of a repeat keep the regions they consist of."""

    start: int
    stop: int
    repeated: bool = False
    inner: tuple[tuple[int, int], ...] = ()


class Nester:
    """Divides sequences; remembers what it has divided."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: dict[tuple[int, int], Group] = {}

    def top(self, sequence: Sequence, apart: Iterable[tuple[int, int]] = ()) -> list[Part]:
        """Groups of a whole scope; the stretches ``apart``, at its beginning, are groups whatever lies around them."""
        first = [_Span(start, stop) for start, stop in apart]
        begin = first[-1].stop if first else 0
        given = [part for part in self._grouped(sequence, first, 0) if part.group.size >= MIN_GAP]
        rest = self._split(sequence.part(begin, len(sequence)), 0)
        parts = [*given, *(Part(part.start + begin, part.group) for part in rest)]
        if parts:
            parts = self._gathered(sequence, with_stages(dissolved(len(sequence), parts)), 0)
        return self._limited(sequence, parts, 0)

    def _divide(self, sequence: Sequence, depth: int) -> list[Part]:
        """Groups inside a stretch; none where it is short enough to be read as it is."""
        if len(sequence) <= SMALL:
            return []
        parts = self._split(sequence, depth) if depth < MAX_DEPTH else []
        return self._limited(sequence, dissolved(len(sequence), parts), depth)

    def _split(self, sequence: Sequence, depth: int) -> list[Part]:
        """Regions of the sequence and repeats of regions; of a chain or a tangle, repeats of plain ops."""
        starts = find_regions(sequence)
        if len(starts) == len(sequence):
            starts = _by_resolution(sequence)
        if len(starts) == 1:
            starts = np.arange(len(sequence))
        line = sequence.joined(starts)
        bounds = np.append(starts, len(sequence)).tolist()
        spans: list[_Span] = []
        done = 0
        for tandem in [*_meaningful(line, plain=len(line) == len(sequence)), None]:
            stop = tandem.start if tandem else len(line)
            spans += [_Span(bounds[i], bounds[i + 1]) for i in range(done, stop)]
            if tandem:
                spans += _blocks(tandem, bounds)
                done = tandem.start + tandem.period * tandem.times
        return self._grouped(sequence, spans, depth)

    def _grouped(self, sequence: Sequence, spans: list[_Span], depth: int) -> list[Part]:
        """Groups of spans that follow one another; spans of one unit stay what they are."""
        if not spans:
            return []
        base = spans[0].start
        around = sequence.part(base, spans[-1].stop)
        line = around.joined(np.array([span.start - base for span in spans], np.int64))
        parts: list[Part] = []
        for span, exact, alike in zip(spans, line.exact.tolist(), line.alike.tolist(), strict=True):
            if span.stop - span.start > 1:
                size = span.stop - span.start
                group = self._known.get((exact, size))
                if group is None:
                    group = self._known[exact, size] = Group(size, alike, span.repeated)
                    group.parts = self._inside(sequence, span, depth)
                parts.append(Part(span.start, group))
        return parts

    def _inside(self, sequence: Sequence, span: _Span, depth: int) -> list[Part]:
        inside = sequence.part(span.start, span.stop)
        if len(inside) <= SMALL or not span.inner:
            return self._divide(inside, depth + 1)
        spans = [_Span(start - span.start, stop - span.start) for start, stop in span.inner]
        return self._limited(inside, self._grouped(inside, spans, depth + 1), depth + 1)

    def _gathered(self, sequence: Sequence, parts: list[Part], depth: int) -> list[Part]:
        """Loose ops before, between and after groups, gathered where they are more than a few."""
        out: list[Part] = []
        at = 0
        for part in [*parts, None]:
            stop = part.start if part else len(sequence)
            if stop - at >= MIN_GAP:
                out += self._grouped(sequence, [_Span(at, stop)], depth)
            if part:
                out.append(part)
                at = part.stop
        return out

    def _limited(self, sequence: Sequence, parts: list[Part], depth: int) -> list[Part]:
        """The same parts, put on shelves where there are too many to be read."""
        if folded(len(sequence), parts) <= LIMIT:
            return parts
        starts, inner = members(len(sequence), parts)
        line = sequence.joined(np.asarray(starts, np.int64))
        bounds = [*starts, len(sequence)]
        cuts = [*narrow_cuts(line.seams()).tolist(), len(starts)]
        out: list[Part] = []
        plain: list[_Span] = []  # shelves of single ops, as long as they follow one another
        for low, high in pairwise(cuts):
            span = _Span(bounds[low], bounds[high])
            held = [part for member in range(low, high) for part in inner[member]]
            if not held:
                plain.append(span)
                continue
            out += self._grouped(sequence, plain, depth)
            plain = []
            out += held if high - low == 1 else [self._shelf(sequence, span, held, depth)]
        return out + self._grouped(sequence, plain, depth)

    def _shelf(self, sequence: Sequence, span: _Span, held: list[Part], depth: int) -> Part:
        """One group around several members, some of which are groups."""
        inside = sequence.part(span.start, span.stop)
        exact, alike = inside.identity()
        group = self._known.get((exact, len(inside)))
        if group is None:
            group = self._known[exact, len(inside)] = Group(len(inside), alike)
            moved = [Part(part.start - span.start, part.group) for part in held]
            group.parts = self._limited(inside, moved, depth + 1)
        return Part(span.start, group)


def _blocks(tandem: Tandem, bounds: list[int]) -> list[_Span]:
    """The blocks of a repeat over a line of stretches."""
    spans = []
    for number in range(tandem.times):
        first = tandem.start + number * tandem.period
        inner = [(bounds[i], bounds[i + 1]) for i in range(first, first + tandem.period)]
        regions = any(stop - start > 1 for start, stop in inner)
        spans.append(_Span(inner[0][0], inner[-1][1], True, tuple(inner) if regions else ()))
    return spans


def _meaningful(line: Sequence, *, plain: bool) -> list[Tandem]:
    """Repeats whose blocks are wired alike, and that are too long for chance.

    Regions of equal types but other shapes are blocks as they are: only ``plain`` ops may repeat but for shapes.
    """
    found: list[Tandem] = []
    for tandem in find_repeats(line.exact, line.alike if plain else line.exact, line.seams()):
        size = int(line.size[tandem.start : tandem.start + tandem.period].sum())
        fewest = max((MIN_PLAIN + (size < MIN_GAP)) if plain else 2, -(-MIN_REPEATED // size))
        if tandem.times >= fewest:
            found += [part for part in _alike_parts(line, tandem) if part.times >= fewest]
    return found


def _alike_parts(line: Sequence, tandem: Tandem) -> list[Tandem]:
    """A repeat, parted where its blocks are wired differently."""
    stop = tandem.start + tandem.period * tandem.times
    blocks = line.part(tandem.start, stop).joined(np.arange(0, stop - tandem.start, tandem.period))
    cuts = np.flatnonzero(blocks.alike[1:] != blocks.alike[:-1]) + 1
    edges = [0, *cuts.tolist(), len(blocks)]
    return [Tandem(tandem.start + low * tandem.period, tandem.period, high - low) for low, high in pairwise(edges)]


def _by_resolution(sequence: Sequence) -> I64:
    """Starts of the stretches of a chain between changes of resolution; of its ops where it has too few of them."""
    ends = np.flatnonzero(sequence.role == POOL)
    starts = np.concatenate(([0], ends + 1))
    starts = starts[starts < len(sequence)]
    lengths = np.diff(np.append(starts, len(sequence)))
    return starts if len(ends) > 1 and lengths.min() >= MIN_GAP else np.arange(len(sequence))
