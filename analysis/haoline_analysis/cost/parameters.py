"""Parameters and weight bytes per op, and the role of every tensor (docs/conventions.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from haoline_analysis import dtypes
from haoline_analysis.cost.aten import is_aten
from haoline_analysis.cost.operands import readers, result, source
from haoline_analysis.cost.plan import CostPlan
from haoline_analysis.cost.slots import ELEMENTWISE, INTEGER_WEIGHTS, SETTINGS, key, logical_elements, packed_type
from haoline_analysis.cost.uses import Use, final_uses, is_frequency, is_rotary_table, is_score_mask
from haoline_analysis.model import Gap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.model import Model, Op
    from haoline_analysis.shapes.value import Evaluation


MAX_BYTES = 2**50
"""A constant that claims more (a petabyte) is left out of the count and named in a gap."""


class Role(IntEnum):
    """What a tensor is to the model."""

    ACTIVATION = 0
    PARAMETER = 1  # a weight: counts as parameters and as bytes
    CONSTANT = 2  # a scale, a statistic, a shape, a table: counts as bytes only


class Constant(NamedTuple):
    """A tensor that holds constants, wherever they come from."""

    tensor: int
    dtype: str
    shape: tuple[int, ...]
    nbytes: int


class Unused(NamedTuple):
    """An initializer that no op reads."""

    tensor: int
    elements: int
    nbytes: int


@dataclass(slots=True, eq=False)
class ParameterCount:
    """Per op and per tensor, shared weights at the first op that works with them; sums are the totals."""

    plan: CostPlan
    parameters: np.ndarray  # int64 [ops]
    weight_bytes: np.ndarray  # int64 [ops]
    roles: np.ndarray  # int8 [tensors], a Role
    elements: np.ndarray  # int64 [tensors], logical weight elements of parameters, else 0
    weight_types: dict[int, tuple[int, str]] = field(default_factory=dict)  # op -> its largest parameter: size, type
    unused_initializers: list[Unused] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def copy(self) -> ParameterCount:
        """A count that can be added to."""
        return ParameterCount(
            self.plan,
            self.parameters.copy(),
            self.weight_bytes.copy(),
            self.roles.copy(),
            self.elements.copy(),
            dict(self.weight_types),
            list(self.unused_initializers),
            list(self.gaps),
        )

    @property
    def total(self) -> int:
        """Parameters of the model."""
        return int(self.parameters.sum())

    @property
    def total_bytes(self) -> int:
        """Bytes of all constants that some op reads."""
        return int(self.weight_bytes.sum())

    @property
    def weights(self) -> np.ndarray:
        """Bool [tensors]: whether a tensor is stored rather than computed."""
        return self.roles.astype(bool)  # every role but ACTIVATION, which is 0


def count_parameters(model: Model, evaluation: Evaluation, plan: CostPlan | None = None) -> ParameterCount:
    """Attribute every constant to the op that works with it and decide whether it is a parameter.

    ``plan`` is the model's cost plan, if one is kept; what no binding changes is then not counted again.
    """
    plan = plan or CostPlan(model)
    count = plan.remember("parameters", _count_stored).copy()
    implied = _implied(plan, evaluation)
    if any(_is_layer_weight(model, constant) for constant in implied):
        for constant in implied:
            _add(model, count, constant)
    return count


def _count_stored(plan: CostPlan) -> ParameterCount:
    """The part that the binding does not change: initializers and Constant nodes."""
    model = plan.model
    ops, tensors = len(model.ops), len(model.tensors)
    per_op = np.zeros((2, ops), np.int64)
    count = ParameterCount(plan, per_op[0], per_op[1], np.zeros(tensors, np.int8), np.zeros(tensors, np.int64))
    for constant in _stored(model, count):
        _add(model, count, constant)
    return count


def _stored(model: Model, count: ParameterCount) -> list[Constant]:
    """Initializers and Constant nodes; one whose bytes cannot be told is a gap."""
    found = []
    for index, tensor in enumerate(model.tensors):
        weight = tensor.weight
        if weight is None:
            continue
        nbytes = weight.nbytes
        if nbytes is None:
            nbytes = 0
            count.gaps.append(Gap(f"the size of constant {tensor.name!r} ({weight.dtype}) is not known"))
        if max(nbytes, weight.elements) > MAX_BYTES:
            count.gaps.append(Gap(f"constant {tensor.name!r} claims {weight.elements} elements and is not counted"))
            continue
        found.append(Constant(index, weight.dtype, weight.shape, nbytes))
    return found


def _implied(plan: CostPlan, evaluation: Evaluation) -> list[Constant]:
    """Float outputs of ConstantOfShape whose shape is itself a constant of the file."""
    found = []
    for op in (plan.model.ops[index] for index in plan.fillers):
        value = evaluation.value(result(op))
        nbytes = dtypes.nbytes(value.dtype, value.shape) if value is not None else None
        real = value is not None and value.dtype in dtypes.FLOATS
        if value is not None and real and nbytes is not None and 0 < nbytes <= MAX_BYTES:
            found.append(Constant(result(op), value.dtype, value.shape, nbytes))  # type: ignore[arg-type]
    return found


def _uses(model: Model, constant: Constant) -> tuple[list[Use], list[Use]]:
    """(ops that work with a constant, those to which it is a parameter)."""
    found = readers(model, constant.tensor)
    if found and is_aten(model.ops[found[0]]):
        return _told_uses(model, constant)
    if constant.dtype in ("int64", "bool", "string") or _is_setting(model, constant, found):
        return [Use(index, 0, False) for index in found[:1]], []
    uses = final_uses(model, constant.tensor)
    return uses, [use for use in uses if _is_parameter(model, constant, use)]


def _told_uses(model: Model, constant: Constant) -> tuple[list[Use], list[Use]]:
    """The same in a PyTorch graph, which says what is a parameter and what a buffer."""
    weight = model.tensors[constant.tensor].weight
    uses = final_uses(model, constant.tensor)
    counts = weight is not None and weight.kind == "initializer"
    part = weight.packing.part if weight is not None and weight.packing is not None else "weight"
    return uses, uses if counts and part == "weight" else []


def _is_setting(model: Model, constant: Constant, used_by: Sequence[int]) -> bool:
    """Whether a constant is a lone number that only elementwise ops read; such constants have many readers."""
    return constant.shape == () and all(model.ops[index].type in ELEMENTWISE for index in used_by)


def _add(model: Model, count: ParameterCount, constant: Constant) -> None:
    """Enter one constant into the count."""
    uses, working = _uses(model, constant)
    count.roles[constant.tensor] = Role.PARAMETER if working else Role.CONSTANT
    elements = prod(constant.shape)
    if not uses:
        count.unused_initializers.append(Unused(constant.tensor, elements, constant.nbytes))
        return
    first = min(working or uses)
    count.weight_bytes[first.op] += constant.nbytes
    if working:
        logical = logical_elements(model.ops[first.op], first.slot, elements, constant.dtype)
        count.elements[constant.tensor] = logical
        count.parameters[first.op] += logical
        for use in working:
            _note_type(model, count, use, constant)


def _note_type(model: Model, count: ParameterCount, use: Use, constant: Constant) -> None:
    """Remember the storage type of the largest parameter that an op works with."""
    elements = int(count.elements[constant.tensor])
    if elements > count.weight_types.get(use.op, (0, ""))[0]:
        op, weight = model.ops[use.op], model.tensors[constant.tensor].weight
        told = weight.element_type if weight is not None and is_aten(op) else None
        count.weight_types[use.op] = elements, told or packed_type(op, use.slot, constant.dtype)


_LAYERS = frozenset(
    {
        "BatchNormalization", "Conv", "ConvTranspose", "GRU", "Gather", "Gemm", "GroupNormalization",
        "InstanceNormalization", "LSTM", "LayerNormalization", "MatMul", "PRelu", "RMSNormalization", "RNN",
    }
)  # fmt: skip


def _is_layer_weight(model: Model, constant: Constant) -> bool:
    """Whether a layer works with a constant; a model whose layers do keeps all its weights in such nodes."""
    return any(_is_layer(model.ops[use.op], use.slot) for use in final_uses(model, constant.tensor))


def _is_layer(op: Op, slot: int) -> bool:
    """Whether this input is where a layer keeps its weights."""
    if op.type not in _LAYERS or (slot == 0) != (op.type == "Gather"):
        return False
    return op.type == "BatchNormalization" or slot not in SETTINGS.get(key(op), ())


def _is_parameter(model: Model, constant: Constant, use: Use) -> bool:
    """Whether a constant is a weight to the op that uses it."""
    op = model.ops[use.op]
    name = key(op)
    if use.slot in SETTINGS.get(name, ()):
        return False
    if constant.dtype not in dtypes.FLOATS and not use.dequantized:
        return use.slot in INTEGER_WEIGHTS.get(name, ()) or _is_quantized_table(model, op, use.slot, constant.dtype)
    if op.type in ELEMENTWISE and prod(constant.shape) == 1:
        return _is_lone_bias(model, op, constant.shape)
    if constant.shape == () and op.type != "PRelu" and not use.dequantized:
        return False
    return not (_is_repeated_affine(model, op, use.slot, constant.shape) or _is_buffer(model, constant, op))


def _is_repeated_affine(model: Model, op: Op, slot: int, shape: tuple[int, ...]) -> bool:
    """Whether a per-channel Mul or Add repeats the scale and shift of the batch normalisation right before it.

    Caffe writes one affine layer as BatchNorm and Scale; its converters store both, the first being ones and zeros.
    """
    for _ in range(2):  # Scale is a Mul and an Add
        if op.type not in ("Mul", "Add") or len(op.inputs) != 2:
            return False
        other = op.inputs[1 - slot]
        producer = model.tensors[other].producer if other >= 0 else -1
        if producer < 0:
            return False
        op, slot = model.ops[producer], 1
        if op.type == "BatchNormalization":
            scale = model.tensors[source(op, 1)].weight if source(op, 1) >= 0 else None
            return scale is None or scale.elements == prod(shape)
    return False


def _is_buffer(model: Model, constant: Constant, op: Op) -> bool:
    """Whether a float constant is a mask, a rotary table or a vector of frequencies."""
    shape = constant.shape
    if op.type in ("Sin", "Cos"):
        return True
    if sum(dim != 1 for dim in shape) <= 1:
        return is_frequency(model, op)
    if op.type in ("Mul", "Gather", "Concat"):
        return is_rotary_table(model, constant.tensor, shape)
    return op.type in ("Add", "Where", "Mul", "Sub") and is_score_mask(model, constant.tensor, shape)


def _is_quantized_table(model: Model, op: Op, slot: int, dtype: str) -> bool:
    """Whether an integer table is gathered from and then dequantized: a quantized embedding."""
    if op.type != "Gather" or slot != 0 or dtype in ("bool", "int64"):
        return False
    return any(model.ops[index].type == "DequantizeLinear" for index in readers(model, result(op)))


def _is_lone_bias(model: Model, op: Op, shape: tuple[int, ...]) -> bool:
    """Whether a one-element vector is the bias of a layer with a single output feature."""
    if op.type != "Add" or shape != (1,):
        return False
    producers = [model.tensors[tensor].producer for tensor in op.inputs if tensor >= 0]
    for layer in (model.ops[index] for index in producers if index >= 0):
        weight = model.tensors[source(layer, 1)].weight if layer.type == "MatMul" and source(layer, 1) >= 0 else None
        if weight is not None and weight.shape[-1:] == (1,):
            return True
    return False
