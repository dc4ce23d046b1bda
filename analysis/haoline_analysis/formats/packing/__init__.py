"""Packed weights of checkpoints: which stored tensors make up one weight, in what scheme, and its real numbers."""

from __future__ import annotations

from haoline_analysis.formats.packing.applying import apply_packings
from haoline_analysis.formats.packing.finding import find_packings
from haoline_analysis.formats.packing.stored_tensors import PackedWeight, StoredTensor

__all__ = ["PackedWeight", "StoredTensor", "apply_packings", "find_packings"]
