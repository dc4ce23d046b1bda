"""Calibration samples, checked while they are fed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.runtime.samples import Samples

FEW = 8
"""Fewer samples seldom show the ranges that tensors have."""


class CalibrationData:
    """Samples in order, with a hash of all that was fed and notes about what is odd."""

    def __init__(self, samples: Samples) -> None:
        """Feed ``samples``.

        Raises:
            ModelError: if there are none.
        """
        if not len(samples):
            raise ModelError("The calibration data holds no samples.")
        self.samples = samples
        self._hash = hashlib.sha256()
        self._constant: dict[str, bool] = {}
        self._first: dict[str, np.ndarray] = {}
        self.count = 0

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.samples)

    def __iter__(self) -> Iterator[dict[str, np.ndarray]]:
        """The feeds of each sample, NaN and infinite values refused; a second time they are not counted again.

        Raises:
            ModelError: if a sample does not fit, or is not finite; the message names it.
        """
        for index in range(len(self.samples)):
            sample = self.samples[index]
            if index == self.count:
                for name, array in sample.feeds.items():
                    self._check(name, array, self.samples.label(index))
                self.count += 1
            yield dict(sample.feeds)

    def _check(self, name: str, array: np.ndarray, label: str) -> None:
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            bad = int(np.size(array) - np.isfinite(array).sum())
            raise ModelError(f"Calibration {label}: input {name!r} has {bad:,} NaN or infinite values; take it out.")
        self._hash.update(f"{name}:{array.dtype.str}:{array.shape}".encode())
        self._hash.update(np.ascontiguousarray(array).data if array.dtype.kind in "biuf" else repr(array).encode())
        first = self._first.setdefault(name, array)
        same = array is first or (first.shape == array.shape and np.array_equal(first, array))
        self._constant[name] = self._constant.get(name, True) and same

    @property
    def sha256(self) -> str:
        """Of everything fed so far: names, types, shapes and elements."""
        return self._hash.hexdigest()

    def notes(self) -> list[str]:
        """What a reader should know of the data, once it was fed."""
        said = list(self.samples.notes)
        if self.samples.synthetic:
            said.append("Calibrated on made-up values: the ranges are not those of real data.")
        if self.count < FEW:
            said.append(f"Calibrated on {self.count} sample{'s'[: self.count != 1]} only: ranges may be too narrow.")
        if self.count > 1 and self._constant and all(self._constant.values()):
            said.append("All calibration samples are the same.")
        flat = [name for name, array in self._first.items() if self._is_flat(name, array)]
        if flat:
            said.append(f"Input {', '.join(map(repr, flat))} is one constant value in all calibration samples.")
        return said

    def _is_flat(self, name: str, array: np.ndarray) -> bool:
        """Whether an input of floats never says anything; masks of ones are usual."""
        flat = array.dtype.kind == "f" and array.size > 1 and bool(array.min() == array.max())
        return flat and self._constant[name]
