"""Arithmetic on dims, where None is a dim that cannot be known."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Dim = int | None
Shape = tuple[Dim, ...]

TIMES = "\N{MULTIPLICATION SIGN}"
"""Stands between dims in messages."""


class ImpossibleShapeError(Exception):
    """The op cannot run on these inputs; the message says why. Becomes a gap, never leaves the room."""


def product(dims: Iterable[Dim]) -> Dim:
    """Product of dims; zero wins over unknown."""
    known, unknown = 1, False
    for dim in dims:
        if dim is None:
            unknown = True
        else:
            known *= dim
    return None if unknown and known else known


def add(*dims: Dim) -> Dim:
    """Sum of dims, None as soon as one is unknown."""
    return None if None in dims else sum(dims)  # type: ignore[arg-type]


def mul(*dims: Dim) -> Dim:
    """Product of dims, None as soon as one is unknown."""
    return None if None in dims else prod(dims)  # type: ignore[arg-type]


def div(dim: Dim, by: Dim) -> Dim:
    """Floor quotient, None as soon as one is unknown.

    Raises:
        ImpossibleShapeError: if ``by`` is zero.
    """
    if dim is None or by is None:
        return None
    if by == 0:
        raise ImpossibleShapeError("a dimension is divided by zero")
    return dim // by


def axis_of(axis: int, rank: int) -> int:
    """A possibly negative axis as an index into ``rank`` dims.

    Raises:
        ImpossibleShapeError: if it is out of range.
    """
    if not -rank <= axis < rank:
        raise ImpossibleShapeError(f"axis {axis} of a tensor of rank {rank}")
    return axis % rank


def axes_of(axes: Iterable[int], rank: int) -> tuple[int, ...]:
    """Several axes, each as an index into ``rank`` dims."""
    return tuple(axis_of(int(axis), rank) for axis in axes)


def merge(one: Dim, other: Dim) -> Dim:
    """The same dim seen from two sides.

    Raises:
        ImpossibleShapeError: if both are known and differ.
    """
    if one is None or one == other:
        return other
    if other is None:
        return one
    raise ImpossibleShapeError(f"dimensions {one} and {other} must be equal")


def join(one: Dim, other: Dim) -> Dim:
    """A dim that is either of two: known only where they agree."""
    return one if one == other else None


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """Multidirectional broadcasting.

    Raises:
        ImpossibleShapeError: if two dims differ and neither is 1.
    """
    rank = max(map(len, shapes), default=0)
    columns = zip(*((1,) * (rank - len(shape)) + tuple(shape) for shape in shapes), strict=True)
    return tuple(_broadcast_dim(column, shapes) for column in columns)


def _broadcast_dim(column: Sequence[Dim], shapes: Sequence[Shape]) -> Dim:
    sizes = {dim for dim in column if dim not in (1, None)}
    if len(sizes) > 1:
        raise ImpossibleShapeError("shapes " + " and ".join(map(show, shapes)) + " do not broadcast")
    if sizes:
        return sizes.pop()
    return None if None in column else 1


def show(shape: Shape | None) -> str:
    """A shape for messages: dims joined by :data:`TIMES`."""
    if shape is None:
        return "of unknown rank"
    return TIMES.join("?" if dim is None else str(dim) for dim in shape) or "()"
