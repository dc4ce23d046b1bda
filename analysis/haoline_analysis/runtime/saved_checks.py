"""Whether what a folder states of a capture is of the kind that a capture writes: it may come from anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TEXTS = ("op", "op_type", "dtype", "shape", "quantiles")
_NUMBERS = (
    *("samples", "count", "min", "max", "mean", "std", "q001", "q01", "q25", "q50", "q75", "q99", "q999", "zeros"),
    *("sparsity", "nan", "inf", "saturation", "channels", "dead_channels", "outlier_channels", "outlier_ratio"),
    "effective_range",
)
_CHANNELS = ("channel", "min", "max", "mean", "std", "sparsity", "dead", "outlier")


def check_header(header: Mapping[str, Any]) -> None:
    """Check the words and counts of a capture.

    Raises:
        ValueError: if a value is not of its kind.
        KeyError: if one is missing.
    """
    for name, fits in _KINDS.items():
        if not fits(header[name]):
            raise ValueError(f"its {name!r} is not what a capture states")
    done = header["done"]
    if not done <= header["sample_count"] or {len(header["labels"]), len(header["tokens"])} != {done}:
        raise ValueError("it does not tell the same number of samples everywhere")


def check_tensors(table: Mapping[str, Any]) -> None:
    """Check the rows of tensors.

    Raises:
        ValueError: if a column is not of its kind.
        KeyError: if one is missing.
    """
    names = table["tensor"]
    if not _texts(names) or len(set(names)) != len(names):
        raise ValueError("its tensors have no names of their own")
    for column in _TEXTS:
        _check(_words(table[column]) and len(table[column]) == len(names), column)
    for column in _NUMBERS:
        _check(_numbers(table[column], len(names)), column)


def check_channels(table: Mapping[str, Any], tensors: int) -> None:
    """Check the rows of channels, which name their tensors by row.

    Raises:
        ValueError: if a column is not of its kind.
        KeyError: if one is missing.
    """
    owners = table["tensor"]
    if not isinstance(owners, np.ndarray) or owners.ndim != 1 or owners.dtype.kind not in "iu":
        raise ValueError("its channels are of no tensor")
    if owners.size and not (owners.min() >= 0 and owners.max() < tensors):
        raise ValueError("it has channels of a tensor that is not there")
    for column in _CHANNELS:
        _check(_numbers(table[column], len(owners)), column)


def check_histograms(table: Mapping[str, Any], tensors: int) -> None:
    """Check the bins of all histograms.

    Raises:
        ValueError: if a column is not of its kind.
        KeyError: if one is missing.
    """
    _check(_numbers(table["bins"], tensors) and _numbers(table["sampled"], tensors), "bins")
    total = int(table["bins"].sum())
    if table["bins"].dtype.kind not in "iu" or np.any(table["bins"] < 0):
        raise ValueError("its histograms have no number of bins")
    for side in ("low", "high", "count"):
        _check(isinstance(table[side], np.ndarray) and _numbers(table[side], total), side)


def _check(fits: bool, column: str) -> None:
    if not fits:
        raise ValueError(f"its column {column!r} is not what a capture writes")


def _numbers(values: Any, count: int) -> bool:
    """Whether it is a column of numbers, some of which may be missing."""
    if isinstance(values, np.ndarray):
        return values.shape == (count,) and values.dtype.kind in "biuf"
    return len(values) == count and all(value is None or isinstance(value, (int, float)) for value in values)


def _words(values: Any) -> bool:
    return isinstance(values, list) and all(value is None or isinstance(value, str) for value in values)


def _texts(values: Any) -> bool:
    return _words(values) and None not in values


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _identity(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isalnum()


def _layouts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(word, str) for word in value.values())


def _axes(value: Any) -> bool:
    return isinstance(value, dict) and all(axis is None or type(axis) is int for axis in value.values())


def _tokens(value: Any) -> bool:
    return isinstance(value, list) and all(words is None or _texts(words) for words in value)


def _listed(value: Any) -> bool:
    """Whether it is a list of findings or gaps."""
    return isinstance(value, list) and all(isinstance(one, dict) and _rows(one.get("ops")) for one in value)


def _rows(value: Any) -> bool:
    return isinstance(value, list) and all(map(_count, value))


_KINDS: dict[str, Callable[[Any], bool]] = {
    "id": _identity,
    "provider": _text,
    "done": _count,
    "sample_count": _count,
    "complete": _flag,
    "notes": _texts,
    "sample_notes": _texts,
    "findings": _listed,
    "gaps": _listed,
    "origin": _text,
    "synthetic": _flag,
    "labels": _words,
    "tokens": _tokens,
    "layouts": _layouts,
    "channel_axes": _axes,
}
