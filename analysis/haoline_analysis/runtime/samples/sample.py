"""One sample: what a single run of the model is fed, and how to show it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.runtime.samples.ports import show_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Sample:
    """One array per required model input, with what the reader sees of it."""

    def __init__(
        self,
        feeds: Mapping[str, np.ndarray],
        label: str = "",
        picture: np.ndarray | Callable[[], np.ndarray | None] | None = None,
        tokens: Sequence[str] | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        """Hold ``feeds``; ``picture`` may be a function that makes it when somebody looks."""
        self.feeds = feeds
        self.label = label
        """``"cat.png"``, ``"row 3"``."""
        self.tokens = None if tokens is None else tuple(tokens)
        """One word per position of the token axis; None where there are no words."""
        self.notes = tuple(notes)
        """What was assumed in making it: preset, padding."""
        self._picture = picture

    @cached_property
    def picture(self) -> np.ndarray | None:
        """The image as given, or what the numbers fed look like: H×W×3 uint8, at most 1,024 pixels a side."""
        made = self._picture
        return made if made is None or isinstance(made, np.ndarray) else made()

    def labelled(self, label: str) -> Sample:
        """The same under another label."""
        return Sample(self.feeds, label, self._picture, self.tokens, self.notes)

    def noted(self, note: str) -> Sample:
        """The same with one more note."""
        return Sample(self.feeds, self.label, self._picture, self.tokens, (*self.notes, note))

    def fed(
        self,
        feeds: Mapping[str, np.ndarray],
        label: str,
        otherwise: Callable[[], np.ndarray | None] | None = None,
    ) -> Sample:
        """The same with other feeds; ``otherwise`` makes a picture where none was given."""
        return Sample(feeds, label, otherwise if self._picture is None else self._picture, self.tokens, self.notes)

    def __repr__(self) -> str:
        """``Sample('cat.png', image 1×3×224×224)``."""
        shapes = ", ".join(f"{name} {show_shape(array.shape)}" for name, array in self.feeds.items())
        return f"Sample({self.label!r}, {shapes})"
