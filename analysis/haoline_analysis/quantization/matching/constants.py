"""Stored operands of two graphs: alike or not, whatever type they are stored in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.deployed.blocked import NCHWC
from haoline_analysis.quantization.structure.form import BAD_GRID
from haoline_analysis.quantization.structure.forms import constant, constant_weight
from haoline_analysis.quantization.structure.stored import Stored, stored

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from haoline_analysis.model import Weight
    from haoline_analysis.quantization.matching.graph import Graph, Node
    from haoline_analysis.quantization.structure import Form

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
    """A graph's stored operands, read when they are first asked for."""

    def __init__(self, graph: Graph) -> None:
        """Take the graph."""
        self.graph = graph
        self._samples: dict[tuple[int, int], Sample | None] = {}
        self._numbers: dict[int, np.ndarray | None] = {}

    def sample(self, node: Node, at: int) -> Sample | None:
        """Elements of an operand of a node, None where it is computed or cannot be read."""
        slot = node.slots[at]
        if (node.row, slot) not in self._samples:
            self._samples[node.row, slot] = self._take(node, slot)
        return self._samples[node.row, slot]

    def numbers(self, value: int) -> np.ndarray | None:
        """The elements of a fixed value of few elements; None for others."""
        if value < 0 or not self.graph.values[value].fixed:
            return None
        if value not in self._numbers:
            self._numbers[value] = self._few(value)
        return self._numbers[value]

    def _few(self, value: int) -> np.ndarray | None:
        for tensor in self.graph.values[value].members:
            weight = self.graph.model.tensors[tensor].weight
            if weight is None or weight.elements > LARGE:
                continue
            found = constant(self.graph.model, tensor)
            form = self.graph.forms.get(tensor)
            if found is not None and found.dtype != object and (form is None or not _is_packed(form, weight)):
                return found if form is None else form.dequantize(found)
        return None

    def _take(self, node: Node, slot: int) -> Sample | None:
        op = self.graph.op(node)
        if op.domain == NCHWC and slot == node.slots[1]:
            return None  # a filter in blocked layout
        found = stored(self.graph.model, self.graph.forms, node.row, slot) or self._plain(op.inputs[slot])
        if found is None or found.size == 0:
            return None
        turned = node.family == "Gemm" and bool(op.integer("transB")) and slot == node.slots[1]
        try:
            return sampled(found.transposed() if turned else found, node.family)
        except (ModelError, *BAD_GRID):
            return None

    def _plain(self, tensor: int) -> Stored | None:
        """A constant of any type, behind ops that reshape it."""
        for _ in range(4):
            found = constant_weight(self.graph.model, tensor)
            if found is not None:
                return Stored(found, self.graph.forms.get(tensor)) if found.dtype != "string" else None
            producer = self.graph.model.tensors[tensor].producer if tensor >= 0 else -1
            op = self.graph.model.ops[producer] if producer >= 0 else None
            if op is None or op.type not in ("Reshape", "Unsqueeze", "Squeeze", "DequantizeLinear", "Cast"):
                return None
            tensor = op.inputs[0]
        return None


def _is_packed(form: Form, weight: Weight) -> bool:
    """Whether a form is of what has to be unpacked first: several elements in a byte, or rows cut into blocks."""
    return form.dtype != weight.dtype or (bool(form.block) and form.scale.ndim != len(weight.shape))


def sampled(weight: Stored, family: str) -> Sample:
    """Elements at places that depend on the shape only, so that only these need be dequantized.

    Raises:
        ModelError: if the bytes are missing.
        Exception: one of ``BAD_GRID``, if the grid does not fit the elements.
    """
    shape, size = weight.shape, weight.size
    if len(shape) < 2:
        outputs, inputs, far, near = 1, size, 0, 1
    elif family in ("MatMul", "Gemm"):  # [inputs, outputs]
        outputs, inputs, far, near = shape[-1], size // shape[-1], 1, shape[-1]
    else:
        outputs, inputs, far, near = shape[0], size // shape[0], size // shape[0], 1
    chosen = np.linspace(0, outputs - 1, min(outputs, ROWS)).astype(int)
    most = COLUMNS * (ROWS if outputs == 1 else 1)
    columns = np.linspace(0, inputs - 1, min(inputs, most)).astype(int)
    places = np.unravel_index(chosen[:, None] * far + columns * near, shape) if shape else ()
    part = np.asarray(weight.reals_at(places), np.float32).reshape(len(chosen), len(columns))
    with np.errstate(all="ignore"):
        lengths = np.linalg.norm(part, axis=1, keepdims=True)
        found: NDArray[np.float32] = np.nan_to_num(part / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return Sample(shape, found, size)


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
