"""What the user's preprocessing and tokenizer come to for one model; worked out only when an input needs it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from haoline_analysis.runtime.samples.errors import InputError
from haoline_analysis.runtime.samples.guess import guess_preset
from haoline_analysis.runtime.samples.layouts import picture_layout
from haoline_analysis.runtime.samples.pictured import PictureWay
from haoline_analysis.runtime.samples.presets import Preset, find_preset
from haoline_analysis.runtime.samples.reader import Reader
from haoline_analysis.runtime.samples.texts import TextWay
from haoline_analysis.runtime.samples.tokenizing import tokenizer_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from haoline_analysis.runtime.samples.layouts import Layout
    from haoline_analysis.runtime.samples.recipes import Facts

_USUAL_SIZE = (224, 224)


class Ways:
    """How pictures and texts reach a model."""

    def __init__(self, facts: Facts, preprocess: str | Callable[[Any], Any] | None, tokenizer: Any) -> None:
        """Check what the user chose.

        Raises:
            InputError: if there is no preset of that name, or ``preprocess`` is neither name nor function.
        """
        self.facts = facts
        self.preset = find_preset(preprocess) if isinstance(preprocess, str) else None
        self.function = preprocess if not isinstance(preprocess, str) else None
        if self.function is not None and not callable(self.function):
            raise InputError(f"preprocess is the name of a preset or a function, not {type(preprocess).__name__}")
        self._tokenizer = tokenizer

    @property
    def has_tokenizer(self) -> bool:
        """Whether strings may be texts."""
        return self._tokenizer is not None

    @property
    def takes_strings(self) -> bool:
        """Whether the model reads text itself."""
        return any(port.dtype == "string" for port in self.facts.ports)

    @cached_property
    def reader(self) -> Reader:
        """Makes samples of items."""
        pictures, why_not = self._pictures()
        texts = None if self._tokenizer is None else TextWay.of(tokenizer_of(self._tokenizer), self.facts)
        return Reader(self.facts.ports, pictures, why_not, texts, self.function, self.preset is not None)

    def without_function(self) -> Reader:
        """Reads what the user's function returned."""
        return replace(self.reader, function=None)

    def _pictures(self) -> tuple[PictureWay | None, str]:
        if self.function is not None:
            return PictureWay(None, None, self.function, (0, 0)), ""
        try:
            layout = picture_layout(self.facts.ports, self.facts.channels)
        except InputError as error:
            return None, str(error)
        preset, why = (self.preset, "as asked") if self.preset else guess_preset(self.facts.model, layout)
        return PictureWay(layout, preset, None, self._default(layout, preset), why), ""

    def _default(self, layout: Layout, preset: Preset) -> tuple[int, int]:
        """The size of pictures; the model is evaluated only if it leaves that open."""
        if layout.height and layout.width:
            return layout.height, layout.width
        try:
            return preset.size or self.facts.size_of(layout)
        except InputError:  # a model that tells too little; pictures are refused when they do not fit
            return _USUAL_SIZE
