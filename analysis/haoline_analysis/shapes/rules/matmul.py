"""Matrix products: dense, batched, fused, integer and block-quantized."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.shapes.constants import MAX_RANK
from haoline_analysis.shapes.dims import Dim, ImpossibleShapeError, Shape, axis_of, broadcast, merge, show
from haoline_analysis.shapes.node import Node, shape_rule
from haoline_analysis.shapes.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

MS = "com.microsoft"


def matmul_shape(a: Shape | None, b: Shape | None) -> Shape | None:
    """The shape of numpy's ``a @ b``.

    Raises:
        ImpossibleShapeError: if the inner or batch dims do not match.
    """
    if a is None or b is None:
        return None
    if not a or not b:
        raise ImpossibleShapeError("a scalar in a matrix product")
    left, right = ((1, *a) if len(a) == 1 else a), ((*b, 1) if len(b) == 1 else b)
    if None not in (left[-1], right[-2]) and left[-1] != right[-2]:
        raise ImpossibleShapeError(f"{show(a)} times {show(b)}: inner dimensions differ")
    batch = broadcast([left[:-2], right[:-2]])
    rows = () if len(a) == 1 else (left[-2],)
    columns = () if len(b) == 1 else (right[-1],)
    return (*batch, *rows, *columns)


@shape_rule("MatMul")
def matmul(node: Node) -> Sequence[Value]:
    """Matrix product, as numpy defines it."""
    return [Value(node.dtype(), matmul_shape(node.shape(0), node.shape(1)))]


@shape_rule("FusedMatMul", "TransposeMatMul", "FusedMatMulActivation", domain=MS)
def fused_matmul(node: Node) -> Sequence[Value]:
    """Matrix product of inputs that may be transposed, in their last two or in their batch dims."""
    sides = []
    for slot, side in enumerate("AB"):
        dims = node.shape(slot)
        if dims is not None and len(dims) > 1:
            if node.integer(f"transBatch{side}"):
                dims = (*dims[1:-1], dims[0], dims[-1])
            if node.integer(f"trans{side}"):
                dims = (*dims[:-2], dims[-1], dims[-2])
        sides.append(dims)
    return [Value(node.dtype(), matmul_shape(sides[0], sides[1]))]


@shape_rule("MatMulInteger")
def matmul_integer(node: Node) -> Sequence[Value]:
    """Integer product, summed in int32."""
    return [Value("int32", matmul_shape(node.shape(0), node.shape(1)))]


@shape_rule("MatMulInteger16", domain=MS)
def matmul_integer16(node: Node) -> Sequence[Value]:
    """16-bit integer product; unsigned where both inputs are."""
    dtype = "uint32" if node.dtype(0) == node.dtype(1) == "uint16" else "int32"
    return [Value(dtype, matmul_shape(node.shape(0), node.shape(1)))]


@shape_rule("QLinearMatMul")
@shape_rule("QLinearMatMul", domain=MS)
def qlinear_matmul(node: Node) -> Sequence[Value]:
    """Quantized product; the last zero point has the output's type."""
    return [Value(node.dtype(7), matmul_shape(node.shape(0), node.shape(3)))]


@shape_rule("DynamicQuantizeMatMul", domain=MS)
def dynamic_quantize_matmul(node: Node) -> Sequence[Value]:
    """Float activations times integer weights."""
    return [Value(node.dtype(), matmul_shape(node.shape(0), node.shape(1)))]


@shape_rule("MatMulIntegerToFloat", domain=MS)
def matmul_integer_to_float(node: Node) -> Sequence[Value]:
    """Integer product, scaled back to the type of the scales."""
    return [Value(node.dtype(2), matmul_shape(node.shape(0), node.shape(1)))]


@shape_rule("MatMulNBits", "MatMulFpQ4", "MatMulBnb4", domain=MS, data=(2,))
def matmul_blocks(node: Node) -> Sequence[Value]:
    """Activations times packed weights of K by N, stated by attributes (MatMulFpQ4: by an input)."""
    dims = node.shape(0)
    if node.op.type == "MatMulFpQ4":
        listed = node.int_list(2)
        inner, columns = (None, None) if listed is None or len(listed) != 2 else (listed[0], listed[1])
    else:
        inner, columns = node.integer("K"), node.integer("N")
    if node.op.type == "MatMulBnb4" and not node.integer("transB", 1):
        inner, columns = columns, inner
    if dims is None:
        return [Value(node.dtype(), None)]
    return [Value(node.dtype(), matmul_shape(dims, (inner, columns)))]


def gemm_shape(node: Node, left: int, right: int) -> Shape:
    """(M, N) of two matrices that may be transposed."""
    a, b = node.ranked(left, 2) or (None, None), node.ranked(right, 2) or (None, None)
    rows, inner = reversed(a) if node.integer("transA") else a
    depth, columns = reversed(b) if node.integer("transB") else b
    merge(inner, depth)
    return rows, columns


@shape_rule("Gemm")
@shape_rule("FusedGemm", "GemmFloat8", domain=MS)
def gemm(node: Node) -> Sequence[Value]:
    """A product of two matrices, scaled, plus a third."""
    dtype = node.type_attribute("dtype", node.dtype()) if node.op.type == "GemmFloat8" else node.dtype()
    return [Value(dtype, gemm_shape(node, 0, 1))]


@shape_rule("GemmFastGelu", domain=MS)
def gemm_fast_gelu(node: Node) -> Sequence[Value]:
    """A matrix product with FastGelu applied."""
    return [Value(node.dtype(), matmul_shape(node.shape(0), node.shape(1)))]


@shape_rule("QGemm", domain=MS)
def qgemm(node: Node) -> Sequence[Value]:
    """Quantized Gemm; float32 unless the output has a zero point."""
    return [Value(node.dtype(8) if node.has(8) else "float32", gemm_shape(node, 0, 3))]


@shape_rule("Det")
def determinant(node: Node) -> Sequence[Value]:
    """One number per square matrix."""
    dims = node.shape(0)
    if dims is None:
        return [Value(node.dtype(), None)]
    if len(dims) < 2:
        raise ImpossibleShapeError(f"the determinant of {show(dims)}")
    merge(dims[-1], dims[-2])
    return [Value(node.dtype(), dims[:-2])]


@shape_rule("Inverse", domain=MS)
def inverse(node: Node) -> Sequence[Value]:
    """Inverses of square matrices."""
    return [node.same()]


@shape_rule("Einsum")
def einsum(node: Node) -> Sequence[Value]:
    """The equation names the dims; an ellipsis broadcasts."""
    equation = node.string("equation").replace(" ", "")
    inputs, arrow, output = equation.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(node.inputs):
        raise ImpossibleShapeError(f"equation {equation!r} for {len(node.inputs)} inputs")
    sizes: dict[str, Dim] = {}
    wide: list[Shape] = []
    for slot, term in enumerate(terms):
        dims = node.shape(slot)
        if dims is not None:
            wide.append(_labelled(term, dims, sizes))
        elif "..." in term:
            return [Value(node.dtype(), None)]
    if not arrow:
        output = _implicit(inputs)
    shape: list[Dim] = []
    for label in output.replace("...", "."):
        shape.extend(broadcast(wide) if label == "." else (sizes.get(label),))
    return [Value(node.dtype(), tuple(shape))]


def _labelled(term: str, dims: Shape, sizes: dict[str, Dim]) -> Shape:
    """Note the size of every label of a term; returns what its ellipsis stands for."""
    before, dots, after = term.partition("...")
    rest = len(dims) - len(before) - len(after)
    if rest < 0 or (rest and not dots) or len(dims) > MAX_RANK:
        raise ImpossibleShapeError(f"term {term!r} for {show(dims)}")
    labelled = [*zip(before, dims, strict=False), *zip(after, dims[len(dims) - len(after) :], strict=True)]
    for label, dim in labelled:
        known = sizes.get(label)
        sizes[label] = dim if known in (None, 1) else merge(known, known if dim == 1 else dim)
    return dims[len(before) : len(before) + rest]


def _implicit(inputs: str) -> str:
    """The output of an equation without an arrow: labels that occur once, in alphabetical order."""
    labels = inputs.replace("...", "").replace(",", "")
    once = "".join(sorted(label for label in set(labels) if labels.count(label) == 1))
    return "..." + once if "..." in inputs else once


@shape_rule("GatherBlockQuantized", domain=MS)
def gather_block_quantized(node: Node) -> Sequence[Value]:
    """Rows of a block-quantized table, dequantized; uint8 tables pack several elements to a byte."""
    dims, indices = node.shape(0), node.shape(1)
    if dims is None or indices is None:
        return [Value(node.dtype(2), None)]
    place, packed = node.axis(len(dims)), axis_of(node.integer("quantize_axis", 1), len(dims))
    bits = node.integer("bits", 4)
    if node.dtype() == "uint8" and 0 < bits < 8 and dims[packed] is not None:
        dims = (*dims[:packed], dims[packed] * (8 // bits), *dims[packed + 1 :])  # type: ignore[operator]
    return [Value(node.dtype(2), dims[:place] + indices + dims[place + 1 :])]
