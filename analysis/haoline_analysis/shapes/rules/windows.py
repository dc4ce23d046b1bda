"""Sizes of sliding windows: what convolutions and pools have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.shapes.dims import Dim, ImpossibleShapeError, Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.shapes.node import Node


def spatial(node: Node, name: str, rank: int, default: int) -> tuple[int, ...]:
    """A per-axis attribute such as ``strides``, or its default on every axis.

    Raises:
        ImpossibleShapeError: if it has another length, or entries that are not positive where ``default`` is.
    """
    given = node.integers(name)
    if not given:
        return (default,) * rank
    if len(given) != rank:
        raise ImpossibleShapeError(f"attribute {name} has {len(given)} entries for {rank} spatial axes")
    if default > 0 and min(given) < 1:
        raise ImpossibleShapeError(f"attribute {name} holds {min(given)}")
    return given


def pads_of(node: Node, rank: int) -> tuple[int, ...]:
    """Pads at the begin of every axis, then at the ends."""
    given = node.integers("pads")
    if not given:
        return (0,) * (2 * rank)
    if len(given) != 2 * rank:
        raise ImpossibleShapeError(f"attribute pads has {len(given)} entries for {rank} spatial axes")
    return given


def window_sizes(node: Node, dims: Shape, kernel: Sequence[Dim], *, ceil: bool = False, wider: bool = False) -> Shape:
    """Output sizes of a window of ``kernel`` sliding over spatial ``dims``.

    Formula: https://onnx.ai/onnx/operators/onnx__MaxPool.html

    Args:
        node: the op, with strides, dilations and pads.
        dims: the image.
        kernel: the window.
        ceil: count a last step that leaves the padded image.
        wider: let the window itself be wider than the padded image, as pools may be.

    Raises:
        ImpossibleShapeError: if an attribute or the window does not fit the image.
    """
    rank = len(dims)
    strides, dilations = spatial(node, "strides", rank, 1), spatial(node, "dilations", rank, 1)
    pads, mode = pads_of(node, rank), node.string("auto_pad", "NOTSET") or "NOTSET"
    sizes = []
    for axis, (dim, size) in enumerate(zip(dims, kernel, strict=True)):
        extent = None if size is None else (size - 1) * dilations[axis] + 1
        begin, end = (0, 0) if mode == "VALID" else (pads[axis], pads[rank + axis])
        if dim is None or extent is None:
            sizes.append(-(-dim // strides[axis]) if dim is not None and mode.startswith("SAME") else None)
        elif mode.startswith("SAME"):
            sizes.append(-(-dim // strides[axis]))
        else:
            sizes.append(_steps(dim, extent, strides[axis], begin, end, ceil=ceil, wider=wider))
    return tuple(sizes)


def _steps(dim: int, extent: int, stride: int, begin: int, end: int, *, ceil: bool, wider: bool) -> int:
    room = dim + begin + end - extent
    up = ceil or room < 0  # runtimes divide integers, which rounds towards zero
    steps = (-(-room // stride) if up else room // stride) + 1
    if steps < 0 or (room < 0 and not wider):
        raise ImpossibleShapeError(f"a window of {extent} exceeds the padded size {dim + begin + end}")
    # the last window must start inside the input or its left padding
    return steps - 1 if ceil and (steps - 1) * stride >= dim + begin else steps
