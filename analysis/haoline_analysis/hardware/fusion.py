"""Which elementwise ops a runtime merges into the kernel before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from haoline_analysis.model import Model

# fmt: off
_OF_ONNX = frozenset(
    {
        "Abs", "Add", "BatchNormalization", "BiasGelu", "Cast", "Ceil", "Celu", "Clip", "DequantizeLinear",
        "Div", "Elu", "Erf", "Exp", "FastGelu", "Floor", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Log",
        "Mish", "Mul", "Neg", "PRelu", "Pow", "QuantizeLinear", "QuickGelu", "Reciprocal", "Relu", "Round",
        "Selu", "Sigmoid", "Sign", "Softplus", "Softsign", "Sqrt", "Sub", "Sum", "Swish", "Tanh",
        "ThresholdedRelu", "Where",
    }
)
# fmt: on
_OF_PYTORCH = """
    _to_copy abs add addcdiv addcmul batch_norm ceil celu clamp clamp_max clamp_min clip cos div elu erf exp floor gelu
    glu hardsigmoid hardswish hardtanh leaky_relu lerp log logical_and logical_not masked_fill maximum minimum mish mul
    native_batch_norm neg pow prelu reciprocal relu relu6 round rsqrt rsub selu sigmoid sign silu sin softplus softsign
    sqrt square sub tanh threshold to type_as where
"""


POINTWISE = _OF_ONNX | frozenset(_OF_PYTORCH.split())
"""Ops that compute each element on its own and so can run inside the kernel that makes their input."""


def fused_ops(model: Model) -> NDArray[np.bool_]:
    """Ops merged into a producer, bool [ops]: elementwise ops that are the only reader of what some op before makes.

    This is what graph optimisers of onnxruntime and TensorRT, and torch.compile, do with bias, batch norm,
    activation and residual add. Such an op costs only the operands it reads besides.
    """
    tensors, kept = model.tensors, set(model.outputs)

    def sole_reader(tensor: int) -> bool:
        made = tensor >= 0 and tensors[tensor].producer >= 0 and tensors[tensor].weight is None
        return made and len(tensors[tensor].consumers) == 1 and tensor not in kept

    fused = [op.type in POINTWISE and any(map(sole_reader, op.inputs)) for op in model.ops]
    return np.array(fused, bool)
