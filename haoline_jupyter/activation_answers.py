"""What the page of an activations view asks its kernel for: tiles, arrays, inputs (docs/architecture.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.runtime import tiles
from haoline_jupyter.answering import array_file, input_of, sample_number, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from haoline_analysis.runtime import ActivationReport
    from haoline_jupyter.answering import Answer

MOST_AVERAGED = 64
"""Samples that a mean is taken over: in statistics mode each is run again."""
_KEPT_MEANS = 4


class Answers:
    """Answers about one capture."""

    KINDS: tuple[str, ...] = ("tile", "array", "input")

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
            channel = whole(channel, "channel")
        return {}, array_file(name, self._captured.load(name, self._sample(asked, "sample"), channel))

    def input(self, asked: Mapping[str, Any]) -> Answer:
        """What a sample feeds the model, as a reader sees it."""
        return input_of(self._captured.samples[self._sample(asked, "sample")])

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
        row = whole(asked.get("tensor"), "tensor")
        if row not in self._names:
            raise ModelError(f"Tensor {row} was not captured.")
        return self._names[row]

    def _sample(self, asked: Mapping[str, Any], key: str) -> int:
        """The sample of a message."""
        return sample_number(asked.get(key), len(self._captured.samples), key)
