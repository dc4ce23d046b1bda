"""What is captured is what the model computes; what cannot be is named."""

from __future__ import annotations

import capture_models as models
import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from haoline_analysis import ModelError, analyze, open_model
from haoline_analysis.runtime import RuntimeFailure, capture

pytest.importorskip("onnxruntime")


def every_tensor(made, feeds):
    """All tensors of the main graph, by onnx's own reference."""
    names = [name for each in made.graph.node for name in each.output if name]
    copy = onnx.ModelProto()
    copy.CopyFrom(made)
    del copy.graph.output[:]
    copy.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    return dict(zip(names, ReferenceEvaluator(copy).run(None, feeds), strict=True))


def what(report):
    return " ".join(gap.what for gap in report.gaps)


def test_every_tensor_of_a_cnn_is_what_onnx_computes():
    samples = models.digits(3)
    report = capture(models.DIGITS, samples)
    made = onnx.load(models.DIGITS)
    constants = {name for each in made.graph.node if each.op_type == "Constant" for name in each.output}
    for index, sample in enumerate(samples):
        truth = every_tensor(made, {made.graph.input[0].name: sample})
        assert set(report.tensors.index) == set(truth) - constants
        for name in report.tensors.index:
            np.testing.assert_allclose(report.load(name, index), truth[name], rtol=1e-4, atol=1e-4)
    assert report.gaps == []
    assert (report.done, report.complete, report.provider) == (3, True, "CPU")


def test_statistics_rest_on_the_captured_tensors():
    report = capture(models.DIGITS, models.digits(4))
    for name, row in report.tensors.iterrows():
        whole = np.stack([report.load(name, sample) for sample in range(4)])
        assert (row["samples"], row["count"], row["zeros"]) == (4, whole.size, np.count_nonzero(whole == 0))
        assert (row["min"], row["max"]) == (whole.min(), whole.max())
        np.testing.assert_allclose([row["mean"], row["std"]], [whole.mean(), whole.std()], rtol=1e-4, atol=1e-6)


def test_rows_follow_execution_and_name_their_ops():
    report = capture(models.DIGITS, models.digits(1))
    ops = open_model(models.DIGITS).ops
    rows = [next(i for i, op in enumerate(ops) if op.name == name) for name in report.tensors["op"]]
    assert rows == sorted(rows)
    assert list(report.tensors["op_type"]) == [ops[row].type for row in rows]
    first = report.tensors.iloc[0]
    assert (first["dtype"], first["shape"]) == ("float32", "1×16×8×8")


def test_channels_are_those_of_the_tensor():
    report = capture(models.DIGITS, models.digits(2))
    name = report.tensors.index[report.tensors["op_type"] == "Conv"][0]
    channels = report.channels[report.channels["tensor"] == name]
    assert list(channels["channel"]) == list(range(16))
    both = np.concatenate([report.load(name, 0), report.load(name, 1)])
    np.testing.assert_array_equal(channels["max"], both.max(axis=(0, 2, 3)))
    np.testing.assert_array_equal(report.load(name, 1, channel=5), report.load(name, 1)[:, 5])


def test_outputs_are_compared_with_a_plain_run():
    report = capture(models.chain(), [np.ones((1, 2, 4), np.float32)])
    assert report.check.identical
    assert report.check.max_abs_difference == 0
    other = capture(models.DIGITS, models.digits(1)).check
    assert other.identical or 0 < other.max_abs_difference < 1e-4
    assert other.note


def test_the_plain_session_does_not_see_the_capture(monkeypatch):
    """A capture that changes what is computed is found out."""
    from haoline_analysis.runtime import settle

    run = settle.Runner.run

    def changed(self, *args, **options):
        found = run(self, *args, **options)
        return {name: array + 1 for name, array in found.items()} if self.targets else found

    monkeypatch.setattr(settle.Runner, "run", changed)
    check = capture(models.chain(), [np.ones((1, 2, 4), np.float32)]).check
    assert not check.identical
    assert check.max_abs_difference == pytest.approx(1)
    assert check.relative_difference > 1e-3
    assert "not quite what a plain run computes" in check.note


def test_element_types():
    x = np.array([-2.5, 0, 1.5, 3, 100, 2], np.float32)
    report = capture(models.kinds(), [x])
    for name in ("float16", "double", "int16", "int32", "int64", "int8", "bool", "bfloat16", "eighth"):
        with np.errstate(invalid="ignore"):
            loaded = report.load(name).astype(np.float64)
        expected = (x != 0) if name == "bool" else x if name in ("float16", "double", "bfloat16") else None
        if expected is not None:
            np.testing.assert_array_equal(loaded, expected)
        elif name == "eighth":
            np.testing.assert_allclose(loaded, x, rtol=0.07)
        else:
            np.testing.assert_array_equal(loaded, np.trunc(x))
    np.testing.assert_array_equal(report.load("fourth")[[1, 3, 5]], [0, 3, 2])
    dtypes = report.tensors["dtype"]
    assert dtypes["fourth"] == "int4"
    assert dtypes["bfloat16"] == "bfloat16"
    assert dtypes["eighth"] == "float8_e4m3fn"
    assert dtypes["double"] == "float64"


def test_scalars_and_empty_tensors():
    report = capture(models.kinds(), [np.array([-1, 2, 0, 0, 0, 0], np.float32)])
    assert report.load("scalar").shape == ()
    assert report.tensors["shape"]["scalar"] == "scalar"
    assert report.load("empty").shape == (0,)
    row = report.tensors.loc["empty"]
    assert (row["samples"], row["count"]) == (1, 0)
    assert np.isnan(row["min"])


def test_what_is_no_tensor_of_numbers_is_named():
    report = capture(models.kinds(), [np.zeros(6, np.float32)])
    assert "text" not in report.tensors.index
    assert "sequence" not in report.tensors.index
    (gap,) = report.gaps
    assert "'text', 'sequence'" in gap.what
    assert [open_model(models.kinds()).ops[row].name for row in gap.ops] == ["the_text", "the_sequence"]


def test_every_tensor_is_captured_or_in_a_gap():
    for made in (models.kinds(), models.loop(), models.scan(), models.branch(), models.function()):
        opened = open_model(made)
        size = [int(dim.dim_value) for dim in made.graph.input[0].type.tensor_type.shape.dim]
        report = capture(made, [np.ones(size, np.float32)])
        gone = {row for gap in report.gaps for row in gap.ops}
        held = set(report.tensors["op"])
        for row, op in enumerate(opened.ops):
            if any(tensor >= 0 and opened.tensors[tensor].weight is None for tensor in op.outputs):
                assert op.name in held or row in gone, op.name


def test_a_loop_hands_out_what_its_body_makes():
    report = capture(models.loop(trips=3), [np.array([1, 2], np.float32)])
    np.testing.assert_array_equal(report.load("inner"), [[2, 3], [3, 5], [5, 9]])
    np.testing.assert_array_equal(report.load("state_out"), [[2, 4], [4, 8], [8, 16]])
    np.testing.assert_array_equal(report.load("y"), [8, 16])
    assert report.tensors.loc["inner", "op"] == "the_inner"
    assert report.tensors.loc["inner", "shape"] == "3×2"
    assert report.check.identical


def test_a_loop_whose_body_makes_growing_tensors_runs_without_them():
    report = capture(models.loop(trips=3, growing=True), [np.array([1, 2], np.float32)])
    np.testing.assert_array_equal(report.load("y"), [8, 16])
    np.testing.assert_array_equal(report.load("inner"), [[2, 3], [3, 5], [5, 9]])
    assert "grown" not in report.tensors.index
    assert "'grown'" in what(report)
    assert report.check.identical


def test_a_scan_hands_out_what_its_body_makes():
    x = np.arange(12, dtype=np.float32).reshape(4, 3)
    report = capture(models.scan(), [x])
    np.testing.assert_array_equal(report.load("twice"), 2 * np.cumsum(x, 0))
    for name in ("sum_out", "kept"):
        np.testing.assert_array_equal(report.load(name), np.cumsum(x, 0))
    np.testing.assert_array_equal(report.load("all"), np.cumsum(x, 0).T)


def test_branches_and_functions_are_named_gaps():
    branch = capture(models.branch(), [np.array([1, 2], np.float32)])
    assert list(branch.tensors.index) == ["top", "yes", "y"]
    assert "'low', 'high'" in what(branch)
    function = capture(models.function(), [np.array([1, 2], np.float32)])
    assert {"t", "y"} == set(function.tensors.index)
    np.testing.assert_array_equal(function.load("t"), [2, 4])
    assert "hidden" in what(function)


def test_shapes_may_differ_between_samples():
    samples = [np.full((1, rows, 4), rows, np.float32) for rows in (1, 3, 3, 2, 1)]
    report = capture(models.chain(), samples)
    for index, sample in enumerate(samples):
        assert report.load("a", index).shape == (1, sample.shape[1], 8)
    assert report.tensors.loc["a", "count"] == sum(sample.shape[1] for sample in samples) * 8
    whole = np.concatenate([report.load("a", index) for index in range(5)], axis=1)
    assert (report.tensors.loc["a", "min"], report.tensors.loc["a", "max"]) == (whole.min(), whole.max())


def test_shapes_that_only_the_run_tells():
    made = models.model(
        [models.node("NonZero", ["x"], ["at"]), models.node("Cast", ["at"], ["y"], to=1)],
        [models.value("x", shape=[6])],
        [models.value("y")],
    )
    samples = [np.array(row, np.float32) for row in ([1, 0, 1, 0, 0, 0], [0] * 6, [1] * 6)]
    report = capture(made, samples)
    assert [report.load("at", index).shape for index in range(3)] == [(1, 2), (1, 0), (1, 6)]
    assert report.tensors.loc["at", "count"] == 8


def test_a_shape_worked_out_wrongly_does_no_harm(monkeypatch):
    from haoline_analysis.runtime.forms import Form, Forms

    right = Forms.of

    def wrong(self, feeds):
        return [Form(form.dtype, (*form.shape, 5) if form.shape else form.shape) for form in right(self, feeds)]

    monkeypatch.setattr(Forms, "of", wrong)
    samples = [np.full((1, rows, 4), rows, np.float32) for rows in (2, 3)]
    report = capture(models.chain(), samples)
    assert [report.load("b", index).shape for index in range(2)] == [(1, 2, 8), (1, 3, 8)]
    assert report.tensors.loc["b", "count"] == 40


def test_several_inputs():
    made = models.model(
        [models.node("Gather", ["table", "ids"], ["rows"]), models.node("Mul", ["rows", "mask"], ["y"])],
        [models.value("ids", onnx.TensorProto.INT64, [2]), models.value("mask", shape=[2, 1])],
        [models.value("y", shape=["n", 2])],
        [models.weight("table", np.arange(10, dtype=np.float32).reshape(5, 2))],
    )
    feeds = {"ids": np.array([1, 4]), "mask": np.array([[1], [0]], np.float32)}
    report = capture(made, [feeds])
    np.testing.assert_array_equal(report.load("rows"), [[2, 3], [8, 9]])
    np.testing.assert_array_equal(report.load("y"), [[2, 3], [0, 0]])


def test_half_precision_inputs():
    for name, code in (("float16", onnx.TensorProto.FLOAT16), ("bfloat16", onnx.TensorProto.BFLOAT16)):
        made = models.model(
            [models.node("Cast", ["x"], ["wide"], to=1), models.node("Neg", ["wide"], ["y"])],
            [models.value("x", code, [3])],
            [models.value("y", shape=[3])],
        )
        if name == "bfloat16":
            import ml_dtypes

            x = np.array([1, 2, 3], ml_dtypes.bfloat16)
        else:
            x = np.array([1, 2, 3], np.float16)
        np.testing.assert_array_equal(capture(made, [x]).load("wide"), [1, 2, 3])


def test_text_inputs():
    made = models.model(
        [models.node("StringConcat", ["x", "x"], ["twice"]), models.node("Shape", ["x"], ["y"])],
        [models.value("x", onnx.TensorProto.STRING, [2])],
        [models.value("y", onnx.TensorProto.INT64, [1])],
    )
    report = capture(made, [{"x": np.array(["A", "B"], object)}])
    np.testing.assert_array_equal(report.load("y"), [2])
    assert "'twice'" in what(report)


def test_only_the_tensors_asked_for():
    report = capture(models.chain(), [np.ones((1, 1, 4), np.float32)], tensors=["the_a"])
    assert list(report.tensors.index) == ["a"]
    assert list(capture(models.chain(), [np.ones((1, 1, 4), np.float32)], tensors="[ab]").tensors.index) == ["a", "b"]
    with pytest.raises(ModelError, match=r"no tensor or op 'nothing'"):
        capture(models.chain(), [np.ones((1, 1, 4), np.float32)], tensors=["nothing"])


def test_what_follows_from_weights_alone_is_left_to_the_weights():
    made = models.model(
        [models.node("Neg", ["w"], ["minus"]), models.node("Add", ["x", "minus"], ["y"])],
        [models.value("x", shape=[2])],
        [models.value("y", shape=[2])],
        [models.weight("w", np.array([1, 2], np.float32))],
    )
    report = capture(made, [np.ones(2, np.float32)])
    assert list(report.tensors.index) == ["y"]
    assert "'minus'" in what(report)
    np.testing.assert_array_equal(capture(made, [np.ones(2, np.float32)], tensors="minus").load("minus"), [-1, -2])


def test_what_does_not_fit_in_memory_takes_several_passes(monkeypatch):
    from haoline_analysis.runtime import preparing

    once = capture(models.DIGITS, models.digits(3))
    monkeypatch.setattr(preparing, "SAMPLE_BYTES", 9000)
    report = capture(models.DIGITS, models.digits(3))
    passes = len(report.loader._plan.passes)
    assert passes > 2
    assert any(f"in {passes} passes" in note for note in report.notes)
    assert list(report.tensors.index) == list(once.tensors.index)
    for column in ("samples", "count", "zeros"):
        np.testing.assert_array_equal(report.tensors[column], once.tensors[column])
    np.testing.assert_allclose(report.tensors["max"], once.tensors["max"], rtol=1e-4)
    name = report.tensors.index[-1]
    np.testing.assert_allclose(report.load(name, 2), once.load(name, 2), rtol=1e-4, atol=1e-5)


def test_measured_columns_are_on_the_op_table():
    report = analyze(models.DIGITS)
    found = capture(report, models.digits(2))
    assert found.report is report
    conv = found.tensors[found.tensors["op_type"] == "Conv"].iloc[0]
    assert report.ops.loc[report.ops["name"] == conv["op"], "act_max"].item() == pytest.approx(conv["max"])


def test_same_report_for_path_bytes_proto_and_model():
    sample = models.digits(1)
    data = models.DIGITS.read_bytes()
    given = [models.DIGITS, str(models.DIGITS), data, onnx.load_from_string(data), open_model(models.DIGITS)]
    rows = [capture(each, sample).tensors["max"] for each in given]
    for row in rows[1:]:
        np.testing.assert_array_equal(row, rows[0])
    with pytest.raises(ModelError, match="not opened from a file"):
        capture(open_model(data), sample)


def test_inputs_made_up_are_said_to_be():
    report = capture(models.DIGITS)
    assert report.samples.synthetic
    assert report.done == len(report.samples)


def test_nan_is_followed_from_where_it_is_fed():
    sample = models.digits(1)[0]
    sample[0, 0, 3, 3] = np.nan
    report = capture(models.DIGITS, [sample])
    assert (report.tensors["nan"] > 0).any()
    assert any("NaN" in finding.title or "NaN" in finding.evidence for finding in report.findings)


def test_unknown_provider_lists_those_there_are():
    with pytest.raises(RuntimeFailure, match=r"no execution provider 'tpu' here; choose auto or one of .*cpu"):
        capture(models.chain(), [np.ones((1, 1, 4), np.float32)], provider="tpu")
    assert capture(models.chain(), [np.ones((1, 1, 4), np.float32)], provider="CPUExecutionProvider").provider == "CPU"


def test_mode_must_be_known():
    with pytest.raises(ModelError, match="Unknown mode 'all'; choose one of statistics, stored"):
        capture(models.chain(), mode="all")


@pytest.mark.parametrize("lengths", [(4, 4, 4), (2, 5, 1)])
def test_statistics_of_reshaped_and_transposed_tensors_are_their_own(lengths):
    generator = np.random.default_rng(3)
    samples = [generator.normal(size=(1, length, 6)).astype(np.float32) for length in lengths]
    _check_statistics(capture(models.shapes(), samples))


def test_statistics_of_a_cnn_are_those_of_its_tensors():
    _check_statistics(capture(models.DIGITS, models.digits(3)))


def _check_statistics(report):
    """Rows and channels against the same statistics of the loaded tensors, each counted for itself."""
    from haoline_analysis.runtime.statistics import TensorStatistics

    for name in report.tensors.index:
        alone = TensorStatistics(report.channel_axis(name))
        for sample in range(report.done):
            alone.add(report.load(name, sample))
        for column, expected in alone.row().items():
            found = report.tensors.loc[name, column]
            if isinstance(expected, str) or expected is None:
                assert found == expected or (expected is None and found != found), (name, column)
            else:
                np.testing.assert_allclose(float(found), expected, rtol=1e-5, atol=1e-7, err_msg=f"{name} {column}")
        channels = report.channels[report.channels["tensor"] == name]
        expected = alone.channels()
        assert len(channels) == (0 if expected is None else len(expected["min"])), name
        for column, values in (expected or {}).items():
            np.testing.assert_allclose(channels[column].astype(float), values.astype(float), rtol=1e-4, atol=1e-6)


def test_what_only_changes_its_shape_is_counted_once(monkeypatch):
    from haoline_analysis.runtime import collector

    added, add = [], collector.TensorStatistics.add
    monkeypatch.setattr(collector.TensorStatistics, "add", lambda self, array: added.append(self) or add(self, array))
    report = capture(models.shapes(), [np.ones((1, 3, 6), np.float32)])
    assert len({id(one) for one in added}) < len(report.tensors) - 3


def test_two_loops_may_use_one_name():
    made = models.loop(trips=2)
    loop = made.graph.node[0]
    again = onnx.NodeProto()
    again.CopyFrom(loop)
    again.name, again.input[2], again.output[0] = "second", "y", "y2"
    made.graph.node.insert(1, again)
    made.graph.node[2].input[0] = "y2"
    report = capture(made, [np.array([1, 0], np.float32)])
    assert report.tensors.index.is_unique
    inner = [name for name in report.tensors.index if name.endswith("inner")]
    assert [report.load(name).tolist() for name in inner] == [[[2, 1], [3, 1]], [[5, 1], [9, 1]]]
    np.testing.assert_array_equal(report.load("z"), [-16, 0])


def test_optional_outputs_are_named_gaps():
    made = models.model(
        [
            models.node("Optional", ["x"], ["maybe"]),
            models.node("OptionalGetElement", ["maybe"], ["sure"]),
            models.node("Neg", ["sure"], ["y"]),
        ],
        [models.value("x", shape=[2])],
        [models.value("y", shape=[2])],
    )
    report = capture(made, [np.ones(2, np.float32)])
    assert list(report.tensors.index) == ["sure", "y"]
    assert "'maybe'" in what(report)


def test_what_the_model_refuses_by_itself_is_no_gap():
    """An error of the model is raised as such, not taken for one of capturing."""
    with pytest.raises(RuntimeFailure, match=r"sample 0.*'the_r'"):
        capture(models.failing(), [np.ones((1, 6), np.float32)])


def test_an_output_that_is_an_empty_optional_does_not_end_the_process():
    of_floats = onnx.helper.make_tensor_type_proto(onnx.TensorProto.FLOAT, [4])
    nodes = [models.node("Relu", ["x"], ["y"]), models.node("Optional", [], ["o"], type=of_floats)]
    inputs, nothing = [models.value("x", shape=[4])], onnx.helper.make_optional_type_proto(of_floats)
    outputs = [onnx.helper.make_value_info("o", nothing), models.value("y", shape=[4])]
    for chosen in (outputs, outputs[:1]):
        report = capture(models.model(nodes, inputs, chosen), np.arange(-2, 2, dtype=np.float32))
        np.testing.assert_array_equal(report.load("y"), [0, 0, 0, 1])
        assert list(report.tensors.index) == ["y"]
        assert "'o'" in report.gaps[0].what


def test_a_model_that_draws_says_so():
    """A tensor that is looked at again is another drawing than the one that was counted."""
    nodes = [
        models.node("RandomNormalLike", ["x"], ["noise"]),
        models.node("Add", ["x", "noise"], ["y"]),
    ]
    made = models.model(nodes, [models.value("x", shape=[1, 4])], [models.value("y", shape=[1, 4])])
    notes = capture(made, [np.ones((1, 4), np.float32)]).notes
    assert any("RandomNormalLike draws anew at every run" in note for note in notes)


def test_batches_have_the_statistics_of_their_samples():
    samples = models.digits(5)
    one, several = capture(models.DIGITS, samples), capture(models.DIGITS, samples, batch=2)
    assert (one.done, several.done) == (5, 3)
    assert list(several.tensors["count"]) == list(one.tensors["count"])
    for name in ("min", "max", "mean", "std", "zeros", "dead_channels"):
        found, known = (each.tensors[name].to_numpy(float) for each in (several, one))
        np.testing.assert_allclose(found, known, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(several.load("relu_1", 1)[1:], one.load("relu_1", 3), rtol=1e-4, atol=1e-5)
