"""Embedding tables in blocks of 4 or 8 bits (GatherBlockQuantized)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from haoline_analysis.quantization.quantizers.quiet import tools
from haoline_analysis.runtime.failures import onnxruntime

MIDDLE = 128
"""The zero point of a byte; GatherBlockQuantized takes it where none is given."""


def quantize_tables(proto: Any, keep_float: list[str], bits: int, block_size: int) -> list[str]:
    """Replace each Gather of a constant matrix of floats, symmetrically quantized; notes about what could not be.

    Four bits are onnxruntime's own work; its tools leave tables in float at eight, though its kernel reads them.
    """
    nodes = [node for node in _table_nodes(proto) if node.name not in keep_float]
    if not nodes:
        return []
    if bits == 8 and not _reads_bytes():
        return [f"{len(nodes)} embedding tables stay float: this onnxruntime reads none of 8 bits."]
    _own_tables(proto, nodes)
    made: dict[str, Any] = {}
    for node in nodes:
        made[node.name] = _four(proto, node, block_size) if bits == 4 else _eight(proto, node, block_size)
    replaced = [made.get(node.name, node) for node in proto.graph.node]
    copies = [type(node).FromString(node.SerializeToString()) for node in replaced]
    del proto.graph.node[:]
    proto.graph.node.extend(copies)
    return []


def _table_nodes(proto: Any) -> list[Any]:
    matrices = {each.name for each in proto.graph.initializer if each.data_type in {1, 10} and len(each.dims) == 2}
    return [node for node in proto.graph.node if node.op_type == "Gather" and node.input[0] in matrices]


def _own_tables(proto: Any, nodes: list[Any]) -> None:
    """A copy of each table that is the matrix of a MatMul too, whose blocks lie otherwise under the same names."""
    from haoline_analysis.quantization.quantizers.fixes.graph import fresh_name

    arrays = {tensor.name: tensor for tensor in proto.graph.initializer}
    copies: dict[str, str] = {}
    for node in nodes:
        name = node.input[0]
        if f"{name}_scales" not in arrays:
            continue
        if name not in copies:
            copy = proto.graph.initializer.add()
            copy.CopyFrom(arrays[name])
            copy.name = copies[name] = fresh_name(proto.graph, f"{name}_table")
        node.input[0] = copies[name]


def _four(proto: Any, node: Any, block_size: int) -> Any:
    nbits = tools("matmul_nbits_quantizer")
    config = nbits.DefaultWeightOnlyQuantConfig(
        block_size=block_size, is_symmetric=True, op_types_to_quantize=("Gather",), quant_axes=(("Gather", 1),), bits=4
    )
    return nbits.DefaultWeightOnlyQuantizer(config).quantize(node, [proto.graph])[0]


def _eight(proto: Any, node: Any, block_size: int) -> Any:
    import onnx

    name = node.input[0]
    table = onnx.numpy_helper.to_array(next(each for each in proto.graph.initializer if each.name == name))
    integers, scales = byte_blocks(table, block_size)
    for suffix, array in (("_Q8", integers), ("_scales", scales)):
        if all(each.name != name + suffix for each in proto.graph.initializer):
            proto.graph.initializer.append(onnx.numpy_helper.from_array(array, name + suffix))
    axis = next((each.i for each in node.attribute if each.name == "axis"), 0)
    return onnx.helper.make_node(
        "GatherBlockQuantized",
        [f"{name}_Q8", node.input[1], f"{name}_scales"],
        [node.output[0]],
        name=f"{node.name}_Q8",
        domain="com.microsoft",
        gather_axis=axis,
        quantize_axis=1,
        block_size=block_size,
        bits=8,
    )


def byte_blocks(table: np.ndarray, block_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Integers 1…255 around 128, uint8 ``[rows, columns]``, and scales ``[rows, blocks]`` of a matrix."""
    rows, columns = table.shape
    count = -(-columns // block_size)
    padded = np.pad(table.astype(np.float32), ((0, 0), (0, count * block_size - columns)))
    blocks = padded.reshape(rows, count, block_size)
    scales = np.abs(blocks).max(2) / 127
    safe = np.where(scales > 0, scales, 1)
    integers = np.rint(blocks / safe[:, :, None]) + MIDDLE
    return integers.reshape(rows, -1)[:, :columns].astype(np.uint8), scales.astype(table.dtype)


@lru_cache
def _reads_bytes() -> bool:
    """Whether the installed onnxruntime has the kernel: older ones know four bits only."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    ort = onnxruntime()
    node = helper.make_node(
        "GatherBlockQuantized", ["q", "i", "s"], ["y"], domain="com.microsoft", quantize_axis=1, block_size=16, bits=8
    )
    graph = helper.make_graph(
        [node],
        "probe",
        [helper.make_tensor_value_info("i", TensorProto.INT64, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [
            numpy_helper.from_array(np.full((1, 16), MIDDLE, np.uint8), "q"),
            numpy_helper.from_array(np.ones((1, 1), np.float32), "s"),
        ],
    )
    imports = [onnx.helper.make_opsetid("", 17), onnx.helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=8)
    options = ort.SessionOptions()
    options.log_severity_level = 4
    try:
        ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception:  # noqa: BLE001 - any refusal means no
        return False
    return True
