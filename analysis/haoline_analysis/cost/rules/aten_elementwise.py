"""PyTorch's elementwise ops: operations per output element, by the same formulas as ONNX's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import Cost, cost_rule
from haoline_analysis.cost.rules.elementwise import GELU_ERF, GELU_TANH, SIGMOID, TANH
from haoline_analysis.cost.sizes import attribute, elements_in, elements_out, text

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature

DOMAIN = "aten"

_ONE = """
    abs absolute acos acosh asin asinh atan atanh bitwise_and bitwise_left_shift bitwise_not bitwise_or
    bitwise_right_shift bitwise_xor ceil clamp_max clamp_min cos cosh deg2rad div divide eq erf erfc erfinv exp exp2
    floor fmax fmin ge greater greater_equal gt heaviside i0 isfinite isinf isnan le less less_equal lgamma digamma
    log log10 log2 logical_and logical_not logical_or logical_xor lt masked_fill maximum minimum mul multiply ne neg
    negative not_equal pow rad2deg reciprocal relu round rsub sgn sign signbit sin sinh sqrt square sub subtract tan
    threshold true_divide trunc where xlogy __and__ __or__ __xor__ __lshift__ __rshift__ fix copysign ldexp
"""

PER_ELEMENT: dict[str, int] = {
    **dict.fromkeys(_ONE.split(), 1),
    "diff": 1,
    "rsqrt": 2,
    "expm1": 2,
    "log1p": 2,
    "floor_divide": 2,
    "frac": 2,
    "atan2": 2,
    "addcmul": 2,
    "addcdiv": 2,
    "clamp": 2,
    "clip": 2,
    "hardtanh": 2,
    "relu6": 2,
    "leaky_relu": 2,
    "prelu": 2,
    "_prelu_kernel": 2,
    "rrelu": 2,
    "logit": 3,
    "lerp": 3,
    "remainder": 3,
    "fmod": 3,
    "softplus": 3,
    "softsign": 3,
    "hardshrink": 3,
    "softshrink": 3,
    "nan_to_num": 3,
    "polar": 3,
    "_weight_norm": 3,
    "_weight_norm_interface": 3,
    "sinc": 3,
    "isclose": 4,
    "hypot": 4,
    "logaddexp": 4,
    "logaddexp2": 4,
    "sigmoid": SIGMOID,
    "hardsigmoid": 4,
    "elu": 4,
    "silu": SIGMOID + 1,
    "glu": SIGMOID + 1,
    "log_sigmoid": SIGMOID + 1,
    "log_sigmoid_forward": SIGMOID + 1,
    "tanh": TANH,
    "hardswish": 5,
    "selu": 5,
    "tanhshrink": TANH + 1,
    "celu": 7,
    "mish": 3 + TANH + 1,
}
"""Operations per output element."""

COMPLEX = {"mul": 6, "multiply": 6, "div": 11, "add": 2, "sub": 2, "abs": 4}
"""The same where elements are complex: real operations of the textbook formula."""


@cost_rule(*PER_ELEMENT, domain=DOMAIN)
def elementwise(signature: Signature) -> Cost:
    """A fixed number of operations per output element; complex ones count as what they are made of."""
    per_element = PER_ELEMENT[signature.op.type]
    if _is_complex(signature):
        per_element = COMPLEX.get(signature.op.type, per_element)
    return Cost(0, per_element * elements_out(signature))


@cost_rule("add", "_add_relu", domain=DOMAIN)
def add(signature: Signature) -> Cost:
    """A sum, one multiply more for a factor that is not 1."""
    if _is_complex(signature):
        return Cost(0, COMPLEX["add"] * elements_out(signature))
    scaled = attribute(signature, "alpha", 1) not in (1, None)
    return Cost(0, (1 + scaled + (signature.op.type == "_add_relu")) * elements_out(signature))


@cost_rule("gelu", domain=DOMAIN)
def gelu(signature: Signature) -> Cost:
    """Exact or tanh form, by ``approximate``."""
    per_element = GELU_TANH if text(signature, "approximate", "none") == "tanh" else GELU_ERF
    return Cost(0, per_element * elements_out(signature))


def _is_complex(signature: Signature) -> bool:
    return any(value is not None and value.dtype.startswith("complex") for value in signature.inputs)


LOSSES = {"mse_loss": 3, "l1_loss": 3, "smooth_l1_loss": 5, "huber_loss": 5, "binary_cross_entropy": 6,
          "binary_cross_entropy_with_logits": 9, "kl_div": 4, "soft_margin_loss": 4}  # fmt: skip
"""Operations per element of the prediction, accumulation included."""


@cost_rule(*LOSSES, domain=DOMAIN)
def loss(signature: Signature) -> Cost:
    """Element by element, then a sum."""
    return Cost(0, LOSSES[signature.op.type] * elements_in(signature))


QUANTIZERS = {
    "quantize_per_tensor": 3,
    "quantize_per_channel": 3,
    "dequantize": 2,
    "fake_quantize_per_tensor_affine": 5,
    "fake_quantize_per_channel_affine": 5,
    "quantized_decomposed.quantize_per_tensor": 3,
    "quantized_decomposed.quantize_per_channel": 3,
    "quantized_decomposed.quantize_per_token": 3,
    "quantized_decomposed.dequantize_per_tensor": 2,
    "quantized_decomposed.dequantize_per_channel": 2,
    "quantized_decomposed.dequantize_per_token": 2,
    "quantized_decomposed.choose_qparams": 2,
    "quantized_decomposed.choose_qparams_per_token": 2,
}


@cost_rule(*QUANTIZERS, domain=DOMAIN)
def quantizer(signature: Signature) -> Cost:
    """Divide, round and add the zero point; subtract it and multiply."""
    return Cost(0, QUANTIZERS[signature.op.type] * elements_in(signature))
