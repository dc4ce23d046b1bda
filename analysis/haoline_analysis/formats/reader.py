"""What a reader is, and what it says about its format."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from haoline_analysis.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from haoline_analysis.formats.source import Source
    from haoline_analysis.model import Model

CONVERSIONS = ("full", "lossy", "partial", "none")
"""How much of a model survives a conversion; what is not listed is ``none``."""


@dataclass(frozen=True)
class FormatInfo:
    """A format as ``%haoline --formats`` lists it."""

    name: str
    """One word: ``onnx``, ``gguf``; what ``Model.format`` says."""
    label: str
    """As people call it: ``ONNX``, ``TensorRT engine``."""
    suffixes: tuple[str, ...]
    """Usual suffixes in lower case, with the dot; empty for folders and objects."""
    yields: str
    """What a report of it holds, in a few words: ``ops, weights``."""
    needs: str = ""
    """What must be installed or there, beyond this package: ``torch``, ``a GPU and tensorrt``; empty: nothing."""
    converts: Mapping[str, str] = field(default_factory=dict)
    """Name of a format it can be written as, to one of ``CONVERSIONS``."""


class Reader(Protocol):
    """Reads one format. Formats that can be written have ``write(model, path)`` too."""

    info: FormatInfo

    def can_read(self, source: Source) -> bool:
        """Whether the first bytes, or failing those the path or the type, are of this format. Cheap."""

    def read(self, source: Source, **options: Any) -> Model:
        """Open the model; ``options`` are those that this format knows.

        Raises:
            ModelError: if it is refused, or an option is not known.
        """


def refuse_options(info: FormatInfo, options: Mapping[str, Any], *known: str) -> None:
    """Refuse options that a format does not know.

    Raises:
        ModelError: if there is one.
    """
    unknown = [name for name in options if name not in known and options[name] is not None]
    if unknown:
        knows = f"; it knows {', '.join(known)}" if known else ""
        raise ModelError(f"a model of the format {info.label} has no option {', '.join(unknown)}{knows}")
