"""Stored tensors by name, and the packed weights that are found among them."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from haoline_analysis.errors import ModelError
from haoline_analysis.model import Packing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy as np

    from haoline_analysis.formats.packing.parts import Parts

    Decoder = Callable[[Parts, int, int], np.ndarray]
    """Float32 rows ``start:stop`` of a weight from its parts."""

SMALL = 1 << 16
"""Bytes of a tensor that may be read while packings are looked for: shapes and states."""


class StoredTensor(NamedTuple):
    """A tensor as the file states it."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    nbytes: int


@dataclass(frozen=True, slots=True)
class PackedWeight:
    """Stored tensors that are one weight."""

    name: str  # of the weight: "model.layers.0.self_attn.q_proj.weight"
    carrier: str
    parts: dict[str, str]  # what a tensor is to the weight ("scales", "zeros") -> its name
    packing: Packing
    shape: tuple[int, ...]  # of the weight, [out, in] for a linear layer
    decoder: Decoder | None = None  # None: the layout is not known well enough to give numbers


class Names:
    """Stored tensors by name; those that a packing has claimed are out of sight for the next."""

    def __init__(self, tensors: Mapping[str, StoredTensor], read: Callable[[str], np.ndarray] | None = None) -> None:
        """Take the tensors, and a way to read the elements of a small one."""
        self.tensors = tensors
        self.claimed: set[str] = set()
        self._read = read

    def get(self, name: str, dtypes: tuple[str, ...] = (), rank: int | None = None) -> StoredTensor | None:
        """A tensor that is free; None if there is none of that name, type and rank."""
        found = self.tensors.get(name)
        if found is None or name in self.claimed:
            return None
        if (dtypes and found.dtype not in dtypes) or (rank is not None and len(found.shape) != rank):
            return None
        return found

    def ending(self, suffix: str) -> Iterator[tuple[str, StoredTensor]]:
        """Free tensors whose name ends so, with the name before it."""
        for name, tensor in self.tensors.items():
            if name.endswith(suffix) and name not in self.claimed:
                yield name[: -len(suffix)], tensor

    def parts(self, stem: str, suffixes: Mapping[str, str]) -> dict[str, str]:
        """Free tensors ``stem + suffix`` by what they are: ``{"scales": ".scales"}``."""
        return {part: stem + suffix for part, suffix in suffixes.items() if self.get(stem + suffix) is not None}

    def read(self, name: str) -> np.ndarray | None:
        """Elements of a small tensor, flat; None where they cannot be had."""
        tensor = self.tensors.get(name)
        if tensor is None or self._read is None or tensor.nbytes > SMALL:
            return None
        try:
            return self._read(name)
        except ModelError:
            return None

    def packed(
        self,
        name: str,
        carrier: StoredTensor,
        parts: dict[str, str],
        shape: tuple[int, ...],
        scheme: str,
        text: str,
        dtype: str | None = None,
        decoder: Decoder | None = None,
    ) -> PackedWeight:
        """Claim the tensors of a weight."""
        self.claimed.update((carrier.name, *parts.values()))
        size = carrier.nbytes + sum(self.tensors[part].nbytes for part in parts.values())
        elements = prod(shape)
        packing = Packing(scheme, text, dtype=dtype, bits=8 * size / elements if elements else None)
        return PackedWeight(name, carrier.name, parts, packing, shape, decoder)
