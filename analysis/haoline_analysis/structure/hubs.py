"""Values that the whole model reads, and the ops that prepare them.

A mask or a table of rotary angles is made once and read in every layer. It would hide every waist between layers,
and where an exporter computed it in the midst of the first layer, that layer would differ from its twins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from haoline_analysis.model import Model
    from haoline_analysis.structure.contents import Contents
    from haoline_analysis.structure.sequence import Sequence

    I64 = NDArray[np.int64]

SHARE = 1 / 3
"""Of the sequence, from the first reader to the last."""

MAX_OPS = 128
"""Ops that prepare one value; more than this is real work."""

MAX_HUBS = 256
MAX_WEIGHT = 1024
"""Elements of the largest constant that preparation may multiply by: more is a layer."""


def hub_values(sequence: Sequence, late: int = 1) -> NDArray[np.bool_]:
    """Per wire, whether its value is read all over the sequence, even without its last ``late`` readers.

    A value that one op reads much later than all others is no hub but a skip connection.
    """
    if not len(sequence.value):
        return np.zeros(0, bool)
    order = np.argsort(sequence.value, kind="stable")
    value, read = sequence.value[order], sequence.read[order]
    heads = np.flatnonzero(np.append(True, value[1:] != value[:-1]))
    tails = np.append(heads[1:], len(value)) - 1
    wide = read[np.maximum(tails - late, heads)] - read[heads] > SHARE * len(sequence)
    out = np.zeros(len(value), bool)
    out[order] = np.repeat(wide, tails - heads + 1)
    return out


def prepared_first(model: Model, contents: Contents, ops: I64, sequence: Sequence) -> tuple[I64, list[tuple[int, int]]]:
    """An order of the sequence in which preparation comes first, one value after the other.

    Returns the positions in that order, and the stretches at its beginning that prepare values apart from one another.
    """
    spans: list[tuple[int, int]] = []
    order: list[int] = []
    for piece in _pieces(_prepared(model, contents, ops, sequence)):
        spans.append((len(order), len(order) + len(piece)))
        order += piece
    rest = np.ones(len(sequence), bool)
    rest[order] = False
    return np.concatenate((np.asarray(order, np.int64), np.flatnonzero(rest))), spans


def _prepared(model: Model, contents: Contents, ops: I64, sequence: Sequence) -> list[list[int]]:
    """For each such value the positions of the ops that prepare it; all they rest on is among them."""
    makers = np.unique(sequence.made[hub_values(sequence, late=0)])
    position = {op: at for at, op in enumerate(ops.tolist())}
    found = []
    for maker in makers[makers >= 0][:MAX_HUBS].tolist():
        rests = [op for op in _rests_on(model, contents, int(ops[maker])) if contents.main[op]]
        if rests and all(op in position for op in rests):
            found.append([position[op] for op in rests])
    return found


def _pieces(sets: list[list[int]]) -> list[list[int]]:
    """The sets, those that share anything made one; each ascending, in the order of their first members."""
    root: dict[int, int] = {}

    def find(at: int) -> int:
        while root[at] != at:
            root[at] = root[root[at]]
            at = root[at]
        return at

    for members in sets:
        for at in members:
            root.setdefault(at, at)
            first, second = sorted((find(members[0]), find(at)))
            root[second] = first
    pieces: dict[int, list[int]] = {}
    for at in sorted(root):
        pieces.setdefault(find(at), []).append(at)
    return list(pieces.values())


def _rests_on(model: Model, contents: Contents, maker: int) -> set[int]:
    """An op and all it is worked out from, sizes of tensors too; nothing where that is more than preparation."""
    found, waiting = {maker}, [maker]
    while waiting:
        index = waiting.pop()
        if len(found) > MAX_OPS or _is_work(model, contents, index):
            return set()
        for tensor in model.ops[index].inputs:
            producer = model.tensors[tensor].producer if tensor >= 0 else -1
            if producer >= 0 and producer not in found:
                found.add(producer)
                waiting.append(producer)
    return found


def _is_work(model: Model, contents: Contents, index: int) -> bool:
    """Whether an op is part of a layer rather than preparation; control flow is never moved."""
    op = model.ops[index]
    if op.bodies or op.parent >= 0:
        return True
    if not contents.main[index]:
        return False
    if not contents.is_layer[index] and not contents.is_table[index]:
        return False
    weights = (model.tensors[tensor].weight for tensor in op.inputs if tensor >= 0)
    small = all(weight is None or weight.elements <= MAX_WEIGHT for weight in weights)
    return not (small and (contents.is_linear[index] or contents.is_table[index]))
