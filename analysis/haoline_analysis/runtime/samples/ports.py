"""The inputs that a model must be fed: name, element type, declared shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from haoline_analysis.shapes.dims import TIMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.model import Dim, Model


@dataclass(frozen=True)
class Port:
    """One required model input as the file declares it."""

    name: str
    dtype: str  # as in Tensor.dtype: "float32", "int64", "bfloat16", "string"; "" where undeclared
    shape: tuple[Dim, ...] | None  # None: unknown rank

    @property
    def is_tensor(self) -> bool:
        """Whether it takes an array: no sequence, map or sparse tensor."""
        return "(" not in self.dtype

    @property
    def is_float(self) -> bool:
        """Whether its elements are real floating-point numbers."""
        return self.dtype.startswith(("float", "bfloat"))

    @property
    def is_integer(self) -> bool:
        """Whether its elements are whole numbers; bool is not."""
        return self.dtype.startswith(("int", "uint"))

    def __str__(self) -> str:
        """``float32 batch×1×8×8``."""
        return f"{self.dtype or 'tensor'} {show_shape(self.shape)}"


def ports_of(model: Model) -> tuple[Port, ...]:
    """The inputs that a run of ``model`` needs, in the file's order; optional ones are left out."""
    tensors = [model.tensors[index] for index in model.inputs]
    ports = (Port(tensor.name, tensor.dtype or "", tensor.shape) for tensor in tensors)
    return tuple(port for port in ports if not port.dtype.startswith("optional("))


def show_shape(shape: Sequence[Dim] | None) -> str:
    """``batch×3×224×224``, ``?`` for an unnamed dim, ``scalar`` for none at all."""
    if shape is None:
        return "of any shape"
    return TIMES.join("?" if dim in (None, "") else str(dim) for dim in shape) or "scalar"
