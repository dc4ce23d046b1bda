"""What the rules look at, prepared once: ops by type, columns as arrays, neighbours."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.hardware.work import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from haoline_analysis.model import Body, Model, Op
    from haoline_analysis.shapes.value import Evaluation, Value
    from haoline_analysis.structure.scopes import Scopes
    from haoline_analysis.table import Table

SCALARS = ("float32", "float64", "bool")
MAX_UNPACKING = 4
UNPACKING = ("Cast", "ConstantOfShape", "DequantizeLinear", "Identity", "Reshape", "Transpose")
STANDARD = ("", "ai.onnx")


@dataclass(eq=False)
class Facts:
    """A model with its evaluation and op table."""

    model: Model
    evaluation: Evaluation
    table: Table
    scopes: Scopes | None = None
    peak_activation_bytes: float | None = None
    _scalars: dict[int, float | None] = field(default_factory=dict, init=False)
    kinds: dict[tuple[str, str, int], list[int]] = field(init=False)  # ops by domain, type and opset
    by_type: dict[str, list[int]] = field(init=False)  # ops of the standard domain

    def __post_init__(self) -> None:
        """Group the ops once: rules look at the few kinds they are about."""
        self.kinds, self.by_type = {}, {}
        for index, op in enumerate(self.model.ops):
            self.kinds.setdefault((op.domain, op.type, op.version), []).append(index)
        for (domain, kind, _), rows in self.kinds.items():
            if domain in STANDARD:
                self.by_type.setdefault(kind, []).extend(rows)

    def of(self, *types: str) -> list[int]:
        """Standard ops of these types, ascending."""
        found = [self.by_type.get(kind, []) for kind in types]
        return found[0] if len(found) == 1 else sorted(index for rows in found for index in rows)

    @cached_property
    def is_pytorch(self) -> bool:
        """Whether the ops are PyTorch's."""
        return any(domain == "aten" for domain, _, _ in self.kinds)

    def of_pytorch(self, *types: str) -> list[int]:
        """ATen ops of these types, ascending."""
        return sorted(index for kind in types for index in self.kinds.get(("aten", kind, 0), ()))

    def column(self, name: str) -> NDArray[np.float64]:
        """A numeric column, NaN where unknown or absent."""
        return numbers(self.table, name)

    @cached_property
    def kept(self) -> set[int]:
        """Tensors that leave the graph or a body without a reader of their own."""
        bodies = [body for rows in self.kinds.values() if self.model.ops[rows[0]].bodies for body in self._bodies(rows)]
        return set(self.model.outputs).union(*((*body.inputs, *body.outputs) for body in bodies))

    def _bodies(self, rows: list[int]) -> list[Body]:
        return [body for index in rows for body in self.model.ops[index].bodies]

    @cached_property
    def macs(self) -> NDArray[np.float64]:
        """MACs per op, unknown ones zero."""
        return np.nan_to_num(self.column("macs"), nan=0.0)

    @cached_property
    def precisions(self) -> list[str | None]:
        """Compute precision per op."""
        return list(self.table["precision"].values) if "precision" in self.table else [None] * len(self.model.ops)

    def source(self, index: int, slot: int = 0) -> int:
        """Tensor at an input slot of an op, -1 where it has none."""
        inputs = self.model.ops[index].inputs
        return inputs[slot] if slot < len(inputs) else -1

    def producer(self, tensor: int) -> int:
        """Op that makes a tensor, -1 for inputs, weights and omitted ones."""
        return self.model.tensors[tensor].producer if tensor >= 0 else -1

    def maker(self, tensor: int) -> str:
        """Type of the op that makes a tensor, "" where there is none."""
        producer = self.producer(tensor)
        return self.model.ops[producer].type if producer >= 0 else ""

    def readers(self, op: Op, slot: int = 0) -> list[int]:
        """Ops that read an output."""
        made = op.outputs[slot] if slot < len(op.outputs) else -1
        return self.model.tensors[made].consumers if made >= 0 else []

    def reader_types(self, op: Op) -> set[str]:
        """Types of the ops that read the first output."""
        return {self.model.ops[reader].type for reader in self.readers(op)}

    def value(self, op: Op, slot: int) -> Value | None:
        """What is known of an input."""
        return self.evaluation.value(op.inputs[slot]) if slot < len(op.inputs) else None

    def scalar(self, tensor: int) -> float | None:
        """The one element of a stored tensor; None for activations, larger tensors and unreadable bytes."""
        weight = self.model.tensors[tensor].weight if tensor >= 0 else None
        if weight is None or weight.elements != 1 or weight.dtype not in SCALARS:
            return None
        if tensor not in self._scalars:
            try:
                self._scalars[tensor] = float(weight.numpy().reshape(-1)[0])
            except ModelError:  # whoever needs the weight itself reports that it cannot be read
                self._scalars[tensor] = None
        return self._scalars[tensor]

    def is_constant(self, tensor: int) -> bool:
        """Whether the tensor is stored in the file."""
        return tensor >= 0 and self.model.tensors[tensor].weight is not None

    def is_weight(self, tensor: int) -> bool:
        """Whether the tensor is stored, or made from a stored one by ops that only unpack it."""
        for _ in range(MAX_UNPACKING):
            if self.is_constant(tensor):
                return True
            producer = self.producer(tensor)
            if producer < 0 or self.model.ops[producer].type not in UNPACKING:
                return False
            tensor = self.source(producer)
        return False

    def activations(self, op: Op) -> list[int]:
        """Inputs that are neither stored nor omitted."""
        return [tensor for tensor in op.inputs if tensor >= 0 and self.model.tensors[tensor].weight is None]

    def name(self, index: int) -> str:
        """An op's name for evidence."""
        return self.model.ops[index].name


def listed(rows: Iterable[int]) -> tuple[int, ...]:
    """Rows ascending and unique."""
    return tuple(sorted(set(rows)))


def size(nbytes: float) -> str:
    """Bytes in decimal units, two digits: ``94 MB``."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if nbytes >= factor:
            return f"{nbytes / factor:.3g} {unit}"
    return f"{nbytes:.0f} B"


def dims(shape: Iterable[object]) -> str:
    """``1x3xheightxwidth``, ``?`` for unknown."""
    return "x".join("?" if dim is None else str(dim) for dim in shape)


def count(number: int, noun: str) -> str:
    """``1 op``, ``1,200 ops``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
