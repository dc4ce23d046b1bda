"""Ops that make channels, and those that keep them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.runtime.statistics.axes.marks import ATTENTION, HEADS, MAPS, Mark, last, second

if TYPE_CHECKING:
    from haoline_analysis.model import Op
    from haoline_analysis.runtime.statistics.axes.marks import Marks, Seen

_SCALES = frozenset({"Add", "Div", "Mul", "Sub"})


def convolution(seen: Seen) -> Marks:
    """Channels along axis 1; last in the layouts that say so."""
    rank = seen.made_rank()
    if seen.op.type.startswith("Nhwc") or "nhwc" in seen.op.domain or seen.op.integer("channels_last"):
        return [last(rank, MAPS)]
    return [second(rank)] if rank is not None and rank > 2 else []


def batch_norm(seen: Seen) -> Marks:
    """Statistics per channel along axis 1."""
    return [second(seen.rank())]


def group_norm(seen: Seen) -> Marks:
    """The com.microsoft one has channels last unless told otherwise."""
    if seen.op.domain == "com.microsoft" and seen.op.integer("channels_last", 1):
        return [last(seen.rank(), MAPS)]
    return [second(seen.rank())]


def layer_norm(seen: Seen) -> Marks:
    """Scales along the last axis; several normalised axes say nothing of channels."""
    rank, axis = seen.rank(), seen.op.integer("axis", -1)
    if rank is None or axis not in (-1, rank - 1):
        return [seen.mark()]
    mark = seen.mark()
    return [mark if mark is not None and mark.axis == rank - 1 else last(rank)]


def linear(seen: Seen) -> Marks:
    """A product with weights: features along the last axis, of what the input's were of."""
    rank, mark = seen.made_rank(), seen.mark()
    same = mark is not None and rank == seen.rank() and mark.axis == (rank or 0) - 1
    return [last(rank, mark.role if same and mark is not None else None)]


def weight_slot(op: Op) -> int:
    """Where a matrix product reads its right operand."""
    return 3 if op.type == "QLinearMatMul" else 1


def product(seen: Seen) -> Marks:
    """A matrix product: with weights on the right, on the left, or of two activations."""
    if seen.static(weight_slot(seen.op)):
        return linear(seen)
    rank = seen.made_rank()
    if seen.static(0):
        return _mixed_rows(seen, rank)
    first = seen.mark()
    scores = seen.op.outputs[0] in seen.facts.scores and (first is None or first.role != ATTENTION)
    if rank == 4:
        return [Mark(1, ATTENTION if scores else HEADS)]
    if rank == 3 and first is not None and first == (0, ATTENTION):
        return [Mark(0, HEADS)]
    return [Mark(0, ATTENTION)] if rank == 3 and scores and _holds_heads(seen) else []


def _mixed_rows(seen: Seen, rank: int | None) -> Marks:
    """Weights on the left mix rows: columns stay what they were, else the new rows are channels."""
    mark = seen.mark(1)
    if rank is None or rank < 2:
        return []
    if mark is not None and seen.rank(1) == rank and mark.axis == rank - 1:
        return [mark]
    return [Mark(1, MAPS) if rank == 3 else Mark(rank - 2, HEADS)]


def _holds_heads(seen: Seen) -> bool:
    """Whether axis 0 is a multiple of the batch: heads that were folded into it."""
    shape = seen.made()
    size = shape[0] if shape else None
    return size is not None and size > seen.facts.batch and size % seen.facts.batch == 0


def einsum(seen: Seen) -> Marks:
    """As the matrix product it stands for."""
    if any(seen.static(slot) for slot in range(1, len(seen.op.inputs))):
        return linear(seen)
    return product(seen)


def attention(seen: Seen) -> Marks:
    """Features last where heads are joined again, heads at axis 1 where they are not."""
    marks: list[Mark | None] = []
    for slot in range(len(seen.op.outputs)):
        rank = seen.made_rank(slot)
        scores = slot == 3 and seen.op.domain in ("", "ai.onnx")
        marks.append(Mark(1, ATTENTION if scores else HEADS) if rank == 4 else last(rank) if rank == 3 else None)
    return marks


def recurrent(seen: Seen) -> Marks:
    """Hidden units along the last axis of every output."""
    return [last(seen.made_rank(slot)) for slot in range(len(seen.op.outputs))]


def embedded(seen: Seen) -> Marks:
    """Features along the last axis of the first output."""
    return [last(seen.made_rank())]


def first_kept(seen: Seen) -> Marks:
    """Every output of the first input's rank keeps its channels."""
    mark, rank = seen.mark(), seen.rank()
    return [mark if seen.made_rank(slot) == rank else None for slot in range(len(seen.op.outputs))]


def elementwise(seen: Seen) -> Marks:
    """Channels of the inputs of full rank, whose shape the output has first; else of a scale per channel."""
    rank = seen.made_rank()
    if rank is None:
        return []
    whole = [slot for slot in range(len(seen.op.inputs)) if seen.rank(slot) == rank and seen.mark(slot) is not None]
    alike = [slot for slot in whole if seen.shape(slot) == seen.made()] or whole
    marks = [mark for slot in alike if (mark := seen.mark(slot)) is not None]
    if len({mark.axis for mark in marks}) > 1:
        return []
    mark = marks[0] if marks else _lower(seen, rank) or _scaled(seen)
    return [mark if seen.made_rank(slot) == rank else None for slot in range(len(seen.op.outputs))]


def _lower(seen: Seen, rank: int) -> Mark | None:
    """Channels of an input that is broadcast to more axes."""
    for slot in range(len(seen.op.inputs)):
        mark, own = seen.mark(slot), seen.rank(slot)
        if mark is not None and own is not None and not seen.static(slot):
            axis = mark.axis + rank - own
            return last(rank) if axis == rank - 1 else Mark(axis, mark.role)
    return None


def _scaled(seen: Seen) -> Mark | None:
    """A weight with one axis longer than 1 is one number per channel."""
    made = seen.made()
    if seen.op.type not in _SCALES or made is None or len(made) < 2:
        return None
    for slot in range(len(seen.op.inputs)):
        shape = seen.shape(slot)
        long = [i for i, dim in enumerate(shape or ()) if dim != 1]
        if seen.static(slot) and shape is not None and len(long) == 1:
            axis = long[0] + len(made) - len(shape)
            if made[axis] == shape[long[0]]:
                return last(len(made)) if axis == len(made) - 1 else second(len(made)) if axis == 1 else None
    return None
