"""Orders of axes in which a running variant may hold a tensor, because onnxruntime moves transposes past other ops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from haoline_analysis.model import Model

Order = tuple[int, ...]


def orders(model: Model) -> list[Order]:
    """What a model's transposes do to axes, and what undoes it."""
    found: dict[Order, None] = {}
    for op in model.ops:
        order = op.attributes.get("perm") if op.type == "Transpose" else None
        if isinstance(order, list | tuple) and sorted(order) == list(range(len(order))):
            found[tuple(order)] = found[tuple(np.argsort(order).tolist())] = None
    return list(found)


def moves(order: Sequence[int], shape: Sequence[int | None]) -> bool:
    """Whether an order of axes moves elements: axes of size one may go anywhere."""
    large = _large(order, shape)
    return large != tuple(sorted(large))


def turning(
    shape: Sequence[int | None], known: Sequence[Order], wanted: Collection[tuple[int | None, ...] | None]
) -> list[Order]:
    """The known orders that move elements of a tensor and bring it into one of the wanted shapes."""
    found: dict[Order, Order] = {}
    for order in known:
        if len(order) == len(shape) and moves(order, shape) and tuple(shape[axis] for axis in order) in wanted:
            found.setdefault(_large(order, shape), order)
    return list(found.values())


def _large(order: Sequence[int], shape: Sequence[int | None]) -> Order:
    return tuple(axis for axis in order if shape[axis] != 1)
