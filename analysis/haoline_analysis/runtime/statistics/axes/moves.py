"""Ops that move, split or drop axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.runtime.statistics.axes.marks import ATTENTION, FEATURES, HEADS, MAPS, TOKENS, Mark
from haoline_analysis.shapes.dims import product

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from haoline_analysis.runtime.statistics.axes.marks import Marks, Seen

Shape = tuple[int | None, ...]


def transpose(seen: Seen) -> Marks:
    """Channels move with their axis."""
    mark, rank = seen.mark(), seen.rank()
    if mark is None or rank is None:
        return []
    order = seen.op.attributes.get("perm") or list(range(rank))[::-1]
    return [mark._replace(axis=list(order).index(mark.axis)) if mark.axis in order else None]


def reshape(seen: Seen) -> Marks:
    """Channels stay channels where as many elements stand before and behind them as did."""
    mark, old, new = seen.mark(), seen.shape(), seen.made()
    if mark is None or old is None or new is None or mark.axis >= len(old):
        return []
    axis = carried(old, new, mark.axis)
    return [] if axis is None else [Mark(axis, _role(mark.role, len(new)))]


def carried(old: Shape, new: Shape, axis: int) -> int | None:
    """The axis of ``new`` that runs over the same elements as an axis of ``old``; None where there is none for sure."""
    if None in old or None in new:
        return _carried_by_neighbours(old, new, axis)
    before, size = product(old[:axis]), old[axis]
    fitting = [i for i, dim in enumerate(new) if dim == size and product(new[:i]) == before]
    if len(fitting) == 1:
        return fitting[0]
    from_end = axis - len(old) + len(new)
    return next((i for i in (axis, from_end) if i in fitting), None)


def _carried_by_neighbours(old: Shape, new: Shape, axis: int) -> int | None:
    head, tail = old[: axis + 1], old[axis:]
    if None not in head and new[: len(head)] == head:
        return axis
    if None not in tail and len(new) >= len(tail) and new[len(new) - len(tail) :] == tail:
        return len(new) - len(tail)
    return None


def _role(role: str, rank: int) -> str:
    """What channels are of once the tensor has another rank."""
    if rank <= 2:
        return TOKENS if role == TOKENS else FEATURES
    if role == ATTENTION:
        return ATTENTION if rank in (3, 4) else HEADS
    return TOKENS if role == FEATURES else role


def squeeze(seen: Seen) -> Marks:
    """Axes of size 1 go; channels go with theirs."""
    rank, axes = seen.rank(), seen.integers(1, "axes")
    shape = seen.shape()
    if axes is None and len(seen.op.inputs) < 2 and shape is not None and None not in shape:
        axes = [i for i, dim in enumerate(shape) if dim == 1]
    if axes is None or rank is None:
        return reshape(seen)
    gone = {axis % rank for axis in axes} if rank else set()
    return [dropped(seen.mark(), gone, rank)]


def unsqueeze(seen: Seen) -> Marks:
    """Axes of size 1 come in."""
    mark, rank, axes = seen.mark(), seen.rank(), seen.integers(1, "axes")
    if mark is None or rank is None or axes is None:
        return reshape(seen)
    wide = rank + len(axes)
    new = {axis % wide for axis in axes}
    places = [axis for axis in range(wide) if axis not in new]
    return [Mark(places[mark.axis], _role(mark.role, wide))] if mark.axis < len(places) else []


def dropped(mark: Mark | None, gone: Collection[int], rank: int) -> Mark | None:
    """The mark after some axes are gone; what remains of a sequence at rank 2 are features of samples."""
    if mark is None or mark.axis in gone:
        return None
    axis = mark.axis - sum(one < mark.axis for one in gone)
    left = rank - len(gone)
    if left > 2:
        return Mark(axis, HEADS if mark.role == ATTENTION else mark.role)
    only_batch = set(gone) <= {0}
    return Mark(axis, TOKENS if only_batch and mark.role == TOKENS and left == 2 else FEATURES)


def expand(seen: Seen) -> Marks:
    """Axes come in at the front."""
    mark, old, new = seen.mark(), seen.rank(), seen.made_rank()
    if mark is None or old is None or new is None or new < old:
        return []
    return [mark._replace(axis=mark.axis + new - old)]


def reduce(seen: Seen) -> Marks:
    """Reduced axes go or shrink to 1, and channels with theirs."""
    mark, rank = seen.mark(), seen.rank()
    if mark is None or not rank:
        return []
    axes = _reduced_axes(seen, rank)
    if axes is None or mark.axis in axes:
        return []
    return [mark if seen.op.integer("keepdims", 1) else dropped(mark, axes, rank)]


def _reduced_axes(seen: Seen, rank: int) -> set[int] | None:
    if seen.op.type in ("ArgMax", "ArgMin"):
        return {seen.op.integer("axis") % rank}
    axes = seen.integers(1, "axes")
    if axes:
        return {axis % rank for axis in axes}
    if axes is None and seen.input(1) >= 0:
        return None  # computed at run time
    return set() if seen.op.integer("noop_with_empty_axes") else set(range(rank))


def gather(seen: Seen) -> Marks:
    """Rows of an embedding table become features; else the indices' axes take the place of the chosen one."""
    rank, indices = seen.rank(), seen.rank(1)
    if not rank or indices is None:
        return []
    axis = seen.op.integer("axis") % rank
    if seen.static(0):
        table = seen.facts.dtype(seen.input(0)).startswith(("float", "bfloat")) and rank == 2 and axis == 0
        return [Mark(indices, TOKENS if indices > 1 else FEATURES)] if table else []
    mark = seen.mark()
    if mark is None or mark.axis == axis:
        return []
    if indices == 0:
        return [dropped(mark, {axis}, rank)]
    return [mark._replace(axis=mark.axis + (indices - 1 if axis < mark.axis else 0))]


def concat(seen: Seen) -> Marks:
    """All inputs that know agree."""
    known = [mark for mark in map(seen.mark, range(len(seen.op.inputs))) if mark is not None]
    return [known[0]] if known and len({mark.axis for mark in known}) == 1 else []


def choose(seen: Seen) -> Marks:
    """Elements chosen along one axis: along that of the channels they are of no channel any more."""
    mark, rank = seen.mark(), seen.rank()
    if mark is None or not rank or seen.op.integer("axis", -1 if seen.op.type == "TopK" else 0) % rank == mark.axis:
        return []
    return [mark] * len(seen.op.outputs)


def blocks(seen: Seen) -> Marks:
    """Depth and space trade places: channels stay along axis 1."""
    return [Mark(1, MAPS)] if seen.made_rank() == 4 else []


def permuted(axes: Sequence[int], axis: int) -> int | None:
    """The input axis that a transposition puts at ``axis``."""
    return axes[axis] if axis < len(axes) else None
