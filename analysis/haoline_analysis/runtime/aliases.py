"""Tensors that hold the elements of another one in the same or another order: their statistics are counted once."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Protocol

from haoline_analysis.model import OMITTED
from haoline_analysis.runtime.statistics.channels import channel_summary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from haoline_analysis.model import Model
    from haoline_analysis.runtime.statistics import Histogram, TensorStatistics
    from haoline_analysis.runtime.targets import Target

Roots = dict[str, tuple[str, bool]]
"""By alias: the tensor that is counted for it, and whether it is in the same channels too."""

SAME_ORDER = frozenset({"Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten"})


class Found(Protocol):
    """What can be asked about a tensor at the end."""

    def row(self) -> dict[str, Any]:
        """The statistics by column name."""

    def channels(self) -> dict[str, np.ndarray] | None:
        """Arrays [channels]; None where there are no channels."""

    def histogram(self) -> Histogram:
        """Distribution of the elements."""


@dataclass(frozen=True, slots=True)
class Alias:
    """A tensor whose elements are those of ``source``."""

    source: str
    order: tuple[int, ...] | None  # the axes of the source, where they are permuted


def find_aliases(model: Model, targets: Sequence[Target]) -> dict[str, Alias]:
    """Which of the targets, all captured in one run, are others of them in another shape or order."""
    names = {target.tensor: target.name for target in targets if not target.stacked}
    found: dict[str, Alias] = {}
    for target in targets:
        op = model.ops[target.op]
        source = names.get(op.inputs[0]) if op.inputs and op.inputs[0] != OMITTED else None
        if source is None or target.stacked or op.domain or op.outputs[0] != target.tensor:
            continue
        if op.type in SAME_ORDER:
            found[target.name] = Alias(source, None)
        elif op.type == "Transpose" and isinstance(op.attributes.get("perm"), (list, tuple)):
            found[target.name] = Alias(source, tuple(op.attributes["perm"]))
    return found


def same_channels(
    alias: Alias, source: tuple[int, ...], source_axis: int | None, shape: tuple[int, ...], axis: int | None
) -> bool:
    """Whether every element is in the same channel in both shapes."""
    if source_axis is None or axis is None or prod(source) != prod(shape):
        return False
    if not (-len(source) <= source_axis < len(source) and -len(shape) <= axis < len(shape)):
        return False
    there, here = source_axis % len(source), axis % len(shape)
    if alias.order is not None:
        return len(alias.order) == len(shape) == len(source) and alias.order[here] == there
    return source[there] == shape[here] and prod(source[there + 1 :]) == prod(shape[here + 1 :])


class Shared:
    """Another tensor's statistics, without its channels."""

    def __init__(self, statistics: TensorStatistics) -> None:
        """Take the statistics to look at."""
        self.statistics = statistics

    def row(self) -> dict[str, Any]:
        """The other's row, with what is said of channels unknown."""
        return self.statistics.row() | channel_summary(None)

    def channels(self) -> None:
        """There are none."""

    def histogram(self) -> Histogram:
        """The other's."""
        return self.statistics.histogram()


class Sharing:
    """Which tensors' statistics are another's; decided when a tensor is first seen, checked at every sample."""

    def __init__(
        self, aliases: Mapping[str, Alias], axes: Mapping[str, int | None], roots: Roots | None = None
    ) -> None:
        """Take what may be shared, the channel axes, and what was decided elsewhere."""
        self._aliases, self._axes = aliases, axes
        self.roots: Roots = dict(roots or {})
        self._seen: set[str] = set(self.roots)

    def own(self, arrays: Mapping[str, np.ndarray]) -> list[str]:
        """The names, in order, that have to be counted."""
        for name in arrays:
            if name in self.roots:
                self._check(name, arrays)
            elif name not in self._seen and name in self._aliases:
                self._decide(name, arrays)
        self._seen.update(arrays)
        return [name for name in arrays if name not in self.roots]

    def merge(self, roots: Roots) -> None:
        """Take over what was found out elsewhere: channels that do not correspond after all."""
        for name, (root, whole) in roots.items():
            if not whole:
                self.roots[name] = root, False

    def _decide(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        alias, array = self._aliases[name], arrays[name]
        source = arrays.get(alias.source)
        if source is None or source.size != array.size or source.dtype != array.dtype:
            return
        root, whole = self.roots.get(alias.source, (alias.source, True))
        if self._axes.get(name) is None:
            self.roots[name] = root, whole and self._axes.get(alias.source) is None
        elif whole and self._same(name, arrays):
            self.roots[name] = root, True

    def _check(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        root, whole = self.roots[name]
        if whole and self._axes.get(name) is not None and not self._same(name, arrays):
            self.roots[name] = root, False  # the elements are the same still, their channels are not

    def _same(self, name: str, arrays: Mapping[str, np.ndarray]) -> bool:
        alias = self._aliases[name]
        source, array = arrays[alias.source], arrays[name]
        return same_channels(alias, source.shape, self._axes.get(alias.source), array.shape, self._axes.get(name))
