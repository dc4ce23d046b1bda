"""Which input takes a picture, and how its axes stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.runtime.samples.errors import InputError, listed
from haoline_analysis.shapes.roles import CHANNELS, HEIGHT, PAST, SEQUENCE, TOTAL, WIDTH, role_of_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from haoline_analysis.model import Dim
    from haoline_analysis.runtime.samples.ports import Port

CHANNEL_COUNTS = (1, 3, 4)
"""Grey, RGB, RGBA: what else has three axes is no picture."""

MAX_SHOWN = 1024
"""Longest side of a picture kept for display."""

_PICTURE_TYPES = frozenset({"float32", "float16", "bfloat16", "float64", "uint8", "int8"})
_NO_PICTURE = re.compile(
    r"mask|past|cache|bias|(^|(?<!pixel)[._])(key|value)s?\b|hidden|embed|state|logits", re.IGNORECASE
)
_NO_SIZES = (PAST, SEQUENCE, TOTAL)


@dataclass(frozen=True)
class Layout:
    """How a picture lies in an input; sizes are None where the model leaves them open."""

    port: Port
    order: str  # "NCHW", "NHWC", "CHW", "HWC"
    channels: int
    height: int | None
    width: int | None

    def place(self, pixels: np.ndarray) -> np.ndarray:
        """H×W×C to the input's axes, with a batch axis of 1 where it has one."""
        placed = pixels.transpose(2, 0, 1) if "CHW" in self.order else pixels
        return placed[None] if self.order.startswith("N") else placed

    def take(self, array: np.ndarray) -> np.ndarray:
        """The first picture of a feed, H×W×C."""
        first = array[0] if self.order.startswith("N") else array
        return first.transpose(1, 2, 0) if "CHW" in self.order else first


def layout_of(port: Port, channels: int | None = None) -> Layout | None:
    """The layout of a port that can take pictures, else None; ``channels``: what its weights demand, if known."""
    shape = port.shape
    if shape is None or port.dtype not in _PICTURE_TYPES or len(shape) not in (3, 4) or _NO_PICTURE.search(port.name):
        return None
    dims = shape[-3:]
    if len(shape) == 3 and not _certain(dims):
        return None
    if any(role_of(dim) in _NO_SIZES for dim in dims):
        return None
    last = _channels_last(dims)
    count = dims[2] if last else dims[0]
    if isinstance(count, int) and count not in CHANNEL_COUNTS:
        return None
    height, width = (dims[0], dims[1]) if last else (dims[1], dims[2])
    chosen = count if isinstance(count, int) else (channels if channels in CHANNEL_COUNTS else 3)
    order = ("N" if len(shape) == 4 else "") + ("HWC" if last else "CHW")
    return Layout(port, order, chosen, _size(height), _size(width))


def picture_layout(ports: Sequence[Port], channels: Mapping[str, int | None]) -> Layout:
    """The layout of the one input that takes pictures.

    Raises:
        InputError: if there is none, or more than one.
    """
    found = [layout for port in ports if (layout := layout_of(port, channels.get(port.name)))]
    if len(found) == 1:
        return found[0]
    if not found:
        inputs = "; ".join(f"{port.name!r} {port}" for port in ports) or "none"
        raise InputError(f"no input of the model takes a picture (its inputs: {inputs}): give arrays or preprocess=…")
    names = listed(layout.port.name for layout in found)
    raise InputError(f"the model takes several pictures, {names}: give a dict, {{name: picture}}")


def picture_in(feeds: Mapping[str, np.ndarray], ports: Sequence[Port]) -> np.ndarray | None:
    """What an array fed to a picture input looks like, H×W×3 uint8, its range stretched; None where it is none."""
    layouts = [layout for port in ports if (layout := layout_of(port))]
    if len(layouts) != 1:
        return None
    array = feeds[layouts[0].port.name]
    if not array.size or array.shape[-3:][0 if "CHW" in layouts[0].order else 2] not in CHANNEL_COUNTS:
        return None
    return stretched(layouts[0].take(array))


def stretched(pixels: np.ndarray) -> np.ndarray:
    """H×W×C numbers as H×W×3 uint8, from their least to their greatest; NaN is black."""
    step = -(-max(pixels.shape[:2]) // MAX_SHOWN)
    small = np.nan_to_num(pixels[::step, ::step, :3].astype(np.float32), nan=0, posinf=0, neginf=0)
    low, high = float(small.min()), float(small.max())
    scaled = (small - low) * (255 / (high - low) if high > low else 0)
    grey = scaled.shape[2] < 3
    rgb: np.ndarray = np.repeat(scaled[..., :1], 3, axis=2) if grey else scaled
    whole: np.ndarray = np.rint(rgb).astype(np.uint8)
    return whole


def _size(dim: Dim) -> int | None:
    return dim if isinstance(dim, int) else None


def _channels_last(dims: Sequence[Dim]) -> bool:
    """Told by the fixed sizes, then by the names of open dims; channels first where nothing tells."""
    first, last = dims[0], dims[2]
    if last in CHANNEL_COUNTS and first not in CHANNEL_COUNTS:
        return role_of(first) is not CHANNELS
    if first in CHANNEL_COUNTS or isinstance(first, int):
        return False
    return role_of(last) is CHANNELS or (role_of(first) is HEIGHT and role_of(dims[1]) is WIDTH)


def _certain(dims: Sequence[Dim]) -> bool:
    """Whether three axes without a batch are a picture: RGB or RGBA beside two sizes (1×T×F are hidden states)."""
    channels = [dim for dim in (dims[0], dims[2]) if dim in (3, 4)]
    sizes = dims[1:] if dims[0] in (3, 4) else dims[:2]
    return bool(channels) and all(isinstance(size, int) and size >= 8 for size in sizes)


def role_of(dim: Dim) -> object:
    """The role that a dim's name tells in a picture, None for a number or a made-up name."""
    return role_of_name(dim, 4) if isinstance(dim, str) and dim else None
