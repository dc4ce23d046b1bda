"""Ops that broadcast their inputs against each other."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.shapes.constants import fold_inputs
from haoline_analysis.shapes.dims import Shape, broadcast
from haoline_analysis.shapes.node import Node, shape_rule
from haoline_analysis.shapes.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def _divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """ONNX division: integers truncate toward zero."""
    if a.dtype.kind == "f":
        return np.asarray(a / b)
    if np.any(b == 0):
        raise ZeroDivisionError("division by zero")
    quotient = np.abs(a) // np.abs(b)
    return np.asarray(np.where((a < 0) != (b < 0), -quotient, quotient))


def _variadic(function: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    return lambda *arrays: reduce(function, arrays)


ARITHMETIC: dict[str, Callable[..., np.ndarray]] = {
    "Add": np.add,
    "Div": _divide,
    "Max": _variadic(np.maximum),
    "Mean": lambda *arrays: reduce(np.add, arrays) / len(arrays),
    "Min": _variadic(np.minimum),
    "Mul": np.multiply,
    "Pow": np.power,
    "Sub": np.subtract,
    "Sum": _variadic(np.add),
}
LOGIC: dict[str, Callable[..., np.ndarray]] = {
    "And": np.logical_and,
    "Equal": np.equal,
    "Greater": np.greater,
    "GreaterOrEqual": np.greater_equal,
    "Less": np.less,
    "LessOrEqual": np.less_equal,
    "Or": np.logical_or,
    "Xor": np.logical_xor,
}
BITWISE: dict[str, Callable[..., np.ndarray]] = {
    "BitwiseAnd": np.bitwise_and,
    "BitwiseOr": np.bitwise_or,
    "BitwiseXor": np.bitwise_xor,
}


def broadcast_inputs(node: Node, slots: Sequence[int] | None = None) -> Shape | None:
    """The common shape of some inputs (default: all), None where one has no known rank."""
    node.require(0)
    shapes = [node.shape(slot) for slot in (range(len(node.inputs)) if slots is None else slots)]
    known = [shape for shape in shapes if shape is not None]
    return broadcast(known) if len(known) == len(shapes) else None


def _shape(node: Node) -> Shape | None:
    if node.version < 7 and node.op.type not in {"Max", "Min", "Mean", "Sum"}:
        return node.shape(0)  # the old one-way broadcast, steered by attributes
    return broadcast_inputs(node)


@shape_rule(*ARITHMETIC, data="all")
def arithmetic(node: Node) -> Sequence[Value]:
    """Arithmetic of broadcast inputs."""
    result = Value(node.dtype() or node.dtype(1), _shape(node))
    return [fold_inputs(node, result, ARITHMETIC[node.op.type], exact=False)]


@shape_rule("Mod", data="all")
def modulo(node: Node) -> Sequence[Value]:
    """Remainder with the divisor's sign, or with the dividend's where ``fmod`` is set."""
    compute = np.fmod if node.integer("fmod") else np.mod
    return [fold_inputs(node, Value(node.dtype(), _shape(node)), compute)]


@shape_rule(*LOGIC, data="all")
def logic(node: Node) -> Sequence[Value]:
    """Comparisons and logic of broadcast inputs."""
    return [fold_inputs(node, Value("bool", _shape(node)), LOGIC[node.op.type])]


@shape_rule(*BITWISE, data="all")
def bitwise(node: Node) -> Sequence[Value]:
    """Bitwise logic of broadcast inputs."""
    return [fold_inputs(node, Value(node.dtype(), _shape(node)), BITWISE[node.op.type])]


@shape_rule("BitShift")
def shift(node: Node) -> Sequence[Value]:
    """Shifts of broadcast inputs."""
    return [Value(node.dtype(), broadcast_inputs(node))]


@shape_rule("Where", data="all")
def where(node: Node) -> Sequence[Value]:
    """A choice between two broadcast inputs."""
    result = Value(node.dtype(1) or node.dtype(2), broadcast_inputs(node))
    return [fold_inputs(node, result, np.where)]
