"""Tensors of onnxruntime as numpy arrays, without copying."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from haoline_analysis import dtypes
from haoline_analysis.formats import elements

_TEXT = "tensor(string)"
CODES = {name: code for code, name in dtypes.ONNX_CODES.items()}


class _Memory:
    """Bytes inside an OrtValue; keeps it alive for as long as an array looks at them."""

    def __init__(self, value: Any, nbytes: int) -> None:
        self._value = value
        buffer = (ctypes.c_uint8 * nbytes).from_address(value.data_ptr())
        self.__array_interface__ = np.ctypeslib.as_array(buffer).__array_interface__


def array_of(value: Any) -> np.ndarray:
    """What an OrtValue holds; the array keeps it alive.

    Raises:
        ModelError: if ml_dtypes is needed and not installed.
        TypeError: if it is no tensor with elements of fixed size.
    """
    if not value.is_tensor() or value.data_type() == _TEXT:
        raise TypeError(f"{value.data_type()} is no tensor of numbers")
    dtype, shape = dtypes.ONNX_CODES[value.element_type()], tuple(value.shape())
    nbytes = dtypes.nbytes(dtype, shape) or 0
    data = np.asarray(_Memory(value, nbytes)) if nbytes else np.zeros(0, np.uint8)
    return interpret(data, dtype, shape)


def interpret(data: np.ndarray, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    """Bytes (uint8) as elements; only types of less than a byte are copied.

    Raises:
        ModelError: if ml_dtypes is needed and not installed.
    """
    if dtype == "bool":
        return data.view(np.bool_).reshape(shape)
    count = int(np.prod(shape, dtype=np.int64))
    return elements.decode(dtype, data, count).reshape(shape)


def ort_value(array: np.ndarray, dtype: str) -> Any:
    """An OrtValue over an array of the given element type; numpy need not know the type.

    Raises:
        MissingExtraError: if onnxruntime is missing.
    """
    from haoline_analysis.runtime.failures import onnxruntime

    ort = onnxruntime()
    array = np.ascontiguousarray(array).reshape(array.shape)
    if dtype in dtypes.BITS and array.dtype.kind == "V":  # ml_dtypes
        raw = array.view(np.dtype(f"u{array.dtype.itemsize}"))
        return ort.OrtValue.ortvalue_from_numpy_with_onnx_type(raw, CODES[dtype])
    return ort.OrtValue.ortvalue_from_numpy(array)
