"""The work of each op as plain arrays: what the roofline reads from the op table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.hardware.efficiency import HOST_BYTES, VIEWS
from haoline_analysis.hardware.precisions import canonical, storage_bits

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from haoline_analysis.table import Table

    F64 = NDArray[np.float64]

W4A16 = "int4"
"""Chosen as a precision, int4 means 4-bit weights with 16-bit activations and arithmetic (MatMulNBits, AWQ, GPTQ)."""


@dataclass(slots=True)
class Work:
    """Per op and per run of the model; NaN where unknown."""

    macs: F64
    flops: F64
    moved: F64  # bytes read and written
    written: F64  # bytes of the results
    executions: F64
    weights: F64  # bytes of constants read
    precision: NDArray[np.object_]  # of compute, canonical; None where integer or unknown
    free: NDArray[np.bool_]  # views, constants and branches not taken
    host: NDArray[np.bool_]  # shape arithmetic
    weight_scale: float  # stored weight bytes under the chosen precision, relative to the model's
    activation_scale: float


def read_work(ops: Table, precision: str | None) -> Work:
    """Work from the op table, weights and activations re-sized where a precision is chosen."""
    kinds, own = _Words(ops, "type"), _Words(ops, "precision")
    stored = _Words(ops, "weight_precision") if "weight_precision" in ops else own
    activation_ratio = own.map(lambda name: _ratio(name, activation_precision(precision)))
    weight_ratio = stored.map(lambda name: _ratio(name, precision))
    executions = numbers(ops, "executions") if "executions" in ops else np.ones(ops.rows)
    incoming, outgoing = numbers(ops, "input_bytes") * executions, numbers(ops, "output_bytes") * executions
    macs, weights = numbers(ops, "macs"), numbers(ops, "weight_bytes") * executions
    activations = incoming + outgoing
    if "bytes_moved" in ops:  # knows of shared weights and of gathers that read a few rows
        moved = numbers(ops, "bytes_moved")
        weights = np.maximum(moved - activations, 0.0)
        activations = moved - weights
    idle = (incoming == 0) & ~(macs > 0)  # reads constants only: folded when the model is loaded
    integer = own.map(lambda name: name is not None and canonical(name) in (None, "int8"), bool)
    return Work(
        macs=macs,
        flops=numbers(ops, "flops"),
        moved=activations * activation_ratio + weights * weight_ratio,
        written=outgoing * activation_ratio,
        executions=executions,
        weights=weights * weight_ratio,
        precision=own.map(lambda name: compute_precision(name, precision), object),
        free=kinds.map(VIEWS.__contains__, bool) | idle | (executions == 0),
        host=integer & (activations <= HOST_BYTES * executions) & ~(macs > 0),
        weight_scale=_mean_ratio(weight_ratio, numbers(ops, "weight_bytes")),
        activation_scale=_mean_ratio(activation_ratio, outgoing),
    )


def compute_precision(name: str | None, chosen: str | None) -> str | None:
    """Precision an op computes in: the chosen one where the op works on floats, else its own."""
    own = canonical(name)
    if chosen is None or own is None or not _is_float(name):
        return own
    return "fp16" if chosen == W4A16 else chosen


def activation_precision(chosen: str | None) -> str | None:
    """Precision of activations when one is chosen for the model."""
    return "fp16" if chosen == W4A16 else chosen


def _is_float(name: str | None) -> bool:
    return canonical(name) in ("fp64", "fp32", "tf32", "fp16", "bf16")


def _ratio(name: str | None, chosen: str | None) -> float:
    """Bytes per element under the chosen precision over those now; what is quantized already stays."""
    before, after = storage_bits(name), storage_bits(chosen)
    return after / before if before and after and _is_float(name) else 1.0


def _mean_ratio(ratio: F64, nbytes: F64) -> float:
    total = float(np.nansum(nbytes))
    return float(np.nansum(ratio * nbytes)) / total if total > 0 else 1.0


def numbers(ops: Table, name: str) -> F64:
    """A column as float64, NaN where unknown or absent."""
    if name not in ops:
        return np.full(ops.rows, np.nan)
    values = ops[name].values
    if hasattr(values, "to_numpy"):
        return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.asarray(values, np.float64)


class _Words:
    """A column of strings, interned, so that a rule runs once per distinct string."""

    def __init__(self, ops: Table, name: str) -> None:
        values = list(ops[name].values) if name in ops else [None] * ops.rows
        ids = {value: code for code, value in enumerate(dict.fromkeys(values))}
        self._codes = np.fromiter(map(ids.__getitem__, values), np.int64, len(values))
        self._words = [word if isinstance(word, str) and word else None for word in ids]

    def map(self, rule: Callable[[Any], Any], dtype: Any = np.float64) -> NDArray[Any]:
        table = np.array([rule(word) for word in self._words], dtype)
        return table[self._codes] if len(table) else np.zeros(len(self._codes), dtype)
