"""Pickles read as data: what they would build, and what they would import and run, without doing either."""

from __future__ import annotations

from haoline_analysis.formats.torch.pickles.machine import Pickle, scan
from haoline_analysis.formats.torch.pickles.values import Built, Global, Pairs, Persistent

__all__ = ["Built", "Global", "Pairs", "Persistent", "Pickle", "scan"]
