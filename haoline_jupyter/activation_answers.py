"""What the page of an activations view asks its kernel for: tiles, arrays, inputs (docs/architecture.md)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.report.formatting import nbytes, plain
from haoline_analysis.runtime import tiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from haoline_analysis.runtime import ActivationReport

    Answer = tuple[dict[str, Any], list[bytes]]

MOST_AVERAGED = 64
"""Samples that a mean is taken over: in statistics mode each is run again."""
MOST_BYTES = 1 << 29
"""An array beyond this would choke the page; it is loaded in Python."""
_KEPT_MEANS = 4
_SHOWN_VALUES = 6


class Answers:
    """Answers about one capture."""

    KINDS = ("tile", "array", "input")

    def __init__(self, captured: ActivationReport, rows: Mapping[str, int]) -> None:
        """``rows``: the row of each captured tensor in the report's table."""
        self._captured = captured
        self._names = {row: name for name, row in rows.items()}
        self._means: dict[str, np.ndarray] = {}

    def to(self, kind: str, asked: Mapping[str, Any]) -> Answer:
        """What is said, and the bytes that go with it.

        Raises:
            ModelError: if there is no such thing, or it cannot be had.
        """
        return {"tile": self.tile, "array": self.array, "input": self.input}[kind](asked)

    def tile(self, asked: Mapping[str, Any]) -> Answer:
        """Maps or a plane of a tensor: of one sample, of the mean, or less another sample's."""
        name, view = self._tensor(asked), tiles.view_of(asked.get("view"))
        axis = self._captured.channel_axis(name)
        array = self._mean(name) if asked.get("mean") is True else self._load(name, self._sample(asked, "sample"))
        maps = view.cut(array, axis)
        if asked.get("against") is not None:
            maps = tiles.difference(maps, view.cut(self._load(name, self._sample(asked, "against")), axis))
        made = tiles.tile(maps, view.size)
        return made.header(), [made.payload()]

    def array(self, asked: Mapping[str, Any]) -> Answer:
        """A tensor, or one channel of it, as a ``.npy`` file."""
        name, channel = self._tensor(asked), asked.get("channel")
        if channel is not None:
            channel = self._whole(channel, "channel")
        array = self._captured.load(name, self._sample(asked, "sample"), channel)
        if array.nbytes > MOST_BYTES:
            size = nbytes(array.nbytes)
            raise ModelError(f"{size} are too much for the page: in Python, load({plain(name)!r}, …) has the array.")
        return {}, [_npy(array)]

    def input(self, asked: Mapping[str, Any]) -> Answer:
        """What a sample feeds the model, as a reader sees it."""
        sample = self._captured.samples[self._sample(asked, "sample")]
        arrays = [_told(name, array) for name, array in sample.feeds.items()]
        said: dict[str, Any] = {"label": sample.label, "picture": None, "tokens": None, "arrays": arrays}
        if sample.tokens is not None:
            said["tokens"] = list(sample.tokens)
        if sample.picture is None:
            return said, []
        picture = np.ascontiguousarray(sample.picture, dtype=np.uint8)
        return {**said, "picture": list(picture.shape[:2])}, [picture.tobytes()]

    def _load(self, name: str, sample: int) -> np.ndarray:
        """The tensor of one sample."""
        return self._captured.load(name, sample)

    def _mean(self, name: str) -> np.ndarray:
        """The mean over the first samples, kept for the next tile of the same tensor."""
        if name not in self._means:
            count = min(self._captured.done, MOST_AVERAGED)
            made = tiles.mean(self._load(name, sample) for sample in range(count))
            while len(self._means) >= _KEPT_MEANS:
                del self._means[next(iter(self._means))]
            self._means[name] = made
        return self._means[name]

    def _tensor(self, asked: Mapping[str, Any]) -> str:
        """The tensor of a message."""
        row = self._whole(asked.get("tensor"), "tensor")
        if row not in self._names:
            raise ModelError(f"Tensor {row} was not captured.")
        return self._names[row]

    def _sample(self, asked: Mapping[str, Any], key: str) -> int:
        """The sample of a message."""
        number, count = self._whole(asked.get(key), key), len(self._captured.samples)
        if not 0 <= number < count:
            raise ModelError(f"There is no sample {number}: there are {count}.")
        return number

    @staticmethod
    def _whole(value: Any, what: str) -> int:
        """A whole number of a message."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise ModelError(f"{what} is a whole number, not {value!r}.")
        return value


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


def _npy(array: np.ndarray) -> bytes:
    """A ``.npy`` file that plain numpy reads: types of ml_dtypes become float32.

    Raises:
        ModelError: if the values are objects, which only a pickle could hold.
    """
    if array.dtype.kind == "V":
        array = tiles.numbers(array)
    if array.dtype.hasobject:
        raise ModelError("Texts have no .npy file.")
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()
