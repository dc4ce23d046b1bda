"""Tensors of a run on disk: written within a byte budget, read back a sample or a channel at a time.

A capture is a folder with two files: one that all arrays are appended to, and the manifest, which says where each of
them lies and is written last.
"""

from haoline_analysis.runtime.store.errors import StoreError, StoreFullError
from haoline_analysis.runtime.store.reading import StoredTensors
from haoline_analysis.runtime.store.writing import TensorStore

__all__ = ["StoreError", "StoreFullError", "StoredTensors", "TensorStore"]
