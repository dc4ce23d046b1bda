"""Resizing and sampling of images."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, isfinite

from haoline_analysis.shapes.constants import shape_from
from haoline_analysis.shapes.dims import Dim, ImpossibleShapeError, Shape, axes_of
from haoline_analysis.shapes.node import Node, shape_rule
from haoline_analysis.shapes.value import Value

Numbers = Sequence[float]


@shape_rule("Upsample", data=(1,))
def upsample(node: Node) -> Sequence[Value]:
    """Scale every axis by an attribute (before opset 9) or by the second input."""
    dims = node.shape(0)
    if dims is None:
        return [Value(node.dtype(), None)]
    scales: Numbers | None = node.attributes.get("scales") if node.given("scales") else _numbers(node, 1)
    if node.given("height_scale"):
        scales = [1.0, 1.0, node.attributes["height_scale"], node.attributes.get("width_scale", 1.0)]
    return [Value(node.dtype(), _scaled(dims, range(len(dims)), scales))]


@shape_rule("Resize", data=(1, 2, 3))
def resize(node: Node) -> Sequence[Value]:
    """Resize to sizes or by scales, on all axes or on some."""
    dims = node.shape(0)
    if dims is None:
        return [Value(node.dtype(), None)]
    if node.version < 11:
        return [Value(node.dtype(), _scaled(dims, range(len(dims)), _numbers(node, 1)))]
    given = node.integers("axes")
    axes = axes_of(range(len(dims)) if given is None else given, len(dims))
    if node.has(3) and node.length(3) != 0:
        return [Value(node.dtype(), _sized(node, dims, axes))]
    scales: Numbers | None = _numbers(node, 2)
    if node.string("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize":
        scales = _cropped(scales, _numbers(node, 1))
    return [Value(node.dtype(), _scaled(dims, axes, scales))]


def _numbers(node: Node, slot: int) -> list[float] | None:
    data = node.data(slot)
    return None if data is None else [float(item) for item in data.ravel()]


def _cropped(scales: Numbers | None, region: Numbers | None) -> Numbers | None:
    """Scales that take the cropped region into account."""
    if scales is None or region is None or len(region) != 2 * len(scales):
        return None
    return [scale * (region[len(scales) + i] - region[i]) for i, scale in enumerate(scales)]


def _scaled(dims: Shape, axes: Sequence[int], scales: Numbers | None) -> Shape:
    result: list[Dim] = list(dims)
    if scales is not None and len(scales) != len(axes):
        raise ImpossibleShapeError(f"{len(scales)} scales for {len(axes)} axes")
    for position, axis in enumerate(axes):
        dim, scale = dims[axis], None if scales is None else scales[position]
        if scale is not None and not (isfinite(scale) and scale > 0):
            raise ImpossibleShapeError(f"a scale of {scale}")
        result[axis] = None if dim is None or scale is None else floor(dim * scale)
    return tuple(result)


def _sized(node: Node, dims: Shape, axes: Sequence[int]) -> Shape:
    sizes = shape_from(node, 3)
    if sizes is None or len(sizes) != len(axes):
        raise ImpossibleShapeError(f"sizes for {len(axes)} axes are missing")
    policy = node.string("keep_aspect_ratio_policy", "stretch")
    if policy != "stretch":
        sizes = _keep_aspect([dims[axis] for axis in axes], sizes, smaller=policy == "not_larger")
    result = list(dims)
    for axis, size in zip(axes, sizes, strict=True):
        result[axis] = size
    return tuple(result)


def _keep_aspect(dims: Sequence[Dim], sizes: Sequence[Dim], *, smaller: bool) -> Shape:
    """Sizes with one common scale, rounded half up."""
    if None in dims or None in sizes or 0 in dims:
        return (None,) * len(dims)
    ratios = [size / dim for size, dim in zip(sizes, dims, strict=True)]  # type: ignore[operator]
    scale = min(ratios) if smaller else max(ratios)
    return tuple(floor(dim * scale + 0.5) for dim in dims)  # type: ignore[operator]


@shape_rule("GridSample")
@shape_rule("GridSample", domain="com.microsoft")
@shape_rule("GridSample", domain="com.ms.internal.nhwc")
def grid_sample(node: Node) -> Sequence[Value]:
    """Batch and channels of the image, spatial dims of the grid."""
    dims, grid = node.shape(0), node.shape(1)
    if dims is None or grid is None or len(dims) != len(grid):
        return [Value(node.dtype(), None)]
    if "nhwc" in node.op.domain:
        return [Value(node.dtype(), (dims[0], *grid[1:-1], dims[-1]))]
    return [Value(node.dtype(), (*dims[:2], *grid[1:-1]))]


@shape_rule("AffineGrid", data=(1,))
def affine_grid(node: Node) -> Sequence[Value]:
    """A grid of coordinates for an image of the size that the second input spells out."""
    size = shape_from(node, 1)
    if size is None:
        return [Value(node.dtype(), None)]
    if len(size) not in (4, 5):
        raise ImpossibleShapeError(f"a grid for an image of rank {len(size)}")
    return [Value(node.dtype(), (size[0], *size[2:], len(size) - 2))]


@shape_rule("ImageDecoder")
def image_decoder(node: Node) -> Sequence[Value]:
    """Height and width depend on the encoded image."""
    channels = 1 if node.string("pixel_format", "RGB") == "Grayscale" else 3
    return [Value("uint8", (None, None, channels))]


@shape_rule("CropAndResize", domain="com.microsoft", data=(3,))
def crop_and_resize(node: Node) -> Sequence[Value]:
    """One crop per region."""
    dims, regions, size = node.ranked(0, 4), node.ranked(1, 2), shape_from(node, 3)
    sizes = (None, None) if size is None else size
    return [Value(node.dtype(), (regions[0] if regions else None, dims[1] if dims else None, *sizes))]


@shape_rule("NonMaxSuppression")
def non_max_suppression(node: Node) -> Sequence[Value]:
    """(batch, class, box) triples: how many depends on the data."""
    node.require(1)
    return [Value("int64", (None, 3))]
