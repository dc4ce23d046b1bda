"""Reading the tensors that make up a packed weight, and the weight's numbers from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from haoline_analysis.errors import MalformedModelError, ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from haoline_analysis.formats.packing.stored_tensors import PackedWeight
    from haoline_analysis.model import WeightSource


@runtime_checkable
class StoredRows(Protocol):
    """A source that can read some rows of what is stored."""

    def stored_rows(self, start: int, stop: int) -> np.ndarray:
        """Elements of rows ``start:stop`` of the first axis as they are stored."""


class Part:
    """One stored tensor of a packed weight."""

    def __init__(self, name: str, shape: tuple[int, ...], source: WeightSource) -> None:
        """Take the name, the stored shape and where the elements are."""
        self.name = name
        self.shape = shape
        self.source = source

    def rows(self, start: int, stop: int) -> np.ndarray:
        """Stored elements of some rows of the first axis."""
        if isinstance(self.source, StoredRows) and self.shape:
            return self.source.stored_rows(start, stop)
        return self.all()[start:stop]

    def all(self) -> np.ndarray:
        """All stored elements."""
        return self.source.load().reshape(self.shape)


class Parts:
    """The tensors of a packed weight by what they are to it; the carrier is ``"weight"``."""

    def __init__(self, weight: PackedWeight, parts: Mapping[str, Part]) -> None:
        """Take the weight and its tensors."""
        self.weight = weight
        self._parts = parts

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the weight."""
        return self.weight.shape

    def __contains__(self, part: str) -> bool:
        """Whether the weight has such a tensor."""
        return part in self._parts

    def __getitem__(self, part: str) -> Part:
        """The tensor."""
        return self._parts[part]

    def float_rows(self, part: str, start: int, stop: int) -> np.ndarray:
        """Float32 values of some rows of a tensor."""
        values: np.ndarray = self._parts[part].rows(start, stop).astype(np.float32)
        return values

    def floats(self, part: str) -> np.ndarray:
        """Float32 values of a tensor."""
        values: np.ndarray = self._parts[part].all().astype(np.float32)
        return values


class PackedSource:
    """The carrier of a packed weight: stored elements when loaded, real numbers by rows."""

    def __init__(self, parts: Parts) -> None:
        """Take the tensors."""
        self.parts = parts

    def load(self) -> np.ndarray:
        """The stored elements of the carrier, flat.

        Raises:
            ModelError: if they cannot be read.
        """
        return self.parts["weight"].source.load()

    def raw(self) -> object:
        """Where the carrier's bytes are, if its source says so: storage, offset, length; else None."""
        give = getattr(self.parts["weight"].source, "raw", None)
        return give() if callable(give) else None

    def stored_rows(self, start: int, stop: int) -> np.ndarray:
        """Rows of the carrier as they are stored.

        Raises:
            ModelError: if they cannot be read.
        """
        return self.parts["weight"].rows(start, stop)

    def rows(self, start: int, stop: int) -> np.ndarray:
        """Float32 rows ``start:stop`` of the weight, dequantized.

        Raises:
            ModelError: if the scheme cannot be dequantized here, or its tensors do not fit together.
        """
        weight = self.parts.weight
        if weight.decoder is None:
            raise ModelError(f"{weight.packing.scheme} weights cannot be dequantized here ({weight.name})")
        if stop <= start:
            return np.zeros((0, *weight.shape[1:]), np.float32)
        try:
            with np.errstate(all="ignore"):
                values = weight.decoder(self.parts, start, stop)
            made: np.ndarray = values.reshape(stop - start, *weight.shape[1:]).astype(np.float32, copy=False)
        except (ValueError, IndexError) as error:
            raise MalformedModelError(f"the tensors of {weight.name!r} do not fit together: {error}") from error
        return made
