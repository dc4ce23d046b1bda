"""Old, new, odd and large models are made fit to be quantized, or refused."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper
from quantizer_models import (
    attention,
    attention_feeds,
    convolution,
    digits,
    floats,
    matrix,
    model_of,
    pictures,
    run,
    session,
    sqnr,
    types,
)

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization import quantize
from haoline_analysis.quantization.quantizers.preparing import child, loading, native, versions


def test_an_old_opset_is_raised_and_said():
    model = convolution(9)
    made = quantize(model, calibration=pictures(), per_channel=True)
    assert any("Opset 9 was raised to 13" in note for note in made.notes)
    assert next(each.version for each in onnx.load(str(made.path)).opset_import if not each.domain) == 13
    assert sqnr(model, made.path, [{"x": each} for each in pictures(2, 5)]) > 25


def test_initializers_that_are_inputs_too_are_folded_all_the_same():
    model = convolution(9)
    model.ir_version = 3
    for tensor in model.graph.initializer:
        model.graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    made = quantize(model, scheme="static-int8", calibration=pictures())
    assert [port.name for port in onnx.load(str(made.path)).graph.input] == ["x"]
    assert "BatchNormalization" not in types(made.path)


def test_a_new_ir_version_is_lowered_and_said():
    model = matrix()
    model.ir_version = 14
    made = quantize(model, scheme="dynamic-int8")
    assert any("IR version 14 was lowered" in note for note in made.notes)
    assert onnx.load(str(made.path)).ir_version <= 13


def test_an_opset_that_onnxruntime_does_not_know_is_lowered_where_no_op_changed(monkeypatch):
    monkeypatch.setattr(versions, "_most_opset", lambda: 20)
    model = matrix()
    model.opset_import[0].version = 22
    made = quantize(model, scheme="dynamic-int8")
    assert any("Opset 22 was lowered to 20" in note for note in made.notes)
    changed = model_of(
        [helper.make_node("Conv", ["x", "w"], ["y"], "conv")],
        [floats("x", 1, 3, 8, 8)],
        [floats("y", 1, 2, 6, 6)],
        {"w": np.ones((2, 3, 3, 3), np.float32)},
        22,
    )
    with pytest.raises(ModelError, match=r"Conv \('conv'\) is of opset 22"):
        quantize(changed, scheme="dynamic-int8")


def test_batch_normalisation_goes_into_the_weights():
    made = quantize(convolution(), calibration=pictures())
    assert "BatchNormalization" not in types(made.path)


def test_ops_that_were_folded_can_still_be_named():
    made = quantize(convolution(), calibration=pictures(), keep_float=["norm"])
    proto = onnx.load(str(made.path))
    first = next(node for node in proto.graph.node if node.name == "first")
    makers = {output: node.op_type for node in proto.graph.node for output in node.output}
    assert first.input[1] not in makers  # its weights stay float


def test_nodes_without_names_get_those_of_the_report():
    from haoline_analysis.report import analyze

    model = convolution()
    for node in model.graph.node:
        node.name = ""
    names = list(analyze(model).ops["name"])
    made = quantize(model, calibration=pictures(), keep_float=[names[-1]])
    assert names[-1] in {node.name for node in onnx.load(str(made.path)).graph.node}


def test_a_model_that_shape_inference_kills_is_quantized_by_our_own_rules(monkeypatch):
    def died(*_):
        raise child.ChildError("onnx cannot infer this model: it died of signal 11")

    from haoline_analysis.quantization.quantizers.preparing import shapes

    monkeypatch.setattr(shapes, "native", died)
    model = attention(-50)
    made = quantize(model, scheme="static-int8", calibration=attention_feeds())
    assert any("signal 11" in note for note in made.notes)
    assert types(made.path).count("QuantizeLinear") > 8


def test_native_code_runs_in_a_child_process_that_may_die(tmp_path, monkeypatch):
    class NoStop:
        asked = False

    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"\x08\x08garbage that is no model")
    with pytest.raises(child.ChildError, match="cannot infer"):
        child.native(NoStop(), "infer", bad, tmp_path / "result")
    slow = tmp_path / "slow.py"
    slow.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(child, "SECONDS", 0.2)
    monkeypatch.setattr(child, "Path", lambda _: native_at(slow))
    with pytest.raises(child.ChildError, match="within"):
        child.native(NoStop(), "infer", bad, tmp_path / "result")


def native_at(path):
    class Beside:
        @staticmethod
        def with_name(_):
            return path

    return Beside()


def test_the_child_infers_and_converts(tmp_path):
    source = tmp_path / "model.onnx"
    onnx.save(convolution(), source)
    native.infer(str(source), str(tmp_path / "shapes"))
    found = onnx.ModelProto.FromString((tmp_path / "shapes").read_bytes())
    assert {info.name for info in found.graph.value_info} == {"c", "n", "r"}
    native.convert(str(source), str(tmp_path / "raised.onnx"), 18)
    assert onnx.load(tmp_path / "raised.onnx").opset_import[0].version == 18


@pytest.mark.parametrize("scheme", ["static-int8", "dynamic-int8", "fp16", "weights-int8"])
def test_large_models_keep_their_weights_beside_them(scheme, tmp_path, monkeypatch):
    from haoline_analysis.quantization.quantizers.calibration import hessians
    from haoline_analysis.quantization.quantizers.methods import static
    from haoline_analysis.quantization.quantizers.preparing import folding

    for module in (loading, folding, static, versions):
        monkeypatch.setattr(module, "INSIDE_BYTES", 1000)
    assert hessians.save is loading.save
    source = tmp_path / "float.onnx"
    model = matrix(256, 256)
    onnx.save_model(model, source, save_as_external_data=True, location="float.data", size_threshold=0)
    data = {"calibration": np.random.default_rng(0).normal(size=(8, 256)).astype("f4")} if "static" in scheme else {}
    made = quantize(source, scheme=scheme, output=tmp_path / "made.onnx", **data)
    assert (tmp_path / "made.onnx.data").stat().st_size > 60_000
    assert made.path.stat().st_size < 20_000
    assert made.size_bytes > 60_000
    assert made.source_bytes > 256 * 256 * 4
    feeds = [{"x": np.random.default_rng(1).normal(size=(4, 256)).astype("f4")}]
    assert sqnr(source, made.path, feeds) > 20
    with pytest.raises(ModelError, match=r"keep 'made\.onnx'"):
        made.save(tmp_path / "other.onnx")
    (tmp_path / "copy").mkdir()
    assert run(made.save(tmp_path / "copy" / "made.onnx"), feeds[0]).shape == (4, 256)


def test_external_data_behind_links_as_in_caches_is_read(tmp_path):
    blobs, snapshot = tmp_path / "models--a" / "blobs", tmp_path / "models--a" / "snapshots" / "1"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    onnx.save_model(matrix(), blobs / "m", save_as_external_data=True, location="w", size_threshold=0)
    for link, target in (("model.onnx", "m"), ("w", "w")):
        (snapshot / link).symlink_to(blobs / target)
    made = quantize(snapshot / "model.onnx", scheme="dynamic-int8")
    assert "MatMulInteger" in types(made.path)


def test_external_data_outside_the_folder_is_refused(tmp_path):
    (tmp_path / "inside").mkdir()
    path = tmp_path / "inside" / "model.onnx"
    onnx.save_model(matrix(), path, save_as_external_data=True, location="w", size_threshold=0)
    model = onnx.load(path, load_external_data=False)
    model.graph.initializer[0].external_data[0].value = "../w"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="outside the model's folder"):
        quantize(path, scheme="dynamic-int8")


def test_a_model_that_onnxruntime_refuses_says_why():
    model = matrix()
    model.graph.node[0].op_type = "NoSuchOp"
    with pytest.raises(ModelError, match="NoSuchOp"):
        quantize(model, scheme="dynamic-int8")


def test_functions_of_the_model_are_taken_in():
    body = [helper.make_node("MatMul", ["a", "b"], ["c"], "inner")]
    function = helper.make_function("local", "Mul2", ["a", "b"], ["c"], body, [helper.make_opsetid("", 17)])
    model = matrix()
    model.graph.node[0].op_type, model.graph.node[0].domain = "Mul2", "local"
    model.functions.append(function)
    model.opset_import.append(helper.make_opsetid("local", 1))
    assert session(model)
    assert "MatMulInteger" in types(quantize(model, scheme="dynamic-int8").path)


@pytest.mark.parametrize("scheme", ["static-int8", "static-int8-qoperator", "dynamic-int8", "fp16"])
def test_nodes_are_in_an_order_in_which_they_can_run(scheme):
    data = {"calibration": attention_feeds()} if scheme.startswith("static") else {}
    graph = onnx.load(str(quantize(attention(-50), scheme=scheme, **data).path)).graph
    known = {port.name for port in graph.input} | {tensor.name for tensor in graph.initializer} | {""}
    for node in graph.node:
        assert set(node.input) <= known, node.name
        known |= set(node.output)


def test_metadata_of_the_float_model_survives_and_marks_of_the_tools_do_not():
    model = matrix()
    entry = model.metadata_props.add()
    entry.key, entry.value = "author", "somebody"
    made = quantize(model, scheme="dynamic-int8")
    found = {each.key: each.value for each in onnx.load(str(made.path)).metadata_props}
    assert found["author"] == "somebody"
    assert set(found) == {"author", "haoline.quantization"}


def test_the_model_handed_in_is_not_changed():
    model = attention()
    before = model.SerializeToString()
    quantize(model, scheme="static-int8", calibration=attention_feeds(), fixes=["clip-mask"])
    assert model.SerializeToString() == before
    assert digits(1).shape == (1, 1, 8, 8)


def halved(kind: int = onnx.TensorProto.FLOAT16) -> onnx.ModelProto:
    """Two layers and a body, all in half precision."""
    rng, node = np.random.default_rng(0), helper.make_node
    dtype = helper.tensor_dtype_to_np_dtype(kind)

    def port(name, *shape):
        return helper.make_tensor_value_info(name, kind, shape)

    branch = helper.make_graph([node("Relu", ["a"], ["yes"], "relu")], "yes", [], [port("yes", "n", 48)])
    other = helper.make_graph([node("Mul", ["a", "two"], ["no"], "double")], "no", [], [port("no", "n", 48)])
    nodes = [
        node("MatMul", ["x", "w"], ["a"], "first"),
        node("If", ["flag"], ["b"], "if", then_branch=branch, else_branch=other),
        node("Cast", ["b"], ["c"], "cast", to=kind),
        node("Gemm", ["c", "v", "bias"], ["y"], "last"),
    ]
    weights = {
        "w": (rng.normal(size=(64, 48)) / 8).astype(dtype),
        "v": (rng.normal(size=(48, 32)) / 8).astype(dtype),
        "bias": rng.normal(size=32).astype(dtype),
        "two": np.asarray(2, dtype),
        "flag": np.array(True),
    }
    return model_of(nodes, [port("x", "n", 64)], [port("y", "n", 32)], weights)


@pytest.mark.parametrize(
    "scheme", ["static-int8", "static-int8-qoperator", "static-int16", "dynamic-int8", "weights-int8"]
)
def test_half_precision_is_widened_since_quantizers_know_float32_alone(scheme):
    """onnxruntime would run it as float32 too, with a Cast behind each weight, so that no weight would be found."""
    pytest.importorskip("onnx_ir")
    model = halved()
    data = [{"x": np.random.default_rng(1).normal(size=(2, 64)).astype(np.float16)} for _ in range(8)]
    given = {"calibration": data} if scheme.startswith("static") else {}
    made = quantize(model, scheme=scheme, **given)
    assert sqnr(model, made.path, data) > 28
    proto = onnx.load(str(made.path))
    assert {port.type.tensor_type.elem_type for port in (*proto.graph.input, *proto.graph.output)} == {10}
    matrices = [each for each in proto.graph.initializer if sorted(each.dims) in ([48, 64], [32, 48])]
    assert {each.data_type for each in matrices} <= {onnx.TensorProto.INT8}
    assert any("FP16 was widened to float32" in note for note in made.notes)
    kept = quantize(model, scheme=scheme, keep_float=["last"], **given)
    floats_left = {tuple(each.dims) for each in onnx.load(str(kept.path)).graph.initializer if each.data_type == 1}
    assert (48, 32) in floats_left
    assert (64, 48) not in floats_left


def test_half_precision_in_is_refused_as_half_precision_and_bfloat16_is_not():
    with pytest.raises(ModelError, match="FP16 already"):
        quantize(halved(), scheme="fp16")
    made = quantize(halved(onnx.TensorProto.BFLOAT16), scheme="fp16")
    assert any("BF16 was widened" in note for note in made.notes)
    kinds = {each.name: each.data_type for each in onnx.load(str(made.path)).graph.initializer}
    assert kinds["w"] == kinds["v"] == onnx.TensorProto.FLOAT16
