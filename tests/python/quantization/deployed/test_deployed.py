"""The deployed graph: capturing in it changes no bit."""

from __future__ import annotations

import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_dynamic, quantize_static

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.deployed import deploy
from haoline_analysis.quantization.deployed.blocked import blocked
from haoline_analysis.quantization.deployed.saved import usable

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
DIGITS = EXAMPLES / "models" / "digits_cnn.onnx"
IMAGES = np.load(EXAMPLES / "digits.npz")["image"]
FEEDS = {"image": IMAGES[40][None]}


class Images(CalibrationDataReader):
    def __init__(self) -> None:
        self.feeds = iter([{"image": image[None]} for image in IMAGES[:8]])

    def get_next(self):
        return next(self.feeds, None)


def old(path: Path) -> Path:
    """The same model in opset 11, in which QuantizeLinear has no axis."""
    graph = onnx.load(DIGITS).graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "ReduceMean" and len(node.input) > 1:
            axes = numpy_helper.to_array(constants[node.input[1]]).tolist()
            kept = [attribute for attribute in node.attribute if attribute.name != "noop_with_empty_axes"]
            del node.attribute[:]
            node.attribute.extend([*kept, helper.make_attribute("axes", axes)])
            del node.input[1:]
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=8), path)
    return path


def make(kind: str, folder: Path) -> Path:
    path = folder / f"{kind}.onnx"
    if kind == "float":
        return DIGITS
    if kind == "dynamic":
        quantize_dynamic(DIGITS, path)
    elif kind == "old":
        quantize_static(old(folder / "source.onnx"), path, Images(), quant_format=QuantFormat.QOperator)
    elif kind == "nbits":
        from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

        quantizer = MatMulNBitsQuantizer(products(), block_size=16, is_symmetric=True)
        quantizer.process()
        quantizer.model.save_model_to_file(str(path), False)
    else:
        quantize_static(DIGITS, path, Images(), quant_format=QuantFormat[kind], per_channel=True)
    return path


def products() -> onnx.ModelProto:
    rng = np.random.default_rng(1)
    nodes = [
        helper.make_node("Reshape", ["image", "shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["a"]),
        helper.make_node("Add", ["a", "b"], ["c"]),
        helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("MatMul", ["d", "v"], ["y"]),
    ]
    constants = {
        "shape": np.array([-1, 64]),
        "w": rng.standard_normal((64, 32)).astype(np.float32),
        "b": rng.standard_normal(32).astype(np.float32),
        "v": rng.standard_normal((32, 10)).astype(np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 10])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize("kind", ["float", "QDQ", "QOperator", "dynamic", "nbits", "old"])
def test_capturing_everything_changes_no_bit(kind: str, tmp_path: Path) -> None:
    with deploy(make(kind, tmp_path)) as deployed:
        plain = deployed.session.ort.run(None, FEEDS)
        session = deployed.capturing(deployed.handed)
        names = [output.name for output in session.ort.get_outputs()]
        captured = dict(zip(names, session.ort.run(None, FEEDS), strict=True))
        assert set(deployed.handed) <= set(names)
        for output, array in zip(deployed.session.ort.get_outputs(), plain, strict=True):
            np.testing.assert_array_equal(captured[output.name], array)


def test_the_deployed_graph_has_what_onnxruntime_fused(tmp_path: Path) -> None:
    with deploy(make("QDQ", tmp_path)) as deployed:
        assert "QLinearConv" not in {op.type for op in deployed.raw.ops}
        assert "QLinearConv" in {op.type for op in deployed.model.ops}
        assert deployed.provider == "CPU"


def test_blocked_tensors_are_copied_into_their_own_layout(tmp_path: Path) -> None:
    with deploy(DIGITS) as deployed:
        rows = sorted(blocked(deployed.model))
        if not rows:
            pytest.skip("onnxruntime does not block float convolutions on this processor")
        raw = {tensor.name: row for row, tensor in enumerate(deployed.raw.tensors)}
        row = rows[0]
        channels = deployed.raw.tensors[deployed.raw.ops[0].inputs[1]].weight.shape[0]
        copy = deployed.copies.plain(row, channels)
        assert deployed.copies.plain(row, channels) == copy
        name = deployed.model.tensors[copy].name
        assert name not in raw
        assert name in deployed.handed
        session = deployed.capturing([name])
        names = [output.name for output in session.ort.get_outputs()]
        found = dict(zip(names, session.ort.run(None, FEEDS), strict=True))
        proto = onnx.load(DIGITS)
        relu = next(node.output[0] for node in proto.graph.node if node.op_type == "Relu")
        proto.graph.output.append(helper.make_tensor_value_info(relu, TensorProto.FLOAT, None))
        expected = onnxruntime.InferenceSession(proto.SerializeToString()).run([relu], FEEDS)[0]
        np.testing.assert_allclose(found[name], expected, rtol=1e-4, atol=1e-5)


def test_bytes_and_protos_can_be_deployed_and_the_folder_goes() -> None:
    proto = onnx.load(DIGITS)
    for given in (proto, proto.SerializeToString()):
        deployed = deploy(given)
        folder = deployed.path.parent
        assert deployed.path.exists()
        deployed.close()
        assert not folder.exists()


def test_external_data_is_found(tmp_path: Path) -> None:
    path = tmp_path / "external.onnx"
    onnx.save_model(products(), path, save_as_external_data=True, size_threshold=512, location="external.bin")
    with deploy(path) as deployed:
        plain = deployed.session.ort.run(None, FEEDS)[0]
        captured = deployed.capturing(deployed.handed).ort.run(["y"], FEEDS)[0]
        np.testing.assert_array_equal(plain, captured)


def test_weights_of_large_models_go_into_a_file_beside_the_graph(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(sys.modules["haoline_analysis.quantization.deployed.deploy"], "SEPARATE_BYTES", 1)
    path = tmp_path / "products.onnx"
    onnx.save(products(), path)
    with deploy(path) as deployed:
        assert deployed.path.stat().st_size < path.stat().st_size
        plain = deployed.session.ort.run(None, FEEDS)[0]
        np.testing.assert_array_equal(plain, deployed.capturing(deployed.handed).ort.run(["y"], FEEDS)[0])


def odd(path: Path) -> Path:
    """A model that onnxruntime refuses."""
    node = helper.make_node("NoSuchOp", ["x"], ["y"], name="mystery")
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_what_cannot_run_says_why(tmp_path: Path) -> None:
    path = odd(tmp_path / "odd.onnx")
    with pytest.raises(ModelError, match=r"odd\.onnx: onnxruntime refuses the model.*NoSuchOp"):
        deploy(path)
    with pytest.raises(ModelError, match="no such file"):
        deploy(tmp_path / "none.onnx")


def axis_too_early(path: Path, scales: int) -> Path:
    """What onnxruntime 1.31 saves of some models of opset 11: a quantizer with an axis."""
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], name="early", axis=1),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"], axis=1),
    ]
    shape = () if scales == 1 else (scales,)
    constants = {"s": np.full(shape, 0.5, np.float32), "z": np.zeros(shape, np.uint8)}
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=6), path)
    return path


def test_an_axis_that_the_opset_does_not_know_is_taken_out(tmp_path: Path) -> None:
    path = axis_too_early(tmp_path / "early.onnx", 1)
    with pytest.raises(Exception, match="axis"):
        onnxruntime.InferenceSession(str(path))
    usable(path)
    found = onnxruntime.InferenceSession(str(path)).run(None, {"x": np.float32([[0.4, 2.0]])})[0]
    assert found.tolist() == [[0.5, 2.0]]


def test_scales_per_channel_before_opset_13_are_refused(tmp_path: Path) -> None:
    path = axis_too_early(tmp_path / "early.onnx", 2)
    with pytest.raises(ModelError, match="'early' has a scale per channel, which opset 11 does not know"):
        usable(path)


def test_a_model_that_is_optimised_beside_is_read_at_once_and_refused_when_it_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with deploy(DIGITS, wait=False) as deployed:
        assert len(deployed.raw.ops) > 5
        assert deployed.session.ort.run(None, FEEDS)
        assert deployed.path.exists()
    refused = deploy(odd(tmp_path / "odd.onnx"), wait=False)
    for _ in range(2):
        with pytest.raises(ModelError, match="NoSuchOp"):
            _ = refused.model
    refused.close()
    deploy(DIGITS, wait=False).close()  # before onnxruntime is through
    for thread in threading.enumerate():
        if thread.name == "haoline-beside":
            thread.join(60)
    assert list(tmp_path.glob("haoline-deployed-*")) == []


def branching(path: Path) -> Path:
    """Half precision outside of an If and inside, which onnxruntime casts with the same names in both places."""
    rng = np.random.default_rng(2)

    def branch(name: str, kind: str) -> onnx.GraphProto:
        weight = numpy_helper.from_array(rng.standard_normal((8, 8)).astype(np.float16), f"{name}.w")
        nodes = [
            helper.make_node("MatMul", ["h", weight.name], [f"{name}.m"]),
            helper.make_node(kind, [f"{name}.m"], [f"{name}.y"]),
        ]
        return helper.make_graph(
            nodes, name, [], [helper.make_tensor_value_info(f"{name}.y", TensorProto.FLOAT16, None)], [weight]
        )

    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["product"]),
        helper.make_node("Relu", ["product"], ["h"]),
        helper.make_node("ReduceMax", ["h"], ["most"], keepdims=0),
        helper.make_node("Greater", ["most", "zero"], ["positive"]),
        helper.make_node(
            "If", ["positive"], ["i"], then_branch=branch("then", "Relu"), else_branch=branch("else", "Tanh")
        ),
        helper.make_node("Add", ["i", "h"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT16, [4, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT16, [4, 8])],
        [
            numpy_helper.from_array(rng.standard_normal((8, 8)).astype(np.float16), "w"),
            numpy_helper.from_array(np.float16(0), "zero"),
        ],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_names_that_onnxruntime_gives_twice_are_told_apart(tmp_path: Path) -> None:
    feeds = {"x": np.random.default_rng(3).standard_normal((4, 8)).astype(np.float16)}
    with deploy(branching(tmp_path / "branching.onnx")) as deployed:
        plain = deployed.session.ort.run(None, feeds)[0]
        session = deployed.capturing(deployed.handed)
        np.testing.assert_array_equal(session.ort.run(["y"], feeds)[0], plain)
