"""What answers to a page are made of: checked numbers of its messages, files of arrays, samples in words."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.report.formatting import nbytes, plain
from haoline_analysis.runtime import tiles

if TYPE_CHECKING:
    from haoline_analysis.runtime.samples import Sample

    Answer = tuple[dict[str, Any], list[bytes]]

MOST_BYTES = 1 << 29
"""An array beyond this would choke the page; it is loaded in Python."""
_SHOWN_VALUES = 6


def whole(value: Any, what: str) -> int:
    """A whole number of a message.

    Raises:
        ModelError: if it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise ModelError(f"{what} is a whole number, not {value!r}.")
    return value


def sample_number(value: Any, count: int, what: str = "sample") -> int:
    """The number of a sample that there is.

    Raises:
        ModelError: if there is none of that number.
    """
    number = whole(value, what)
    if not 0 <= number < count:
        raise ModelError(f"There is no sample {number}: there are {count}.")
    return number


def array_file(name: str, array: np.ndarray) -> list[bytes]:
    """The buffers that carry an array as a ``.npy`` file.

    Raises:
        ModelError: if it is too large for a page, or its values are objects, which only a pickle could hold.
    """
    if array.nbytes > MOST_BYTES:
        size = nbytes(array.nbytes)
        raise ModelError(f"{size} are too much for the page: in Python, load({plain(name)!r}, …) has the array.")
    return [_npy(array)]


def _npy(array: np.ndarray) -> bytes:
    """A ``.npy`` file that plain numpy reads: types of ml_dtypes become float32."""
    if array.dtype.kind == "V":
        array = tiles.numbers(array)
    if array.dtype.hasobject:
        raise ModelError("Texts have no .npy file.")
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def input_of(sample: Sample) -> Answer:
    """What a sample feeds the model, as a reader sees it."""
    arrays = [_told(name, array) for name, array in sample.feeds.items()]
    said: dict[str, Any] = {"label": sample.label, "picture": None, "tokens": None, "arrays": arrays}
    if sample.tokens is not None:
        said["tokens"] = list(sample.tokens)
    if sample.picture is None:
        return said, []
    picture = np.ascontiguousarray(sample.picture, dtype=np.uint8)
    return {**said, "picture": list(picture.shape[:2])}, [picture.tobytes()]


def _told(name: str, array: np.ndarray) -> dict[str, Any]:
    """An input array in words: its name, type, shape and first values."""
    values = array.ravel()[:_SHOWN_VALUES]
    shown = [f"{value:.4g}" if array.dtype.kind == "f" else str(value) for value in values.tolist()]
    more = ", …" if array.size > len(shown) else ""
    return {
        "name": name,
        "dtype": str(array.dtype),
        "shape": list(array.shape),
        "text": plain(", ".join(shown) + more),
    }
