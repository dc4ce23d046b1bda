"""Readers: bytes of a file in, :class:`~haoline_analysis.model.Model` out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haoline_analysis.model import Model

__all__ = ["open_model"]


def open_model(source: Any) -> Model:
    """Open a path (``str`` or ``Path``), ``bytes``, or an ``onnx.ModelProto``; a ``Model`` passes through.

    The format is found from the content first and the suffix second. Weights stay where they are: opening costs
    memory for the graph only.

    Raises:
        ModelError: if there is no such file, if it is of no format we read, or if it breaks its format.
    """
    from haoline_analysis.formats.registry import open_source

    return open_source(source)
