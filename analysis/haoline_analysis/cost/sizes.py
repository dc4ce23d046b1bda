"""Reading sizes and attributes of a signature; what is missing raises UnknownSizeError."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, cast

from haoline_analysis.cost.registry import UnknownSizeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from haoline_analysis.shapes.value import Signature, Value

Shape = tuple[int, ...]


def _known(value: Value | None, what: str) -> Shape:
    """The shape, if every dim is known."""
    if value is None or value.shape is None or None in value.shape:
        raise UnknownSizeError(what)
    return cast("Shape", value.shape)


def given(signature: Signature, index: int) -> bool:
    """Whether the op has this input at all, known or not."""
    inputs = signature.op.inputs
    return index < len(inputs) and inputs[index] >= 0


def wanted(signature: Signature, index: int) -> bool:
    """Whether the op makes this output."""
    outputs = signature.op.outputs
    return index < len(outputs) and outputs[index] >= 0


def shape_in(signature: Signature, index: int, rank: int = 0) -> Shape:
    """Shape of an input with at least ``rank`` dims."""
    shape = _known(signature.inputs[index] if index < len(signature.inputs) else None, f"input {index}")
    if len(shape) < rank:
        raise UnknownSizeError(f"input {index} of rank {len(shape)}, expected {rank}")
    return shape


def shape_out(signature: Signature, index: int = 0, rank: int = 0) -> Shape:
    """Shape of an output with at least ``rank`` dims."""
    shape = _known(signature.outputs[index] if index < len(signature.outputs) else None, f"output {index}")
    if len(shape) < rank:
        raise UnknownSizeError(f"output {index} of rank {len(shape)}, expected {rank}")
    return shape


def elements_in(signature: Signature, index: int = 0) -> int:
    """Elements of an input."""
    return prod(shape_in(signature, index))


def elements_out(signature: Signature, index: int = 0) -> int:
    """Elements of an output."""
    return prod(shape_out(signature, index))


def optional_elements(signature: Signature, index: int) -> int:
    """Elements of an optional input; 0 where it is left out."""
    return elements_in(signature, index) if given(signature, index) else 0


def data_in(signature: Signature, index: int) -> np.ndarray | None:
    """Elements of a small constant input, where known."""
    value = signature.inputs[index] if index < len(signature.inputs) else None
    return None if value is None else value.data


def scalar_in(signature: Signature, index: int) -> int | None:
    """A constant input's only element as an int, where known."""
    data = data_in(signature, index)
    return int(data.reshape(-1)[0]) if data is not None and data.size == 1 else None


def attribute(signature: Signature, name: str, default: Any) -> Any:
    """An attribute or its default."""
    return signature.op.attributes.get(name, default)


def integer(signature: Signature, name: str, default: int | None = None) -> int:
    """An integer attribute; one without a default is needed."""
    value = signature.op.attributes.get(name, default)
    if value is None:
        raise UnknownSizeError(f"attribute {name}")
    return int(value)


def text(signature: Signature, name: str, default: str) -> str:
    """A string attribute, lower case."""
    value = signature.op.attributes.get(name, default)
    return (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)).lower()


def broadcast(left: Sequence[int], right: Sequence[int]) -> Shape:
    """Numpy's broadcast of two shapes.

    Raises:
        UnknownSizeError: if they do not fit.
    """
    rank = max(len(left), len(right))
    pairs = zip((1,) * (rank - len(left)) + tuple(left), (1,) * (rank - len(right)) + tuple(right), strict=True)
    return tuple(_broadcast_dim(a, b) for a, b in pairs)


def _broadcast_dim(left: int, right: int) -> int:
    if left != right and 1 not in (left, right):
        raise UnknownSizeError(f"dims {left} and {right} do not broadcast")
    return right if left == 1 else left
