"""An engine laid over its model: which layer runs which op, how that was found, and the time of each."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from engine_models import ENGINES, engine, layer, model, resnet18

from haoline_analysis import ModelError, ModelReport, analyze
from haoline_analysis.comparison.engines import map_engine
from haoline_analysis.report import container

CONV = "float[8,8,3,3] w, float[8] b"
TRT10 = Path(__file__).parents[1] / "formats/tensorrt_reader/data/trt10-exportLayerInfo.json"


@pytest.fixture(scope="module")
def resnet(tmp_path_factory) -> ModelReport:
    return analyze(resnet18(tmp_path_factory.getbasetemp()))


@pytest.fixture(scope="module", params=["fp32", "fp16"])
def built(request) -> ModelReport:
    return analyze(ENGINES / f"resnet18-{request.param}.graph.json")


def fate(mapping) -> dict[str, tuple]:
    """Fate, layer and how it was found, by op."""
    rows = mapping.ops.astype(object).where(mapping.ops.notna(), None)
    return {row.op: (row.fate, row.layer, row.confidence) for row in rows.itertuples()}


class TestResNet:
    """The TREx engines over a model of the same node names."""

    def test_every_op_has_its_layer_but_the_flatten(self, resnet, built):
        mapping = map_engine(resnet, built)
        assert mapping.totals["removed"] == 1
        assert mapping.ops.loc[mapping.ops.fate == "removed", "op"].tolist() == ["Flatten_47"]
        assert (mapping.totals["kept"], mapping.totals["fused"]) == (6, 42)
        assert mapping.totals["inferred"] == 0
        assert fate(mapping)["Add_6"] == ("fused", "Conv_5 + Add_6 + Relu_7", "named")
        assert fate(mapping)["Conv_15"] == ("kept", "Conv_15", "named")

    def test_the_layers_are_exactly_those_whose_names_list_the_op(self, resnet, built):
        for op, row in fate(map_engine(resnet, built)).items():
            if op != "Flatten_47":
                assert op in row[1].split(" + ")

    def test_times_sum_to_the_profile_s_total(self, resnet, built):
        columns = {column.name: column for column in map_engine(resnet, built).columns()}
        total = built.facts_of_format["engine"]["profile"]["total_ms"] * 1e3
        assert np.nansum(columns["engine_us"].values) == pytest.approx(total)
        assert columns["engine_us"].provenance == "measured"
        assert np.nansum(columns["engine_reformat_us"].values) < total / 10

    def test_time_is_on_the_op_that_does_the_work(self, resnet, built):
        mapping = map_engine(resnet, built)
        us = dict(zip(mapping.ops.op, mapping.ops.engine_us, strict=True))
        assert us["Conv_0"] > 100
        assert math.isnan(us["Relu_1"])
        assert math.isnan(us["Flatten_47"])

    def test_precision_says_what_changed(self, resnet, built):
        ops = map_engine(resnet, built).ops
        changed = ops.loc[ops.fate != "removed", "re_precisioned"]
        assert changed.all() if "fp16" in built.name else not changed.any()

    def test_columns_join_the_model_s_table(self, resnet, built):
        report = ModelReport(resnet.content)
        for column in map_engine(resnet, built).columns():
            report.add_column(column.name, column.values, label=column.label, unit=column.unit)
        assert report.ops["engine_layer"].notna().sum() == 48

    def test_the_pair_is_one_document(self, resnet, built):
        head, tables = container.decode(map_engine(resnet, built).to_document())
        assert head["other"]["model"]["holds"] == "layers"
        there, back = tables["ops"]["counterpart"].values, tables["other/ops"]["counterpart"].values
        assert (there >= 0).sum() == 48
        assert (back >= 0).all()  # reformats go with the op they serve
        changes = dict(zip(tables["ops"]["name"].values, tables["ops"]["change"].values, strict=True))
        assert changes["Flatten_47"] == "removed"
        assert changes["Relu_1"] == "changed"

    def test_a_report_without_its_model_maps_as_well(self, resnet, built):
        restored = ModelReport.from_json(built.to_json())
        mapping = map_engine(ModelReport.from_json(resnet.to_json()), restored)
        assert fate(mapping) == fate(map_engine(resnet, built))

    def test_forms(self, resnet, built):
        mapping = map_engine(resnet, built)
        assert "49 ops became" in repr(mapping)
        assert "| Conv_0 + Relu_1 |" in mapping.to_markdown()
        told = json.loads(mapping.to_json())
        assert (len(told["ops"]), len(told["layers"])) == (49, built.totals.layers)
        assert told["ops"][47]["layer"] is None
        assert set(mapping._repr_mimebundle_()) == {"text/plain", "text/html"}


@pytest.fixture(scope="module")
def quantized(tmp_path_factory):
    """The INT8 engine over its model."""
    report = analyze(resnet18(tmp_path_factory.getbasetemp(), quantized=True))
    return map_engine(report, analyze(ENGINES / "resnet18-qat.graph.json"))


class TestQuantizedResNet:
    """The INT8 engine, whose names leave out Dequantizers, batch norms and the activations inside a kernel."""

    def test_every_op_but_constants_and_the_flatten_has_a_layer(self, quantized):
        ops = quantized.ops
        left = ops.loc[ops.fate.eq("removed") & ~ops.op.str.startswith("Constant"), "op"]
        assert left.tolist() == ["Flatten_247"]

    def test_all_time_is_of_known_ops(self, quantized):
        assert quantized.ops.engine_us.sum() == pytest.approx(1095.68)
        assert quantized.totals["mapped_us"] == pytest.approx(quantized.totals["measured_us"])

    def test_what_is_named_is_told_from_what_is_inferred(self, quantized):
        found = fate(quantized)
        layer_name = "layer1.0.conv1.weight + QuantizeLinear_20 + Conv_22"
        assert found["Conv_22"] == ("fused", layer_name, "named")
        assert found["QuantizeLinear_20"] == ("fused", layer_name, "named")
        for op in (
            "DequantizeLinear_18",
            "DequantizeLinear_21",
            "BatchNormalization_23",
            "Relu_24",
            "QuantizeLinear_27",
        ):
            assert found[op] == ("fused", layer_name, "inferred")

    def test_quantizers_that_run_by_themselves(self, quantized):
        alone = [op for op, row in fate(quantized).items() if row[0] == "reformatted"]
        assert "QuantizeLinear_2" in alone
        assert all(op.startswith("QuantizeLinear") for op in alone)

    def test_a_quantizer_merged_with_its_twin(self, quantized):
        """The skip branch quantizes the same value as the first convolution does."""
        found = fate(quantized)
        assert found["QuantizeLinear_88"][1] == found["QuantizeLinear_65"][1] == "QuantizeLinear_65"


def test_kernels_of_tensorrt_10_by_their_metadata():
    """The convolutional model of the 10.16 engine, its nodes named as that engine's metadata names them."""
    body = """
        [node_conv2d] a = Conv<pads = [2, 2, 2, 2]>(x, w1) [node_relu] b = Relu(a)
        [node_max_pool2d] c = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(b)
        [node_conv2d_1] d = Conv<pads = [2, 2, 2, 2]>(c, w2) [node_relu_1] e = Relu(d)
        [node_max_pool2d_1] f = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(e)
        [node_view] g = Flatten(f) [node_linear] h = Gemm<transB = 1>(g, w3) [node_relu_2] i = Relu(h)
        [node_linear_1] y = Gemm<transB = 1>(i, w4) [node_softmax] k = Softmax(y)
        [node_argmax] z = ArgMax<axis = 1, keepdims = 0>(k)
    """
    weights = "float[32,1,5,5] w1, float[64,32,5,5] w2, float[1024,3136] w3, float[10,1024] w4"
    report = model(body, "float[1,1,28,28] x", "float y, int64 z", weights)
    mapping = map_engine(report, analyze(TRT10))
    found = fate(mapping)
    assert found["node_conv2d"] == ("fused", "node_conv2d + node_relu", "stated")
    assert found["node_relu_2"] == ("fused", "node_linear_myl4_0", "stated")
    assert found["node_linear_1"][1] in ("__myl_MulSum_myl4_1", "__myl_AddMaxrSubExpSum_myl4_2")
    assert found["node_view"] == ("removed", None, None)
    assert mapping.layers.ops.tolist()[-1] == "node_argmax"  # the cast has no metadata, but writes z
    assert mapping.layers.confidence.tolist()[-1] == "inferred"
    assert mapping.totals["mapped_layers"] == 9


def test_metadata_is_believed_before_the_name():
    report = model("[a] t = Relu(x) [b] y = Sigmoid(t)")
    built = engine(layer("__myl_ReluSigm_myl0_0", ["x"], ["y"], "kgen", Metadata="[ONNX Layer: a]\x1f[ONNX Layer: b]"))
    mapping = map_engine(report, built)
    assert fate(mapping)["a"] == ("fused", "__myl_ReluSigm_myl0_0", "stated")


def test_one_op_in_two_kernels_is_shown_in_the_slower():
    report = model("[soft] y = Softmax(x)")
    first = layer("__myl_Max_myl0_0", ["x"], ["t"], "kgen", Metadata="[ONNX Layer: soft]")
    second = layer("__myl_Div_myl0_1", ["t"], ["y"], "kgen", Metadata="[ONNX Layer: soft]")
    mapping = map_engine(report, engine(first, second, times=[0.001, 0.003]))
    assert fate(mapping)["soft"] == ("kept", "__myl_Div_myl0_1", "stated")
    assert mapping.ops.engine_us.tolist() == [pytest.approx(4.0)]


def test_a_pointwise_network():
    report = model("[c] t = Conv(x, w, b) [s] u = Sigmoid(t) [m] y = Mul(t, u)", initializers=CONV)
    mapping = map_engine(report, engine(layer("c", ["x"], ["t"]), layer("PWN(s, m)", ["t"], ["y"], "PointWiseV2")))
    assert fate(mapping)["s"] == ("fused", "PWN(s, m)", "named")
    assert fate(mapping)["c"][0] == "kept"


def test_a_region_holds_what_lies_between_its_ends():
    body = "[a] p = Relu(x) [m1] q = Sigmoid(p) [m2] r = Tanh(q) [z] s = Abs(r) [after] y = Neg(s)"
    mapping = map_engine(model(body), engine("{ForeignNode[a...z]}", "after"))
    assert {op: row[0] for op, row in fate(mapping).items()} == {
        **dict.fromkeys(["a", "m1", "m2", "z"], "fused"),
        "after": "kept",
    }
    assert fate(mapping)["m1"][2] == "inferred"
    assert fate(mapping)["a"][2] == "named"


def test_a_region_whose_end_is_a_helper_reaches_what_no_other_layer_names():
    body = "[before] p = Relu(x) [g] q = Mul(p, w) [h] r = Tanh(q) [c] y = Abs(r)"
    mapping = map_engine(
        model(body, initializers="float[16] w"), engine("before", "{ForeignNode[w...ONNXTRT_castHelper_9]}")
    )
    assert [fate(mapping)[op][1] for op in "ghc"] == ["{ForeignNode[w...ONNXTRT_castHelper_9]}"] * 3
    assert fate(mapping)["before"][:2] == ("kept", "before")


QDQ = """
    [q] xq = QuantizeLinear(x, s, z) [dq] xd = DequantizeLinear(xq, s, z)
    [wq] wi = QuantizeLinear(w, s, z) [wdq] wd = DequantizeLinear(wi, s, z)
    [c] t = Conv(xd, wd, b) [r] y = Relu(t)
"""
SCALES = f"{CONV}, float s = {{0.5}}, int8 z = {{0}}"


def test_quantized_layers_as_tensorrt_names_them():
    """The weight's quantizer is named; Dequantizers and the activation leave no name."""
    built = engine(
        layer("q", ["x"], ["xq"], "Reformat", Origin="QDQ"),
        layer("w + wq + c", ["xq"], ["y"], dtype="Int8", Weights={"Type": "Int8", "Count": 576}),
    )
    found = fate(map_engine(model(QDQ, initializers=SCALES), built))
    assert found["q"] == ("reformatted", "q", "named")
    assert found["wq"] == ("fused", "w + wq + c", "named")
    assert found["c"] == ("fused", "w + wq + c", "named")
    assert found["dq"] == ("fused", "w + wq + c", "inferred")
    assert found["wdq"] == ("fused", "w + wq + c", "inferred")
    assert found["r"] == ("fused", "w + wq + c", "inferred")  # its layer writes the tensor that Relu makes


def test_a_batch_norm_folded_into_a_convolution():
    body = "[c] t = Conv(x, w, b) [n] u = BatchNormalization(t, b, b, b, b) [r] y = Relu(u)"
    found = fate(map_engine(model(body, initializers=CONV), engine(layer("c + r", ["x"], ["out"]))))
    assert found["n"] == ("fused", "c + r", "inferred")


def test_reformats_and_helpers_go_with_the_op_they_serve():
    report = model("[c] t = Conv(x, w, b) [r] y = Relu(t)", initializers=CONV)
    built = engine(
        layer("Reformatting CopyNode for Input Tensor 0 to c + r", ["x"], ["x2"], "Reformat"),
        layer("c + r", ["x2"], ["y2"]),
        layer("reshape_after_c", ["y2"], ["y"], "NoOp"),
        times=[0.01, 0.05, 0.002],
    )
    mapping = map_engine(report, built)
    columns = {column.name: np.asarray(column.values) for column in mapping.columns()}
    assert columns["engine_us"][0] == pytest.approx(62.0)
    assert columns["engine_reformat_us"][0] == pytest.approx(12.0)
    assert mapping.layers.fate.tolist() == ["reformatted", "fused", "reformatted"]
    assert mapping.layers.main_op.tolist() == ["c", "c", "c"]


def test_a_layer_of_no_known_op_is_left_open_and_its_time_told():
    report = model("[r] y = Relu(x)")
    built = engine(layer("r", ["x"], ["t"]), layer("__mye260_0_myl5_0", [], [], "shape_call"), times=[0.004, 0.001])
    mapping = map_engine(report, built)
    assert mapping.layers.fate.isna().tolist() == [False, True]
    assert mapping.totals["mapped_us"] == pytest.approx(4.0)
    assert mapping.totals["measured_us"] == pytest.approx(5.0)
    assert "80.0% is of known ops" in repr(mapping)


def test_an_op_that_no_layer_runs_is_removed():
    found = fate(map_engine(model("[i] t = Identity(x) [r] y = Relu(t)"), engine(layer("r", ["x"], ["y"]))))
    assert found["i"] == ("removed", None, None)


def test_without_times_there_is_no_time_column():
    mapping = map_engine(model("[r] y = Relu(x)"), engine("r"))
    assert [column.name for column in mapping.columns()] == ["engine_layer", "engine_precision", "fate", "confidence"]


def test_an_engine_of_another_model_is_refused(built):
    with pytest.raises(ModelError, match="names an op of"):
        map_engine(model("[r] y = Relu(x)"), built)


def test_both_sides_must_be_what_they_should(built, resnet):
    with pytest.raises(ModelError, match="laid over the ops of a model"):
        map_engine(built, built)
    with pytest.raises(ModelError, match="is no engine"):
        map_engine(resnet, resnet)


def test_names_from_files_are_escaped():
    report = model("[a] y = Relu(x)")
    mapping = map_engine(report, engine(layer("a + <img src=x onerror=alert(1)>|", ["x"], ["y"])))
    assert "<img" not in mapping._repr_mimebundle_()["text/html"]
    assert "\\|" in mapping.to_markdown()
