"""Sum of two as Add, which has quantized kernels."""

from __future__ import annotations

from typing import Any

from haoline_analysis.quantization.quantizers.fixes.registry import fix


@fix("sum-to-add", "Write Sum of two inputs as Add, which can be quantized")
def sum_to_add(proto: Any) -> list[str]:
    """Rename Sum nodes of two inputs: the same function, which onnxruntime's quantizers know by this name alone."""
    found = [node for node in proto.graph.node if node.op_type == "Sum" and not node.domain and len(node.input) == 2]
    for node in found:
        node.op_type = "Add"
    return [f"Fix sum-to-add: {len(found)} Sum ops of two inputs are now Add."] if found else []
