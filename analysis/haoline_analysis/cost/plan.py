"""What the cost analyses need of a model that no binding changes, worked out once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import numpy as np

from haoline_analysis.cost.aten import is_view, shares_buffer
from haoline_analysis.cost.lifetimes import Spans, find_spans
from haoline_analysis.cost.operands import source
from haoline_analysis.cost.slots import key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from haoline_analysis.model import Model

T = TypeVar("T")


class Edges(NamedTuple):
    """Distinct (op, tensor) pairs, int64 each."""

    ops: np.ndarray
    tensors: np.ndarray


def _edges(lists: Sequence[tuple[int, ...]], tensors: int) -> Edges:
    """Pairs of per-op tensor lists, omitted tensors left out."""
    lengths = np.fromiter(map(len, lists), np.int64, len(lists))
    flat = np.array([tensor for item in lists for tensor in item], np.int64)
    ops = np.repeat(np.arange(len(lists)), lengths)[flat >= 0]
    pairs = np.unique(ops * max(tensors, 1) + flat[flat >= 0])
    return Edges(pairs // max(tensors, 1), pairs % max(tensors, 1))


class CostPlan:
    """Keep one beside a model and hand it to ``count_parameters``: rebinding then costs a fraction."""

    def __init__(self, model: Model) -> None:
        """Everything is found on demand."""
        self.model = model
        self._remembered: dict[str, Any] = {}

    def remember(self, name: str, find: Callable[[CostPlan], T]) -> T:
        """What ``find`` finds, from an earlier call where there was one."""
        if name not in self._remembered:
            self._remembered[name] = find(self)
        return cast("T", self._remembered[name])

    @cached_property
    def reads(self) -> Edges:
        """Which op reads which tensors, each once."""
        return _edges([op.inputs for op in self.model.ops], len(self.model.tensors))

    @cached_property
    def makes(self) -> Edges:
        """Which op makes which tensors."""
        return _edges([op.outputs for op in self.model.ops], len(self.model.tensors))

    @cached_property
    def spans(self) -> Spans:
        """When each tensor is needed."""
        return find_spans(self.model)

    @cached_property
    def stored_bytes(self) -> np.ndarray:
        """True storage of each stored constant, float64 [tensors]; NaN for other tensors and where unknown."""
        found = [tensor.weight.nbytes if tensor.weight is not None else None for tensor in self.model.tensors]
        return np.array(found, np.float64)

    @cached_property
    def is_stored(self) -> np.ndarray:
        """Bool [tensors]: initializers and Constant nodes."""
        return np.array([tensor.weight is not None for tensor in self.model.tensors], bool)

    @cached_property
    def is_made(self) -> np.ndarray:
        """Bool [tensors]: results of ops."""
        return np.array([tensor.producer >= 0 for tensor in self.model.tensors], bool)

    @cached_property
    def owners(self) -> list[int]:
        """Ops that own bodies, in execution order."""
        return [index for index, op in enumerate(self.model.ops) if op.bodies]

    def rows(self, types: frozenset[str]) -> list[int]:
        """Ops of these types."""
        return [index for kind in types for index in self._by_type.get(kind, ())]

    @cached_property
    def _by_type(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for index, op in enumerate(self.model.ops):
            found.setdefault(op.type, []).append(index)
        return found

    @cached_property
    def aten_views(self) -> list[int]:
        """ATen ops that only relabel a buffer."""
        return [index for index, op in enumerate(self.model.ops) if is_view(op)]

    @cached_property
    def aten_sharers(self) -> list[int]:
        """ATen ops whose results lie in their first input's buffer: views and in-place ops."""
        return [index for index, op in enumerate(self.model.ops) if shares_buffer(op)]

    @cached_property
    def fillers(self) -> list[int]:
        """ConstantOfShape ops whose shape is a constant of the file: their outputs may be weights."""
        ops, tensors = self.model.ops, self.model.tensors
        found = (index for index in self.rows(frozenset({"ConstantOfShape"})) if not key(ops[index])[0])
        return [
            index
            for index in found
            if source(ops[index]) >= 0 and tensors[source(ops[index])].weight is not None and ops[index].outputs
        ]
