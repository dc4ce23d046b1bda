"""Image files from strangers to pixels, and pixels to the size of an input. Needs Pillow, imported here only."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.runtime.samples.errors import InputError, missing_extra, reason
from haoline_analysis.runtime.samples.layouts import MAX_SHOWN
from haoline_analysis.runtime.samples.ports import show_shape

if TYPE_CHECKING:
    from pathlib import Path

    from haoline_analysis.runtime.samples.layouts import Layout
    from haoline_analysis.runtime.samples.presets import Preset

MAX_PIXELS = 100_000_000
"""Larger images are refused before they are unpacked: a small file can claim any size."""

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
"""Read by content; formats that run other programs (EPS) or hide others (ICO, PDF) are not."""

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".pnm"})

_PAD_GREY = 114


def pillow() -> Any:
    """``PIL.Image``.

    Raises:
        MissingExtraError: if Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise missing_extra("reading images", "images") from error
    return Image


def read_picture(path: Path) -> Any:
    """The image of a file, upright, as a PIL image in mode L, RGB or RGBA; of an animation the first frame.

    Raises:
        InputError: if it is no image, too large, or broken.
        MissingExtraError: if Pillow is not installed.
    """
    image_module = pillow()
    from PIL import ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large images, where our limit decides, and of damaged tags
            with image_module.open(path, formats=FORMATS) as image:
                _refuse_bomb(image, path.name)
                image.load()
                return _plain(ImageOps.exif_transpose(image))
    except InputError:
        raise
    except image_module.DecompressionBombError as error:
        raise InputError(f"{path.name}: more than {MAX_PIXELS:,} pixels, which are not unpacked") from error
    except Exception as error:
        unknown = isinstance(error, image_module.UnidentifiedImageError)
        raise InputError(f"{path.name}: {'no image that can be read' if unknown else reason(error)}") from error


def _refuse_bomb(image: Any, name: str) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise InputError(f"{name}: {width:,}×{height:,} pixels are more than {MAX_PIXELS:,}, which are not unpacked")


def _plain(image: Any) -> Any:
    """One of L, RGB, RGBA; 16-bit and float greys are scaled, not clipped."""
    if image.mode.startswith(("I", "F")):
        return pillow().fromarray(_eight_bits(np.asarray(image), image.mode))
    if image.mode in {"L", "RGB", "RGBA"}:
        return image.copy()
    if image.mode in {"1", "LA", "La"}:
        return image.convert("L")
    transparent = "transparency" in image.info or image.mode in {"PA", "RGBa"}
    return image.convert("RGBA" if transparent else "RGB")


def _eight_bits(array: np.ndarray, mode: str) -> np.ndarray:
    if mode.startswith("I;16") or (mode == "I" and 255 < array.max(initial=0) <= 0xFFFF):
        return (array.clip(0, 0xFFFF) // 257).astype(np.uint8)
    numbers = np.nan_to_num(array.astype(np.float32))
    low, high = float(numbers.min(initial=0)), float(numbers.max(initial=0))
    if low >= 0 and 1 < high <= 255:
        return numbers.astype(np.uint8)
    scaled: np.ndarray = (numbers - low) * (255 / (high - low) if high > low else 0)
    return scaled.astype(np.uint8)


def picture_of_array(array: np.ndarray) -> Any:
    """A PIL image of H×W, H×W×1, H×W×3 or H×W×4 uint8 pixels.

    Raises:
        InputError: if the array is no picture.
    """
    pixels = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    if array.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))):
        came = f"{array.dtype} {show_shape(array.shape)}"
        raise InputError(
            f"a picture is height×width×channels of uint8, got {came}: give pixels or leave out the preset"
        )
    if not pixels.size:
        raise InputError("a picture without pixels")
    return pillow().fromarray(np.ascontiguousarray(pixels))


def shown_pixels(image: Any) -> np.ndarray:
    """H×W×3 uint8 for display, shrunk to at most 1,024 pixels a side."""
    small = image.convert("RGB")
    small.thumbnail((MAX_SHOWN, MAX_SHOWN))
    return np.asarray(small)


def fitted(image: Any, preset: Preset, layout: Layout, default: tuple[int, int]) -> np.ndarray:
    """H×W×C uint8 pixels of the input's size and channels; ``default`` (height, width) where that is open."""
    wanted = preset.size or default
    height, width = layout.height or wanted[0], layout.width or wanted[1]
    converted = image.convert({1: "L", 3: "RGB", 4: "RGBA"}[layout.channels])
    if preset.fit == "stretch":
        placed = converted.resize((width, height), pillow().Resampling.BICUBIC)
    elif preset.fit == "pad":
        placed = _padded(converted, height, width)
    else:
        placed = _cropped(converted, height, width, preset.margin if min(height, width) >= 64 else 1.0)
    pixels = np.asarray(placed)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _cropped(image: Any, height: int, width: int, margin: float) -> Any:
    """The middle of the picture, in proportion, in one pass of antialiased bicubic resampling."""
    scale = max(height / image.height, width / image.width) / margin
    crop_height, crop_width = min(height / scale, image.height), min(width / scale, image.width)
    left, top = (image.width - crop_width) / 2, (image.height - crop_height) / 2
    box = (left, top, left + crop_width, top + crop_height)
    return image.resize((width, height), pillow().Resampling.BICUBIC, box=box)


def _padded(image: Any, height: int, width: int) -> Any:
    """The whole picture in proportion, in the middle of grey."""
    scale = min(height / image.height, width / image.width)
    inner = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    grey = {"L": _PAD_GREY, "RGB": (_PAD_GREY,) * 3, "RGBA": (*(_PAD_GREY,) * 3, 255)}[image.mode]
    canvas = pillow().new(image.mode, (width, height), grey)
    canvas.paste(image.resize(inner, pillow().Resampling.BICUBIC), ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return canvas
