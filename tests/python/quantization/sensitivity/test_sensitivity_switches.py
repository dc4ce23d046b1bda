"""The switchable session: off it is the float model, on it is the variant, one at a time it is what numpy says."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import helper
from sensitivity_models import DIGITS, digits_variant, linear, linear_variant, pictures, weight

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.sensitivity.opening import graph_of, whole
from haoline_analysis.quantization.sensitivity.session import Switchable
from haoline_analysis.quantization.sensitivity.sites import sites_of
from haoline_analysis.quantization.sensitivity.switching import switchable
from haoline_analysis.runtime.source import source_of


def found_of(model, variant):
    return sites_of(graph_of(source_of(model)[0]), whole(source_of(variant)[0]))


def unfused(model) -> ort.InferenceSession:
    """The variant in plain float arithmetic between Q and DQ, which is what switches imitate."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(str(model), options)


@pytest.fixture(scope="module", params=[{}, {"per_channel": True}, {"symmetric": True}], ids=str)
def digits(request):
    path = digits_variant(**request.param)
    found = found_of(DIGITS, path)
    return path, found, Switchable(*source_of(DIGITS)[:2], found.sites)


def test_all_off_is_the_float_model(digits):
    _, _, session = digits
    plain = ort.InferenceSession(str(DIGITS))
    for feeds in pictures(40, 44):
        np.testing.assert_allclose(session.run(feeds)[0], plain.run(None, feeds)[0], rtol=1e-5, atol=1e-5)


def test_all_on_is_the_variant(digits):
    path, found, session = digits
    assert not found.unplaced
    variant = unfused(path)
    for feeds in pictures(40, 44):
        on = session.run(feeds, range(len(found.sites)))[0]
        off = session.run(feeds)[0]
        whole_error = np.abs(variant.run(None, feeds)[0] - off).max()
        assert whole_error > 0
        # One level of a grid apart where a sum lands on the edge between two: a small part of the whole error.
        assert np.abs(on - variant.run(None, feeds)[0]).max() <= 0.25 * whole_error


def test_kinds_and_grids_of_sites(digits):
    path, found, _ = digits
    kinds = [site.kind for site in found.sites]
    graph = onnx.load(str(path)).graph
    assert kinds.count("activation") == sum(node.op_type == "QuantizeLinear" for node in graph.node)
    assert kinds.count("weight") == 7
    assert kinds.count("bias") == 7
    assert {site.tensor for site in found.sites if site.kind == "activation"} >= {"image", "linear"}
    floats = {each.name for each in onnx.load(str(DIGITS)).graph.initializer}
    assert {site.tensor for site in found.sites if site.kind == "weight"} <= floats


def test_one_site_is_what_numpy_computes():
    model, variant = linear(), linear_variant()
    found = found_of(model, variant)
    assert [(site.tensor, site.kind, site.ops) for site in found.sites] == [
        ("x", "activation", ("linear",)),
        ("w", "weight", ("linear",)),
    ]
    session = Switchable(*source_of(model)[:2], found.sites)
    x, w = weight(3, 8, seed=1) * 3, weight(8, 4)
    rounded = (np.clip(np.rint(x / np.float32(0.05)) + 128, 0, 255) - 128) * np.float32(0.05)
    scales = (np.abs(w).max(0) / 127).astype(np.float32)
    columns = np.rint(w / scales) * scales
    np.testing.assert_allclose(session.run({"x": x})[0], x @ w, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(session.run({"x": x}, [0])[0], rounded @ w, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(session.run({"x": x}, [1])[0], x @ columns, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(session.run({"x": x}, [0, 1])[0], rounded @ columns, rtol=1e-5, atol=1e-5)


def test_sixteen_bits_round_over_the_same_range():
    model, variant = linear(), linear_variant(zero=100)
    found = found_of(model, variant)
    session = Switchable(*source_of(model)[:2], found.sites)
    x = np.linspace(-9.13, 12.21, 8, dtype=np.float32)[None]
    low, high = -100 * 0.05, 155 * 0.05
    wide = session.run({"x": x}, [0], [0])[0]
    clipped = np.clip(x, low, high)
    np.testing.assert_allclose(wide, clipped @ weight(8, 4), atol=4 * (high - low) / 65535 * 8)
    narrow = session.run({"x": x}, [0])[0]
    truth = clipped @ weight(8, 4)
    assert np.abs(wide - truth).max() < np.abs(narrow - truth).max() / 20
    np.testing.assert_array_equal(session.run({"x": x}, [], [0])[0], session.run({"x": x})[0])


@pytest.mark.parametrize("opset", [9, 11, 13, 17, 21])
def test_any_opset(opset):
    found = found_of(linear(opset=13), linear_variant())
    session = Switchable(*source_of(linear(opset=opset))[:2], found.sites)
    x = weight(3, 8, seed=2)
    assert not np.array_equal(session.run({"x": x}, [0])[0], session.run({"x": x})[0])


def test_a_quantized_output_is_switched_too():
    model = linear()
    variant = linear_variant()
    graph = variant.graph
    graph.node[3].output[0] = "y_raw"
    graph.node.extend(
        [
            helper.make_node("QuantizeLinear", ["y_raw", "x_scale", "x_zero_point"], ["y_q"]),
            helper.make_node("DequantizeLinear", ["y_q", "x_scale", "x_zero_point"], ["y"]),
        ]
    )
    found = found_of(model, variant)
    assert [site.tensor for site in found.sites] == ["x", "w", "y"]
    session = Switchable(*source_of(model)[:2], found.sites)
    y = session.run({"x": weight(2, 8, seed=3)}, [2])[0]
    np.testing.assert_allclose(y / 0.05, np.rint(y / 0.05), atol=1e-3)


def test_a_relu_that_went_into_its_quantizer_is_the_site(digits):
    path, found, _ = digits
    graph = onnx.load(str(path)).graph
    left = sum(node.op_type == "Relu" for node in graph.node)
    if left == 6:
        pytest.skip("symmetric grids do not take in a Relu")
    relus = [node for node in onnx.load(str(DIGITS)).graph.node if node.op_type == "Relu"]
    sites = {site.tensor: site for site in found.sites}
    first = next(node for node in relus if node.output[0] in sites)
    asked = sites[first.output[0]].ops
    assert first.name not in asked, "a Relu is quantized because of its neighbours, not by itself"
    assert any("onv" in name for name in asked)


def test_unknown_tensor_is_refused_by_the_builder():
    found = found_of(linear(), linear_variant())
    other = linear()
    other.graph.node[0].input[1] = "another"
    other.graph.initializer[0].name = "another"
    with pytest.raises(ValueError, match="no tensor 'w'"):
        switchable(other, found.sites)


def test_a_run_that_fails_says_so():
    found = found_of(linear(), linear_variant())
    session = Switchable(*source_of(linear())[:2], found.sites)
    with pytest.raises(ModelError, match="fails on a sample"):
        session.run({"x": np.zeros((1, 7), np.float32)})
