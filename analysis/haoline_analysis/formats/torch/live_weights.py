"""Weights of live PyTorch tensors: sizes now, values when somebody asks, shared storage once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.formats.elements import EXTENDED
from haoline_analysis.formats.torch.dtypes import TORCH
from haoline_analysis.model import Weight

if TYPE_CHECKING:
    from collections.abc import Iterable

PACKED = {"float4_e2m1": 2}
"""Elements in one unit of types that torch packs."""

VIEW = "view"
"""``Weight.kind`` of a tensor whose bytes another one holds: it counts neither as parameters nor as bytes."""


def dtype_name(dtype: Any) -> str:
    """Our name of a ``torch.dtype``; its own where we have none."""
    name = str(dtype).removeprefix("torch.")
    return TORCH.get(name, name)


@dataclass(slots=True, eq=False)
class LiveSource:
    """The elements of a tensor that lives in this process; nothing is copied before somebody asks."""

    tensor: Any
    name: str

    def load(self) -> np.ndarray:
        """The stored elements, C order.

        Raises:
            ModelError: if the tensor has none here (meta and fake tensors).
        """
        return self._numpy(self._held())

    def rows(self, start: int, stop: int) -> np.ndarray:
        """Float32 values of rows ``start:stop`` of the first axis.

        Raises:
            ModelError: if the tensor has no values here.
        """
        tensor = self._held()
        part = tensor[start:stop] if tensor.dim() else tensor.reshape(1)
        if getattr(part, "is_quantized", False):
            part = part.dequantize()
        values: np.ndarray = part.float().cpu().numpy()
        return values

    def _held(self) -> Any:
        tensor = self.tensor.detach()
        if tensor.device.type == "meta" or type(tensor).__name__ == "FakeTensor":
            raise ModelError(f"{self.name} is on the meta device: its size is known, its values are not")
        return tensor

    def _numpy(self, tensor: Any) -> np.ndarray:
        import torch

        kept = tensor.cpu().contiguous()
        if getattr(kept, "is_quantized", False):
            kept = kept.int_repr()
        name = EXTENDED.get(dtype_name(kept.dtype))
        if name is None:
            plain: np.ndarray = kept.numpy()
            return plain
        import ml_dtypes

        units = {1: torch.uint8, 2: torch.int16}[kept.element_size()]
        raw: np.ndarray = kept.view(units).numpy()
        return raw.view(np.dtype(getattr(ml_dtypes, name)))


class LiveWeights:
    """Makes each stored tensor's ``Weight`` once; what lies within another tensor's bytes is a view of it."""

    def __init__(self, tensors: Iterable[Any]) -> None:
        """Note the storage of all ``tensors``, so that views know what they lie in."""
        self._spans: dict[object, list[tuple[int, int]]] = {}  # of a storage: bytes [start, stop) of each tensor
        self._made: dict[object, Weight] = {}
        for tensor in {id(tensor): tensor for tensor in tensors}.values():
            storage, start, stop = _span(tensor)
            self._spans.setdefault(storage, []).append((start, stop))

    def weight(self, name: str, tensor: Any, kind: str = "initializer") -> Weight:
        """The weight of a tensor; the same object for tensors of the same elements."""
        key = (_span(tensor), tuple(tensor.shape), tuple(_strides(tensor)), tensor.dtype)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = self._new(name, tensor, kind)
        return found

    def _new(self, name: str, tensor: Any, kind: str) -> Weight:
        dtype, shape = dtype_name(tensor.dtype), tuple(int(size) for size in tensor.shape)
        storage, start, stop = _span(tensor)
        held = self._spans.get(storage, [])
        inside = any(a <= start and stop <= b and (a, b) != (start, stop) for a, b in held)
        again = held.count((start, stop)) > 1 and any(key[0] == (storage, start, stop) for key in self._made)  # type: ignore[index]
        bytes_held = 0 if inside or again else stop - start
        packed = PACKED.get(dtype, 1)
        logical = (*shape[:-1], shape[-1] * packed) if packed > 1 and shape else shape
        stored = shape if logical != shape else None
        source = LiveSource(tensor, name)
        return Weight(dtype, logical, source, VIEW if inside or again else kind, None, bytes_held, None, stored)


def _strides(tensor: Any) -> tuple[int, ...]:
    return tuple(tensor.stride()) if tensor.layout.__str__() == "torch.strided" else ()


def storage_of(tensor: Any) -> object:
    """Something that two tensors in one storage have in common; None for sparse tensors and wrappers."""
    try:
        return tensor.untyped_storage()._cdata  # noqa: SLF001 - data_ptr is 0 for all meta tensors
    except (NotImplementedError, RuntimeError):
        return None


def _span(tensor: Any) -> tuple[object, int, int]:
    """(storage, first byte, end) of the bytes that a tensor's elements lie in."""
    storage = storage_of(tensor)
    if storage is None:
        return id(tensor), 0, tensor.numel() * tensor.element_size()
    size = tensor.element_size()
    start = tensor.storage_offset() * size
    if 0 in tensor.shape:
        return storage, start, start
    reach = sum((length - 1) * stride for length, stride in zip(tensor.shape, _strides(tensor), strict=True))
    return storage, start, start + (reach + 1) * size
