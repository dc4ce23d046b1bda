"""A tensor of the float model beside what the variant has for it, ready to be compared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.divergence.metrics.layout import CROSSED, FLOAT32

if TYPE_CHECKING:
    from haoline_analysis.quantization.structure import Form

_INTEGERS = ("uint8", "int8", "uint16", "int16")
KINDS = {np.dtype(name): code for code, name in enumerate(("float32", *_INTEGERS))}
"""Codes of the element types that compiled loops read as they are."""


@dataclass(frozen=True)
class Grid:
    """How to read the variant's tensor as the float one: its integers' form, and the order of its axes."""

    form: Form | None = None
    transpose: tuple[int, ...] | None = None

    @cached_property
    def simple(self) -> bool:
        """Whether one scale and zero point say all."""
        return self.form is None or (self.form.scale.size == 1 and self.form.dtype in _INTEGERS)

    @cached_property
    def row(self) -> tuple[float, float, float, float]:
        """Scale, zero point, least and greatest real; infinite ends where there is no grid."""
        if self.form is None:
            return 1.0, 0.0, -np.inf, np.inf
        low, high = (float(np.min(side)) for side in self.form.low_high())
        if not self.simple:
            return 1.0, 0.0, float(np.min(self.form.low_high()[0])), float(np.max(self.form.low_high()[1]))
        return float(self.form.scale.reshape(-1)[0]), float(self.form.zero_point.reshape(-1)[0]), low, high

    @cached_property
    def _dtype(self) -> np.dtype:
        return np.dtype(np.float32 if self.form is None else self.form.dtype)

    def decoded(self, array: np.ndarray) -> np.ndarray:
        """The variant's tensor as reals in the float tensor's axes, float32 or wider."""
        reals = array if self.form is None else self.form.dequantize(array)
        if reals.dtype.kind != "f" or reals.dtype.itemsize < 4:
            reals = reals.astype(np.float32)
        return reals if self.transpose is None else reals.transpose(self.transpose)

    def fits(self, shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
        """Whether the variant's shape is the float tensor's, but for neighbouring axes taken as one."""
        return merged(shape, self.shaped(other))

    def shaped(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The variant's shape in the float tensor's axes; as it is where it has not as many."""
        if self.transpose is None or len(shape) != len(self.transpose):
            return shape
        return tuple([shape[at] for at in self.transpose])

    def prepared(self, array: np.ndarray, axis: int | None) -> tuple[np.ndarray, int]:
        """The tensor as compiled loops want it, and what kind of elements they find there.

        That is C order, its own integers where one scale says all, and channels last where they are the float tensor's
        second axis.
        """
        if not (self.simple and array.dtype == self._dtype):
            return np.asarray(self.decoded(array), dtype=np.float32, order="C"), FLOAT32
        kind = KINDS[array.dtype]
        if self.transpose is None:
            return np.asarray(array, order="C"), kind
        if axis is not None and axis % array.ndim == 1 and self.transpose == _last_to_second(array.ndim):
            return np.asarray(array, order="C"), kind + CROSSED
        return np.asarray(array.transpose(self.transpose), order="C"), kind


def _last_to_second(rank: int) -> tuple[int, ...]:
    """How channels that come last become the second axis."""
    return (0, rank - 1, *range(1, rank - 1))


class Job(NamedTuple):
    """Two arrays of one sample."""

    slot: int  # of the tensor among all that are compared
    value: np.ndarray
    other: np.ndarray


def merged(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether one shape is the other with neighbouring axes taken as one, leaving axes of size one aside."""
    if shape == other:
        return True
    first, second = ([size for size in side if size != 1] for side in (shape, other))
    few, many = (first, second) if len(first) <= len(second) else (second, first)
    rest = iter(many)
    for size in few:
        product = next(rest, 0)
        while 0 < product < size:
            product *= next(rest, 0)
        if product != size:
            return False
    return next(rest, None) is None


class Laid(NamedTuple):
    """Elements before, along and after the channel axis."""

    outer: int
    channels: int
    inner: int


def laid(shape: tuple[int, ...], axis: int | None) -> Laid:
    """How channels lie in a tensor; one channel where there is no such axis."""
    if axis is None or not -len(shape) <= axis < len(shape):
        return Laid(1, 1, prod(shape))
    at = axis % len(shape)
    return Laid(prod(shape[:at]), shape[at], prod(shape[at + 1 :]))


def float32(array: np.ndarray) -> np.ndarray:
    """The float model's tensor as compiled loops want it."""
    same = array.dtype == np.float32 and array.flags.c_contiguous  # the very array, by which it is known again
    return array if same else np.asarray(array, dtype=np.float32, order="C")


def check_shapes(shape: tuple[int, ...], other: tuple[int, ...], name: str) -> None:
    """Refuse two arrays that are not of one shape.

    Raises:
        ModelError: if their shapes differ.
    """
    if not merged(shape, other):
        words = " and ".join("×".join(map(str, one)) or "scalar" for one in (shape, other))
        raise ModelError(f"{name!r} cannot be compared: its shapes are {words}.")
