"""Stored operands of two graphs: alike or not, whatever type they are stored in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.deployed.blocked import NCHWC
from haoline_analysis.quantization.structure.forms import constant
from haoline_analysis.quantization.structure.stored import stored_reals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from haoline_analysis.quantization.matching.graph import Graph, Node

ROWS, COLUMNS = 16, 64
"""Elements of a weight that are looked at: some of some rows, so that each may have a scale of its own."""
ALIKE = 0.5
"""Cosine from which on two weights are one: of independent ones with that many elements it is 0 ± 0.03."""
MARGIN = 0.2
"""How much less alike the next best has to be."""
LARGE = 64
"""Elements from which on a weight can tell an op from all others."""


class Sample(NamedTuple):
    """Some elements of a stored operand."""

    shape: tuple[int, ...]  # as the float op reads it, a matrix [inputs, outputs]
    rows: NDArray[np.float32]  # [rows, columns], each row of length 1 or 0
    size: int


class Constants:
    """Samples of a graph's stored operands, taken when they are first asked for."""

    def __init__(self, graph: Graph) -> None:
        """Take the graph."""
        self.graph = graph
        self._samples: dict[tuple[int, int], Sample | None] = {}

    def sample(self, node: Node, at: int) -> Sample | None:
        """Elements of an operand of a node, None where it is computed or cannot be read."""
        slot = node.slots[at]
        if (node.row, slot) not in self._samples:
            self._samples[node.row, slot] = self._take(node, slot)
        return self._samples[node.row, slot]

    def _take(self, node: Node, slot: int) -> Sample | None:
        op = self.graph.op(node)
        if op.domain == NCHWC and slot == node.slots[1]:
            return None  # a filter in blocked layout
        reals = stored_reals(self.graph.model, self.graph.forms, node.row, slot)
        if reals is None:
            reals = self._plain(op.inputs[slot])
        if reals is None or reals.size == 0 or reals.dtype == object:
            return None
        turned = node.family == "Gemm" and bool(op.integer("transB")) and slot == node.slots[1]
        return sampled(reals.T if turned else reals, node.family)

    def _plain(self, tensor: int) -> np.ndarray | None:
        """A constant of any type, behind ops that reshape it."""
        for _ in range(4):
            found = constant(self.graph.model, tensor)
            if found is not None:
                form = self.graph.forms.get(tensor)
                return found if form is None else form.dequantize(found)
            producer = self.graph.model.tensors[tensor].producer if tensor >= 0 else -1
            op = self.graph.model.ops[producer] if producer >= 0 else None
            if op is None or op.type not in ("Reshape", "Unsqueeze", "Squeeze", "DequantizeLinear", "Cast"):
                return None
            tensor = op.inputs[0]
        return None


def sampled(reals: np.ndarray, family: str) -> Sample:
    """Elements at places that depend on the shape only."""
    shape = reals.shape
    if reals.ndim < 2:
        table = reals.reshape(1, -1)
    elif family in ("MatMul", "Gemm"):
        table = reals.reshape(-1, shape[-1]).T
    else:
        table = reals.reshape(shape[0], -1)
    chosen = np.linspace(0, len(table) - 1, min(len(table), ROWS)).astype(int)
    most = COLUMNS * (ROWS if len(table) == 1 else 1)
    columns = np.linspace(0, table.shape[1] - 1, min(table.shape[1], most)).astype(int)
    part = np.ascontiguousarray(table[np.ix_(chosen, columns)], np.float32)
    with np.errstate(all="ignore"):
        lengths = np.linalg.norm(part, axis=1, keepdims=True)
        found: NDArray[np.float32] = np.nan_to_num(part / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return Sample(shape, found, reals.size)


def similarity(one: Sample, other: Sample) -> float:
    """Mean cosine of the rows that are not zero in both; 1 where all are, -1 for other shapes.

    Vectors of one size are compared in any shape, as biases are reshaped.
    """
    if one.rows.shape != other.rows.shape or not _same_shape(one, other):
        return -1.0
    there = (np.abs(one.rows).sum(1) > 0) | (np.abs(other.rows).sum(1) > 0)
    if not there.any():
        return 1.0
    return float((one.rows[there] * other.rows[there]).sum(1).mean())


def _same_shape(one: Sample, other: Sample) -> bool:
    if one.shape == other.shape:
        return True
    flat = len(one.rows) == len(other.rows) == 1 or min(len(one.shape), len(other.shape)) < 2
    return flat and one.size == other.size


def best_pairs(some: list[Sample], others: list[Sample]) -> list[tuple[int, int]]:
    """Indices of samples that are each other's best by a margin."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for j, sample in enumerate(others):
        groups.setdefault(sample.shape, []).append(j)
    found: list[tuple[int, int]] = []
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for i, sample in enumerate(some):
        by_shape.setdefault(sample.shape, []).append(i)
    for shape, rows in by_shape.items():
        columns = groups.get(shape, [])
        if columns:
            table = _table([some[i] for i in rows], [others[j] for j in columns])
            found += [(rows[i], columns[j]) for i, j in _mutual(table)]
    return found


def _table(some: list[Sample], others: list[Sample]) -> NDArray[np.float32]:
    """Similarities of samples of one shape."""
    count = max(1, len(some[0].rows))
    one = np.stack([sample.rows.reshape(-1) for sample in some])
    other = np.stack([sample.rows.reshape(-1) for sample in others])
    found: NDArray[np.float32] = np.asarray(one @ other.T / count, np.float32)
    return found


def _mutual(table: NDArray[np.float32]) -> list[tuple[int, int]]:
    found = []
    for i, row in enumerate(table):
        j = int(np.argmax(row))
        if row[j] < ALIKE or int(np.argmax(table[:, j])) != i:
            continue
        rest = np.concatenate([np.delete(row, j), np.delete(table[:, j], i)])
        if not rest.size or row[j] - rest.max() >= MARGIN:
            found.append((i, j))
    return found


def numbers(graph: Graph, value: int) -> np.ndarray | None:
    """The elements of a fixed value of few elements; None for others."""
    if value < 0 or not graph.values[value].fixed:
        return None
    for tensor in graph.values[value].members:
        weight = graph.model.tensors[tensor].weight
        if weight is None or weight.elements > LARGE:
            continue
        try:
            found = constant(graph.model, tensor)
        except ModelError:
            return None
        form = graph.forms.get(tensor)
        if found is not None and found.dtype != object:
            return found if form is None else form.dequantize(found)
    return None
