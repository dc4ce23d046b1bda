"""Pictures as samples: a file, a PIL image or pixels, through a preset into the one input that takes a picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.runtime.samples.errors import InputError
from haoline_analysis.runtime.samples.pictures import fitted, picture_of_array, read_picture, shown_pixels
from haoline_analysis.runtime.samples.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from haoline_analysis.runtime.samples.layouts import Layout
    from haoline_analysis.runtime.samples.presets import Preset
    from haoline_analysis.runtime.samples.sources import Source


@dataclass(frozen=True)
class PictureWay:
    """How pictures become feeds: a preset for a layout, or the user's own function."""

    layout: Layout | None  # None: the function alone decides
    preset: Preset | None
    function: Callable[[np.ndarray], Any] | None
    default: tuple[int, int]  # height, width where the model leaves them open
    why: str = ""  # the preset was chosen

    def notes(self) -> tuple[str, ...]:
        """What is done to pictures."""
        if self.preset is None:
            return (f"pictures are preprocessed by {getattr(self.function, '__name__', 'a function')}",)
        return (f"pictures, preset {self.preset.name} ({self.why}): {self.preset}",)

    def feeds(self, image: Any) -> Any:
        """Feeds (or, from a function, whatever it returned) of a PIL image."""
        if self.function is not None:
            return self.function(np.asarray(image.convert("RGB")))
        assert self.layout is not None
        assert self.preset is not None
        pixels = fitted(image, self.preset, self.layout, self.default)
        return {self.layout.port.name: self.preset.normalise(pixels, self.layout)}


class Picture:
    """One picture, opened when it is asked for."""

    def __init__(self, given: Any, way: PictureWay, named: Callable[[Any], Any], label: str = "") -> None:
        """Hold a path, PIL image or array of pixels; ``named`` gives names to what the way returns."""
        self._given = given
        self._way = way
        self._named = named
        self._label = label

    def __len__(self) -> int:
        """One."""
        return 1

    def sample(self, index: int) -> Sample:  # noqa: ARG002
        """Open and preprocess it."""
        image = open_picture(self._given)
        try:
            feeds = self._named(self._way.feeds(image))
        except ModelError as error:
            raise InputError(f"{self._label}: {error}" if self._label else str(error)) from error
        return Sample(feeds, self._label, partial(shown_pixels, image), notes=self._way.notes())

    def label(self, index: int) -> str:  # noqa: ARG002
        """What a sample is called."""
        return self._label

    def part(self, start: int, stop: int) -> Source:  # noqa: ARG002
        """Itself."""
        return self


def is_picture(value: Any) -> bool:
    """Whether it is a PIL image, without importing Pillow."""
    return any(base.__module__ == "PIL.Image" for base in type(value).__mro__)


def open_picture(given: Any) -> Any:
    """A PIL image of a path, a PIL image or an array of uint8 pixels."""
    if isinstance(given, Path):
        return read_picture(given)
    if isinstance(given, np.ndarray):
        return picture_of_array(given)
    return given.convert("RGB") if given.mode not in {"L", "RGB", "RGBA"} else given
