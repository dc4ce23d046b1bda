"""Weights that ``Constant`` nodes hold in their attributes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.formats.onnx.sources import ArraySource
from haoline_analysis.model import Weight

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLAIN = {"value_float": "float32", "value_floats": "float32", "value_int": "int64", "value_ints": "int64"}


def constant_weight(attributes: Mapping[str, Any]) -> Weight | None:
    """The weight a ``Constant`` makes, whichever attribute holds it; None if none does."""
    for name, value in attributes.items():
        if name in {"value", "sparse_value"} and isinstance(value, Weight):
            return replace(value)  # equal attributes are one object, but two nodes are two tensors
        if name in _PLAIN:
            return _numbers(value, _PLAIN[name])
        if name in {"value_string", "value_strings"}:
            return _strings(value)
    return None


def _numbers(value: Any, dtype: str) -> Weight | None:
    """The weight of a plain number or list of them; None where the attribute, in a wrong file, holds something else."""
    try:
        array = np.array(value, dtype)
    except (TypeError, ValueError, OverflowError):
        return None
    return Weight(dtype, array.shape, ArraySource(array), "constant")


def _strings(value: Any) -> Weight:
    array = np.array(value, dtype=object)
    stored = sum(len(item if isinstance(item, bytes) else str(item).encode()) for item in array.reshape(-1))
    return Weight("string", array.shape, ArraySource(array), "constant", None, stored)
