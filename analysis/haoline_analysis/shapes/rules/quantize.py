"""Quantization, and elementwise ops on quantized tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.shapes.dims import broadcast
from haoline_analysis.shapes.node import Node, shape_rule
from haoline_analysis.shapes.rules.reduce import reduced
from haoline_analysis.shapes.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

MS = "com.microsoft"


@shape_rule("QuantizeLinear")
@shape_rule("QuantizeLinear", domain=MS)
def quantize(node: Node) -> Sequence[Value]:
    """To the zero point's type, else the one that attribute ``output_dtype`` names, else uint8."""
    dtype = node.dtype(2) if node.has(2) else node.type_attribute("output_dtype", "uint8")
    return [node.same(dtype=dtype)]


@shape_rule("DequantizeLinear")
@shape_rule("DequantizeLinear", domain=MS)
def dequantize(node: Node) -> Sequence[Value]:
    """To the scale's type, unless attribute ``output_dtype`` names another."""
    return [node.same(dtype=node.type_attribute("output_dtype", node.dtype(1)))]


@shape_rule("DynamicQuantizeLinear")
def dynamic_quantize(node: Node) -> Sequence[Value]:
    """uint8 elements, their scale and zero point."""
    return [node.same(dtype="uint8"), Value("float32", ()), Value("uint8", ())]


@shape_rule("QLinearAdd", "QLinearMul", domain=MS)
def qlinear_binary(node: Node) -> Sequence[Value]:
    """Arithmetic of quantized tensors that broadcast."""
    one, other = node.shape(0), node.shape(3)
    return [Value(node.dtype(), None if one is None or other is None else broadcast([one, other]))]


@shape_rule("QLinearSigmoid", "QLinearLeakyRelu", "QLinearSoftmax", domain=MS)
def qlinear_unary(node: Node) -> Sequence[Value]:
    """Shaped and typed like the input."""
    return [node.same()]


@shape_rule("QLinearWhere", domain=MS)
def qlinear_where(node: Node) -> Sequence[Value]:
    """A choice between two quantized tensors."""
    shapes = [node.shape(slot) for slot in (0, 1, 4)]
    known = [shape for shape in shapes if shape is not None]
    return [Value(node.dtype(1), broadcast(known) if len(known) == 3 else None)]


@shape_rule("QLinearReduceMean", "ReduceSumInteger", domain=MS)
def reduce_integers(node: Node) -> Sequence[Value]:
    """A reduction of quantized elements; ReduceSumInteger widens them to 32 bits."""
    dims, axes = node.shape(0), node.integers("axes")
    wide = "uint32" if node.dtype() == "uint8" else "int32"
    dtype = wide if node.op.type == "ReduceSumInteger" else node.dtype()
    if dims is None:
        return [Value(dtype, None)]
    places = range(len(dims)) if not axes else [axis % len(dims) if dims else axis for axis in axes]
    return [Value(dtype, reduced(dims, list(places), keep=bool(node.integer("keepdims", 1))))]


@shape_rule("QuantizeBFP", "DequantizeBFP", domain=MS)
def block_floating_point(node: Node) -> Sequence[Value]:
    """Block floating point: the layout is opaque, the declared types stand."""
    return [Value("", None)] * node.outputs
