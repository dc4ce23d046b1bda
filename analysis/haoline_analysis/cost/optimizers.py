"""Bytes that optimizers keep for each parameter.

Sources: ``torch.optim`` (SGD, Adam, AdamW, Adafactor: ``_init_group`` of each); mixed precision as Micikevicius et al.,
"Mixed Precision Training" (2018) and ZeRO (Rajbhandari et al. 2020, section 3.1) count it; 8-bit Adam as Dettmers et
al. (2022) and bitsandbytes (blocks of 256, tensors of fewer than 4096 elements stay in 32 bit).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from haoline_analysis import dtypes

if TYPE_CHECKING:
    from collections.abc import Callable

_STEP = 4
"""Bytes of the step counter, a float32 for each parameter tensor."""

_BLOCK = 256
_SMALL = 4096


@dataclass(frozen=True, slots=True)
class Parameter:
    """A tensor that is trained."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes at its own element type."""
        return dtypes.nbytes(self.dtype, self.shape) or 0


@dataclass(frozen=True, slots=True)
class Optimizer:
    """What training with one keeps; bytes of one parameter."""

    name: str
    states: Callable[[Parameter], int]
    weight: Callable[[Parameter], int]
    gradient: Callable[[Parameter], int]
    compute: str | None = None  # element type of floats in the forward pass; None: as the model is


def _own(parameter: Parameter) -> int:
    return parameter.nbytes


def _half(parameter: Parameter) -> int:
    return 2 * parameter.elements


def _none(parameter: Parameter) -> int:  # noqa: ARG001 - every rule takes one
    return 0


def _adam(parameter: Parameter) -> int:
    """First and second moment, and the step."""
    return 2 * parameter.nbytes + _STEP


def _mixed(parameter: Parameter) -> int:
    """Master weight and two moments, all float32, and the step."""
    return 12 * parameter.elements + _STEP


def _adafactor(parameter: Parameter) -> int:
    """A second moment of rows and one of columns; of vectors the whole; and the step."""
    item = (dtypes.BITS.get(parameter.dtype) or 32) // 8
    shape = parameter.shape
    if len(shape) < 2:
        return parameter.elements * item + _STEP
    return (prod(shape[:-1]) + prod(shape[:-2]) * shape[-1]) * item + _STEP


def _eight_bit(parameter: Parameter) -> int:
    """Two moments of a byte each, and a float32 scale for every block of both."""
    count = parameter.elements
    if count < _SMALL:
        return 8 * count
    return 2 * (count + 4 * -(-count // _BLOCK))


OPTIMIZERS = (
    Optimizer("SGD", _none, _own, _own),
    Optimizer("SGD with momentum", _own, _own, _own),
    Optimizer("Adam, AdamW", _adam, _own, _own),
    Optimizer("AdamW, bf16 compute, fp32 master weights", _mixed, _half, _half, "bfloat16"),
    Optimizer("Adafactor", _adafactor, _own, _own),
    Optimizer("8-bit Adam", _eight_bit, _own, _own),
)
