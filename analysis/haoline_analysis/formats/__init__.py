"""Readers: bytes of a file in, :class:`~haoline_analysis.model.Model` out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haoline_analysis.formats.reader import FormatInfo
    from haoline_analysis.model import Model

__all__ = ["formats", "open_model"]


def open_model(source: Any, **options: Any) -> Model:
    """Open whatever somebody has; a ``Model`` passes through.

    Args:
        source: a path (``str`` or ``Path``) of a file or a model folder, ``bytes``, an ``onnx.ModelProto``, or a
            PyTorch module or exported program.
        options: what the format knows beyond that: ``example_inputs`` of a module, ``profile`` of an engine, …

    The format is found from the content first and the suffix second. Weights stay where they are: opening costs
    memory for the graph only, and nothing in the file runs.

    Raises:
        ModelError: if there is no such file, if it is of no format we read, or if it breaks its format.
    """
    from haoline_analysis.formats.registry import open_source

    return open_source(source, **options)


def formats() -> list[FormatInfo]:
    """The formats that can be read, those of other packages included."""
    from haoline_analysis.formats.registry import readers

    return [reader.info for reader in readers()]
