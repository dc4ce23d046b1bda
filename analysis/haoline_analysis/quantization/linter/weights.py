"""Weights as the quantizer sees them: which op reads which, along which axis its channels lie, how they spread."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.dtypes import FLOATS
from haoline_analysis.errors import ModelError
from haoline_analysis.findings.facts import count
from haoline_analysis.quantization.structure import stored_reals
from haoline_analysis.quantization.structure.form import BAD_GRID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from haoline_analysis.model import Model, Op, Weight
    from haoline_analysis.quantization.linter.facts import LintFacts
    from haoline_analysis.quantization.structure import Form

SLOTS = {
    "Conv": 1,
    "ConvTranspose": 1,
    "Gemm": 1,
    "MatMul": 1,
    "QLinearConv": 3,
    "QLinearMatMul": 3,
    "QGemm": 3,
    "ConvInteger": 1,
    "MatMulInteger": 1,
}
BIAS_SLOTS = {"Conv": 2, "ConvTranspose": 2, "Gemm": 2, "QLinearConv": 8, "QGemm": 6}
LARGEST = 1 << 28
HIGHEST_RANK = 8
BUDGET = 1 << 29
MOST_WEIGHTS = 4096
LEVELS = 127.0
"""Steps to each side of zero of symmetric int8."""
GAIN = 6.0
"""A bit, in decibels: what per-channel scales must gain to be worth a finding."""
LOW_SQNR = 25.0
"""Of a weight in dB; eight bits hold normally distributed values at 35 to 40."""


@dataclass(frozen=True, eq=False)
class Weighted:
    """An op with a stored operand."""

    row: int
    slot: int
    tensor: int  # the operand as the op reads it
    stored: int  # the tensor in the file behind it
    axis: int | None  # of the output channels, in the operand; None where unknown
    grid: Form | None  # None: read as stored floats
    path: tuple[int, ...]  # ops between the file and the op
    depthwise: bool

    @property
    def per_tensor(self) -> bool:
        """Whether one scale holds for the whole weight."""
        return self.grid is not None and self.grid.per_tensor


@dataclass(frozen=True, eq=False)
class Spread:
    """How large the values of a weight are."""

    peaks: NDArray[np.float64]  # largest magnitude per channel
    powers: NDArray[np.float64]  # mean square per channel
    is_rounded: bool  # to one scale for all channels
    bulk: float  # mean square by the mean magnitude, as of normally distributed values: rare peaks hardly count

    @property
    def median(self) -> float:
        """Median of the channels' largest magnitudes, of those that are not zero throughout."""
        held = self.peaks[self.peaks > 0]
        return float(np.median(held)) if held.size else 0.0

    @property
    def ratio(self) -> float:
        """Largest channel over the median one."""
        return float(self.peaks.max(initial=0.0) / self.median) if self.median else 1.0

    def sqnr(self, *, per_channel: bool) -> float:
        """Signal to quantization noise of the median channel in symmetric int8, in dB.

        Power over step²/12 (Nagel et al. 2021, section 2); 0 where a channel is rounded away. Channels that are zero
        throughout do not count, but for those that rounding may have made so.
        """
        held = (self.powers > 0) | (self.is_rounded and not per_channel)
        steps = (self.peaks[held] if per_channel else self.peaks.max(initial=0.0)) / LEVELS
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            decibels = 10.0 * np.log10(12.0 * self.powers[held] / steps**2)
        return float(np.median(np.maximum(decibels, 0.0))) if held.any() else float("inf")

    def in_words(self) -> str:
        """What one scale leaves of the usual channel, and what its own would."""
        one, many = self.sqnr(per_channel=False), self.sqnr(per_channel=True)
        return (
            f"largest channel {self.ratio:.3g} times the median one; 8 bits hold the usual channel at {one:.1f} dB "
            f"with one scale, at {many:.1f} dB with its own"
        )

    def bulk_sqnr(self) -> float:
        """The same with a scale per channel, for the usual values instead of the peaks that set the scales."""
        noise = float(np.mean((self.peaks / LEVELS) ** 2)) / 12.0
        return 10.0 * float(np.log10(self.bulk / noise)) if noise > 0 and self.bulk > 0 else float("inf")


@dataclass(eq=False)
class WeightReader:
    """Weights of a model, each looked at once and within a budget."""

    model: Model
    forms: Mapping[int, Form]
    _spreads: dict[tuple[int, int | None], Spread | None] = field(default_factory=dict)
    _paid: set[int] = field(default_factory=set)
    _lost: set[int] = field(default_factory=set)
    _read: int = 0
    _is_cut: bool = False

    def weighted(self, facts: LintFacts) -> list[Weighted]:
        """All ops with a stored operand, in execution order."""
        found = []
        for kind, slot in SLOTS.items():
            for row in facts.every.get(kind, []):
                item = self._weighted(facts, row, slot)
                if item is not None:
                    found.append(item)
        return sorted(found, key=lambda item: item.row)

    def _weighted(self, facts: LintFacts, row: int, slot: int) -> Weighted | None:
        op = self.model.ops[row]
        tensor = op.inputs[slot] if slot < len(op.inputs) else -1
        if tensor < 0 or op.domain.endswith("nchwc") or not facts.is_weight(tensor):
            return None  # blocked layouts have no channel axis
        stored, path = self._behind(tensor)
        rank = facts.rank(tensor)
        axis = _channel_axis(op, rank)
        grid = self._grid(tensor, path)
        return Weighted(row, slot, tensor, stored, axis, grid, path, self._depthwise(op, stored))

    def _behind(self, tensor: int) -> tuple[int, tuple[int, ...]]:
        """The stored tensor, and the ops that lead from it."""
        path: list[int] = []
        while self.model.tensors[tensor].weight is None:
            producer = self.model.tensors[tensor].producer
            path.insert(0, producer)
            tensor = self.model.ops[producer].inputs[0]
        return tensor, tuple(path)

    def _grid(self, tensor: int, path: tuple[int, ...]) -> Form | None:
        """The grid on which the operand lies."""
        if tensor in self.forms:
            return self.forms[tensor]
        for row in reversed(path):
            if self.model.ops[row].type == "DequantizeLinear":
                return self.forms.get(self.model.ops[row].inputs[0])
        return None

    def _depthwise(self, op: Op, stored: int) -> bool:
        """Whether each channel is filtered by itself."""
        weight = self.model.tensors[stored].weight
        groups = op.integer("group", 1)
        shape = weight.shape if weight is not None else ()
        return "Conv" in op.type and groups > 1 and len(shape) > 2 and (shape[1] == 1 or shape[0] == groups)

    def values(self, item: Weighted) -> np.ndarray | None:
        """The weight as the op reads it, in reals; None where it cannot be read or is beyond the budget."""
        if not self._afford(item.stored):
            return None
        try:
            found = stored_reals(self.model, self.forms, item.row, item.slot)
        except BAD_GRID:
            found = None
        if found is None:
            self._lost.add(item.stored)
        return None if found is None or not found.size else found

    def spread(self, item: Weighted) -> Spread | None:
        """How a weight spreads over its output channels; None where it is not known."""
        if item.axis is None:
            return None
        held = (item.tensor, item.axis)
        if held not in self._spreads:
            if len(self._spreads) >= MOST_WEIGHTS:
                self._is_cut = True
                return None
            values = self.values(item)
            self._spreads[held] = None if values is None else spread_of(values, item.axis, is_rounded=item.per_tensor)
        return self._spreads[held]

    def integers(self, item: Weighted) -> np.ndarray | None:
        """The stored integers of an op that reads them with no transposition between; None otherwise."""
        weight = self.model.tensors[item.stored].weight
        turned = any(self.model.ops[row].type != "DequantizeLinear" for row in item.path)
        if weight is None or turned or weight.dtype in FLOATS:
            return None
        found = self.numbers(item.stored)
        return found.reshape(weight.shape) if found is not None else None

    def numbers(self, tensor: int) -> np.ndarray | None:
        """A stored tensor of moderate size as it is; None where it cannot be read."""
        weight = self.model.tensors[tensor].weight if tensor >= 0 else None
        if weight is None or not self._afford(tensor):
            return None
        return self._elements(tensor, weight)

    def _elements(self, tensor: int, weight: Weight) -> np.ndarray | None:
        """The stored elements; None where they cannot be read."""
        try:
            return weight.numpy()
        except (ModelError, ValueError, TypeError):
            self._lost.add(tensor)
            return None

    def _afford(self, tensor: int) -> bool:
        """Whether a stored tensor may be read; it counts once, as what is read again is at hand."""
        weight = self.model.tensors[tensor].weight
        nbytes = max(weight.nbytes or 0, 4 * weight.elements) if weight is not None else 0  # as float32
        if tensor not in self._paid:
            if weight is None or nbytes > LARGEST or self._read + nbytes > BUDGET:
                self._is_cut = True
                return False
            self._paid.add(tensor)
            self._read += nbytes
        return True

    @property
    def gaps(self) -> list[str]:
        """What was not looked at so far."""
        cut = f"Weights beyond the limit of {BUDGET >> 20} MB or {MOST_WEIGHTS:,} tensors were not read."
        lost = f"{count(len(self._lost), 'weight')} could not be read: bytes are missing, or their scales do not fit."
        return [*([cut] if self._is_cut else []), *([lost] if self._lost else [])]

    def floats(self, tensor: int, most: int = 1 << 22) -> NDArray[np.float64] | None:
        """A stored float tensor of moderate size; None otherwise."""
        weight = self.model.tensors[tensor].weight if tensor >= 0 else None
        if weight is None or weight.dtype not in FLOATS or not 0 < weight.elements <= most:
            return None
        found = self._elements(tensor, weight)
        return None if found is None else np.asarray(found, np.float64)


def spread_of(values: np.ndarray, axis: int, *, is_rounded: bool = False) -> Spread | None:
    """Largest magnitude and power per channel; None for values that are no numbers or an axis that is not there."""
    if not -values.ndim <= axis < values.ndim or values.ndim > HIGHEST_RANK:
        return None
    others = tuple(at for at in range(values.ndim) if at != axis % values.ndim)
    with np.errstate(over="ignore", invalid="ignore"):
        peaks = np.maximum(values.max(others), -values.min(others)).astype(np.float64)
        axes = list(range(values.ndim))
        # Sums in float32 are good to a few digits, which is all that decibels need.
        squares = np.einsum(values, axes, values, axes, [axis % values.ndim])
        bulk = np.pi / 2 * float(np.abs(values).mean()) ** 2
    powers = squares.astype(np.float64) / max(values.size // max(len(peaks), 1), 1)
    if not np.isfinite(peaks).all() or not np.isfinite(powers).all():
        return None
    return Spread(peaks, powers, is_rounded, bulk)


def _channel_axis(op: Op, rank: int | None) -> int | None:
    """The axis of the output channels in the weight of an op."""
    if op.type in ("Conv", "QLinearConv", "ConvInteger"):
        return 0
    if op.type == "ConvTranspose":
        return 1
    if op.type in ("Gemm", "QGemm"):
        return 0 if op.integer("transB") else 1
    return rank - 1 if rank else None
