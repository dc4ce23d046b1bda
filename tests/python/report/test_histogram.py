"""The values of a stored tensor: exact where all are counted, evenly spaced where it is large, in bounded steps."""

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from stored_models import Counted, Kept, checkpoint, float_weight, packed_weight

from haoline_analysis import ModelReport, analyze
from haoline_analysis.errors import ModelError
from haoline_analysis.report import histogram as module


def report_of(values, dtype="float32", source=Counted):
    weight = float_weight(*values.shape, dtype=dtype, values=values)
    weight.source = source(values)
    return analyze(checkpoint({"w": weight})), weight.source


def test_all_elements_are_counted_as_numpy_counts_them():
    values = np.random.default_rng(0).normal(3, 2, (100, 37)).astype(np.float32)
    values[0, :5] = [np.nan, np.inf, -np.inf, 0, 0]
    finite = values[np.isfinite(values)]
    found = report_of(values)[0].histogram("w", bins=50)
    counts, edges = np.histogram(finite, 50)
    assert found.counts.tolist() == counts.tolist()
    np.testing.assert_allclose(found.edges, edges, atol=1e-5)
    assert (found.elements, found.counted, found.sampled) == (3700, 3700, False)
    assert (found.zeros, found.nans, found.infinities) == (2, 1, 2)
    assert (found.minimum, found.maximum) == (finite.min(), finite.max())
    np.testing.assert_allclose([found.mean, found.std], [finite.mean(), finite.std()], rtol=1e-6)
    assert found.levels is None


def test_pieces_add_up_to_the_whole(monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 64)
    values = np.random.default_rng(1).normal(size=(50, 20)).astype(np.float32) + 1000
    report, source = report_of(values)
    found = report.histogram("w", bins=10)
    assert found.counts.tolist() == np.histogram(values, 10)[0].tolist()
    np.testing.assert_allclose(found.std, values.astype(np.float64).std(), rtol=1e-9)
    assert source.given == 50


def test_of_a_large_tensor_evenly_spaced_rows_are_read(monkeypatch):
    monkeypatch.setattr(module, "MAX_COUNTED", 10_000)
    monkeypatch.setattr(module, "SAMPLE", 1000)
    values = np.repeat(np.arange(2000, dtype=np.float32), 10).reshape(2000, 10)
    report, source = report_of(values)
    found = report.histogram(0, bins=4)
    assert found.sampled
    assert found.counted == 1000 == 10 * source.given
    assert found.elements == 20_000
    assert (found.minimum, found.maximum) == (0, 1999)
    assert found.counts.max() - found.counts.min() <= 20


def test_few_distinct_values_are_a_grid_and_bins_of_integers_hold_equally_many():
    found = report_of(np.arange(-128, 128, dtype=np.int8).reshape(16, 16), "int8", Kept)[0].histogram("w", bins=64)
    assert found.levels == 256
    assert set(found.counts.tolist()) == {4}


@pytest.mark.parametrize("values", [np.zeros((3, 4)), np.full((2, 2), 1e30), np.full((2, 2), np.nan), np.ones((0, 4))])
def test_constant_empty_and_senseless_tensors_have_histograms(values):
    found = report_of(values.astype(np.float32))[0].histogram("w", bins=8)
    assert len(found.edges) == 9
    assert (np.diff(found.edges) > 0).all()
    assert found.counts.sum() == np.isfinite(values).sum()
    assert "w:" in repr(found)


def test_one_scalar():
    assert report_of(np.array(3.0, np.float32))[0].histogram("w").counts.sum() == 1


def test_neighbouring_floats_do_not_make_bins_of_no_width():
    low = np.float32(1e8)
    found = report_of(np.array([low, np.nextafter(low, np.float32(2e8))]))[0].histogram("w", bins=4096)
    assert (np.diff(found.edges) > 0).all()
    assert found.counts.sum() == 2


def test_initializers_of_graphs_are_read_by_parts_too(tmp_path):
    values = np.random.default_rng(2).normal(size=(64, 32)).astype(np.float32)
    packed = np.array([i % 16 - 8 for i in range(64 * 31)], np.int8).reshape(64, 31)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["y"]),
        helper.make_node("DequantizeLinear", ["q", "s"], ["d"]),
    ]
    four = helper.make_tensor("q", onnx.TensorProto.INT4, packed.shape, packed.reshape(-1).tolist())
    scale = numpy_helper.from_array(np.float32(1), "s")
    ports = [
        helper.make_tensor_value_info(*port) for port in (("x", 1, [1, 64]), ("y", 1, [1, 32]), ("d", 1, [64, 31]))
    ]
    graph = helper.make_graph(nodes, "g", ports[:1], ports[1:], [numpy_helper.from_array(values, "w"), four, scale])
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]), path)
    report = analyze(path)
    assert report.histogram("w", bins=7).counts.tolist() == np.histogram(values, 7)[0].tolist()
    weight = report.model.tensors[module.find(report.model, "q")].weight
    for start, stop in ((0, 64), (3, 7), (63, 64), (5, 5)):
        np.testing.assert_array_equal(weight.values(start, stop), packed[start:stop])
    with pytest.raises(ModelError, match="computed, not stored"):
        report.histogram("y")


def test_what_cannot_be_shown_is_refused_in_a_sentence():
    report = analyze(checkpoint({"fc.weight": packed_weight(32, 64), "text": float_weight(1, dtype="string")}))
    with pytest.raises(ModelError, match="GPTQ weights cannot be dequantized"):
        report.histogram("fc.weight")
    assert report.histogram("fc.weight.part1").quantization == "GPTQ int4, groups of 32"
    with pytest.raises(ModelError, match="string"):
        report.histogram("text")
    with pytest.raises(ModelError, match="did you mean"):
        report.histogram("fc.weigth")
    with pytest.raises(ModelError, match="bins"):
        report.histogram("fc.weight", bins=0)
    with pytest.raises(ModelError, match="no tensor 9"):
        report.histogram(9)
    with pytest.raises(ModelError, match="without its model"):
        ModelReport.from_json(report.to_json()).histogram(0)


def test_what_would_have_to_be_read_as_a_whole_and_is_huge_is_refused():
    weight = float_weight(1 << 20, 1 << 20, values=np.ones(1))
    with pytest.raises(ModelError, match="as a whole"):
        analyze(checkpoint({"w": weight})).histogram("w")
