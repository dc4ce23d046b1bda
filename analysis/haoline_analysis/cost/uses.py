"""Following a constant through casts, transposes and dequantization to the ops that work with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from haoline_analysis.cost.aten import HANDING_ON, is_aten
from haoline_analysis.cost.operands import readers, result, source
from haoline_analysis.cost.slots import TRANSPARENT, key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.model import Model, Op

MAX_HOPS = 16

_TO_ANGLES = frozenset(
    {"Cast", "Concat", "Expand", "Flatten", "Gather", "Identity", "Mul", "Reshape", "Slice", "Squeeze", "Transpose",
     "Unsqueeze"}
)  # fmt: skip
_TO_SCORES = frozenset({"Cast", "Expand", "Identity", "Mul", "Reshape", "Slice", "Squeeze", "Sub", "Unsqueeze"})
_TO_ROTATION = frozenset({"Cast", "Concat", "Expand", "Gather", "Identity", "Reshape", "Slice", "Squeeze",
                          "Transpose", "Unsqueeze"})  # fmt: skip


class Use(NamedTuple):
    """An input slot of an op that a constant reaches; ``dequantized`` if through a DequantizeLinear."""

    op: int
    slot: int
    dequantized: bool


def direct_uses(model: Model, tensor: int) -> Iterator[tuple[int, int]]:
    """(op, slot) pairs that read a tensor, in execution order."""
    for index in readers(model, tensor):
        for slot, operand in enumerate(model.ops[index].inputs):
            if operand == tensor:
                yield index, slot


def _hands_on(op: Op, slot: int) -> bool:
    if is_aten(op):
        return slot == 0 and op.type in HANDING_ON
    return slot == 0 and op.type in TRANSPARENT and key(op)[0] == ""


def final_uses(model: Model, tensor: int) -> list[Use]:
    """Where a constant is worked with; a chain that ends in the open counts as used by its last op."""
    found: list[Use] = []
    pending = [(tensor, False, 0)]
    seen: set[tuple[int, bool]] = set()
    while pending:
        current, dequantized, hops = pending.pop()
        if (current, dequantized) in seen:
            continue
        seen.add((current, dequantized))
        for index, slot in direct_uses(model, current):
            inner = _next_tensors(model, index, slot)
            if not inner or hops >= MAX_HOPS:
                found.append(Use(index, slot, dequantized))
                continue
            through = dequantized or model.ops[index].type == "DequantizeLinear"
            pending.extend((output, through, hops + 1) for output in inner)
    return found


def _next_tensors(model: Model, index: int, slot: int) -> list[int]:
    """The tensors that carry the constant on: outputs of a transparent op, or a body's view of a scanned input."""
    op = model.ops[index]
    if _hands_on(op, slot):
        return [output for output in op.outputs if output >= 0 and model.tensors[output].consumers]
    if op.type == "Scan" and op.bodies and slot < len(op.bodies[0].inputs):
        scanned = slot >= len(op.inputs) - op.integer("num_scan_inputs")
        return [op.bodies[0].inputs[slot]] if scanned else []
    return []


def reaches(model: Model, tensor: int, through: frozenset[str], goal: frozenset[str]) -> bool:
    """Whether some path from a tensor, over ops of the given types only, arrives at one of the goal types."""
    pending, seen = [tensor], {tensor}
    while pending and len(seen) <= 4 * MAX_HOPS:
        for index, _ in direct_uses(model, pending.pop()):
            op = model.ops[index]
            if op.type in goal:
                return True
            if op.type in through:
                fresh = [output for output in op.outputs if output >= 0 and output not in seen]
                seen.update(fresh)
                pending.extend(fresh)
    return False


def is_frequency(model: Model, op: Op) -> bool:
    """Whether the op's product ends in sines and cosines: its vector operand holds inverse frequencies."""
    products = ("MatMul", "Mul", "Einsum", "Gemm", "Div")
    return op.type in products and reaches(model, result(op), _TO_ANGLES, frozenset({"Sin", "Cos"}))


def is_score_mask(model: Model, tensor: int, shape: tuple[int, ...]) -> bool:
    """Whether a square constant without a head dimension is added to what a softmax takes: a causal mask."""
    square = len(shape) >= 2 and shape[-1] == shape[-2] > 1
    if not square or (len(shape) >= 3 and shape[-3] != 1):
        return False
    return any(
        model.ops[use].type in ("Add", "Where") and reaches(model, result(model.ops[use]), _TO_SCORES, _SOFTMAX)
        for use in _uses_through(model, tensor, _TO_SCORES)
    )


_SOFTMAX = frozenset({"Softmax"})


def _uses_through(model: Model, tensor: int, through: frozenset[str]) -> list[int]:
    """Ops outside ``through`` that a tensor reaches over ops of these types."""
    found, pending, seen = [], [tensor], {tensor}
    while pending and len(seen) <= 4 * MAX_HOPS:
        for index, _ in direct_uses(model, pending.pop()):
            op = model.ops[index]
            if op.type not in through:
                found.append(index)
                continue
            fresh = [output for output in op.outputs if output >= 0 and output not in seen]
            seen.update(fresh)
            pending.extend(fresh)
    return found


def _root(model: Model, tensor: int) -> int:
    """The tensor a rotary table comes from, back through selecting and reshaping ops."""
    for _ in range(MAX_HOPS):
        producer = model.tensors[tensor].producer if tensor >= 0 else -1
        if producer < 0 or model.ops[producer].type not in _TO_ROTATION or not model.ops[producer].inputs:
            break
        tensor = source(model.ops[producer])
    return tensor


def is_rotary_table(model: Model, tensor: int, shape: tuple[int, ...]) -> bool:
    """Whether a table is the cosine or sine half of ``x * cos + rotated(x) * sin``, its twin the other half."""
    if sum(dim != 1 for dim in shape) < 2:
        return False
    products = _uses_through(model, tensor, _TO_ROTATION)
    return bool(products) and all(_has_twin(model, index, tensor, shape) for index in products)


def _has_twin(model: Model, product: int, table: int, shape: tuple[int, ...]) -> bool:
    """Whether a Mul's result is added to that of a Mul with another constant table of the same shape."""
    if model.ops[product].type != "Mul":
        return False
    for index, _ in direct_uses(model, result(model.ops[product])):
        if model.ops[index].type not in ("Add", "Sub"):
            continue
        for operand in model.ops[index].inputs:
            other = model.tensors[operand].producer if operand >= 0 else -1
            if other < 0 or other == product or model.ops[other].type != "Mul":
                continue
            roots = [_root(model, factor) for factor in model.ops[other].inputs]
            weights = [model.tensors[root].weight for root in roots if root >= 0 and root != table]
            if any(weight is not None and weight.shape == shape for weight in weights):
                return True
    return False
