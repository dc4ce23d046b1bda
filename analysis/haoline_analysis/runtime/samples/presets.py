"""Preprocessing presets: from the pixels of a picture to the numbers a model was trained on."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.runtime.samples.errors import InputError, closest
from haoline_analysis.shapes.dims import TIMES

if TYPE_CHECKING:
    from haoline_analysis.runtime.samples.layouts import Layout


_ZEROS: tuple[float, float, float] = (0.0, 0.0, 0.0)
_ONES: tuple[float, float, float] = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Preset:
    """``(pixel * scale - mean) / std`` per channel, after the picture was fitted to the input's size."""

    name: str
    scale: float  # 1/255: pixels become 0..1
    mean: tuple[float, float, float] = _ZEROS  # R G B, after scaling
    std: tuple[float, float, float] = _ONES
    fit: str = "crop"  # the middle at full height or width; "stretch"; "pad" with grey
    margin: float = 1.0  # of a crop: the part of the picture that the input's size is of
    bgr: bool = False
    size: tuple[int, int] | None = None  # height, width, where the model leaves them open
    source: str = ""

    def normalise(self, pixels: np.ndarray, layout: Layout) -> np.ndarray:
        """H×W×C uint8 of the input's size and channels to float32, or uint8 where nothing changes, in its axes."""
        if self.scale == 1 and self.mean == _ZEROS and self.std == _ONES:
            ordered = pixels[..., ::-1] if self.bgr and layout.channels == 3 else pixels
            return layout.place(ordered.astype(np.uint8 if layout.port.is_integer else np.float32))
        mean, std = _statistics(self.mean, layout.channels, 0), _statistics(self.std, layout.channels, 1)
        numbers = (pixels.astype(np.float32) * np.float32(self.scale) - mean) / std
        return layout.place(numbers[..., ::-1] if self.bgr and layout.channels == 3 else numbers)

    def __str__(self) -> str:
        """What it does, in words."""
        steps = [
            {"crop": "resized and cropped to the middle", "stretch": "resized", "pad": "resized and padded"}[self.fit]
        ]
        steps.append("pixels 0..255" if self.scale == 1 else "pixels 0..1")
        if self.mean != _ZEROS:
            steps.append(f"minus ({', '.join(f'{m:g}' for m in self.mean)})")
        if self.std != _ONES:
            steps.append(f"divided by ({', '.join(f'{s:g}' for s in self.std)})")
        return ", ".join([*steps, "B G R"] if self.bgr else steps)


_HALF = (0.5, 0.5, 0.5)
_PRESETS = (
    Preset(
        "imagenet", 1 / 255, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), margin=0.875,
        source="torchvision.transforms._presets.ImageClassification",
    ),
    Preset("0-1", 1 / 255),
    Preset("-1-1", 1 / 255, _HALF, _HALF),
    Preset(
        "clip", 1 / 255, (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711),
        source="preprocessor_config.json of openai/clip-vit-base-patch32",
    ),
    Preset("siglip", 1 / 255, _HALF, _HALF, fit="stretch", source="preprocessor_config.json of google/siglip-base"),
    Preset("letterbox", 1 / 255, fit="pad", source="YOLO detectors: kept in proportion, padded with grey 114"),
    Preset("caffe", 1, (123.68, 116.779, 103.939), bgr=True, source="Keras' mode 'caffe', Caffe's VGG and ResNet"),
    Preset("raw", 1),
)  # fmt: skip

PRESETS: dict[str, Preset] = {preset.name: preset for preset in _PRESETS}
"""All presets by name."""

ALIASES = {"torch": "imagenet", "torchvision": "imagenet", "tf": "-1-1", "inception": "-1-1", "yolo": "letterbox",
           "0..1": "0-1", "-1..1": "-1-1", "0..255": "raw", "0-255": "raw", "none": "raw"}  # fmt: skip

MAX_SIDE = 16_384
"""Sizes beyond this are a typing error."""


def find_preset(name: str) -> Preset:
    """A preset by name, with a size where one follows: ``"0-1:640"``, ``"imagenet:320x480"`` (height × width).

    Raises:
        InputError: if there is none of that name, with the closest.
    """
    word, _, size = name.strip().lower().partition(":")
    preset = PRESETS.get(ALIASES.get(word, word))
    if preset is None:
        names = ", ".join(PRESETS)
        raise InputError(f"no preset is called {name!r}: {closest(word, [*PRESETS, *ALIASES])}there are {names}")
    return replace(preset, size=_size(size, name)) if size else preset


def _size(text: str, name: str) -> tuple[int, int]:
    found = re.fullmatch(rf"(\d+)(?:[x{TIMES}](\d+))?", text)
    if not found or not all(0 < int(side) <= MAX_SIDE for side in found.groups() if side):
        raise InputError(f"preset {name!r}: a size is a number of pixels or HEIGHTxWIDTH, not {text!r}")
    return int(found[1]), int(found[2] or found[1])


def _statistics(of_rgb: tuple[float, float, float], channels: int, alpha: float) -> np.ndarray:
    """Per channel of the input: for grey the mean of R, G and B, for a fourth channel ``alpha``."""
    of_channels = (sum(of_rgb) / 3,) if channels == 1 else (*of_rgb, alpha)[:channels]
    return np.array(of_channels, np.float32)
