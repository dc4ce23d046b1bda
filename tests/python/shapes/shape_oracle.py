"""Compare what we claim of a tensor with a reference output."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import helper

from haoline_analysis.dtypes import ONNX_CODES
from haoline_analysis.shapes.value import Value


def facts(reference: Any) -> tuple[str, tuple[int, ...]]:
    """Element type and shape of a reference tensor."""
    if isinstance(reference, onnx.TensorProto):
        return ONNX_CODES[reference.data_type], tuple(reference.dims)
    array = np.asarray(reference)
    if array.dtype.kind in "OUS":
        return "string", array.shape
    return ONNX_CODES[helper.np_dtype_to_tensor_dtype(array.dtype)], array.shape


def verdict(value: Value | None, reference: Any) -> str:
    """ "" where the claim is exact, "unknown" where it leaves something open, else what is wrong."""
    if reference is None:
        return ""
    if value is not None and value.dtype == "optional":
        value = value.element
    if value is None or not value.dtype:
        return "unknown"
    if isinstance(reference, list | tuple):
        return _sequence_verdict(value, reference)
    dtype, shape = facts(reference)
    if value.dtype != dtype:
        return f"dtype {value.dtype}, should be {dtype}"
    if value.shape is None:
        return "unknown"
    if len(value.shape) != len(shape) or any(a not in (None, b) for a, b in zip(value.shape, shape, strict=True)):
        return f"shape {value.shape}, should be {shape}"
    return _data_verdict(value, reference) or ("unknown" if None in value.shape else "")


def _data_verdict(value: Value, reference: Any) -> str:
    if value.data is None or isinstance(reference, onnx.TensorProto):
        return ""
    wanted, found = np.asarray(reference).astype(np.float64), value.data.astype(np.float64)
    same = np.allclose(found, wanted, rtol=1e-3, atol=1e-3, equal_nan=True)
    return "" if same else f"elements {found.ravel()[:4]}, should be {wanted.ravel()[:4]}"


def _sequence_verdict(value: Value, references: list[Any] | tuple[Any, ...]) -> str:
    if value.dtype != "sequence":
        return f"a {value.dtype}, should be a sequence"
    if value.shape is not None and value.shape[0] not in (None, len(references)):
        return f"length {value.shape[0]}, should be {len(references)}"
    verdicts = {verdict(value.element, item) for item in references}
    wrong = verdicts - {"", "unknown"}
    if wrong:
        return wrong.pop()
    return "unknown" if "unknown" in verdicts or value.shape is None or value.shape[0] is None else ""
