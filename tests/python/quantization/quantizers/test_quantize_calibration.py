"""Calibration data is checked, all of it counts, and no more than one sample of it is held."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper
from quantizer_models import (
    DIGITS,
    attention,
    attention_feeds,
    convolution,
    digits,
    floats,
    matrix,
    model_of,
    pictures,
    sqnr,
)

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization import quantize
from haoline_analysis.runtime import samples_of


def range_of(path, tensor):
    """Ends of the grid of a tensor, from scale and zero point."""
    arrays = {each.name: onnx.numpy_helper.to_array(each) for each in onnx.load(str(path)).graph.initializer}
    scale, zero = float(arrays[f"{tensor}_scale"]), int(arrays[f"{tensor}_zero_point"])
    return (0 - zero) * scale, (255 - zero) * scale


def test_every_sample_counts():
    data = [np.full((1, 64), value, np.float32) for value in (1, 2, 3, 50, 4, 5)]
    for order in (data, data[::-1]):
        low, high = range_of(quantize(matrix(), calibration=order).path, "x")
        assert low == 0
        assert high == pytest.approx(50)


@pytest.mark.parametrize("method", ["minmax", "entropy", "percentile"])
def test_samples_of_several_shapes_can_be_mixed(method):
    rng = np.random.default_rng(0)
    data = [{"x": rng.normal(size=(1, n, 32)).astype(np.float32), "mask": np.ones((1, n), np.int64)} for n in (3, 9, 5)]
    made = quantize(attention(-50), calibration=data, method=method)
    assert made.recipe.calibration.count == 3


def grown() -> onnx.ModelProto:
    """What was and what comes, one after the other, through a matrix: as a decoder reads its cache."""
    nodes = [
        helper.make_node("Concat", ["past", "x"], ["all"], "concat", axis=0),
        helper.make_node("MatMul", ["all", "w"], ["y"], "matmul"),
    ]
    weights = {"w": np.random.default_rng(1).normal(size=(64, 48)).astype(np.float32)}
    return model_of(nodes, [floats("past", "p", 64), floats("x", "n", 64)], [floats("y", "m", 48)], weights)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("method", ["minmax", "entropy", "percentile"])
def test_samples_with_an_empty_tensor_say_nothing_of_its_range(method, symmetric):
    """A cache is empty at the first step: no value at all, which onnxruntime's calibrators see as infinity."""
    rng = np.random.default_rng(0)
    data = [
        {"past": rng.uniform(-2, 2, (n, 64)).astype("f4"), "x": rng.uniform(-4, 4, (3, 64)).astype("f4")}
        for n in (0, 5, 0, 8)
    ]
    made = quantize(grown(), calibration=data, method=method, symmetric=symmetric, target="cpu-vnni")
    low, high = range_of(made.path, "past")
    assert -2.2 < low < -1.5
    assert 1.5 < high < 2.2
    assert not any("infinity" in note for note in made.notes)
    assert sqnr(grown(), made.path, data[1:]) > 25


def test_a_tensor_that_is_empty_in_all_samples_is_named():
    data = [{"past": np.zeros((0, 64), "f4"), "x": np.ones((3, 64), "f4")}] * 3
    with pytest.raises(ModelError, match="'past' is empty in all calibration samples"):
        quantize(grown(), calibration=data)


@pytest.mark.parametrize("order", [1, -1])
def test_a_sample_that_makes_nan_is_left_out_wherever_it_stands(order):
    """Theirs keep what the first sample shows where that is no number."""
    nodes = [helper.make_node("Log", ["x"], ["l"], "log"), helper.make_node("MatMul", ["l", "w"], ["y"], "matmul")]
    weights = {"w": np.random.default_rng(1).normal(size=(64, 48)).astype(np.float32)}
    model = model_of(nodes, [floats("x", "n", 64)], [floats("y", "n", 48)], weights)
    data = [np.full((1, 64), value, "f4") for value in (-1, np.exp(3), np.exp(7))][::order]
    made = quantize(model, calibration=data)
    assert range_of(made.path, "l")[1] == pytest.approx(7, rel=1e-3)
    assert any("'l'" in note and "NaN" in note for note in made.notes)


def test_histograms_are_those_of_all_data_at_once():
    """As onnxruntime's own calibrator finds them when it is given everything in one go."""
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    data = [each * scale for each, scale in zip(pictures(6), (1, 4, 0.1, 2, 1, 1), strict=True)]

    class Reader:
        def __init__(self):
            self.left = iter([{"x": each} for each in data])

        def get_next(self):
            return next(self.left, None)

    made = quantize(convolution(normalised=False), calibration=data, percentile=99.0, target="cpu-vnni")
    theirs = made.path.parent / "theirs.onnx"
    quantize_static(
        convolution(normalised=False),
        theirs,
        Reader(),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.Percentile,
        extra_options={"CalibPercentile": 99.0, "CalibTensorRangeSymmetric": False},
    )
    for tensor in ("x", "r", "y"):
        assert range_of(made.path, tensor) == pytest.approx(range_of(theirs, tensor), rel=0.02)


def test_histograms_do_not_grow_with_the_range():
    """The first sample is a thousandth of the last; bins of its width would number millions."""
    from haoline_analysis.quantization.quantizers.calibration import calibrators

    seen = []
    plain = calibrators.seed_histograms

    def watched(calibrator, ends):
        plain(calibrator, ends)
        seen.append(calibrator)

    data = [pictures(1)[0] * scale for scale in (1e-6, 1e6)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("haoline_analysis.quantization.quantizers.calibration.ranges.seed_histograms", watched)
        quantize(convolution(), calibration=data, method="percentile")
    assert {len(histogram[0]) for histogram in seen[0].collector.histogram_dict.values()} == {2048}


def test_entropy_has_ranges_to_choose_from():
    """onnxruntime's default of as many bins as levels leaves it none: a far outlier would never be cut off."""
    rng = np.random.default_rng(1)
    data = [rng.normal(size=(1, 64)).astype(np.float32) for _ in range(64)]
    data[7][0, 0] = 100
    assert range_of(quantize(matrix(), calibration=data).path, "x")[1] > 90
    assert range_of(quantize(matrix(), calibration=data, method="entropy").path, "x")[1] < 60


def test_one_sample_is_held_at_a_time(monkeypatch):
    from haoline_analysis.quantization.quantizers.calibration import calibrators

    held = []
    plain = calibrators.Watched.run

    def watched(self, names, feeds):
        outputs = plain(self, names, feeds)
        held.append(len(feeds["image"]))
        return outputs

    monkeypatch.setattr(calibrators.Watched, "run", watched)
    quantize(DIGITS, calibration=digits(6), method="percentile")
    assert held == [1] * 12  # ranges, then histograms


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "no samples"),
        (np.zeros((2, 1, 9, 8), "f4"), "expects float32"),
        ({"picture": np.zeros((1, 1, 8, 8), "f4")}, "no input 'picture'"),
        (np.full((2, 1, 8, 8), np.nan, "f4"), "sample 0.*NaN or infinite"),
        ("no/such/folder", "no/such/folder"),
        (object(), "nothing that can be fed"),
    ],
)
def test_wrong_data_is_refused(data, message):
    with pytest.raises(ModelError, match=message):
        quantize(DIGITS, calibration=data)


def test_a_bad_sample_in_the_middle_is_named():
    data = digits(5).copy()
    data[3, 0, 0, 0] = np.inf
    with pytest.raises(ModelError, match=r"3.*1 NaN or infinite"):
        quantize(DIGITS, calibration=data)


def test_poor_data_is_noted():
    few = quantize(DIGITS, calibration=digits(2)).notes
    assert any("2 samples only" in note for note in few)
    same = quantize(DIGITS, calibration=np.repeat(digits(1), 9, 0)).notes
    assert any("are the same" in note for note in same)
    flat = quantize(DIGITS, calibration=np.zeros((9, 1, 8, 8), "f4")).notes
    assert any("one constant value" in note for note in flat)
    good = quantize(DIGITS, calibration=digits(32)).notes
    assert not any(word in note for note in good for word in ("only", "the same", "constant value"))


def test_samples_made_up_are_called_so():
    from haoline_analysis.formats import open_model

    made = quantize(DIGITS, calibration=samples_of(None, open_model(str(DIGITS)), limit=9))
    assert any("made-up values" in note for note in made.notes)


def test_infinite_tensors_are_noted_and_do_not_stop_the_work():
    made = quantize(attention(-np.inf), calibration=attention_feeds())
    assert any("reach infinity" in note and "'bias'" in note and "clip-mask" in note for note in made.notes)
    fine = quantize(attention(-np.inf), calibration=attention_feeds(), fixes=["clip-mask"])
    assert not any("infinity" in note for note in fine.notes)


def test_the_same_data_has_the_same_hash_and_other_data_another():
    first, same, other = (
        quantize(DIGITS, calibration=each).recipe.calibration for each in (digits(8), digits(8), digits(9))
    )
    assert first == same
    assert first.sha256 != other.sha256


def test_data_is_taken_as_activation_capture_takes_it(tmp_path):
    np.savez(tmp_path / "inputs.npz", image=digits(12))
    made = quantize(DIGITS, calibration=tmp_path / "inputs.npz", limit=10)
    assert made.recipe.calibration.count == 10
    assert "inputs.npz" in made.recipe.calibration.origin


def test_masks_that_leave_their_grid_one_level_are_told():
    sentinel, data = float(np.finfo("f4").min), attention_feeds()
    told = [note for note in quantize(attention(sentinel), calibration=data).notes if "one level" in note]
    assert len(told) == 1
    assert "reach -3.4e+38" in told[0]
    for model, options in ((attention(-50), {}), (attention(sentinel), {"fixes": ["clip-mask"]})):
        assert not any("one level" in note for note in quantize(model, calibration=data, **options).notes)
