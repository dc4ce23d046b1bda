"""Which ops of a float model a scheme can quantize."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.quantization.quantizers.methods.onnx_types import op_types
from haoline_analysis.quantization.quantizers.schemes import find_scheme
from haoline_analysis.runtime.failures import onnxruntime
from haoline_analysis.runtime.source import source_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from haoline_analysis.model import Model, Op
    from haoline_analysis.shapes import Evaluation

_FLOATS = frozenset({"float32", "float16", "bfloat16"})


def quantizable(model: Any, scheme: str) -> list[str]:
    """Names of the ops that ``scheme`` quantizes unless told otherwise, in execution order.

    Args:
        model: whatever :func:`quantize` takes.
        scheme: one of ``SCHEMES``.

    Raises:
        ModelError: if the model is refused, or there is no such scheme.
    """
    onnxruntime()
    return quantizable_ops(source_of(model)[1], scheme)


def quantizable_ops(model: Model, scheme: str) -> list[str]:
    """The same for an opened model, whatever it came from."""
    from haoline_analysis.shapes import evaluate

    chosen = find_scheme(scheme)
    evaluation = evaluate(model)
    rule = _RULES[chosen.kind]
    known = _known(evaluation)
    return [
        op.name
        for row, op in enumerate(model.ops)
        if op.parent < 0 and not known[row] and rule(model, op, evaluation, chosen.name)
    ]


def _known(evaluation: Evaluation) -> Any:
    from haoline_analysis.shapes.known import known_before_run

    return known_before_run(evaluation)


def _is_float(evaluation: Evaluation, tensor: int) -> bool:
    value = evaluation.value(tensor) if tensor >= 0 else None
    return value is not None and value.dtype in _FLOATS


def _constant(model: Model, op: Op, slot: int) -> bool:
    """Whether an input is a weight."""
    at = op.inputs[slot] if slot < len(op.inputs) else -1
    if at < 0:
        return False
    if model.tensors[at].weight is not None:
        return True
    maker = model.tensors[at].producer
    return maker >= 0 and model.ops[maker].type == "Constant"


def _static(model: Model, op: Op, evaluation: Evaluation, scheme: str) -> bool:  # noqa: ARG001 - rules look alike
    from haoline_analysis.quantization.quantizers.methods.static import TENSORRT_OPS

    types = TENSORRT_OPS if scheme == "tensorrt-int8" else op_types("static")
    return op.type in types and any(_is_float(evaluation, at) for at in (*op.outputs[:1], *op.inputs[:1]))


def _dynamic(model: Model, op: Op, evaluation: Evaluation, scheme: str) -> bool:  # noqa: ARG001
    slots = {"MatMul": 1, "Gemm": 1, "Conv": 1, "LSTM": 1, "Attention": 1, "Gather": 0, "EmbedLayerNormalization": 2}
    slot = slots.get(op.type)
    return (
        slot is not None
        and not op.attributes.get("transA")
        and _is_float(evaluation, op.inputs[slot])
        and _constant(model, op, slot)
    )


def _half(model: Model, op: Op, evaluation: Evaluation, scheme: str) -> bool:  # noqa: ARG001
    return any(_is_float(evaluation, at) for at in (*op.outputs, *op.inputs))


def _weights(model: Model, op: Op, evaluation: Evaluation, scheme: str) -> bool:  # noqa: ARG001
    slot = {"MatMul": 1, "Gemm": 1, "Gather": 0}.get(op.type)
    if slot is None or op.attributes.get("transA") or not _constant(model, op, slot):
        return False
    value = evaluation.value(op.inputs[slot])
    if value is None or value.dtype not in _FLOATS or value.shape is None:
        return False
    leading = value.shape[:-2] if op.type == "MatMul" else ()
    return len(value.shape) - len(leading) == 2 and all(size == 1 for size in leading)


_RULES: dict[str, Callable[[Model, Op, Evaluation, str], bool]] = {
    "static": _static,
    "dynamic": _dynamic,
    "half": _half,
    "weights": _weights,
}
