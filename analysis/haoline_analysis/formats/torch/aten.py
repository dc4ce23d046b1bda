"""Graphs of ATen ops: how a PyTorch graph is written down as a :class:`~haoline_analysis.model.Model`.

Conventions of the domain ``"aten"``:

- ``type`` is the op without namespace, overload and the underscore of in-place forms: ``linear``, ``add``.
- ``inputs`` are the tensor arguments in the order of the op's schema, lists of tensors (``cat``, ``lstm``, ``einsum``)
  laid out in place; optional tensors that are left out are ``OMITTED`` unless they come last.
- ``attributes`` are the other arguments by their names in the schema; defaults may be left out. An in-place form has
  ``in_place`` True.
- shapes are declared on every result: sizes, names of symbols, and expressions of them (``"2*seq + 1"``).
- ``moe_experts`` (ours) stands for the feed-forward experts of a layer where no op says so: inputs are hidden states
  [tokens, hidden], chosen experts [tokens, k], their weights [tokens, k], ``gate_up`` [experts, ...], ``down``
  [experts, ...]; attribute ``k``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.model import Model, Op, Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from haoline_analysis.model import Dim, Weight

DOMAIN = "aten"

Declared = tuple[str, str | None, "Sequence[Dim] | None"]
"""Name, dtype and shape of a result."""

Scope = tuple[str, str]
"""Full dotted name of a module and its class."""


class AtenBuilder:
    """Collects inputs, weights and ops, in execution order; each call gives the index of its tensor, to refer to it."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.ops: list[Op] = []
        self.tensors: list[Tensor] = []
        self._inputs: list[int] = []
        self._shared: dict[object, Any] = {}  # attributes and metadata: equal ones are one object
        self._names: dict[str, int] = {}  # of ops: how often each was asked for
        self._used: set[str] = set()

    def input(self, name: str, dtype: str | None, shape: Sequence[Dim] | None) -> int:
        """A tensor that the user feeds."""
        index = self._tensor(Tensor(name, dtype, _dims(shape)))
        self._inputs.append(index)
        return index

    def weight(self, name: str, weight: Weight) -> int:
        """A stored tensor; hand over the same ``Weight`` for a second name of the same storage."""
        return self._tensor(Tensor(name, weight.dtype, weight.shape, weight))

    def op(
        self,
        type: str,  # noqa: A002 - what the model calls it
        inputs: Sequence[int],
        outputs: Sequence[Declared],
        attributes: Mapping[str, Any] | None = None,
        scope: Sequence[Scope] = (),
        name: str = "",
    ) -> tuple[int, ...]:
        """An op and the tensors it makes; ``scope`` are the modules around it, outermost first, without the root.

        Raises:
            ModelError: if an input is no tensor made before.
        """
        for tensor in inputs:
            if not -1 <= tensor < len(self.tensors):
                raise ModelError(f"{type} reads tensor {tensor}, which nothing has made")
        row = len(self.ops)
        made = [Tensor(label, dtype, _dims(shape), None, row) for label, dtype, shape in outputs]
        results = tuple([self._tensor(tensor) for tensor in made])
        chosen = self._unique(name or (outputs[0][0] if outputs else type))
        read, kept = _trimmed(inputs), self._one(_frozen(attributes or {}), dict(attributes or {}))
        self.ops.append(Op(chosen, type, DOMAIN, 0, read, results, kept, self._metadata(type, scope)))
        for tensor in dict.fromkeys(read):
            if tensor >= 0:
                self.tensors[tensor].consumers.append(row)
        return results

    def finish(self, *, name: str, format: str, outputs: Sequence[int], **fields: Any) -> Model:  # noqa: A002
        """The model; ``fields`` are further fields of :class:`~haoline_analysis.model.Model`."""
        results = tuple(dict.fromkeys(tensor for tensor in outputs if tensor >= 0))
        return Model(name, format, self.ops, self.tensors, tuple(self._inputs), results, **fields)

    def _tensor(self, tensor: Tensor) -> int:
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def _unique(self, wanted: str) -> str:
        chosen = wanted
        while chosen in self._used:
            self._names[wanted] = number = self._names.get(wanted, 0) + 1
            chosen = f"{wanted}_{number}"
        self._used.add(chosen)
        return chosen

    def _metadata(self, op_type: str, scope: Sequence[Scope]) -> Mapping[str, str]:
        """Scopes as torch's ONNX exporter writes them, which is what the scope tree reads."""
        parts = [("", ""), *((path, kind) for path, kind in scope if path), (op_type, f"aten.{op_type}")]
        text = "/".join(f"{path}: {kind}" for path, kind in parts)
        found: dict[str, str] = self._one(text, {"namespace": text})
        return found

    def _one(self, key: object, value: dict[str, Any]) -> dict[str, Any]:
        kept: dict[str, Any] = self._shared.setdefault(key, value)
        return kept


def _dims(shape: Sequence[Dim] | None) -> tuple[Dim, ...] | None:
    return None if shape is None else tuple(shape)


def _trimmed(inputs: Sequence[int]) -> tuple[int, ...]:
    """Inputs without the omitted ones at the end."""
    count = len(inputs)
    while count and inputs[count - 1] < 0:
        count -= 1
    return tuple(inputs[:count])


def _frozen(value: Any) -> object:
    """Something hashable that is equal for equal attributes; the type of numbers counts (1, 1.0, True)."""
    if isinstance(value, dict):
        return tuple([(name, _frozen(item)) for name, item in value.items()])
    if isinstance(value, (list, tuple)):
        return tuple([_frozen(item) for item in value])
    return (type(value).__name__, value)
