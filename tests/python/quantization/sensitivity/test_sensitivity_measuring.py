"""What measure_sensitivity finds, and what follows from it."""

import json
import math

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import numpy_helper
from sensitivity_models import (
    DIGITS,
    digits_variant,
    linear,
    linear_variant,
    normalized,
    pictures,
    residual,
    two_gemms,
    two_layers,
    weight,
)

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization import measure_sensitivity, quantize
from haoline_analysis.quantization.sensitivity.noise import Noise, cosine_of, decibels, noise_of
from haoline_analysis.report import analyze

SAMPLES = pictures(40, 44)


@pytest.fixture(scope="module")
def found():
    return measure_sensitivity(str(DIGITS), SAMPLES, variant=digits_variant(), limit=4)


def real_noise(path, feeds) -> Noise:
    first, second = ort.InferenceSession(str(DIGITS)), ort.InferenceSession(str(path))
    noise = Noise(1)
    for each in feeds:
        noise.add(first.run(None, each), second.run(None, each))
    return noise


def test_every_unit_is_measured_and_adds_up(found):
    assert found.complete
    assert found.units["measured"].all()
    assert (found.units["noise"] > 0).sum() > len(found.units) / 2
    assert found.units["share"].sum() == pytest.approx(1)
    assert found.units["noise"].is_monotonic_decreasing
    assert abs(found.additive.difference_db) < 3
    assert "add" in found.check or "Errors" in found.check


def test_the_base_is_the_variant(found):
    real = real_noise(digits_variant(), SAMPLES)
    assert found.base.noise == pytest.approx(real.power, rel=0.25)
    assert found.base.cosine == pytest.approx(real.cosine, abs=1e-4)
    assert found.predict().noise == pytest.approx(found.base.noise)


def test_noise_of_a_unit_is_that_of_its_quantizer_alone():
    x = [{"x": weight(5, 8, seed=1) * 3}]
    found = measure_sensitivity(linear(), x, variant=linear_variant(), unit="quantizer", limit=None)
    w = weight(8, 4)
    rounded = (np.clip(np.rint(x[0]["x"] / np.float32(0.05)) + 128, 0, 255) - 128) * np.float32(0.05)
    truth = x[0]["x"] @ w
    expected = np.square(rounded @ w - truth).sum() / np.square(truth).sum()
    assert found.units.loc["x", "noise"] == pytest.approx(expected, rel=1e-3)
    own = np.square(rounded - x[0]["x"]).sum() / np.square(x[0]["x"]).sum()
    assert found.units.loc["x", "prior"] == pytest.approx(decibels(own), abs=0.01)
    scales = np.abs(w).max(0) / 127
    own = np.square(np.rint(w / scales) * scales - w).sum() / np.square(w).sum()
    assert found.units.loc["w", "prior"] == pytest.approx(decibels(own), abs=0.01)
    assert found.units.loc["x", "noise_int16"] < found.units.loc["x", "noise"]
    assert found.units.loc["w", "noise_int16"] == found.units.loc["w", "noise"]
    assert found.units.loc["w", ["bytes_float", "bytes"]].tolist() == [128, 32 + 16 + 4]


def test_units_are_quantizers_that_the_same_ops_ask_for(found):
    fine = measure_sensitivity(str(DIGITS), SAMPLES, variant=digits_variant(), limit=1, unit="quantizer")
    assert len(fine.units) == len(fine.sites) > len(found.units)
    sets = [frozenset(ops) for ops in found.units["ops"]]
    assert len(set(sets)) == len(sets)
    assert sum(found.units["tensors"]) == len(found.sites)


def test_prediction_agrees_with_building():
    feeds = pictures(0, 32)
    base = quantize(str(DIGITS), calibration=feeds)
    found = measure_sensitivity(str(DIGITS), SAMPLES, variant=base, limit=4)
    kept = list(found.ops.index[:4])
    built = quantize(str(DIGITS), calibration=feeds, keep_float=kept)
    told, real = found.predict(keep_float=kept), real_noise(built.path, SAMPLES)
    assert told.noise < 0.8 * found.base.noise
    assert abs(told.sqnr_db - decibels(real.power)) < 2.5
    assert told.cosine == pytest.approx(real.cosine, abs=2e-4)


def test_keeping_more_is_never_worse(found):
    ops = list(found.ops.index)
    noises = [found.predict(keep_float=ops[:count]).noise for count in range(len(ops) + 1)]
    assert noises == sorted(noises, reverse=True)
    assert noises[-1] == 0
    assert found.predict(keep_float=ops).sqnr_db == math.inf
    assert found.predict(keep_float=ops).cosine == 1
    assert found.predict(int16=ops).noise < found.predict().noise


def test_an_op_without_quantizers_is_refused(found):
    with pytest.raises(ModelError, match="'nowhere'"):
        found.predict(keep_float=["nowhere"])


def test_on_the_wire(found):
    report = analyze(str(DIGITS))
    sent = found.what_if(report)
    assert json.loads(json.dumps(sent, allow_nan=False)) == sent
    assert len(sent["units"]) == len(found.units)
    names = list(report.ops["name"])
    by_id = {unit["id"]: unit for unit in sent["units"]}
    for name, row in found.units.iterrows():
        assert [names[at] for at in by_id[name]["ops"]] == list(row["ops"])
    assert sent["base"]["sqnr_db"] == pytest.approx(found.base.sqnr_db)
    assert sent["size"] == {"float": DIGITS.stat().st_size, "variant": digits_variant().stat().st_size}
    assert sent["latency"] is None


def test_an_interrupt_keeps_what_is_measured():
    told = []

    def stop_after_a_few(stage, fraction):
        told.append(stage)
        if told.count("Measuring each quantizer alone") == 6:
            raise KeyboardInterrupt

    many = SAMPLES * 10  # so that it is not through before it hears of it
    found = measure_sensitivity(
        str(DIGITS), many, variant=digits_variant(), unit="quantizer", progress=stop_after_a_few, limit=None
    )
    assert not found.complete
    assert 1 <= found.units["measured"].sum() < len(found.units)
    assert found.units["noise"].notna().all()
    assert (found.units.loc[~found.units["measured"], "noise"] > 0).any()
    assert "nterrupted" in found.check
    assert any("Interrupted" in note for note in found.notes)


def test_an_interrupt_before_anything_is_measured():
    def stop(stage, fraction):
        if stage == "Rounding each tensor alone":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_sensitivity(str(DIGITS), SAMPLES, variant=digits_variant(), progress=stop)


def test_what_is_refused():
    with pytest.raises(ModelError, match="no quantizers"):
        measure_sensitivity(str(DIGITS), SAMPLES, variant=str(DIGITS))
    with pytest.raises(ModelError, match="Unknown unit"):
        measure_sensitivity(str(DIGITS), SAMPLES, variant=digits_variant(), unit="layer")
    with pytest.raises(ModelError, match="image"):
        measure_sensitivity(str(DIGITS), {"picture": np.zeros((1, 1, 8, 8), np.float32)}, variant=digits_variant())


def test_a_model_of_another_architecture_has_no_places_for_the_quantizers():
    with pytest.raises(ModelError, match="no quantizers"):
        measure_sensitivity(linear(), [{"x": weight(2, 8)}], variant=digits_variant())


def test_noise_cosine_and_decibels():
    a, b = np.array([3.0, 4.0]), np.array([3.0, 4.5])
    noise = Noise(1)
    noise.add([a], [b])
    assert noise.power == pytest.approx(0.25 / 25)
    assert decibels(noise.power) == pytest.approx(20)
    assert noise.cosine == pytest.approx((9 + 18) / (5 * math.hypot(3, 4.5)))
    assert noise_of(cosine_of(0.3)) == pytest.approx(0.3)
    assert decibels(0) == math.inf
    broken = Noise(1)
    broken.add([a], [np.array([np.nan, 1])])
    assert broken.power == math.inf
    assert math.isnan(broken.cosine)


@pytest.mark.parametrize("scheme", ["dynamic-int8", "weights-int4", "weights-int8"])
def test_variants_without_q_and_dq(scheme):
    model, feeds = two_layers(), [{"x": weight(1, 64, seed=seed)} for seed in range(2, 6)]
    made = quantize(model, scheme=scheme)
    found = measure_sensitivity(model, feeds, variant=made, limit=4)
    assert [unit.ops for unit in found.additive.units] == [("first",), ("second",)]
    assert (found.units["noise"] > 0).all()
    first, second = ort.InferenceSession(model.SerializeToString()), ort.InferenceSession(str(made.path))
    real = Noise(1)
    for each in feeds:
        real.add(first.run(None, each), second.run(None, each))
    assert found.base.noise == pytest.approx(real.power, rel=0.1)
    assert abs(found.additive.difference_db) < 1
    assert found.predict(keep_float=["first", "second"]).noise == 0
    assert (found.units["bytes"] < found.units["bytes_float"] / 2).all()
    again = measure_sensitivity(model, feeds, recipe=made.recipe, limit=4)
    assert again.base.noise == pytest.approx(found.base.noise)


@pytest.mark.parametrize("transposed", [0, 1])
@pytest.mark.parametrize("scheme", ["dynamic-int8", "weights-int4", "weights-int8", "static-int8"])
def test_weights_of_gemm_are_measured_too(scheme, transposed):
    """In variants these are MatMul and Add, their weights transposed."""
    model, feeds = two_gemms(transposed), [{"x": weight(1, 64, seed=seed)} for seed in range(2, 6)]
    given = {"calibration": feeds} if scheme == "static-int8" else {}
    made = quantize(model, scheme=scheme, **given)
    found = measure_sensitivity(model, feeds, variant=made, limit=4)
    first, second = ort.InferenceSession(model.SerializeToString()), ort.InferenceSession(str(made.path))
    real = Noise(1)
    for each in feeds:
        real.add(first.run(None, each), second.run(None, each))
    assert {"u", "v"} <= {tensor for unit in found.additive.units for tensor in unit.tensors}
    assert found.base.noise == pytest.approx(real.power, rel=0.1)
    kept = quantize(model, scheme=scheme, keep_float=["first"], **given)
    alone = Noise(1)
    variant = ort.InferenceSession(str(kept.path))
    for each in feeds:
        alone.add(first.run(None, each), variant.run(None, each))
    assert found.predict(keep_float=["first"]).noise == pytest.approx(alone.power, rel=0.25)


@pytest.mark.parametrize("scheme", ["dynamic-int8", "weights-int8", "weights-int4"])
def test_what_else_reads_a_tensor_or_a_table_is_as_in_the_variant(scheme):
    """Around a layer goes what it reads, which only the layer itself rounds; a table is rounded like any weight."""
    model, feeds = residual(), [{"ids": np.arange(start, start + 7)} for start in (0, 9, 20)]
    made = quantize(model, scheme=scheme)
    found = measure_sensitivity(model, feeds, variant=made, limit=None)
    first, second = ort.InferenceSession(model.SerializeToString()), ort.InferenceSession(str(made.path))
    real = Noise(1)
    for each in feeds:
        real.add(first.run(None, each), second.run(None, each))
    assert "table" in {tensor for unit in found.additive.units for tensor in unit.tensors}
    assert found.base.noise == pytest.approx(real.power, rel=0.01)
    assert found.units.loc["table", "bytes"] < found.units.loc["table", "bytes_float"] / 2


def test_half_precision_is_refused():
    model = two_layers()
    for tensor in model.graph.initializer:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name))
    for port in (*model.graph.input, *model.graph.output):
        port.type.tensor_type.elem_type = 10
    with pytest.raises(ModelError, match="weight 'u' is float16"):
        measure_sensitivity(model, [{"x": np.ones((1, 64), np.float16)}], scheme="dynamic-int8")


@pytest.mark.parametrize("scheme", ["static-int8", "dynamic-int8", "weights-int8"])
def test_ops_without_names_are_told_apart(scheme):
    """They are called as in the report, and as ``keep_float`` knows them."""
    model, feeds = residual(), [{"ids": np.arange(7)}]
    expected = measure_sensitivity(model, feeds, scheme=scheme)
    for node in model.graph.node:
        node.name = ""
    found = measure_sensitivity(model, feeds, scheme=scheme)
    assert len(found.noise) == len(expected.noise) > 1
    assert found.base.noise == pytest.approx(expected.base.noise)
    assert {op for unit in found.additive.units for op in unit.ops} <= {op.name for op in found.model.ops}


CONVOLVED = [{"x": weight(1, 8, 12, 12, seed=seed)} for seed in range(10, 18)]


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("scheme", ["static-int8", "static-int8-qoperator"])
def test_what_batch_normalisation_was_merged_into_is_measured(scheme, per_channel):
    """The weights that are rounded are not those of the file; ops keep the names they have there."""
    model, options = normalized(), {"scheme": scheme, "per_channel": per_channel, "calibration": CONVOLVED}
    made = quantize(model, **options)
    found = measure_sensitivity(model, CONVOLVED[:4], variant=made, limit=None)
    assert found.notes == ()
    assert sum(site.kind == "weight" for site in found.sites) == 3
    assert sum(site.kind == "bias" for site in found.sites) == 3
    assert found.base.noise == pytest.approx(error_of(model, made.path, CONVOLVED[:4]).power, rel=0.05)
    kept = quantize(model, keep_float=["conv1"], **options)
    real = error_of(model, kept.path, CONVOLVED[:4])
    assert abs(found.predict(keep_float=["conv1"]).sqnr_db - decibels(real.power)) < 2.5
    assert {"conv1", "conv2", "head"} <= set(found.ops.index) <= {node.name for node in model.graph.node}


def test_weights_of_another_tools_file_are_found_where_it_merged_them():
    """Without our recipe only names tell that the model was prepared."""
    model = normalized()
    made = quantize(model, calibration=CONVOLVED)
    proto = onnx.load(made.path)
    del proto.metadata_props[:]
    found = measure_sensitivity(model, CONVOLVED[:4], variant=proto, limit=None)
    assert found.notes == ()
    assert found.base.noise == pytest.approx(error_of(model, made.path, CONVOLVED[:4]).power, rel=0.05)


@pytest.mark.parametrize("kept", ["head", "norm2"])
def test_what_the_variant_keeps_float_is_no_candidate(kept):
    """Its neighbours still ask for what it reads; a normalization goes with its convolution."""
    model = normalized()
    made = quantize(model, calibration=CONVOLVED, keep_float=[kept])
    found = measure_sensitivity(model, CONVOLVED[:4], variant=made, limit=None)
    assert not {"head": {"head"}, "norm2": {"norm2", "conv2"}}[kept] & set(found.ops.index)
    assert found.base.noise == pytest.approx(error_of(model, made.path, CONVOLVED[:4]).power, rel=0.05)
    assert found.predict(keep_float=found.ops.index).noise == 0


def test_a_pool_behind_what_is_kept_float_is_what_asks():
    """As an integer kernel it quantizes what it reads by itself."""
    nodes = [
        onnx.helper.make_node("Conv", ["x", "w"], ["h"], "conv"),
        onnx.helper.make_node("Sigmoid", ["h"], ["s"], "gate"),
        onnx.helper.make_node("AveragePool", ["s"], ["y"], "pool", kernel_shape=[2, 2]),
    ]
    ports = [onnx.helper.make_tensor_value_info(name, 1, [1, 8, at, at]) for name, at in (("x", 12), ("y", 9))]
    graph = onnx.helper.make_graph(
        nodes, "g", ports[:1], ports[1:], [numpy_helper.from_array(weight(8, 8, 3, 3) / 9, "w")]
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    made = quantize(model, scheme="static-int8-qoperator", calibration=CONVOLVED, keep_float=["gate"])
    found = measure_sensitivity(model, CONVOLVED[:4], variant=made, limit=None)
    assert {site.tensor: site.ops for site in found.sites}["s"] == ("pool",)
    assert set(found.ops.index) == {"conv", "pool"}


def test_what_integer_kernels_hand_on_is_measured():
    model, feeds = residual(), [{"ids": np.arange(start, start + 7)} for start in (0, 9, 20)]
    made = quantize(model, scheme="static-int8-qoperator", calibration=feeds)
    found = measure_sensitivity(model, feeds, variant=made, limit=None)
    assert {"table", "e", "u", "h", "s", "v"} <= {site.tensor for site in found.sites}
    assert found.base.noise == pytest.approx(error_of(model, made.path, feeds).power, rel=0.05)
    assert found.notes == ()
    assert set(found.ops.index) == {"lookup", "layer", "around", "last"}


def test_integer_kernels_of_other_names_are_said_not_to_be_measured():
    """Names alone tell which tensor of the float model an integer kernel makes."""
    model, feeds = residual(), [{"ids": np.arange(start, start + 7)} for start in (0, 9, 20)]
    proto = onnx.load(quantize(model, scheme="static-int8-qoperator", calibration=feeds).path)
    for node in proto.graph.node:
        for names in (node.input, node.output):
            names[:] = ["between" if name == "h_quantized" else name for name in names]
    found = measure_sensitivity(model, feeds, variant=proto)
    assert "h" not in {site.tensor for site in found.sites}
    assert len(found.notes) == 1
    assert "layer_quant" in found.notes[0]


def error_of(model, path, feeds) -> Noise:
    first, second = ort.InferenceSession(model.SerializeToString()), ort.InferenceSession(str(path))
    noise = Noise(1)
    for each in feeds:
        noise.add(first.run(None, each), second.run(None, each))
    return noise
