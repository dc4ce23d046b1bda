"""The report: frames, columns, tensors on demand, forms in which it is shown."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from divergence_models import digits_samples, float_model, samples, variant

from haoline_analysis.errors import ModelError
from haoline_analysis.formats import open_model
from haoline_analysis.quantization import DivergenceReport, compare
from haoline_analysis.quantization.divergence import display
from haoline_analysis.quantization.divergence.outputs import Outputs
from haoline_analysis.report import container


@pytest.fixture(scope="module")
def compared() -> DivergenceReport:
    return compare(float_model("digits"), variant("digits", "qdq"), samples("digits", 8))


@pytest.fixture(scope="module")
def dynamic() -> DivergenceReport:
    return compare(float_model("transformer"), variant("transformer", "dynamic"), samples("transformer"), latency=False)


def test_one_row_per_comparable_op_in_execution_order(compared):
    assert list(compared.ops.index) == [name for name in compared.report.ops["name"] if name in set(compared.ops.index)]
    assert len(compared.ops) == 16
    columns = {"op_type", "category", "scope", "tensor", "matched", "how", "variant_op", "precision", "unit", "clipped"}
    columns |= {"sqnr_db", "sqnr_min_db", "sqnr_std_db", "worst_sample", "cosine", "mse", "max_abs", "relative"}
    assert columns | {"local_sqnr_db", "local_cosine", "local_mse", "weight_sqnr_db"} == set(compared.ops.columns)
    assert compared.ops.loc["node_linear", "op_type"] == "Gemm"
    assert compared.ops["matched"].sum() + len(compared.unmatched) == len(compared.tensors)


def test_figures_are_those_of_the_tensors_that_can_be_loaded(compared):
    for name, row in compared.tensors[compared.tensors["matched"]].iterrows():
        value = np.stack([compared.load(name, sample) for sample in range(8)]).astype(float)
        other = np.stack([compared.load(name, sample, "variant") for sample in range(8)])
        made = np.stack([compared.load(name, sample, "local") for sample in range(8)])
        apart = np.stack([compared.load(name, sample, "difference") for sample in range(8)])
        assert np.allclose(apart, other - value, atol=1e-6)
        assert row["sqnr_db"] == pytest.approx(
            10 * np.log10((value**2).sum() / (apart.astype(float) ** 2).sum()), abs=0.01
        )
        assert row["local_sqnr_db"] == pytest.approx(
            10 * np.log10((value**2).sum() / (made.astype(float) ** 2).sum()), abs=0.01
        )
        single = [10 * np.log10((v**2).sum() / (d.astype(float) ** 2).sum()) for v, d in zip(value, apart, strict=True)]
        assert row["sqnr_min_db"] == pytest.approx(min(single), abs=0.01)
        assert row["worst_sample"] == int(np.argmin(single))


def test_the_first_op_makes_all_the_error_that_is_seen_there_and_later_ones_pass_it_on(compared):
    matched = compared.ops[compared.ops["matched"]]
    first = matched.iloc[0]
    assert first["local_sqnr_db"] == pytest.approx(first["sqnr_db"], abs=1e-6)
    # What is seen has what was passed on in it: nowhere is it much less than what is made there.
    assert (matched["sqnr_db"] <= matched["local_sqnr_db"] + 0.5).all()


def test_an_op_that_is_still_float_makes_no_error_of_its_own(dynamic):
    softmax = dynamic.ops[dynamic.ops["op_type"] == "Softmax"]
    assert len(softmax) == 2
    assert (softmax["local_sqnr_db"] == np.inf).all()
    assert (softmax["local_cosine"] == 1).all()
    assert np.isfinite(softmax["sqnr_db"]).all()
    name = softmax["tensor"].iloc[0]
    assert not dynamic.load(name, 0, "local").any()
    assert dynamic.load(name, 0, "difference").any()
    multiplied = dynamic.ops[(dynamic.ops["op_type"] == "MatMul") & dynamic.ops["weight_sqnr_db"].notna()]
    multiplied = multiplied[multiplied["matched"]]
    assert np.isfinite(multiplied["local_sqnr_db"].astype(float)).all()


def test_ops_that_run_as_one_are_told_as_one_and_the_hidden_ones_are_listed(compared):
    hidden = compared.unmatched.set_index("tensor")
    assert len(hidden) > 0
    assert all(isinstance(why, str) and why for why in hidden["why"])
    units = [unit for unit in compared.ops["unit"].dropna() if unit]
    assert units
    assert all(" + " in unit for unit in units)
    assert not hidden["why"].str.contains("guess").any()


def test_weight_errors_are_those_of_the_stored_weights(compared):
    import onnx
    from onnx import numpy_helper

    held = {entry.name: numpy_helper.to_array(entry) for entry in onnx.load(variant("digits", "qdq")).graph.initializer}
    floats = {entry.name: numpy_helper.to_array(entry) for entry in onnx.load(float_model("digits")).graph.initializer}
    integers, scale = held["head.weight_quantized"].astype(float), held["head.weight_scale"]
    reals = (integers - held["head.weight_zero_point"]) * scale
    weight = floats["head.weight"].astype(float)
    reals = reals if reals.shape == weight.shape else reals.T
    expected = 10 * np.log10((weight**2).sum() / ((weight - reals) ** 2).sum())

    assert compared.ops.loc["node_linear", "weight_sqnr_db"] == pytest.approx(expected, abs=0.01)
    assert compared.ops.loc["node_mean", "weight_sqnr_db"] != compared.ops.loc["node_mean", "weight_sqnr_db"]


def test_weight_errors_are_told_of_ops_too_that_run_inside_of_others(compared):
    weighted = compared.ops[compared.ops["op_type"].isin(["Conv", "Gemm"])]
    assert not weighted["matched"].all()
    assert np.isfinite(weighted["weight_sqnr_db"].astype(float)).all()
    shown = compared.report.ops.set_index("name")["weight_sqnr_db"]
    assert shown[weighted.index].to_list() == weighted["weight_sqnr_db"].to_list()
    hidden = compared.tensors[~compared.tensors["matched"]]
    assert hidden.loc[~hidden["op"].isin(weighted.index), "weight_sqnr_db"].isna().all()


def test_outputs_by_task(compared):
    row = compared.outputs.iloc[0]
    assert row["task"] == "classification"
    assert 0 <= row["top1_agreement"] <= 1
    assert 0 <= row["kl"] < 0.01
    assert list(compared.samples_table["label"]) == [compared.samples.label(at) for at in range(8)]
    assert compared.samples_table["cosine"].between(-1, 1).all()
    assert compared.samples_table["sqnr_db"].min() <= row["sqnr_db"] + 1e-9


@pytest.mark.parametrize(("axis", "task"), [(-1, "classification"), (1, "classification"), (0, "")])
def test_classes_are_along_the_last_axis(axis, task):
    nodes = [
        onnx.helper.make_node("MatMul", ["x", "w"], ["scores"], "matmul"),
        onnx.helper.make_node("Softmax", ["scores"], ["y"], "softmax", axis=axis),
    ]
    port = onnx.helper.make_tensor_value_info
    weight = np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32)
    graph = onnx.helper.make_graph(
        nodes,
        "g",
        [port("x", 1, ["n", 8])],
        [port("y", 1, ["n", 5])],
        [onnx.numpy_helper.from_array(weight, "w")],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    found = compare(model, model, np.ones((4, 8), np.float32), latency=False, local=False)
    assert found.outputs.loc["y", "task"] == task
    assert np.isnan(found.outputs.loc["y", "kl"]) == (task == "")


def test_divergence_of_probabilities_that_do_not_sum_up_to_one():
    """Such rows are what a quantized Softmax makes; told is how the classes differ, which is never negative."""
    nodes = [onnx.helper.make_node("Softmax", ["x"], ["y"], "softmax")]
    port = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(nodes, "g", [port("x", 1, ["n", 3])], [port("y", 1, ["n", 3])])
    model = open_model(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8))
    first = np.array([[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]], np.float32)
    second = np.array([[0.52, 0.26, 0.25], [0.2, 0.21, 0.61]], np.float32)
    outputs = Outputs(model, model)
    outputs.add({"y": first}, {"y": second}, 0)
    shares = second / second.sum(axis=1, keepdims=True)
    assert outputs.told["y"].kl == pytest.approx((first * np.log(first / shares)).sum() / 2, rel=1e-3)
    assert outputs.told["y"].kl > 0
    outputs = Outputs(model, model)
    outputs.add({"y": first}, {"y": first * np.float32(1.01)}, 0)
    assert outputs.told["y"].kl == pytest.approx(0, abs=1e-9)


def test_channels_sum_up_to_their_tensor(compared):
    for name, some in compared.channels.groupby("tensor", sort=False):
        assert some["mse"].mean() == pytest.approx(compared.tensors.loc[name, "mse"], rel=1e-4)
        assert some["max_abs"].max() == pytest.approx(compared.tensors.loc[name, "max_abs"], rel=1e-5)
        assert some["channel"].tolist() == list(range(len(some)))


def test_both_reports_get_columns(compared):
    for name in ("sqnr_db", "local_sqnr_db", "cosine", "mse", "weight_sqnr_db", "clipped"):
        assert name in compared.report.ops
        assert name in compared.variant_report.ops
        assert compared.report.tables["ops"][name].provenance == "measured"
    mine = compared.report.ops.set_index("name")["sqnr_db"]
    assert mine["node_linear"] == pytest.approx(compared.ops.loc["node_linear", "sqnr_db"])
    theirs = compared.variant_report.ops.set_index("name")["sqnr_db"]
    assert theirs[compared.ops.loc["node_linear", "variant_op"]] == pytest.approx(mine["node_linear"])


def test_histograms_count_all_elements_on_the_variants_grid(compared):
    name = compared.tensors.index[compared.tensors["matched"]][0]
    first, second, form = compared.histogram(name)
    size = compared.load(name).size * 8
    assert first.count.sum() == pytest.approx(size, rel=1e-6)
    assert second.count.sum() == pytest.approx(size, rel=1e-6)
    assert np.array_equal(first.low, second.low)
    assert form is None or form.bits == 8
    with pytest.raises(ModelError, match="There is no histogram"):
        compare(float_model("digits"), variant("digits", "qdq"), samples("digits", 1), histograms=False).histogram(name)


def test_what_cannot_be_loaded_is_refused_in_a_sentence(compared):
    name = compared.tensors.index[compared.tensors["matched"]][0]
    with pytest.raises(ModelError, match="There is no compared tensor 'nothing'"):
        compared.load("nothing")
    with pytest.raises(ModelError, match="is none of float, variant, difference, local"):
        compared.load(name, 0, "other")
    with pytest.raises(ModelError, match="There are samples 0 to 7, there is no 8"):
        compared.load(name, 8)
    with pytest.raises(ModelError, match="chosen by its number"):
        compared.load(name, "one")
    with pytest.raises(ModelError, match="was not matched"):
        compared.load(compared.unmatched["tensor"][0])
    axis = compared.channel_axis(name)
    whole = compared.load(name)
    assert np.array_equal(compared.load(name, 0, "float", 1), np.moveaxis(whole, axis, 0)[1])


def test_the_container_holds_what_the_views_read(compared):
    header, tables = container.decode(compared.to_document())
    assert header["kind"] == "divergence"
    assert header["report_id"] == compared.report.id
    assert header["variant_report_id"] == compared.variant_report.id
    assert header["check"]["identical"] is True
    assert header["summary"] == compared.summary()
    assert header["outputs"][0]["samples"]["cosine"] == pytest.approx(compared.samples_table["cosine"].tolist())
    assert set(header["latency"]) == {"float", "variant"}
    rows = tables["divergence"]
    assert rows.rows == len(compared.tensors)
    names = compared.report.tables["tensors"]["name"].values
    assert [names[at] for at in rows["tensor"].values] == list(compared.tensors.index)
    ops = compared.report.tables["ops"]["name"].values
    assert [ops[at] for at in rows["op"].values] == compared.tensors["op"].tolist()
    others = compared.variant_report.tables["ops"]["name"].values
    matched = rows["matched"].values == 1
    assert [others[at] for at in rows["variant_op"].values[matched]] == compared.tensors["variant_op"][matched].tolist()
    for name in ("sqnr_db", "local_sqnr_db", "cosine", "scale", "grid_low", "grid_high", "bits", "clipped"):
        assert name in rows
    assert (rows["variant_tensor"].values[matched] >= 0).any()
    for at in np.flatnonzero(rows["first_channel"].values >= 0):
        start, count = rows["first_channel"].values[at], rows["channels"].values[at]
        own = compared.channels[compared.channels["tensor"] == compared.tensors.index[at]]
        assert tables["channels"]["mse"].values[start : start + count] == pytest.approx(own["mse"].to_numpy(), rel=1e-5)
    bins = tables["bins"]
    for at in np.unique(bins["row"].values):
        first = compared.histogram(compared.tensors.index[at])[0]
        assert bins["float_count"].values[bins["row"].values == at].sum() == pytest.approx(first.count.sum(), rel=1e-5)


def test_what_is_exact_travels_as_a_flag(dynamic):
    _, tables = container.decode(dynamic.to_document())
    rows = tables["divergence"]
    exact = rows["local_exact"].values == 1
    assert exact.sum() == np.isposinf(dynamic.tensors["local_sqnr_db"].to_numpy(float)).sum() > 0


def test_the_pair_of_graphs_is_linked_by_what_was_matched(compared):
    header, tables = container.decode(display.pair_document(compared))
    assert header["other"]["name"] == compared.variant_report.name if "name" in header["other"] else header["other"]
    counterpart = tables["ops"]["counterpart"].values
    names = list(compared.report.tables["ops"]["name"].values)
    others = compared.variant_report.tables["ops"]["name"].values
    for op in ("node_linear", "node_conv2d_2"):
        assert others[counterpart[names.index(op)]] == compared.ops.loc[op, "variant_op"]
    known = counterpart[counterpart >= 0]
    assert len(set(known.tolist())) == len(known)


def test_it_is_told_in_a_sentence_and_shown_in_every_form(compared, tmp_path):
    sentence = compared.summary()
    assert "8 samples" in sentence
    assert "Most error is made at" in sentence
    assert "\n" not in sentence
    worst = compared.worst(1)[0]
    assert worst in sentence
    assert worst in repr(compared)
    assert worst in compared.to_markdown(tmp_path / "told.md")
    assert (tmp_path / "told.md").read_text().startswith("# ")
    page = compared.to_html(tmp_path / "page.html")
    assert page.startswith("<!doctype html>")
    assert worst in page
    bundle = compared._repr_mimebundle_()
    assert {"text/plain", "text/html", "application/vnd.haoline.report+json"} <= set(bundle)
    assert bundle["application/vnd.haoline.report+json"]["view"] == "divergence"


def test_names_from_files_cannot_break_out_of_html(tmp_path):
    import onnx

    model = onnx.load(float_model("digits"))
    for node in model.graph.node:
        if node.name == "node_linear":
            node.name = "<script>alert(1)</script>"
    path = tmp_path / "odd.onnx"
    onnx.save(model, path)
    told = compare(path, path, samples("digits", 1), latency=False)
    assert "<script>alert" not in told._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize("kind", ["ranking", "depth", "blocks", "categories"])
def test_charts(compared, kind):
    pytest.importorskip("altair")
    told = compared.chart(kind).to_dict()
    assert told["mark"]
    data = next(iter(told["datasets"].values()))
    assert data
    if kind == "ranking":
        made = [row for row in data if row["error"] == "made here"]
        assert max(made, key=lambda row: row["power"])["op"] == compared.worst(1)[0]
    with pytest.raises(ModelError, match="There is no chart 'pie'"):
        compared.chart("pie")


def test_a_model_compared_with_itself_differs_nowhere():
    told = compare(float_model("digits"), float_model("digits"), digits_samples()[:3], latency=False)
    assert (told.outputs["cosine"] > 1 - 1e-6).all()
    assert told.tensors["matched"].any()
    seen = told.tensors["sqnr_db"].dropna()
    assert (seen > 100).all()
    assert told.findings == []


def test_findings_name_what_broke():
    told = compare(float_model("digits"), variant("digits", "qdq"), digits_samples()[:3] * 40, latency=False)
    ids = {finding.id for finding in told.findings}
    assert "clipped-range" in ids
    assert "output-divergence" in ids
    clipped = next(finding for finding in told.findings if finding.id == "clipped-range")
    assert clipped.ops
    assert "%" in clipped.evidence


def test_the_report_can_be_closed(compared):
    told = compare(float_model("digits"), variant("digits", "qdq"), samples("digits", 2), latency=False)
    folder = told.loader.folder
    assert folder.exists()
    told.close()
    assert not folder.exists()
    with pytest.raises(ModelError, match="was closed"):
        told.load(told.tensors.index[told.tensors["matched"]][0])
    assert len(told.ops) == len(compared.ops)
