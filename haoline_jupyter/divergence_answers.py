"""What the page of a divergence view asks its kernel for at once: tiles, arrays, inputs (docs/architecture.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.runtime import tiles
from haoline_jupyter.answering import array_file, input_of, sample_number, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from haoline_analysis.quantization import DivergenceReport
    from haoline_jupyter.answering import Answer

SIDES = ("float", "variant", "difference", "local")
"""What is asked of a tensor: either side, variant less float, or what the op adds to that by itself."""


class DivergenceAnswers:
    """Answers about one comparison."""

    KINDS: tuple[str, ...] = ("tile", "array", "input")

    def __init__(self, compared: DivergenceReport) -> None:
        """Tensors are asked for by their rows in the table of the float model's report."""
        self._compared = compared
        self._names = compared.report.tables["tensors"]["name"].values
        self._known = set(compared.tensors.index)

    def to(self, kind: str, asked: Mapping[str, Any]) -> Answer:
        """What is said, and the bytes that go with it.

        Raises:
            ModelError: if there is no such thing, or it cannot be had.
        """
        return {"tile": self.tile, "array": self.array, "input": self.input}[kind](asked)

    def tile(self, asked: Mapping[str, Any]) -> Answer:
        """Maps or a plane of one side of a tensor, or of the error."""
        name, view = self._tensor(asked), tiles.view_of(asked.get("view"))
        maps = view.cut(self._load(name, asked), self._compared.channel_axis(name))
        made = tiles.tile(maps, view.size)
        return made.header(), [made.payload()]

    def array(self, asked: Mapping[str, Any]) -> Answer:
        """One side of a tensor, or one channel of it, as a ``.npy`` file."""
        name, channel = self._tensor(asked), asked.get("channel")
        array = self._load(name, asked, None if channel is None else whole(channel, "channel"))
        return {}, array_file(name, array)

    def input(self, asked: Mapping[str, Any]) -> Answer:
        """What a sample feeds both models, as a reader sees it."""
        return input_of(self._compared.samples[self._sample(asked)])

    def _load(self, name: str, asked: Mapping[str, Any], channel: int | None = None) -> np.ndarray:
        """The side of a tensor that a message asks for.

        Raises:
            ModelError: if there is no such side.
        """
        which = asked.get("which", SIDES[0])
        if which not in SIDES:
            raise ModelError(f"{which!r} is none of {', '.join(SIDES)}.")
        array: np.ndarray = self._compared.load(name, self._sample(asked), which, channel)
        return array

    def _tensor(self, asked: Mapping[str, Any]) -> str:
        """The tensor of a message."""
        row = whole(asked.get("tensor"), "tensor")
        name = str(self._names[row]) if 0 <= row < len(self._names) else ""
        if name not in self._known:
            raise ModelError(f"Tensor {row} was not compared.")
        return name

    def _sample(self, asked: Mapping[str, Any]) -> int:
        """The sample of a message."""
        return sample_number(asked.get("sample"), len(self._compared.samples))
