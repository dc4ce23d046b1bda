"""Giving the weights of a checkpoint their packings: logical shapes, what each tensor is, real numbers by rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.formats.packing.finding import find_packings
from haoline_analysis.formats.packing.parts import PackedSource, Part, Parts
from haoline_analysis.formats.packing.stored_tensors import StoredTensor
from haoline_analysis.formats.stored import Group
from haoline_analysis.model import Packing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from haoline_analysis.formats.packing.stated import Stated
    from haoline_analysis.formats.packing.stored_tensors import PackedWeight
    from haoline_analysis.model import Weight


def apply_packings(
    tensors: Sequence[tuple[str, Weight]], config: Mapping[str, Any] | Stated | None = None
) -> list[Group]:
    """Find packed weights, change their ``Weight`` objects accordingly, and say which tensors belong together."""
    place = {name: index for index, (name, _) in enumerate(tensors)}
    weights = dict(tensors)
    stored = {
        name: StoredTensor(name, weight.dtype, weight.shape, weight.nbytes or 0)
        for name, weight in tensors
        if weight.packing is None
    }

    def read(name: str) -> np.ndarray:
        return weights[name].source.load()

    groups = []
    for found in find_packings(stored, config, read):
        _apply(found, weights)
        groups.append(Group(found.name, (place[found.carrier], *(place[name] for name in found.parts.values()))))
    return groups


def _apply(found: PackedWeight, weights: Mapping[str, Weight]) -> None:
    parts = {}
    for part, name in (("weight", found.carrier), *found.parts.items()):
        weight = weights[name]
        parts[part] = Part(name, weight.shape, weight.source)
    for part, name in found.parts.items():
        weight = weights[name]
        weight.packing = Packing(found.packing.scheme, f"{part.replace('_', ' ')} of {found.packing.text}", part=part)
        weight.kind = "buffer"
    carrier = weights[found.carrier]
    if carrier.shape != found.shape:
        carrier.stored_shape, carrier.shape = carrier.shape, found.shape
    carrier.packing, carrier.kind = found.packing, "initializer"
    carrier.source = PackedSource(Parts(found, parts))
