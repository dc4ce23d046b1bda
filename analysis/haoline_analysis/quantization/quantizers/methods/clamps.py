"""ReLU and Clip, which onnxruntime's static quantizers drop and leave to the grid of what they read.

That is right only where this grid ends where they do, and nobody else reads the tensor.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from haoline_analysis.quantization.quantizers.fixes.graph import constants
from haoline_analysis.quantization.quantizers.methods.bodies import read_in_bodies

_CLAMPS = frozenset({"Relu", "Clip"})


def needed_clamps(graph: Any) -> list[str]:
    """Names of those that no grid can stand in for.

    What they read is seen by others too (an output of the model, a body), for which theirs do not look; or a body reads
    what they make, and would read it without them; or a Clip keeps values from 0, which is on every grid, or its bounds
    are not known.
    """
    inside = read_in_bodies(graph)
    seen = {port.name for port in graph.output} | inside
    known = constants(graph)
    return [
        node.name
        for node in graph.node
        if node.op_type in _CLAMPS
        and (node.input[0] in seen or node.output[0] in inside or not _holds_zero(node, known))
    ]


def _holds_zero(node: Any, known: dict[str, Any]) -> bool:
    """Whether 0 stays 0."""
    bounds = {each.name: each.f for each in node.attribute}  # of old opsets
    for name, given in zip(("min", "max"), node.input[1:], strict=False):
        if given:
            array = known[given].numpy() if given in known else None
            bounds[name] = np.nan if array is None or array.size != 1 else float(array.reshape(-1)[0])
    return bool(bounds.get("min", -np.inf) <= 0 <= bounds.get("max", np.inf))


@lru_cache
def clamps_by_grid(quantizer: type) -> type:
    """A subclass of the quantizer of integer operators that drops a ReLU or Clip only where both grids are one.

    Theirs drops it behind whatever is quantized: a tensor that a sum reads too, or a pooling that has the grid of what
    it pools.
    """
    import onnx

    class ClampsByGrid(quantizer):  # type: ignore[misc]
        quantized_value_map: Any = {}  # noqa: RUF012 - until there is one
        quantization_params: Any = {}  # noqa: RUF012 - likewise

        def should_quantize_node(self, node: Any) -> bool:
            return bool(super().should_quantize_node(node)) and (node.op_type not in _CLAMPS or self._clamped(node))

        def _clamped(self, node: Any) -> bool:
            held = self.quantized_value_map.get(node.input[0])
            if held is None:  # float, and not dropped
                return True
            made = self.quantization_params.get(node.output[0])
            grid = [self.model.get_initializer(name) for name in (held.scale_name, held.zp_name)]
            return made is not None and all(
                tensor is not None and onnx.numpy_helper.to_array(tensor) == np.asarray(made[word])
                for tensor, word in zip(grid, ("scale", "zero_point"), strict=True)
            )

    return ClampsByGrid
