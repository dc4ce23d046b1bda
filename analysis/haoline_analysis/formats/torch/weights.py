"""Tensors of a checkpoint as weights of the model: names, shared storages, what is a buffer, what cannot be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

from haoline_analysis.formats.torch.sources import AffineSource, StridedSource, logical_shape
from haoline_analysis.formats.torch.tensors import Odd, Rebuilder, StoredTensor, is_quantized
from haoline_analysis.model import Gap, Packing, Weight

if TYPE_CHECKING:
    from haoline_analysis.formats.torch.walking import Leaf

_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
_WHOLE = ("int", "uint", "bool")
_SHOWN = 5


@dataclass(slots=True)
class Weights:
    """Weights under their names, in the order of the file."""

    tensors: list[tuple[str, Weight]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    unused: int = 0  # bytes of storages that the file keeps and no tensor of the model shows


def make_weights(leaves: list[Leaf], rebuilder: Rebuilder) -> Weights:
    """Weights of the leaves; the same view of a storage is the same ``Weight``, whatever its names."""
    made, odd = Weights(), dict[str, list[str]]()
    names, views, left = _Names(), dict[Any, Weight](), dict[str, int]()
    for leaf in leaves:
        name = names.unique(leaf.name or "tensor")
        if isinstance(leaf.tensor, Odd):
            odd.setdefault(leaf.tensor.what, []).append(name)
            parts = [(f"{name}.{index}", rebuilder.rebuild(part)) for index, part in enumerate(leaf.tensor.parts)]
            found = [(names.unique(text), tensor) for text, tensor in parts if isinstance(tensor, StoredTensor)]
            kinds = ["sparse"] * len(found)
        else:
            found, kinds = [(name, leaf.tensor)], [_kind(leaf)]
        for (text, tensor), kind in zip(found, kinds, strict=True):
            if tensor.storage is not None:
                left.setdefault(tensor.storage, rebuilder.storage_bytes[tensor.storage])
            weight = view_weight(text, tensor, kind, views, left)
            if is_quantized(tensor) and weight.packing is None:
                weight.packing, weight.source = _affine(tensor, tensor.source(text), rebuilder)
            made.tensors.append((text, weight))
    made.unused = sum(left.values())
    made.gaps = [_gap(what, which) for what, which in odd.items()]
    return made


class _Names:
    """Names in use."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def unique(self, name: str) -> str:
        """The name, with a number where it has come before."""
        count = self._counts.get(name, 0)
        self._counts[name] = count + 1
        return name if not count else self.unique(f"{name}#{count + 1}")


def _gap(what: str, names: list[str]) -> Gap:
    shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    return Gap(f"Tensors that are {what} are not shown as one weight: {len(names)} ({shown}).")


def _kind(leaf: Leaf) -> str:
    """``buffer`` for statistics, tables of integers and what a module keeps as such."""
    tensor = leaf.tensor
    whole = isinstance(tensor, StoredTensor) and tensor.dtype.startswith(_WHOLE) and not is_quantized(tensor)
    known = leaf.name.rpartition(".")[2] in _STATISTICS
    return "buffer" if leaf.role == "buffer" or known or (whole and leaf.role != "parameter") else "initializer"


def view_weight(name: str, tensor: StoredTensor, kind: str, views: dict[Any, Weight], left: dict[str, int]) -> Weight:
    """The weight of one view; of the bytes of its storage only those that are ``left`` count for it."""
    view = (tensor.storage, tensor.span.offset, tensor.torch_type, tensor.start, tensor.shape, tensor.strides)
    if tensor.storage is not None and view in views:
        return views[view]
    nbytes = 0
    if tensor.storage is not None:
        nbytes = min(left[tensor.storage], tensor.nbytes)
        left[tensor.storage] -= nbytes
    shape = logical_shape(tensor.dtype, tensor.shape)
    made = Weight(tensor.dtype, shape, tensor.source(name), kind, stored_bytes=nbytes)
    views[view] = made
    return made


def _affine(
    tensor: StoredTensor, source: StridedSource, rebuilder: Rebuilder
) -> tuple[Packing, StridedSource | AffineSource]:
    """How a quantized tensor stands for real numbers: per tensor, or per index of one axis."""
    quantizer = tensor.quantizer
    way = getattr(quantizer[0], "name", "") if quantizer else ""
    bits = 8.0 * tensor.nbytes / max(prod(tensor.shape), 1)
    scheme = f"PyTorch {tensor.torch_type}"
    numbers = len(quantizer) >= 3 and all(isinstance(item, (int, float)) for item in quantizer[1:3])
    if way == "per_tensor_affine" and numbers:
        text = f"{scheme}, one scale per tensor"
        return _packing(scheme, text, tensor, bits), AffineSource(source, quantizer[1], quantizer[2])
    parts = [rebuilder.rebuild(item) for item in quantizer[1:3]]
    if way.startswith("per_channel_affine") and len(quantizer) > 3:
        scales, zeros = (part.source("scales") if isinstance(part, StoredTensor) else None for part in parts)
        axis = quantizer[3]
        whole = isinstance(axis, int) and 0 <= axis < len(tensor.shape)
        if scales is not None and zeros is not None and whole and _fit(tensor, (scales, zeros), axis):
            text = f"{scheme}, one scale per index of axis {axis}"
            return _packing(scheme, text, tensor, bits), AffineSource(source, scales, zeros, axis)
    return _packing(scheme, f"{scheme}, scales not understood", tensor, bits), source


def _fit(tensor: StoredTensor, parts: tuple[StridedSource, StridedSource], axis: int) -> bool:
    return all(part.shape == (tensor.shape[axis],) for part in parts)


def _packing(scheme: str, text: str, tensor: StoredTensor, bits: float) -> Packing:
    return Packing(scheme, text, dtype=tensor.dtype, bits=bits)
