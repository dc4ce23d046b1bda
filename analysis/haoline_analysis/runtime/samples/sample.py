"""One sample: what a single run of the model is fed, and how to show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np


@dataclass(frozen=True, eq=False)
class Sample:
    """One array per required model input, with what the reader sees of it."""

    feeds: Mapping[str, np.ndarray]
    label: str = ""  # "cat.png", "row 3"
    picture: np.ndarray | None = None  # H×W×3 uint8: the image as given, at most 1,024 pixels a side
    tokens: tuple[str, ...] | None = None  # one word per position of the token axis
    notes: tuple[str, ...] = ()  # what was assumed in making it: preset, padding
