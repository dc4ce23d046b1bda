"""Element types of arrays and what may become what: nothing is ever lost without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis import dtypes
from haoline_analysis.formats.elements import EXTENDED, extended
from haoline_analysis.runtime.samples.errors import InputError

if TYPE_CHECKING:
    from haoline_analysis.runtime.samples.ports import Port

_PLAIN = frozenset(
    {
        *("float64", "float32", "float16", "complex64", "complex128", "bool"),
        *("int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8"),
    }
)
_HELD_IN_BYTES = {"int4": "int8", "int2": "int8", "uint4": "uint8", "uint2": "uint8"}

INTEGER_LIMITS = {"int4": (-8, 7), "int2": (-2, 1), "uint4": (0, 15), "uint2": (0, 3)}
"""Ranges that numpy does not know."""


def numpy_dtype(word: str) -> np.dtype[Any]:
    """The numpy dtype that holds one element of ``word``: ml_dtypes for bfloat16 and float8, a byte for int4.

    Raises:
        InputError: if no array can hold such elements.
    """
    if word == "string":
        return np.dtype(np.str_)
    if word in EXTENDED and dtypes.BITS[word] >= 8:
        small: np.dtype[Any] = extended(word)
        return small
    if word in _PLAIN or word in _HELD_IN_BYTES:
        return np.dtype(_HELD_IN_BYTES.get(word, word))
    raise InputError(f"inputs of type {word or 'unknown'} cannot be fed from arrays")


def word_of(dtype: np.dtype[Any]) -> str:
    """The name of an array's element type in the words of a model: ``float32``, ``string``, ``object``."""
    if dtype.kind in "USO" or dtype.kind == "T":
        return "object" if dtype.kind == "O" else "string"
    return "float8_e8m0" if dtype.name == "float8_e8m0fnu" else dtype.name


def cast(array: np.ndarray, port: Port) -> tuple[np.ndarray, str]:
    """The array with the port's element type, and a note about what was changed ("" where nothing was).

    Floats may change precision if they stay finite, whole numbers may change type if each keeps its value, bools count
    as 0 and 1. Floats never become whole numbers.

    Raises:
        InputError: if that would lose what the array says.
    """
    came = word_of(array.dtype)
    if came == port.dtype or not port.dtype:
        native = array.dtype.newbyteorder("=") if array.dtype.kind in "iufc" else array.dtype
        return array.astype(native, copy=False), ""
    if came in {"object", "string"} or port.dtype == "string":
        return _text(array, port, came), ""
    target = numpy_dtype(port.dtype)
    from_kind, to_kind = _kind(came), _kind(port.dtype)
    if (from_kind, to_kind) in {("float", "float"), ("bool", "float"), ("bool", "integer")}:
        cast_array = _convert(array, target, port, came)
    elif from_kind == "integer" and to_kind in {"integer", "float", "bool"}:
        cast_array = _exact(array, target, port, came)
    else:
        raise _wrong_type(port, came)
    return cast_array, f"input {port.name!r}: {came} was converted to {port.dtype}"


def _kind(word: str) -> str:
    if word.startswith(("float", "bfloat")):
        return "float"
    return "integer" if word.startswith(("int", "uint")) else word


def _wrong_type(port: Port, came: str) -> InputError:
    hint = ""
    if _kind(came) == "float" and _kind(port.dtype) == "integer":
        hint = f": fractions would be lost; convert with .astype({port.dtype!r}) if that is meant"
    return InputError(f"input {port.name!r} expects {port}, got {came} elements{hint}")


def _convert(array: np.ndarray, target: np.dtype[Any], port: Port, came: str) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        converted: np.ndarray = array.astype(target)
        if _kind(came) == "float" and target.itemsize < array.dtype.itemsize:
            _refuse_overflow(array, converted, port, came)
    return converted


def _refuse_overflow(array: np.ndarray, converted: np.ndarray, port: Port, came: str) -> None:
    """A finite number that the narrower type cannot hold is an error, not an infinity."""
    finite = np.isfinite(converted.astype(np.float32 if converted.dtype.itemsize < 4 else converted.dtype))
    lost = np.isfinite(array) & ~finite
    if lost.any():
        largest = float(np.abs(array[lost].astype(np.float64)).max())
        raise InputError(f"input {port.name!r} expects {port}: {came} values up to {largest:.3g} do not fit")


def _exact(array: np.ndarray, target: np.dtype[Any], port: Port, came: str) -> np.ndarray:
    """Whole numbers in another type, if each of them keeps its value."""
    low, high = INTEGER_LIMITS.get(port.dtype) or _limits(target)
    if array.size and (int(array.min()) < low or int(array.max()) > high):
        span = f"{int(array.min())}..{int(array.max())}"
        raise InputError(f"input {port.name!r} expects {port}: the {came} values {span} do not fit exactly")
    exact: np.ndarray = array.astype(target)
    return exact


def _limits(target: np.dtype[Any]) -> tuple[int, int]:
    if target.kind in "iu":
        info = np.iinfo(target)
        return int(info.min), int(info.max)
    if target.kind == "b":
        return 0, 1
    import ml_dtypes

    exact = 1 << (ml_dtypes.finfo(target).nmant + 1)  # every whole number up to here is a float of this type
    return -exact, exact


def _text(array: np.ndarray, port: Port, came: str) -> np.ndarray:
    if port.dtype != "string":
        if came == "object":
            hint = "an object array holds Python objects, not numbers (lists of unequal lengths, None, mixed types)"
            raise InputError(f"input {port.name!r} expects {port}: {hint}")
        raise InputError(f"input {port.name!r} expects {port}, got text; pass tokenizer=… for a language model")
    if came == "object" and not all(isinstance(each, str) for each in array.flat):
        raise InputError(f"input {port.name!r} expects {port}: every element must be a str")
    if came not in {"object", "string"}:
        raise InputError(f"input {port.name!r} expects {port}, got {came} elements")
    return array.astype(np.str_)
