"""Ranges of masked scores, where the calibration data masks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.quantization.quantizers.calibration.ranges import bounds
from haoline_analysis.quantization.quantizers.fixes.clip_mask import MASKED, SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAME = frozenset({"Cast", "Concat", "Expand", "Identity", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze"})


def hold_masks(graph: Any, found: Any) -> list[str]:
    """Extend the ranges of tensors that masks of the fix clip-mask pass through, so that the grid holds a masked score.

    Samples without padding never show one, and a grid that ends above it would let masked positions count.

    Args:
        graph: of the prepared model, its nodes in order.
        found: the ranges by tensor, which are changed.
    """
    from onnxruntime.quantization.calibrate import TensorData

    extended = []
    for name, low in _reach(graph, found):
        if name not in found:
            continue
        was, high = bounds(found[name])
        if was > MASKED / 2:  # otherwise the data shows masked scores, and how low they come
            found[name] = TensorData(lowest=np.float32(low), highest=np.float32(max(high, 0)))
            extended.append(name)
    if not extended:
        return []
    which = f"{extended[0]!r}" + (f" and {len(extended) - 1} more" if len(extended) > 1 else "")
    return [f"The calibration data masks nothing: the ranges of {which} were extended to masked scores."]


def _reach(graph: Any, found: Any) -> Iterator[tuple[str, float]]:
    """Tensors that a mask reaches, with the least value that it gives them."""
    masks = {tensor.name: MASKED for tensor in graph.initializer if SUFFIX in tensor.name}
    for node in graph.node:
        at = next((name for name in node.input if name in masks), None)
        if at is None:
            continue
        if node.op_type in _SAME or node.op_type in {"Where", "Mul"}:
            low = masks[at]
        elif node.op_type == "Add":
            other = next((name for name in node.input if name != at), at)
            low = masks[at] + (min(0.0, bounds(found[other])[0]) if other in found else 0.0)
        else:
            continue
        masks[node.output[0]] = low
        yield node.output[0], low
