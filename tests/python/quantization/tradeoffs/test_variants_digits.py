"""Variants and mixed precision of a small model with trained weights, built and run."""

import json
import math
from dataclasses import replace

import numpy as np
import onnxruntime as ort
import pytest
from tradeoff_models import DIGITS, pictures

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization import compare, measure_sensitivity, mixed_precision, quantize, variants
from haoline_analysis.quantization.tradeoffs import measure, what_if
from haoline_analysis.quantization.tradeoffs.planning import Plan
from haoline_analysis.quantization.tradeoffs.timing import NOTHING
from haoline_analysis.quantization.tradeoffs.variants_result import FLOAT

CALIBRATION, HELD_OUT = pictures(0, 32), pictures(40, 72)
SCHEMES = ("dynamic-int8", "static-int8", "weights-int8")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("variants")
    return variants(DIGITS, HELD_OUT, calibration=CALIBRATION, schemes=SCHEMES, folder=folder), folder


def test_a_row_for_the_model_and_for_each_variant(found):
    made, folder = found
    assert list(made.table.index) == [FLOAT, *made.models]
    assert set(made.models) | set(made.failed) == set(SCHEMES)
    assert made.table.loc[FLOAT, "cosine"] == 1
    assert made.table.loc[FLOAT, "sqnr_db"] == math.inf
    assert made.table.loc[FLOAT, "size_bytes"] == DIGITS.stat().st_size
    assert (made.table[["p50_us", "p95_us"]] > 0).all(axis=None)
    assert (made.table["p95_us"] >= made.table["p50_us"]).all()
    assert {path.name for path in folder.glob("*.onnx")} == {model.path.name for model in made.models.values()}


def test_figures_are_those_of_the_files(found):
    made, _ = found
    first, second = ort.InferenceSession(str(DIGITS)), ort.InferenceSession(str(made.models["static-int8"].path))
    pairs = [(first.run(None, each)[0].ravel(), second.run(None, each)[0].ravel()) for each in HELD_OUT]
    a, b = (np.concatenate(each).astype(np.float64) for each in zip(*pairs, strict=True))
    row = made.table.loc["static-int8"]
    assert row["sqnr_db"] == pytest.approx(10 * np.log10(np.sum(a**2) / np.sum((a - b) ** 2)), abs=1e-3)
    assert row["cosine"] == pytest.approx(a @ b / np.sqrt((a @ a) * (b @ b)), abs=1e-6)
    same = np.mean([x.argmax() == y.argmax() for x, y in pairs])
    assert row["top1"] == pytest.approx(same)
    worst = min(x @ y / np.sqrt((x @ x) * (y @ y)) for x, y in pairs)
    assert row["cosine_min"] == pytest.approx(worst, abs=1e-5)


def test_one_is_recommended_and_said_why(found):
    made, _ = found
    assert made.recommended in made.models
    assert made.why.startswith(made.recommended)
    assert made.table.loc[made.recommended, "meets"]
    assert made.model is made.models[made.recommended]
    for text in (made.summary(), made.to_markdown(), made.to_html()):
        assert "recommended" in text
        assert all(name in text for name in made.models)
    assert "<script" not in made.to_html()


def test_the_table_goes_by_the_bound_that_the_recommendation_assumes():
    options = {
        "good": {"scheme": "static-int8"},
        "bad": {"scheme": "static-int8", "method": "percentile", "percentile": 55.0},
    }
    made = variants(DIGITS, HELD_OUT, calibration=CALIBRATION, schemes=options)
    assert made.recommended == "good"
    assert "cosine ≥ 0.99" in made.table.loc["bad", "breaks"]
    assert list(made.table["meets"]) == [True, True, False]


def test_saved_with_its_recipe(found, tmp_path):
    made, _ = found
    path = made.save("static-int8", tmp_path / "model.onnx")
    assert path.read_bytes() == made.models["static-int8"].path.read_bytes()
    assert json.loads((tmp_path / "model.recipe.json").read_text())["scheme"] == "static-int8"
    with pytest.raises(ModelError, match="no variant 'int3'"):
        made.save("int3", tmp_path / "other.onnx")


def test_chart(found):
    pytest.importorskip("altair")
    made, _ = found
    spec = made.chart().to_dict()
    points = next(iter(spec["datasets"].values()))
    assert {point["variant"] for point in points} == set(made.models)


def test_an_interrupt_keeps_finished_variants():
    def stop(stage, fraction):
        if stage == "Quantizing: weights-int8":
            raise KeyboardInterrupt

    made = variants(DIGITS, HELD_OUT[:4], calibration=CALIBRATION, schemes=SCHEMES[1:], progress=stop)
    assert not made.complete
    assert list(made.models) == ["static-int8"]
    assert made.models["static-int8"].path.exists()
    assert made.table.loc["static-int8", "cosine"] > 0.9
    assert "Interrupted" in made.summary()


def test_an_interrupt_before_the_first_variant():
    def stop(stage, fraction):
        if stage.startswith("Quantizing"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        variants(DIGITS, HELD_OUT[:4], calibration=CALIBRATION, schemes=SCHEMES, progress=stop)


def test_a_variant_that_fails_does_not_take_the_others_along():
    options = {"good": {"scheme": "static-int8"}, "bad": {"scheme": "static-int8", "keep_float": ["nowhere"]}}
    made = variants(DIGITS, HELD_OUT[:4], calibration=CALIBRATION, schemes=options)
    assert list(made.models) == ["good"]
    assert "nowhere" in made.failed["bad"]
    assert "bad failed" in made.summary()


def test_what_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no scheme 'int3'"):
        variants(DIGITS, HELD_OUT, schemes=["int3"])
    with pytest.raises(ModelError, match="is no constraint"):
        variants(DIGITS, HELD_OUT, constraint="accuracy > 3")
    with pytest.raises(ModelError, match="Mixed precision is for static"):
        mixed_precision(DIGITS, CALIBRATION, scheme="dynamic-int8")
    with pytest.raises(ModelError, match="needs calibration data"):
        mixed_precision(DIGITS, None)
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="no folder"):
        variants(DIGITS, HELD_OUT, folder=tmp_path / "file")


def test_notes_tell_shared_data_and_made_up_inputs():
    shared = variants(DIGITS, HELD_OUT[:4], schemes=["static-int8"])
    assert ["judged by" in note for note in shared.notes] == [True]
    made_up = variants(DIGITS, None, schemes=["fp16", "static-int8"], limit=4)
    assert ["Synthetic" in note for note in made_up.notes] == [True]
    assert "needs calibration data" in made_up.failed["static-int8"]


def test_what_if_times_ops_at_each_width():
    made = quantize(DIGITS, calibration=CALIBRATION)
    found = measure_sensitivity(DIGITS, CALIBRATION[:2], variant=made.path)
    sent = what_if(found, compare(DIGITS, made.path, HELD_OUT[:2], latency=False))
    times = [
        [unit[name] for name in ("latency_float_us", "latency_us", "latency_int16_us")]
        for unit in sent["units"]
        if unit["latency_us"] is not None
    ]
    assert len(times) == len({op for unit in sent["units"] for op in unit["ops"]})  # each op carries its times once
    assert np.isfinite(times).all()
    assert sent["latency"]["variant_us"] > 0
    assert "promise too much" not in sent["check"]


def test_what_if_says_where_most_of_the_error_was_not_measured():
    made = quantize(DIGITS, calibration=CALIBRATION)
    found = measure_sensitivity(DIGITS, CALIBRATION[:2], variant=made.path)
    worse = quantize(DIGITS, calibration=CALIBRATION, method="percentile", percentile=80.0)
    sent = what_if(found, compare(DIGITS, worse.path, HELD_OUT[:2], latency=False))
    assert "most of its error comes from what was not measured" in sent["check"]


def test_measure_a_model_against_itself():
    outcome = measure(DIGITS, DIGITS, HELD_OUT, limit=5)
    assert outcome.sqnr_db == math.inf
    assert outcome.cosine == pytest.approx(1)
    assert outcome.top1 == 1
    assert outcome.samples == 5


def test_mixed_precision_reaches_a_target_that_int8_does_not():
    base = quantize(DIGITS, calibration=CALIBRATION, per_channel=True, fixes=["clip-mask"])
    before = measure(DIGITS, base, HELD_OUT)
    wanted = before.sqnr_db + 6
    made = mixed_precision(DIGITS, CALIBRATION, target=f"sqnr >= {wanted:.2f} dB", inputs=HELD_OUT)
    assert made.met
    assert made.outcome.sqnr_db >= wanted - 0.01
    assert made.model.recipe.keep_float or made.model.recipe.int16
    assert measure(DIGITS, made.model, HELD_OUT).sqnr_db == pytest.approx(made.outcome.sqnr_db, abs=0.01)
    assert len(made.steps) >= 2
    assert not made.steps.iloc[0]["meets"]
    planned = made.steps.iloc[1:]
    assert (planned["predicted_db"] - planned["sqnr_db"]).abs().max() < 4
    assert list(made.alternatives.index) == ["dynamic-int8", "static-int16"]
    assert "keeps SQNR" in made.why
    assert made.why in made.summary()


def test_mixed_precision_leaves_alone_what_is_good_enough(tmp_path):
    made = mixed_precision(
        DIGITS, CALIBRATION, target="cosine >= 0.9", inputs=HELD_OUT, output=tmp_path / "m.onnx", alternatives=False
    )
    assert made.met
    assert len(made.steps) == 1
    assert made.sensitivity is None
    assert made.model.path == tmp_path / "m.onnx"
    assert (tmp_path / "m.recipe.json").exists()


def test_mixed_precision_says_when_a_target_is_out_of_reach():
    made = mixed_precision(
        DIGITS, CALIBRATION, target="cosine >= 0.99, size <= 1%", inputs=HELD_OUT[:4], builds=1, alternatives=False
    )
    assert not made.met
    assert "No build keeps" in made.why
    assert "size" in made.why


def test_an_interrupt_keeps_the_best_build():
    def stop(stage, fraction):
        if stage == "Timing kernels":
            raise KeyboardInterrupt

    made = mixed_precision(DIGITS, CALIBRATION, target="sqnr >= 60 dB", inputs=HELD_OUT[:4], progress=stop)
    assert not made.complete
    assert not made.met
    assert made.model.path.exists()
    assert "Interrupted" in made.summary()


@pytest.fixture
def interrupted_measuring(monkeypatch):
    """Whoever measures quantizers is interrupted, and gets what was measured by then."""
    monkeypatch.setattr(
        "haoline_analysis.quantization.tradeoffs.mixed.measure_sensitivity",
        lambda *args, **options: replace(measure_sensitivity(*args, **options), complete=False),
    )


@pytest.mark.usefixtures("interrupted_measuring")
def test_an_interrupt_while_quantizers_are_measured_ends_the_search():
    made = mixed_precision(DIGITS, CALIBRATION, target="sqnr >= 50 dB", inputs=HELD_OUT[:4])
    assert not made.complete
    assert list(made.steps["step"]) == ["everything quantized"]
    assert made.alternatives.empty


@pytest.mark.usefixtures("interrupted_measuring")
def test_an_interrupted_search_ends_the_making_of_variants():
    made = variants(DIGITS, HELD_OUT[:4], calibration=CALIBRATION, constraint="sqnr >= 90 dB")
    assert not made.complete
    assert "mixed precision" in made.models
    assert "Interrupted" in made.summary()


def test_a_plan_that_cannot_be_built_costs_nothing_of_what_was():
    made = mixed_precision(DIGITS, CALIBRATION, target="sqnr >= 300 dB", inputs=HELD_OUT[:4], alternatives=False)
    assert not made.met
    assert made.model.path.exists()
    assert made.why.startswith("No build keeps SQNR ≥ 300.0 dB.")
    assert any("cannot be built" in note for note in made.notes)


def test_what_was_built_is_not_built_again(monkeypatch):
    """Predictions may promise that everything quantized will do, after that was seen not to."""
    at = "haoline_analysis.quantization.tradeoffs.mixed.plans"
    monkeypatch.setattr(at, lambda *_: [Plan(NOTHING, 0.0, math.nan, 1.0, "everything", reached=True)])
    made = mixed_precision(DIGITS, CALIBRATION, target="sqnr >= 90 dB", inputs=HELD_OUT[:4], alternatives=False)
    assert list(made.steps["step"]) == ["everything quantized"]
