"""Matrix products: M x N x K MACs, biases and rescaling counted as further operations."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import MICROSOFT, Cost, UnknownSizeError, cost_rule
from haoline_analysis.cost.rules.elementwise import GELU_TANH, activation_flops
from haoline_analysis.cost.rules.normalization import ROOT_MEAN_SQUARE
from haoline_analysis.cost.sizes import (
    Shape,
    attribute,
    broadcast,
    data_in,
    elements_in,
    given,
    integer,
    optional_elements,
    shape_in,
    text,
)

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature


def product_sizes(left: Shape, right: Shape) -> tuple[int, int]:
    """(elements of the result, contracted size) of numpy's matmul, 1-D operands included.

    Raises:
        UnknownSizeError: if the operands do not fit.
    """
    if not left or not right or left[-1] != (right[-2] if len(right) > 1 else right[0]):
        raise UnknownSizeError(f"matmul of {left} and {right}")
    rows = left[-2] if len(left) > 1 else 1
    columns = right[-1] if len(right) > 1 else 1
    return prod(broadcast(left[:-2], right[:-2])) * rows * columns, left[-1]


def matmul_cost(left: Shape, right: Shape, per_result: int = 0) -> Cost:
    """MACs of a product, and its operations with ``per_result`` more for each element of the result."""
    results, contracted = product_sizes(left, right)
    return Cost(results * contracted, 2 * results * contracted + per_result * results)


@cost_rule("MatMul")
@cost_rule("MatMulInteger", "MatMulInteger16", domain=MICROSOFT)
def matmul(signature: Signature) -> Cost:
    """Batched, broadcast and 1-D products."""
    return matmul_cost(shape_in(signature, 0), shape_in(signature, 1))


@cost_rule("MatMulInteger")
def matmul_integer(signature: Signature) -> Cost:
    """As MatMul; subtracting the zero points is two operations per operand element at most."""
    zero_points = optional_elements(signature, 2) and elements_in(signature, 0)
    zero_points += optional_elements(signature, 3) and elements_in(signature, 1)
    cost = matmul_cost(shape_in(signature, 0), shape_in(signature, 1))
    return Cost(cost.macs, cost.flops + zero_points)


@cost_rule("QLinearMatMul")
def quantized_matmul(signature: Signature) -> Cost:
    """The product, then scale, round and add the zero point of each result."""
    return matmul_cost(shape_in(signature, 0), shape_in(signature, 3), per_result=3)


@cost_rule("DynamicQuantizeMatMul", domain=MICROSOFT)
def dynamic_quantize_matmul(signature: Signature) -> Cost:
    """Quantize A (5 an element), the product, scale, optional bias."""
    cost = matmul_cost(shape_in(signature, 0), shape_in(signature, 1), per_result=1 + given(signature, 4))
    return Cost(cost.macs, cost.flops + 5 * elements_in(signature, 0))


@cost_rule("MatMulIntegerToFloat", domain=MICROSOFT)
def matmul_integer_to_float(signature: Signature) -> Cost:
    """The product, scale, optional bias."""
    return matmul_cost(shape_in(signature, 0), shape_in(signature, 1), per_result=1 + given(signature, 6))


@cost_rule("QOrderedMatMul", domain=MICROSOFT)
def ordered_matmul(signature: Signature) -> Cost:
    """The int8 product, scale and round, optional bias and residual."""
    extra = 2 + given(signature, 5) + 2 * given(signature, 6)
    return matmul_cost(shape_in(signature, 0), shape_in(signature, 2), per_result=extra)


def _swapped(shape: Shape) -> Shape:
    return (*shape[:-2], shape[-1], shape[-2]) if len(shape) > 1 else shape


def _transposed(signature: Signature, index: int, letter: str) -> Shape:
    """Operand shape after the op's own transposes, batch transpose first."""
    shape = shape_in(signature, index)
    if integer(signature, f"transBatch{letter}", 0) and len(shape) > 2:
        shape = (*shape[1:-1], shape[0], shape[-1])
    return _swapped(shape) if integer(signature, f"trans{letter}", 0) else shape


@cost_rule("FusedMatMul", "TransposeMatMul", "FusedMatMulActivation", domain=MICROSOFT)
def fused_matmul(signature: Signature) -> Cost:
    """A product with transposes, ``alpha`` and an activation folded in."""
    scaled = float(attribute(signature, "alpha", 1.0)) != 1.0
    extra = scaled + activation_flops(text(signature, "activation", ""))
    return matmul_cost(_transposed(signature, 0, "A"), _transposed(signature, 1, "B"), extra)


def _gemm(signature: Signature, right: int, bias: int) -> Cost:
    if len(shape_in(signature, 0)) != 2 or len(shape_in(signature, right)) != 2:
        raise UnknownSizeError("operands that are no matrices")
    scaled = float(attribute(signature, "alpha", 1.0)) != 1.0
    cost = matmul_cost(
        _transposed(signature, 0, "A"),
        _transposed(signature, right, "B"),
        scaled + given(signature, bias),
    )
    if given(signature, bias) and float(attribute(signature, "beta", 1.0)) != 1.0:
        return Cost(cost.macs, cost.flops + elements_in(signature, bias))
    return cost


@cost_rule("Gemm")
def gemm(signature: Signature) -> Cost:
    """M x N x K MACs; the bias is an addition per result, as are ``alpha`` and ``beta`` other than one."""
    return _gemm(signature, 1, 2)


@cost_rule("FusedGemm", "GemmFloat8", domain=MICROSOFT)
def fused_gemm(signature: Signature) -> Cost:
    """Gemm with an activation on each result."""
    results, _ = product_sizes(_transposed(signature, 0, "A"), _transposed(signature, 1, "B"))
    cost = _gemm(signature, 1, 2)
    return Cost(cost.macs, cost.flops + results * activation_flops(text(signature, "activation", "")))


@cost_rule("GemmFastGelu", domain=MICROSOFT)
def gemm_fast_gelu(signature: Signature) -> Cost:
    """A product, optional bias, tanh GELU."""
    return matmul_cost(shape_in(signature, 0), shape_in(signature, 1), given(signature, 2) + GELU_TANH)


@cost_rule("QGemm", domain=MICROSOFT)
def quantized_gemm(signature: Signature) -> Cost:
    """Gemm on int8 operands, then scale, round and add the zero point."""
    cost = _gemm(signature, 3, 6)
    results = cost.macs // max(_transposed(signature, 0, "A")[-1], 1)
    return Cost(cost.macs, cost.flops + 3 * results)


def _rows(signature: Signature, contracted: int) -> int:
    """Rows of A, whose last dim is the contracted one."""
    if shape_in(signature, 0, 1)[-1] != contracted:
        raise UnknownSizeError("K")
    return prod(shape_in(signature, 0)[:-1])


def _projection(rows: int, contracted: int, columns: int, per_result: int) -> Cost:
    macs = rows * contracted * columns
    return Cost(macs, 2 * macs + per_result * rows * columns)


@cost_rule("MatMulNBits", domain=MICROSOFT)
def matmul_nbits(signature: Signature) -> Cost:
    """Rows x K x N MACs; each weight is dequantized once (2 operations)."""
    contracted, columns = integer(signature, "K"), integer(signature, "N")
    cost = _projection(_rows(signature, contracted), contracted, columns, given(signature, 5))
    return Cost(cost.macs, cost.flops + 2 * contracted * columns)


@cost_rule("MatMulBnb4", domain=MICROSOFT)
def matmul_bnb4(signature: Signature) -> Cost:
    """Rows x K x N MACs; a table look-up and a multiply dequantize each weight."""
    contracted, columns = integer(signature, "K"), integer(signature, "N")
    cost = _projection(_rows(signature, contracted), contracted, columns, 0)
    return Cost(cost.macs, cost.flops + contracted * columns)


@cost_rule("MatMulFpQ4", domain=MICROSOFT)
def matmul_fpq4(signature: Signature) -> Cost:
    """As MatMulNBits; K and N are the data of the third input."""
    sizes = data_in(signature, 2)
    if sizes is None or sizes.size != 2:
        raise UnknownSizeError("B_shape")
    contracted, columns = (int(size) for size in sizes.reshape(-1))
    cost = _projection(_rows(signature, contracted), contracted, columns, 0)
    return Cost(cost.macs, cost.flops + 2 * contracted * columns)


@cost_rule("MatMulBlockQuantizedFp4Weight", "MatMulBlockQuantizedFp8Weight", domain=MICROSOFT)
def matmul_block_float(signature: Signature) -> Cost:
    """Rows x K x N MACs with N the weight's first dim; one multiply dequantizes each weight."""
    contracted, columns = shape_in(signature, 0, 1)[-1], shape_in(signature, 1, 2)[0]
    bias = given(signature, 5 if signature.op.type.endswith("Fp4Weight") else 4)
    cost = _projection(_rows(signature, contracted), contracted, columns, bias)
    return Cost(cost.macs, cost.flops + contracted * columns)


def _fused_norm(signature: Signature) -> int:
    """Operations of the RMS norm (and residual add) that may precede a fused projection."""
    per_element = (ROOT_MEAN_SQUARE + 1) * given(signature, 2) + given(signature, 1)
    return per_element * elements_in(signature, 0)


@cost_rule("MatMulNBitsMlp", domain=MICROSOFT)
def matmul_nbits_mlp(signature: Signature) -> Cost:
    """Gate and up projections, the activated gate times up."""
    contracted, columns = integer(signature, "K"), integer(signature, "N")
    extra = activation_flops(text(signature, "activation", "silu")) + 1 + given(signature, 5) + given(signature, 8)
    cost = _projection(_rows(signature, contracted), contracted, 2 * columns, 0)
    results = cost.macs // max(2 * contracted, 1)
    dequantize = 4 * contracted * columns
    return Cost(cost.macs, cost.flops + results * extra + dequantize + _fused_norm(signature))


@cost_rule("MatMulNBitsQkv", domain=MICROSOFT)
def matmul_nbits_qkv(signature: Signature) -> Cost:
    """Query, key and value projections of one normalised input."""
    contracted, columns = integer(signature, "K"), integer(signature, "Nq") + 2 * integer(signature, "Nkv")
    bias = given(signature, 5)
    cost = _projection(_rows(signature, contracted), contracted, columns, bias)
    return Cost(cost.macs, cost.flops + 2 * contracted * columns + _fused_norm(signature))
