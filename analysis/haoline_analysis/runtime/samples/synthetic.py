"""Inputs made up where the user gives none: plausible in type, shape and range, and always labelled synthetic."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.runtime.samples.elements import INTEGER_LIMITS, numpy_dtype
from haoline_analysis.runtime.samples.errors import InputError
from haoline_analysis.runtime.samples.ports import show_shape
from haoline_analysis.runtime.samples.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from haoline_analysis.runtime.samples.layouts import Layout
    from haoline_analysis.runtime.samples.ports import Port
    from haoline_analysis.runtime.samples.presets import Preset
    from haoline_analysis.runtime.samples.sources import Source

MAX_BYTES = 2 << 30
"""A file may declare any size; larger inputs are not made up."""


@dataclass(frozen=True)
class Recipe:
    """How one input is made up."""

    port: Port
    shape: tuple[int, ...]
    role: str
    below: int = 2  # ids lie in 0..below-1
    table: str = ""  # what they index; "" where nothing told
    past: int = 0  # positions that a key/value cache holds already
    length: int = 1  # new positions
    layout: Layout | None = None
    preset: Preset | None = None

    def make(self, random: np.random.Generator) -> np.ndarray:
        """The array, in the port's element type."""
        values = _MAKERS[self.role](self, random)
        return np.broadcast_to(values, self.shape).astype(numpy_dtype(self.port.dtype or "float32"))

    def __str__(self) -> str:
        """``input_ids: ids below 30,522, the rows of word_embeddings, 1×128``."""
        return f"{self.port.name}: {self._what()}, {show_shape(self.shape)}"

    def _what(self) -> str:
        if self.role == "ids":
            reason = f"the rows of {self.table}" if self.table else "as nothing tells the size of the vocabulary"
            return f"random ids below {self.below:,}, {reason}"
        if self.role == "picture" and self.preset is not None:
            return f"a random picture, preset {self.preset.name}"
        return _WORDS[self.role]


_WORDS = {
    "flag": "false",
    "mask": "ones",
    "positions": "ascending positions",
    "token_types": "zeros",
    "lengths": "the length of the sequence",
    "lengths_less_one": "the length of past and new sequence less one",
    "total": "the length of past and new sequence",
    "timestep": "500",
    "past": "zeros",
    "picture": "random pixels",
    "audio": "noise of loudness 0.1",
    "text": "words",
    "integers": "ones",
    "numbers": "normally distributed numbers",
}


class Synthetic:
    """Made-up samples; the same seed makes the same ones, whoever asks and in whichever order."""

    def __init__(self, recipes: Sequence[Recipe], count: int, seed: int) -> None:
        """Make ``count`` samples.

        Raises:
            InputError: if an input is larger than 2 GiB, or no tensor.
        """
        for recipe in recipes:
            _refuse_absurd(recipe)
        self._recipes = tuple(recipes)
        self._range = range(count)
        self._seed = seed

    def __len__(self) -> int:
        """Number of samples."""
        return len(self._range)

    def sample(self, index: int) -> Sample:
        """Make one."""
        number = self._range[index]
        random = np.random.default_rng([self._seed, number])
        feeds, picture = {}, None
        for recipe in self._recipes:
            if recipe.role == "picture" and recipe.layout is not None and recipe.preset is not None:
                feeds[recipe.port.name], picture = _picture(recipe, recipe.layout, recipe.preset, random)
            else:
                feeds[recipe.port.name] = recipe.make(random)
        return Sample(feeds, self.label(index), picture)

    def label(self, index: int) -> str:
        """Its number."""
        return f"synthetic {self._range[index]}"

    def part(self, start: int, stop: int) -> Source:
        """The same samples, fewer of them."""
        piece = Synthetic(self._recipes, 0, self._seed)
        piece._range = self._range[start:stop]
        return piece


def _refuse_absurd(recipe: Recipe) -> None:
    if not recipe.port.is_tensor:
        what = f"input {recipe.port.name!r} is a {recipe.port.dtype}"
        raise InputError(f"{what}, which cannot be fed: only tensors can")
    needed = prod(recipe.shape) * numpy_dtype(recipe.port.dtype or "float32").itemsize
    if needed > MAX_BYTES:
        raise InputError(
            f"input {recipe.port.name!r} would take {needed:,} bytes at {show_shape(recipe.shape)}: give it yourself"
        )


def _picture(
    recipe: Recipe, layout: Layout, preset: Preset, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray | None]:
    """Smooth blobs with some noise, so that filters have edges and areas to answer to."""
    height, width = recipe.shape[-3:][1:] if "CHW" in layout.order else recipe.shape[-3:-1]
    each = [
        _blobs(height, width, layout.channels, random) for _ in range(recipe.shape[0] if "N" in layout.order else 1)
    ]
    placed = [preset.normalise(pixels, layout) for pixels in each]
    feed = np.concatenate(placed) if layout.order.startswith("N") and placed else placed[0]
    shown = np.repeat(each[0], 3, axis=2) if layout.channels == 1 else each[0][..., :3]
    return feed.astype(numpy_dtype(layout.port.dtype)), shown


def _blobs(height: int, width: int, channels: int, random: np.random.Generator) -> np.ndarray:
    """H×W×C uint8 with energy at several scales."""
    total = np.zeros((height, width, channels))
    for cells in (2, 4, 8, 16):
        coarse = random.uniform(-1, 1, (cells + 1, cells + 1, channels)) / np.sqrt(cells)
        total += _spread(coarse, height, width)
    total += random.normal(0, 0.05, total.shape)
    return (127.5 + 100 * total).clip(0, 255).astype(np.uint8)


def _spread(coarse: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bilinear interpolation of a small grid to H×W."""
    y, x = np.linspace(0, len(coarse) - 1, height), np.linspace(0, len(coarse) - 1, width)
    top, left = np.minimum(y.astype(int), len(coarse) - 2), np.minimum(x.astype(int), len(coarse) - 2)
    dy, dx = (y - top)[:, None, None], (x - left)[:, None]
    rows = coarse[top] * (1 - dy) + coarse[top + 1] * dy
    spread: np.ndarray = rows[:, left] * (1 - dx) + rows[:, left + 1] * dx
    return spread


def _ids(recipe: Recipe, random: np.random.Generator) -> np.ndarray:
    """Ids without 0, which often means padding."""
    return random.integers(min(1, recipe.below - 1), recipe.below, recipe.shape)


def _positions(recipe: Recipe, _: np.random.Generator) -> np.ndarray:
    count = recipe.shape[-1] if recipe.shape else 1
    return np.arange(recipe.past, recipe.past + count) if recipe.shape else np.array(recipe.past)


def _integers(recipe: Recipe, random: np.random.Generator) -> np.ndarray:
    """Ones, which are valid masks, counts and indices; anything for the bytes of a quantized model."""
    word = recipe.port.dtype
    if word in {"int8", "uint8", "int4", "uint4", "int2", "uint2"} and len(recipe.shape) > 1:
        low, high = INTEGER_LIMITS.get(word) or (-128 if word == "int8" else 0, 127 if word == "int8" else 255)
        return random.integers(low, high + 1, recipe.shape)
    return np.ones(())


def _numbers(recipe: Recipe, random: np.random.Generator) -> np.ndarray:
    return random.standard_normal(recipe.shape, np.float32)


_MAKERS: dict[str, Callable[[Recipe, np.random.Generator], np.ndarray]] = {
    "flag": lambda *_: np.zeros(()),
    "mask": lambda *_: np.ones(()),
    "positions": _positions,
    "token_types": lambda *_: np.zeros(()),
    "lengths": lambda recipe, _: np.array(recipe.length),
    "lengths_less_one": lambda recipe, _: np.array(recipe.past + recipe.length - 1),
    "total": lambda recipe, _: np.array(recipe.past + recipe.length),
    "timestep": lambda *_: np.array(500),
    "ids": _ids,
    "past": lambda *_: np.zeros(()),
    "picture": lambda recipe, random: (
        _integers(recipe, random) if recipe.port.is_integer else random.random(recipe.shape)
    ),
    "audio": lambda recipe, random: _numbers(recipe, random) * np.float32(0.1),
    "text": lambda *_: np.array("text"),
    "integers": _integers,
    "numbers": _numbers,
}
