"""Refusals of the store."""

from __future__ import annotations

from haoline_analysis.errors import ModelError


class StoreError(ModelError):
    """A folder is no stored capture, was damaged, or something asked of it is not there."""


class StoreFullError(StoreError):
    """The byte budget or the disk has no room for the next tensor; what was stored before is untouched."""
