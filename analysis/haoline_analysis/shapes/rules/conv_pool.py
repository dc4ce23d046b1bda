"""Convolutions and pools, channels first or last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.shapes.constants import shape_from
from haoline_analysis.shapes.dims import Dim, ImpossibleShapeError, Shape, div, mul, product, show
from haoline_analysis.shapes.node import Node, shape_rule
from haoline_analysis.shapes.rules.windows import pads_of, spatial, window_sizes
from haoline_analysis.shapes.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

NHWC = "com.ms.internal.nhwc"
NCHWC = "com.microsoft.nchwc"


def _last(node: Node) -> bool:
    """Whether channels come last."""
    return node.op.domain == NHWC or node.op.type.startswith("Nhwc") or bool(node.integer("channels_last"))


def _parts(node: Node, slot: int = 0) -> tuple[Dim, Dim, Shape] | None:
    """Batch, channels and spatial dims of an input."""
    dims = node.shape(slot)
    if dims is None:
        return None
    if len(dims) < 3:
        raise ImpossibleShapeError(f"input {show(dims)} has no spatial axis")
    return (dims[0], dims[-1], dims[1:-1]) if _last(node) else (dims[0], dims[1], dims[2:])


def _whole(node: Node, batch: Dim, channels: Dim, sizes: Shape) -> Shape:
    return (batch, *sizes, channels) if _last(node) else (batch, channels, *sizes)


def _convolved(node: Node, image: int, weight: int) -> Shape | None:
    """The output shape of a convolution, from the inputs that hold image and weight."""
    parts, kernel = _parts(node, image), node.shape(weight)
    if parts is None or kernel is None:
        return None
    batch, channels, dims = parts
    if len(kernel) != len(dims) + 2:
        raise ImpossibleShapeError(f"weight {show(kernel)} for {len(dims)} spatial axes")
    window = _kernel_window(node, kernel, channels)
    return _whole(node, batch, kernel[0], window_sizes(node, dims, window))


def _kernel_window(node: Node, kernel: Shape, channels: Dim) -> Shape:
    """The spatial dims of a weight; refuses one that does not fit the input's channels."""
    group = node.integer("group", 1)
    given = node.integers("kernel_shape")
    blocked = node.op.domain == NCHWC  # channels are padded to whole blocks there
    per_group = mul(kernel[1], group)
    if blocked or channels is None or per_group is None or per_group == channels:
        window: Shape = kernel[2:]
    elif _last(node) and mul(kernel[-1], group) == channels:
        window = kernel[1:-1]
    else:
        raise ImpossibleShapeError(f"weight {show(kernel)} in {group} groups does not fit {channels} channels")
    return given if given and None in window else window


@shape_rule("Conv")
@shape_rule("FusedConv", "NhwcConv", "NhwcFusedConv", domain="com.microsoft")
@shape_rule("Conv", "FusedConv", domain=NHWC)
@shape_rule("Conv", domain=NCHWC)
def conv(node: Node) -> Sequence[Value]:
    """Convolution."""
    return [Value(node.dtype(), _convolved(node, 0, 1))]


@shape_rule("ConvInteger")
@shape_rule("ConvInteger", domain=NHWC)
def conv_integer(node: Node) -> Sequence[Value]:
    """Convolution of integers, summed in int32."""
    return [Value("int32", _convolved(node, 0, 1))]


@shape_rule("QLinearConv")
@shape_rule("QLinearConv", domain="com.microsoft")
@shape_rule("QLinearConv", domain=NHWC)
def qlinear_conv(node: Node) -> Sequence[Value]:
    """Quantized convolution; the last zero point has the output's type."""
    return [Value(node.dtype(7), _convolved(node, 0, 3))]


@shape_rule("DeformConv")
def deform_conv(node: Node) -> Sequence[Value]:
    """Deformable convolution: sizes as for a plain one."""
    return [Value(node.dtype(), _convolved(node, 0, 1))]


@shape_rule("ConvTranspose")
@shape_rule("ConvTranspose", domain=NHWC)
@shape_rule("ConvTransposeWithDynamicPads", domain="com.microsoft", data=(2,))
def conv_transpose(node: Node) -> Sequence[Value]:
    """Transposed convolution."""
    parts, kernel = _parts(node), node.shape(1)
    if parts is None or kernel is None:
        return [Value(node.dtype(), None)]
    batch, channels, dims = parts
    if len(kernel) != len(dims) + 2 or (None not in (channels, kernel[0]) and channels != kernel[0]):
        raise ImpossibleShapeError(f"weight {show(kernel)} does not fit {channels} channels")
    sizes = _upsampled(node, dims, kernel[2:])
    return [Value(node.dtype(), _whole(node, batch, mul(kernel[1], node.integer("group", 1)), sizes))]


def _upsampled(node: Node, dims: Shape, kernel: Shape) -> Shape:
    """Formula: https://onnx.ai/onnx/operators/onnx__ConvTranspose.html."""
    rank = len(dims)
    wanted = node.integers("output_shape")
    if wanted:
        return tuple(wanted[-rank:])
    strides, dilations = spatial(node, "strides", rank, 1), spatial(node, "dilations", rank, 1)
    extra, mode = spatial(node, "output_padding", rank, 0), node.string("auto_pad", "NOTSET") or "NOTSET"
    if mode.startswith("SAME"):
        return tuple(mul(dim, stride) for dim, stride in zip(dims, strides, strict=True))
    pads: Sequence[int] | None = pads_of(node, rank)
    if node.op.type == "ConvTransposeWithDynamicPads" and node.has(2):
        pads = node.int_list(2)
    if pads is None or len(pads) != 2 * rank:
        return (None,) * rank
    if mode == "VALID":
        pads = (0,) * (2 * rank)
    return tuple(
        None
        if dim is None or size is None
        else strides[i] * (dim - 1) + extra[i] + (size - 1) * dilations[i] + 1 - pads[i] - pads[rank + i]
        for i, (dim, size) in enumerate(zip(dims, kernel, strict=True))
    )


@shape_rule("MaxPool", "AveragePool", "LpPool")
@shape_rule("MaxPool", "AveragePool", "LpPool", "QLinearAveragePool", domain=NHWC)
@shape_rule("MaxPool", "AveragePool", domain=NCHWC)
@shape_rule("NhwcMaxPool", "QLinearAveragePool", domain="com.microsoft")
def pool(node: Node) -> Sequence[Value]:
    """Pooling; MaxPool's second output holds indices."""
    parts = _parts(node)
    if parts is None:
        return [Value(node.dtype(), None), Value("int64", None)]
    batch, channels, dims = parts
    kernel = node.integers("kernel_shape")
    if kernel is None or len(kernel) != len(dims) or min(kernel) < 1:
        raise ImpossibleShapeError(f"kernel_shape {kernel} for {len(dims)} spatial axes")
    sizes = window_sizes(node, dims, kernel, ceil=bool(node.integer("ceil_mode")), wider=True)
    shape = _whole(node, batch, channels, sizes)
    return [Value(node.dtype(), shape), Value("int64", shape)]


@shape_rule("GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool")
@shape_rule("GlobalAveragePool", "GlobalMaxPool", "QLinearGlobalAveragePool", domain=NHWC)
@shape_rule("GlobalAveragePool", "GlobalMaxPool", domain=NCHWC)
@shape_rule("QLinearGlobalAveragePool", domain="com.microsoft")
def global_pool(node: Node) -> Sequence[Value]:
    """Pooling over all spatial axes, which stay with size 1."""
    dims = node.shape(0)
    if dims is None or len(dims) < 2:
        return [Value(node.dtype(), dims)]
    parts = (dims[0], dims[-1]) if _last(node) else (dims[0], dims[1])
    return [Value(node.dtype(), _whole(node, *parts, (1,) * (len(dims) - 2)))]


@shape_rule("ReorderInput", "ReorderOutput", domain=NCHWC)
def reorder(node: Node) -> Sequence[Value]:
    """Into and out of blocked channels: shaped like the input, with the channels that the op states."""
    dims = node.shape(0)
    channels = node.integer("channels")
    if dims is None or len(dims) != 4 or not channels:
        return [node.same()]
    if node.integer("channels_last"):
        return [Value(node.dtype(), (dims[0], dims[2], dims[3], channels))]
    return [Value(node.dtype(), (dims[0], channels, *dims[2:]))]


@shape_rule("MaxUnpool", data=(2,))
def max_unpool(node: Node) -> Sequence[Value]:
    """The inverse of MaxPool; the third input may spell out the shape."""
    if node.has(2):
        return [Value(node.dtype(), shape_from(node, 2))]
    dims = node.shape(0)
    if dims is None or len(dims) < 3:
        return [Value(node.dtype(), None)]
    rank = len(dims) - 2
    kernel, strides = spatial(node, "kernel_shape", rank, 1), spatial(node, "strides", rank, 1)
    pads = pads_of(node, rank)
    sizes = tuple(
        None if dim is None else (dim - 1) * strides[i] + kernel[i] - pads[i] - pads[rank + i]
        for i, dim in enumerate(dims[2:])
    )
    return [Value(node.dtype(), dims[:2] + sizes)]


@shape_rule("MaxRoiPool")
def max_roi_pool(node: Node) -> Sequence[Value]:
    """One pooled map per region."""
    dims, regions = node.ranked(0, 4), node.ranked(1, 2)
    sizes = spatial(node, "pooled_shape", 2, 1)
    return [Value(node.dtype(), (regions[0] if regions else None, dims[1] if dims else None, *sizes))]


@shape_rule("RoiAlign")
def roi_align(node: Node) -> Sequence[Value]:
    """One aligned map per region."""
    dims, regions = node.ranked(0, 4), node.ranked(1, 2)
    sizes = (node.integer("output_height", 1), node.integer("output_width", 1))
    return [Value(node.dtype(), (regions[0] if regions else None, dims[1] if dims else None, *sizes))]


@shape_rule("Col2Im", data=(1, 2))
def col2im(node: Node) -> Sequence[Value]:
    """Columns back to an image of the shape that the second input spells out."""
    dims, image, block = node.ranked(0, 3), shape_from(node, 1), shape_from(node, 2)
    if dims is None or image is None:
        return [Value(node.dtype(), None)]
    channels = div(dims[1], product(block)) if block is not None else None
    return [Value(node.dtype(), (dims[0], channels, *image))]
