"""Forms of integers: equal to what onnxruntime makes of them."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from haoline_analysis.formats import open_model
from haoline_analysis.model import Tensor
from haoline_analysis.quantization.structure import Form, Reading, forms, precisions, stored_reals
from haoline_analysis.quantization.structure.stored import Stored

RNG = np.random.default_rng(0)


def run(model: onnx.ModelProto, feeds: dict | None = None) -> list[np.ndarray]:
    return ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, feeds or {})


def model_of(nodes, inputs, outputs, initializers, opset=21):
    graph = helper.make_graph(
        nodes,
        "g",
        inputs,
        outputs,
        [
            array if isinstance(array, TensorProto) else numpy_helper.from_array(np.asarray(array), name)
            for name, array in initializers
        ],
    )
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


def value(name, dtype=TensorProto.FLOAT, shape=None):
    return helper.make_tensor_value_info(name, dtype, shape)


def form_of(proto, name: str) -> Form:
    model = open_model(proto)
    return next(form for row, form in forms(model).items() if model.tensors[row].name == name)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16"])
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_stored_integers_stand_for_what_onnxruntime_dequantizes(dtype: str, axis: int | None) -> None:
    info = np.iinfo(dtype)
    q = RNG.integers(info.min, info.max + 1, (3, 5)).astype(dtype)
    count = () if axis is None else (q.shape[axis],)
    scale = RNG.uniform(0.01, 2, count).astype(np.float32)
    zero = RNG.integers(info.min, info.max + 1, count).astype(dtype)
    attributes = {} if axis is None else {"axis": axis}
    node = helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"], **attributes)
    proto = model_of([node], [], [value("y", shape=(3, 5))], [("q", q), ("s", scale), ("z", zero)])
    form = form_of(proto, "q")
    assert (form.dtype, form.axis) == (dtype, axis)
    np.testing.assert_array_equal(form.dequantize(q), run(proto)[0])


def test_five_with_zero_point_128_is_negative() -> None:
    # onnxruntime 1.31's own tool wraps in uint8 and says 13.3.
    form = Form("uint8", np.float32(0.1), np.uint8(128))
    assert form.dequantize(np.array([5], np.uint8)) == pytest.approx(-12.3, rel=1e-6)


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_blocks_of_a_weight(dtype: str) -> None:
    q = RNG.integers(np.iinfo(dtype).min, np.iinfo(dtype).max + 1, (10, 6)).astype(dtype)
    scale = RNG.uniform(0.01, 2, (3, 6)).astype(np.float32)
    zero = RNG.integers(np.iinfo(dtype).min, np.iinfo(dtype).max + 1, (3, 6)).astype(dtype)
    node = helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"], axis=0, block_size=4)
    proto = model_of([node], [], [value("y", shape=(10, 6))], [("q", q), ("s", scale), ("z", zero)])
    form = form_of(proto, "q")
    assert form.block == 4
    assert not form.per_tensor
    reference = np.repeat(scale, 4, 0)[:10] * (q.astype(np.float32) - np.repeat(zero, 4, 0)[:10].astype(np.float32))
    np.testing.assert_allclose(form.dequantize(q), reference, rtol=1e-6)


GRIDS = {
    "tensor": ((), (), None, None),
    "rows": ((10,), (10,), 0, None),
    "columns": ((6,), (6,), -1, None),
    "blocks": ((3, 6), (3, 6), 0, 4),
    "blocks around zero": ((3, 6), (), 0, 4),
}


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("grid", GRIDS)
def test_some_elements_are_what_they_are_among_all(grid: str, *, turned: bool) -> None:
    scales, zeros, axis, block = GRIDS[grid]
    q = RNG.integers(-128, 128, (10, 6)).astype(np.int8)
    scale = RNG.uniform(0.01, 2, scales).astype(np.float32)
    weight = Stored(q, Form("int8", scale, np.asarray(RNG.integers(-9, 9, zeros), np.int8), axis, block))
    reals = weight.reals()
    if turned:
        weight, reals = weight.transposed(), reals.T
        np.testing.assert_array_equal(weight.reals(), reals)
    places = np.unravel_index(RNG.integers(0, 60, (4, 5)), reals.shape)
    np.testing.assert_array_equal(weight.reals_at(places), reals[places])


def test_four_bits() -> None:
    q = np.array([-8, -1, 0, 7, 3, 2], np.int8).reshape(2, 3)
    packed = helper.make_tensor("q", TensorProto.INT4, (2, 3), q.reshape(-1).tolist())
    node = helper.make_node("DequantizeLinear", ["q", "s"], ["y"])
    proto = model_of([node], [], [value("y", shape=(2, 3))], [("q", packed), ("s", np.float32(0.5).reshape(()))])
    form = form_of(proto, "q")
    assert (form.dtype, form.bits, form.ends) == ("int4", 4, (-8.0, 7.0))
    np.testing.assert_array_equal(form.dequantize(q), run(proto)[0])


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16"])
def test_quantize_is_onnxruntimes(dtype: str) -> None:
    x = (RNG.standard_normal((4, 7)) * 3).astype(np.float32)
    scale, zero = np.float32(0.021).reshape(()), np.asarray(3, dtype)
    node = helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"])
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    proto = model_of([node], [value("x", shape=(4, 7))], [value("q", kind, (4, 7))], [("s", scale), ("z", zero)])
    form = form_of(proto, "q")
    np.testing.assert_array_equal(form.quantize(x), run(proto, {"x": x})[0])
    low, high = form.low_high()
    assert form.dequantize(form.quantize(np.float32([-1e9, 1e9]))).tolist() == pytest.approx([float(low), float(high)])


def test_type_without_a_zero_point_is_what_the_attribute_says() -> None:
    node = helper.make_node("QuantizeLinear", ["x", "s"], ["q"], output_dtype=TensorProto.INT16)
    proto = model_of(
        [node], [value("x", shape=(2,))], [value("q", TensorProto.INT16, (2,))], [("s", np.float32(1).reshape(()))]
    )
    assert form_of(proto, "q").dtype == "int16"
    node = helper.make_node("QuantizeLinear", ["x", "s"], ["q"])
    proto = model_of(
        [node], [value("x", shape=(2,))], [value("q", TensorProto.UINT8, (2,))], [("s", np.float32(1).reshape(()))]
    )
    assert form_of(proto, "q").dtype == "uint8"


def test_moved_integers_keep_their_form_and_channels_follow_a_transpose() -> None:
    scale, zero = RNG.uniform(0.1, 1, 3).astype(np.float32), np.zeros(3, np.int8)
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], axis=1),
        helper.make_node("Transpose", ["q"], ["t"], perm=[1, 0]),
        helper.make_node("DequantizeLinear", ["t", "s", "z"], ["y"], axis=0),
        helper.make_node("QuantizeLinear", ["y", "s1", "z1"], ["p"]),
        helper.make_node("Reshape", ["p", "shape"], ["r"]),
        helper.make_node("Gather", ["r", "index"], ["g"], axis=0),
        helper.make_node("DequantizeLinear", ["g", "s1", "z1"], ["out"]),
    ]
    constants = [
        ("s", scale),
        ("z", zero),
        ("s1", np.float32(0.3).reshape(())),
        ("z1", np.uint8(7).reshape(())),
        ("shape", np.array([6])),
        ("index", np.array([0, 5])),
    ]
    proto = model_of(nodes, [value("x", shape=(2, 3))], [value("out", shape=(2,))], constants)
    assert form_of(proto, "t").axis == 0
    assert form_of(proto, "r").dtype == "uint8"
    assert float(form_of(proto, "g").scale) == pytest.approx(0.3)


def test_joined_integers_have_a_form_only_where_all_have_the_same() -> None:
    def joined(second_scale: float):
        nodes = [
            helper.make_node("QuantizeLinear", ["x", "s", "z"], ["a"]),
            helper.make_node("QuantizeLinear", ["x", "t", "z"], ["b"]),
            helper.make_node("Concat", ["a", "b"], ["c"], axis=0),
        ]
        constants = [("s", np.float32(0.5).reshape(())), ("t", np.float32(second_scale).reshape(()))]
        constants.append(("z", np.int8(0).reshape(())))
        proto = model_of(nodes, [value("x", shape=(2,))], [value("c", TensorProto.INT8, (4,))], constants)
        model = open_model(proto)
        return {model.tensors[row].name for row in forms(model)}

    assert "c" in joined(0.5)
    assert "c" not in joined(0.25)


def test_scales_that_are_computed_make_no_form() -> None:
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"]),
    ]
    proto = model_of(nodes, [value("x", shape=(4,))], [value("y", shape=(4,))], [])
    assert forms(open_model(proto)) == {}


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("zero", [0, 5])
def test_weights_of_integer_products_have_the_scale_that_comes_later(*, per_channel: bool, zero: int) -> None:
    w = RNG.integers(-128, 128, (4, 3)).astype(np.int8)
    scale = RNG.uniform(0.1, 1, 3 if per_channel else ()).astype(np.float32)
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
        helper.make_node("MatMulInteger", ["q", "w", "z", "wz"], ["i"]),
        helper.make_node("Cast", ["i"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["s", "ws"], ["both"]),
        helper.make_node("Mul", ["f", "both"], ["y"]),
    ]
    constants = [("w", w), ("ws", scale), ("wz", np.int8(zero).reshape(()))]
    proto = model_of(nodes, [value("x", shape=(2, 4))], [value("y", shape=(2, 3))], constants)
    model = open_model(proto)
    found = forms(model)
    row = next(row for row, op in enumerate(model.ops) if op.type == "MatMulInteger")
    reals = stored_reals(model, found, row, 1)
    np.testing.assert_allclose(reals, (w.astype(np.float32) - zero) * scale, rtol=1e-6)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("symmetric", [True, False])
def test_packed_weights_are_what_the_product_shows(*, bits: int, symmetric: bool) -> None:
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    w = RNG.standard_normal((40, 24)).astype(np.float32)  # 40 is no multiple of the block
    proto = model_of(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        [value("x", shape=(40, 40))],
        [value("y", shape=(40, 24))],
        [("w", w)],
    )
    quantizer = MatMulNBitsQuantizer(proto, bits=bits, block_size=16, is_symmetric=symmetric)
    quantizer.process()
    proto = quantizer.model.model
    model = open_model(proto)
    row = next(row for row, op in enumerate(model.ops) if op.type == "MatMulNBits")
    reals = stored_reals(model, forms(model), row, 1)
    assert reals is not None
    assert reals.shape == w.shape
    shown = run(proto, {"x": np.eye(40, dtype=np.float32)})[0]
    np.testing.assert_allclose(reals, shown, atol=1e-2)
    assert np.abs(reals - w).max() < 4 * 2.0**-bits * np.abs(w).max()


def test_weights_come_through_dequantizing_and_transposing() -> None:
    q = RNG.integers(-128, 128, (4, 3)).astype(np.int8)
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["w"]),
        helper.make_node("Transpose", ["w"], ["t"], perm=[1, 0]),
        helper.make_node("MatMul", ["x", "t"], ["y"]),
    ]
    constants = [("q", q), ("s", np.float32(0.5).reshape(())), ("z", np.int8(1).reshape(()))]
    model = open_model(model_of(nodes, [value("x", shape=(1, 3))], [value("y", shape=(1, 4))], constants))
    np.testing.assert_array_equal(stored_reals(model, forms(model), 2, 1), ((q.astype(np.float32) - 1) * 0.5).T)
    assert stored_reals(model, forms(model), 2, 0) is None  # computed from an input
    assert stored_reals(model, forms(model), 2, 7) is None


def test_a_float_weight_is_its_own_reals_and_integers_without_a_form_are_none() -> None:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["y"]),
        helper.make_node("Gather", ["table", "i"], ["z"]),
    ]
    w = RNG.standard_normal((3, 2)).astype(np.float16)
    constants = [("w", w), ("table", np.arange(4)), ("i", np.array([1]))]
    outputs = [value("y", TensorProto.FLOAT16, (1, 2)), value("z", TensorProto.INT64, (1,))]
    model = open_model(model_of(nodes, [value("x", TensorProto.FLOAT16, (1, 3))], outputs, constants))
    np.testing.assert_array_equal(stored_reals(model, {}, 0, 1), w.astype(np.float32))
    assert stored_reals(model, {}, 1, 0) is None


def test_a_tensor_that_the_model_got_since_it_was_read_is_what_it_declares() -> None:
    proto = model_of([helper.make_node("Relu", ["x"], ["y"])], [value("x", shape=(2,))], [value("y", shape=(2,))], [])
    model = open_model(proto)
    reading = Reading(model)
    assert reading.types == ["float32", "float32"]
    model.tensors.append(Tensor("z", "float16"))
    assert (reading.types[2], reading.shapes[2]) == ("float16", None)
    assert precisions(model, reading) == ["float32"]


@pytest.mark.parametrize("order", [[0, 0], [1], [5, 6], "ab"])
def test_a_transpose_of_no_order_of_the_axes_has_no_form(order) -> None:
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], axis=1),
        helper.make_node("Transpose", ["q"], ["t"], perm=[1, 0]),
    ]
    scale, zero = np.ones(3, np.float32), np.zeros(3, np.int8)
    made = value("t", TensorProto.INT8, (3, 2))
    proto = model_of(nodes, [value("x", shape=(2, 3))], [made], [("s", scale), ("z", zero)])
    model = open_model(proto)
    model.ops[1].attributes = {"perm": order}
    assert "t" not in {model.tensors[row].name for row in forms(model)}


def test_a_single_number_is_quantized_to_an_array() -> None:
    form = Form("int8", np.float32(0.5), np.int8(0))
    found = form.quantize(np.array(3.2, np.float32))
    assert isinstance(found, np.ndarray)
    assert (found.dtype, found.shape, int(found)) == (np.int8, (), 6)
