"""What cannot be compared is refused in one clear sentence."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from divergence_models import Maker, digits_samples, float_model, samples, variant
from onnx import TensorProto, helper

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization import compare
from haoline_analysis.runtime import InputError


def _with_batch(model, path):
    onnx.save(model, path)
    return path


def test_models_with_different_inputs(tmp_path):
    with pytest.raises(InputError, match="take different inputs"):
        compare(float_model("digits"), float_model("transformer"), samples("digits"))
    model = onnx.load(float_model("digits"))
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 3
    del model.graph.value_info[:]
    weight = next(entry for entry in model.graph.initializer if entry.name == model.graph.node[0].input[1])
    wide = np.repeat(onnx.numpy_helper.to_array(weight), 3, axis=1)
    weight.CopyFrom(onnx.numpy_helper.from_array(wide, weight.name))
    path = _with_batch(model, tmp_path / "wide.onnx")
    with pytest.raises(InputError, match=r"'image' is .*×1×8×8 in one, .*×3×8×8 in the other"):
        compare(float_model("digits"), path, samples("digits"))


def test_another_architecture_with_the_same_inputs(tmp_path):
    maker = Maker(11)
    made = maker.op("Flatten", "image")
    for width in (64, 20):
        made = maker.op("Tanh", maker.op("MatMul", made, maker.weight(width, 64 if width == 64 else 10)))
        if width == 64:
            made = maker.op("MatMul", made, maker.weight(64, 20))
    model = maker.model(
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, 8, 8])], made, ["batch", 10]
    )
    path = _with_batch(model, tmp_path / "other.onnx")
    with pytest.raises(ModelError, match=r"in common"):
        compare(float_model("digits"), path, samples("digits"), latency=False)


def test_wrong_data():
    with pytest.raises(ModelError, match=r"8×8|shape|dim"):
        compare(float_model("digits"), variant("digits", "qdq"), np.zeros((4, 1, 9, 8), np.float32))
    with pytest.raises(ModelError):
        compare(float_model("digits"), variant("digits", "qdq"), {"wrong": digits_samples()[:2]})
    with pytest.raises(ModelError, match="no samples"):
        compare(float_model("digits"), variant("digits", "qdq"), [])


def test_nan_in_the_data_is_told_and_left_out():
    given = digits_samples()[:4].copy()
    given[2, 0, 3, 3] = np.nan
    found = compare(float_model("digits"), variant("digits", "qdq"), given, latency=False)
    assert any("NaN" in note for note in found.samples.notes)
    assert found.complete
    assert any(finding.id == "odd-values" for finding in found.findings)
    assert np.isfinite(found.ops["sqnr_db"].dropna().astype(float)).all()


def test_a_variant_that_onnxruntime_cannot_run(tmp_path):
    model = onnx.load(float_model("digits"))
    model.graph.node[0].op_type = "NoSuchOp"
    path = _with_batch(model, tmp_path / "broken.onnx")
    with pytest.raises(ModelError, match=r"onnxruntime|NoSuchOp"):
        compare(float_model("digits"), path, samples("digits"))
    (tmp_path / "cut.onnx").write_bytes(float_model("digits").read_bytes()[:1000])
    with pytest.raises(ModelError):
        compare(float_model("digits"), tmp_path / "cut.onnx", samples("digits"))
    with pytest.raises(ModelError, match="nowhere"):
        compare(float_model("digits"), tmp_path / "nowhere.onnx", samples("digits"))


def test_what_is_no_executor_and_no_provider():
    with pytest.raises(ModelError, match=r"executor is a concurrent\.futures\.Executor, not int"):
        compare(float_model("digits"), variant("digits", "qdq"), samples("digits"), executor=3)
    with pytest.raises(ModelError, match="no execution provider 'abacus'"):
        compare(float_model("digits"), variant("digits", "qdq"), samples("digits"), provider="abacus")


def test_nothing_is_left_behind_where_it_is_refused(tmp_path, monkeypatch):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ModelError):
        compare(float_model("digits"), float_model("transformer"), samples("digits"))
    assert list(tmp_path.iterdir()) == []


def test_made_up_data_is_labelled():
    found = compare(float_model("digits"), variant("digits", "qdq"), limit=2, latency=False)
    assert found.samples.synthetic
    assert "(made up)" in found.summary()


def test_a_model_exported_anew_under_other_names_is_compared(tmp_path):
    model = onnx.load(variant("transformer", "qdq"))
    renamed = {entry.name: f"given_{at}" for at, entry in enumerate(model.graph.input)}
    for node in model.graph.node:
        for at, name in enumerate(node.input):
            node.input[at] = renamed.get(name, name)
    for entry in model.graph.input:
        entry.name = renamed[entry.name]
    path = _with_batch(model, tmp_path / "anew.onnx")
    found = compare(float_model("transformer"), path, samples("transformer"), latency=False)
    plain = compare(float_model("transformer"), variant("transformer", "qdq"), samples("transformer"), latency=False)
    assert found.check.identical
    assert found.outputs["sqnr_db"].tolist() == pytest.approx(plain.outputs["sqnr_db"].tolist())
    first, second = (one.tensors["local_sqnr_db"].to_numpy(float) for one in (found, plain))
    assert first == pytest.approx(second, nan_ok=True)
