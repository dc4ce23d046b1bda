"""Quantizers that are no Q/DQ pairs: dynamic ranges, what integer kernels read and make, packed weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.quantizers.provenance import node_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from haoline_analysis.quantization.sensitivity.sites import Site

_QUANTIZED = "_quantized"
_INTEGERS = frozenset({"MatMulInteger", "ConvInteger", "Gather", "QLinearConv", "QLinearMatMul", "QGemm"})
_KERNELS = ("QLinear", "QGemm")
_BIAS = {"QLinearConv": 8, "QGemm": 6}
"""Slots of biases, whose scale is that of the first input times that of the weight."""
_SCALES = (1, 4)
"""Slots of these two."""
_PACKED = {"MatMulNBits": 1, "GatherBlockQuantized": 0}
"""Ops that unpack their weights themselves, with the slot of the weight in the float op."""
_WHOLE = frozenset({"DynamicQuantizeLSTM", "QAttention", "QEmbedLayerNormalization"})
"""Ops that round inside what the float graph has no tensor for, or keep their weights in an order of their own."""


def other_sites(float_graph: Any, variant: Any) -> Iterator[Site]:
    """Sites of dynamic INT8, QOperator and weight-only models, by names that the float graph may have; no ops yet.

    Args:
        float_graph: the ``GraphProto`` of the float model.
        variant: that of the variant, in which tensors kept their names, as onnxruntime's quantizers write it.
    """
    made = {name: node for node in float_graph.node for name in node.output if name}
    gemms = {node.name: node for node in float_graph.node if node.op_type == "Gemm" and node.name}
    yield from _dynamic(variant)
    yield from _handed_on(variant)
    yield from _weights(variant, gemms)
    yield from _biases(variant)
    yield from _packed(variant, made, gemms)


def unreadable(variant: Any) -> list[str]:
    """Names of ops that round without a site of their own: inside, or on a grid that has not the name of a tensor."""
    stored = {each.name: each for each in variant.initializer}
    return [
        node.name
        for node in variant.node
        if node.op_type in _WHOLE
        or (node.op_type.startswith(_KERNELS) and any(_grid(stored, name) is None for name in node.output))
    ]


def _dynamic(variant: Any) -> Iterator[Site]:
    from haoline_analysis.quantization.sensitivity.sites import Site

    one, zero = np.ones((), np.float32), np.zeros((), np.uint8)
    for node in variant.node:
        if node.op_type == "DynamicQuantizeLinear":
            yield Site(node.input[0], "activation", one, zero, 0, None, (), dynamic=True)


def _handed_on(variant: Any) -> Iterator[Site]:
    """Integers that one kernel hands to the next, with scale and zero point of the same name.

    What has none of its own (a Reshape, a MaxPool) is on the grid of what it reads already.
    """
    from haoline_analysis.quantization.sensitivity.sites import Site

    stored = {each.name: each for each in variant.initializer}
    for name in (each for node in variant.node for each in node.output if each.endswith(_QUANTIZED)):
        grid = _grid(stored, name)
        if grid is not None:
            yield Site(name.removesuffix(_QUANTIZED), "activation", *grid, 0, None, ())


def _grid(stored: Mapping[str, Any], name: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Scale and zero point of integers, by their names; None where these are not stored."""
    from onnx import numpy_helper

    base = name.removesuffix(_QUANTIZED)
    parts = [stored.get(f"{base}{end}") for end in ("_scale", "_zero_point")]
    if base == name or None in parts:
        return None
    scale, zero = (np.asarray(numpy_helper.to_array(each)) for each in parts)
    return scale, zero


def _weights(variant: Any, gemms: dict[str, Any]) -> Iterator[Site]:
    """Stored integers that an integer kernel reads, with the scale of the same name."""
    from onnx import numpy_helper

    from haoline_analysis.quantization.sensitivity.sites import Site

    stored = {each.name: each for each in variant.initializer}
    read = {name: node for node in variant.node if node.op_type in _INTEGERS for name in node.input}
    for name in [each for each in stored if each in read and each.endswith(_QUANTIZED)]:
        grid = _grid(stored, name)
        if grid is None:
            continue
        scale, zero = grid
        axis = _axis(read[name], stored[name].dims, scale.size)
        twin = gemms.get(node_name(read[name].name))
        if twin is None:
            yield Site(name.removesuffix(_QUANTIZED), "weight", scale, zero, axis, stored[name], ())
        elif _turned(twin) and not _turned(read[name]):
            integers = np.ascontiguousarray(numpy_helper.to_array(stored[name]).T)
            kept = numpy_helper.from_array(integers, name)
            yield Site(twin.input[1], "weight", scale, zero, 1 - axis, kept, ())
        else:
            yield Site(twin.input[1], "weight", scale, zero, axis, stored[name], ())


def _biases(variant: Any) -> Iterator[Site]:
    from onnx import numpy_helper

    from haoline_analysis.quantization.sensitivity.sites import Site

    stored = {each.name: each for each in variant.initializer}
    for node in variant.node:
        slot = _BIAS.get(node.op_type, len(node.input))
        bias = stored.get(node.input[slot]) if slot < len(node.input) else None
        scales = [stored.get(node.input[at]) for at in _SCALES] if bias is not None else []
        if bias is None or None in scales:
            continue
        first, second = (numpy_helper.to_array(each).reshape(-1) for each in scales)
        scale = np.asarray(first * second, np.float32)
        name = bias.name.removesuffix(_QUANTIZED)
        yield Site(name, "bias", scale, np.zeros(scale.shape, np.int32), 0, bias, ())


def _turned(gemm: Any) -> bool:
    """Whether a Gemm reads its weight transposed; the MatMul that may be made of it reads it straight."""
    return any(each.name == "transB" and each.i for each in gemm.attribute)


def _axis(reader: Any, dims: Iterable[int], scales: int) -> int:
    """The axis of output channels: that of filters, else the last that has as many elements as there are scales."""
    if reader.op_type in {"ConvInteger", "QLinearConv"} or _turned(reader):
        return 0
    return max((at for at, size in enumerate(dims) if size == scales), default=0)


def _packed(variant: Any, made: dict[str, Any], gemms: dict[str, Any]) -> Iterator[Site]:
    """Packed weights and tables, as the reals they stand for; the float op makes the same tensor of its own.

    That of a Gemm adds its bias afterwards: it is known by its name.
    """
    from onnx import numpy_helper

    from haoline_analysis.quantization.sensitivity.sites import Site

    sizes = {each.name: len(each.raw_data) for each in variant.initializer}
    reals = _reals(variant) if any(node.op_type in _PACKED for node in variant.node) else {}
    for node in variant.node:
        twin = gemms.get(node_name(node.name)) or made.get(node.output[0]) if node.op_type in _PACKED else None
        if twin is None or len(twin.input) < 2 or node.output[0] not in reals:
            continue
        weight = twin.input[_PACKED[node.op_type]]
        array = reals[node.output[0]].T if twin.op_type == "Gemm" and _turned(twin) else reals[node.output[0]]
        stored = numpy_helper.from_array(np.ascontiguousarray(array, np.float32), weight)
        size = sum(sizes.get(name, 0) for name in node.input)
        one, zero = np.ones((), np.float32), np.zeros((), np.uint8)
        yield Site(weight, "weight", one, zero, 0, stored, (), stored_bytes=size)


def _reals(variant: Any) -> dict[str, np.ndarray]:
    """By output of the op that reads them."""
    import onnx

    from haoline_analysis.formats import open_model
    from haoline_analysis.quantization.structure.forms import forms
    from haoline_analysis.quantization.structure.stored import stored_reals

    imports = [onnx.helper.make_opsetid("", 21), onnx.helper.make_opsetid("com.microsoft", 1)]
    try:
        opened = open_model(onnx.helper.make_model(variant, opset_imports=imports))
        known = forms(opened)
    except ModelError:
        return {}
    found = {}
    for row, op in enumerate(opened.ops):
        if op.type in _PACKED:
            array = stored_reals(opened, known, row, _PACKED[op.type])
            if array is not None:
                found[opened.tensors[op.outputs[0]].name] = array
    return found
