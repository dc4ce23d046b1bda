"""Evaluate a model's shapes under a binding of its symbolic dims."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.shapes import rules  # noqa: F401  registers every rule
from haoline_analysis.shapes.bindings import Binding, bind
from haoline_analysis.shapes.fitting import alternatives
from haoline_analysis.shapes.onnx_types import parse_type
from haoline_analysis.shapes.plan import Plan
from haoline_analysis.shapes.symbols import find_symbols
from haoline_analysis.shapes.value import Assumption, Evaluation
from haoline_analysis.shapes.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from haoline_analysis.model import Model


class Evaluator:
    """Evaluates one model under any number of bindings; its file is read once, here."""

    def __init__(self, model: Model) -> None:
        """Prepare ``model``: find its symbols, intern its op kinds, load its small constants."""
        self._symbols = find_symbols(model)
        self._assumptions = model.assumptions
        self._plan = Plan(model, self._symbols.by_name)
        self.rule_calls = 0
        """Shape rules called by the latest evaluation: distinct signatures, not ops."""
        self.steps = 0
        """Ops passed over by the latest evaluation: those of loops' bodies once per pass."""

    def evaluate(self, shapes: Mapping[str, int | Sequence[int]] | None = None) -> Evaluation:
        """Types and shapes of all tensors with ``shapes`` bound: dims by name, or inputs as a whole.

        Raises:
            BindingError: if a binding names nothing, is no size, or contradicts the model.
        """
        binding = bind(self._symbols, shapes)
        walk = self._walk(binding)
        if walk.refusals():
            binding, walk = self._fitted(binding, walk, dict(shapes or {}))
        self.rule_calls, self.steps = walk.rule_calls, walk.steps
        return Evaluation(
            values=walk.values,
            tensor_values=np.array(walk.tensors[: len(self._plan.tensors)], np.int32),
            signatures=walk.signatures,
            op_signatures=np.array(walk.op_signatures, np.int32),
            trip_counts=walk.trip_counts,
            taken=walk.taken,
            bindings=binding.sizes,
            assumptions=[*self._assumptions, *binding.assumptions, *walk.assumptions.values()],
            gaps=[*self._plan.gaps, *walk.gaps()],
        )

    def _walk(self, binding: Binding) -> Walk:
        walk = Walk(self._plan, binding.resolve)
        self._feed(walk, binding)
        walk.level(-1, 0)
        walk.sign_unseen()
        return walk

    def _fitted(self, binding: Binding, walk: Walk, shapes: dict[str, int | Sequence[int]]) -> tuple[Binding, Walk]:
        """The first alternative to the defaults with which every op can run; else what there was."""
        for sizes in alternatives(self._symbols, binding):
            trial = bind(self._symbols, {**shapes, **sizes})
            fitted = self._walk(trial)
            if not fitted.refusals():
                reasons = {name: f"the default of {binding.sizes[name]} does not fit this model" for name in sizes}
                chosen = [Assumption(f"dimension {name}", size, reasons[name]) for name, size in sizes.items()]
                trial.assumptions = [*chosen, *trial.assumptions]
                return trial, fitted
        return binding, walk

    def _feed(self, walk: Walk, binding: Binding) -> None:
        """Give the model's inputs their values."""
        for index in self._plan.model_inputs:
            tensor = self._plan.tensors[index]
            dims = self._symbols.tensors.get(index)
            shape = binding.unranked.get(tensor.name) if dims is None else tuple(map(binding.resolve, dims))
            walk.tensors[index] = walk.intern(parse_type(tensor.dtype or "", shape))


def evaluate(model: Model, shapes: Mapping[str, int | Sequence[int]] | None = None) -> Evaluation:
    """Types and shapes of all tensors of ``model``; see :class:`Evaluator`, which also rebinds cheaply.

    Raises:
        BindingError: if a binding names nothing, is no size, or contradicts the model.
    """
    return Evaluator(model).evaluate(shapes)
