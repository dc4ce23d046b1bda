"""Sizes that a model's weights force on an input's open dims: the depth of a matrix, the channels of a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.shapes.roles import Role

if TYPE_CHECKING:
    from haoline_analysis.model import Model, Op, Tensor


def forced_role(model: Model, tensor: int, axis: int, rank: int) -> Role | None:
    """The role of an input's dim whose size an op that reads it demands; None where none does."""
    for index in model.tensors[tensor].consumers:
        op = model.ops[index]
        if len(op.inputs) < 2 or op.inputs[0] != tensor or op.inputs[1] < 0:
            continue
        weight = _fixed_shape(model.tensors[op.inputs[1]])
        size = None if weight is None else _demanded(op, weight, axis, rank)
        if size is not None:
            name = "channels" if op.type == "Conv" else "features"
            return Role(name, size, f"the weight of {op.name} needs it")
    return None


def _fixed_shape(tensor: Tensor) -> tuple[int, ...] | None:
    """The shape of a weight, or of an input that the file declares without open dims."""
    if tensor.weight is not None:
        return tensor.weight.shape
    dims = tuple(dim for dim in tensor.shape or () if isinstance(dim, int))
    return dims if tensor.shape is not None and len(dims) == len(tensor.shape) else None


def _demanded(op: Op, weight: tuple[int, ...], axis: int, rank: int) -> int | None:
    if op.type in {"MatMul", "Gemm"} and axis == rank - 1 and len(weight) >= 2 and not op.attributes.get("transA"):
        return weight[-1] if op.attributes.get("transB") else weight[-2]
    group = op.attributes.get("group", 1)
    if op.type == "Conv" and op.domain == "" and axis == 1 and len(weight) == rank and isinstance(group, int):
        return weight[1] * group
    return None
