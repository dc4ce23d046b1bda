"""In which precision each op computes and its weights are stored, in the field's short names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis import dtypes
from haoline_analysis.cost.operands import readers, result, source
from haoline_analysis.cost.slots import INTEGER_WEIGHTS, TRANSPARENT, key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.cost.parameters import ParameterCount
    from haoline_analysis.cost.plan import CostPlan
    from haoline_analysis.model import Model, Op
    from haoline_analysis.shapes.value import Evaluation, Signature

SHORT = {
    "float64": "fp64",
    "float32": "fp32",
    "float16": "fp16",
    "bfloat16": "bf16",
    "float4_e2m1": "fp4",
    "uint8": "int8",
    "uint4": "int4",
    "uint2": "int2",
    "uint16": "int16",
}
CONTRACTIONS = frozenset(["Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum", "Attention", "LSTM", "GRU", "RNN"])


def short_name(dtype: str) -> str:
    """``float16`` is fp16, both signs of an integer width are one: the speed does not depend on it."""
    return "fp8" if dtype.startswith("float8") else SHORT.get(dtype, dtype)


def compute_precision(plan: CostPlan, evaluation: Evaluation) -> np.ndarray:
    """Short name per op, object [ops]; None where no type is known."""
    per_signature = np.empty(len(evaluation.signatures), object)
    for index, signature in enumerate(evaluation.signatures):
        per_signature[index] = _signature_precision(signature)
    result: np.ndarray = per_signature[evaluation.op_signatures] if len(per_signature) else np.empty(0, object)
    for index, name in _between_quantizers(plan, evaluation):
        result[index] = name
    return result


def weight_precision(model: Model, count: ParameterCount) -> np.ndarray:
    """Short name of the storage of each op's weights, object [ops]; None for an op without weights."""
    result = np.full(len(model.ops), None, object)
    for index, (_, dtype) in count.weight_types.items():
        result[index] = short_name(dtype)
    return result


def _signature_precision(signature: Signature) -> str | None:
    """The quantized operand's type for integer ops, else the widest of the real inputs' or else the first type."""
    slots = INTEGER_WEIGHTS.get(key(signature.op), ())
    found = [value.dtype for value in signature.inputs if value is not None and value.dtype]
    if slots and not _weight_only(signature.op):
        value = signature.inputs[min(slots)] if min(slots) < len(signature.inputs) else None
        return short_name(value.dtype) if value is not None and value.dtype else None
    made = [value.dtype for value in signature.outputs if value is not None and value.dtype]
    floats = [dtype for dtype in found if dtype in dtypes.FLOATS] or [d for d in made if d in dtypes.FLOATS]
    first = (floats or found or made or [""])[0]
    return short_name(first) or None


def _weight_only(op: Op) -> bool:
    """Ops that dequantize their weight and compute in the type of their activations."""
    return op.type.startswith(("MatMulNBits", "MatMulBlockQuantized")) or op.type in (
        "MatMulBnb4",
        "MatMulFpQ4",
        "QMoE",
        "GatherBlockQuantized",
        "QEmbedLayerNormalization",
    )


def _between_quantizers(plan: CostPlan, evaluation: Evaluation) -> Iterator[tuple[int, str]]:
    """Ops whose data inputs are all dequantized and that contract them or hand the result to a quantizer.

    Runtimes execute such an op on the quantized operands.
    """
    model = plan.model
    dequantizers = (model.ops[index] for index in plan.rows(frozenset({"DequantizeLinear"})))
    candidates = {reader for op in dequantizers for reader in readers(model, result(op))}
    for index in sorted(candidates):
        op = model.ops[index]
        if op.type in ("QuantizeLinear", "DequantizeLinear") or op.bodies:
            continue
        sources = [_quantized_type(model, evaluation, tensor) for tensor in _data_inputs(op)]
        if sources and all(sources) and (op.type in CONTRACTIONS or _is_quantized_after(model, op)):
            yield index, short_name(max(sources, key=lambda dtype: dtypes.BITS.get(dtype, 0)))


def _data_inputs(op: Op) -> list[int]:
    """The operands that decide the precision: biases and settings do not."""
    count = 2 if op.type in CONTRACTIONS or op.type in ("Add", "Mul", "Sub", "Div") else 1
    count = len(op.inputs) if op.type in ("Concat", "Sum") else count
    return [tensor for tensor in op.inputs[:count] if tensor >= 0]


def _quantized_type(model: Model, evaluation: Evaluation, tensor: int) -> str:
    """The type before dequantization, looking back through reshapes and the like; "" where there is none."""
    for _ in range(8):
        producer = model.tensors[tensor].producer
        if producer < 0:
            return ""
        op = model.ops[producer]
        if op.type not in TRANSPARENT or source(op) < 0:
            return ""
        tensor = source(op)
        if op.type == "DequantizeLinear":
            value = evaluation.value(tensor)
            return value.dtype if value is not None else model.tensors[tensor].dtype or ""
    return ""


def _is_quantized_after(model: Model, op: Op) -> bool:
    """Whether the result goes into a quantizer, possibly after an activation fused with the op."""
    for index in readers(model, result(op)):
        after = model.ops[index]
        if after.type == "QuantizeLinear":
            return True
        if after.type in ("Relu", "Clip", "LeakyRelu") and any(
            model.ops[reader].type == "QuantizeLinear" for reader in readers(model, result(after))
        ):
            return True
    return False
