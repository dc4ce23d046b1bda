"""First and last op that need each tensor; what is read inside a body lasts to the end of its owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from haoline_analysis.model import Body, Model, Op


class Spans(NamedTuple):
    """First and last op (both included) at which each tensor is needed, int64 [tensors]."""

    first: np.ndarray
    last: np.ndarray


def find_spans(model: Model) -> Spans:
    """Spans of all tensors under the execution order of the file."""
    ops = len(model.ops)
    if not ops:
        return Spans(np.zeros(len(model.tensors), np.int64), np.zeros(len(model.tensors), np.int64))
    ends = _owner_ends(model)
    first = np.array([max(tensor.producer, 0) for tensor in model.tensors], np.int64)
    owners = [index for index, op in enumerate(model.ops) if op.bodies]
    for index in owners:
        for slot, tensor in enumerate(model.ops[index].outputs):
            if tensor >= 0:
                first[tensor] = index if _is_collected(model.ops[index], slot) else min(ends[index] + 1, ops - 1)
    last = np.maximum(first, _last_reads(model, ends, nested=bool(owners)))
    for index in owners:
        for body in model.ops[index].bodies:
            _extend_body(body, first, last)
    last[list(model.outputs)] = ops - 1
    return Spans(first, last)


def _last_reads(model: Model, ends: list[int], *, nested: bool) -> np.ndarray:
    """Last op that needs each tensor, 0 for one that nobody reads."""
    if not nested:
        return np.array([tensor.consumers[-1] if tensor.consumers else 0 for tensor in model.tensors], np.int64)
    found = (_last_read(model, ends, tensor.producer, tensor.consumers) for tensor in model.tensors)
    return np.fromiter(found, np.int64, len(model.tensors))


def _owner_ends(model: Model) -> list[int]:
    """Last op of each op's bodies, itself where it has none."""
    return [max((body.stop - 1 for body in op.bodies), default=index) for index, op in enumerate(model.ops)]


def _is_collected(op: Op, slot: int) -> bool:
    """Whether an output grows over the iterations; the others are taken over from the body when it ends."""
    carried = {"Loop": len(op.inputs) - 2, "Scan": len(op.inputs) - op.integer("num_scan_inputs")}
    return op.type == "SequenceMap" or slot >= carried.get(op.type, len(op.outputs))


def _last_read(model: Model, ends: list[int], producer: int, consumers: list[int]) -> int:
    """Last op that needs a tensor: a reader in a body that its producer is not in counts until its owner ends."""
    home = model.ops[producer].parent if producer >= 0 else -1
    return max((ends[_seen_from(model, reader, home)] for reader in consumers), default=0)


def _seen_from(model: Model, reader: int, home: int) -> int:
    """The op of the body ``home`` that is or encloses a reader."""
    while model.ops[reader].parent not in (home, -1):
        reader = model.ops[reader].parent
    return reader


def _extend_body(body: Body, first: np.ndarray, last: np.ndarray) -> None:
    """A body's inputs and outputs are needed until it ends, its inputs from when it starts."""
    if body.stop <= body.start:
        return
    inputs, outputs = list(body.inputs), [tensor for tensor in body.outputs if tensor >= 0]
    first[inputs] = body.start
    last[inputs] = body.stop - 1
    inside = [tensor for tensor in outputs if body.start <= first[tensor] < body.stop]
    last[inside] = np.maximum(last[inside], body.stop - 1)
