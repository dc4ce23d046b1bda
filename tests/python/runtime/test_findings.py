"""What the findings say of models that really have the trouble, and that they are silent about sound ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from activation_frames import frames, node, proto
from onnx import TensorProto, helper

from haoline_analysis.runtime.findings import findings

RNG = np.random.default_rng(0)
DIGITS = Path(__file__).resolve().parents[3] / "examples" / "models" / "digits_cnn.onnx"


def rows(count=10, width=8, seed=1):
    return [{"x": np.random.default_rng(seed + i).normal(size=(1, width)).astype(np.float32)} for i in range(count)]


def found(model, feeds=None, **kwargs):
    """Findings by id, after a look at what all of them must have."""
    tensors, channels, opened = frames(model, feeds or rows())
    made = findings(tensors, opened, channels=channels, **kwargs)
    assert all(finding.title and finding.advice and finding.evidence for finding in made)
    assert all(0 <= row < len(opened.ops) for finding in made for row in finding.ops)
    assert len({finding.id for finding in made}) == len(made)
    return {finding.id: finding for finding in made}


def dense(index, gain=1.0, width=8):
    """The weight of a layer whose outputs are about as large as its inputs."""
    return (np.random.default_rng(index).normal(size=(width, width)) * gain / width**0.5).astype(np.float32)


def test_a_sound_trained_model_gets_no_alarm():
    """A small trained CNN on noise in its range: dead channels are said where numpy finds some, nothing else."""
    model = onnx.load(DIGITS)
    shape = [dim.dim_value or 1 for dim in model.graph.input[0].type.tensor_type.shape.dim]
    feeds = [{model.graph.input[0].name: RNG.random(shape, np.float32)} for _ in range(10)]
    tensors, channels, opened = frames(model, feeds)
    made = {finding.id: finding for finding in findings(tensors, opened, channels=channels)}
    dead = channels[channels["dead"]]
    assert ("dead-channels" in made) == bool(len(dead))
    assert not {"nan-onset", "inf-onset", "dead-layer", "exploding-scale", "saturation"} & set(made)


def test_nan_is_traced_to_the_op_where_it_begins():
    model = proto(
        [
            node("MatMul", ["x", "w"], "a"),
            node("Sub", ["a", "big"], "b"),
            node("Sqrt", ["b"], "c", name="root"),
            node("Add", ["c", "a"], "d"),
            node("Log", ["b"], "e", name="log"),
        ],
        {"w": dense(0), "big": np.float32(0.2)},
        outputs=["d", "e"],
    )
    finding = found(model)["nan-onset"]
    assert finding.severity == "error"
    assert finding.title == "NaN first appears in Sqrt root"
    assert finding.ops == (2, 4)
    tensors, _, _ = frames(model, rows())
    assert f"{tensors['nan']['c']:,.0f} of 80 values of c" in finding.evidence
    assert f"which reads b from {tensors['min']['b']:.3g} to" in finding.evidence
    assert "3 captured tensors with NaN, and begins in 1 other op" in finding.evidence
    assert "square root of a negative number" in finding.advice


def test_nan_of_the_input_is_not_blamed_on_an_op():
    model = proto([node("MatMul", ["x", "w"], "a"), node("Relu", ["a"], "b")], {"w": dense(0)})
    feeds = rows()
    feeds[3]["x"][0, 2] = np.nan
    made = found(model, feeds, tainted=frozenset({"x"}))
    assert "nan-onset" not in made
    assert made["nan-input"].severity == "warning"
    assert made["nan-input"].ops == (0,)
    assert "input x; 2 captured tensors with NaN, output b among them" in made["nan-input"].evidence


def test_onset_is_found_through_tensors_that_were_not_captured():
    model = proto(
        [node("Sqrt", ["x"], "a"), node("Neg", ["a"], "b"), node("Abs", ["b"], "c"), node("Relu", ["c"], "d")]
    )
    tensors, channels, opened = frames(model, rows())
    some = tensors.loc[["a", "d"]]
    made = {finding.id: finding for finding in findings(some, opened, channels=channels)}
    assert made["nan-onset"].ops == (0,)


def test_infinity_begins_where_a_division_by_zero_is():
    model = proto(
        [node("Relu", ["x"], "a"), node("Reciprocal", ["a"], "b", name="inverse"), node("Neg", ["b"], "c")],
    )
    finding = found(model)["inf-onset"]
    assert finding.severity == "warning"
    assert (finding.ops, finding.title) == ((1,), "Inf first appears in Reciprocal inverse")
    assert "division by zero" in finding.advice


def test_a_mask_of_minus_infinity_is_only_mentioned():
    model = proto(
        [
            node("Greater", ["x", "zero"], "keep"),
            node("Where", ["keep", "x", "low"], "masked"),
            node("Softmax", ["masked"], "weights"),
        ],
        {"zero": np.float32(0), "low": np.float32(-np.inf)},
    )
    made = found(model)
    assert "inf-onset" not in made
    assert made["infinite-mask"].severity == "info"
    assert made["infinite-mask"].ops == (1,)
    stored = helper.make_node("Constant", [], ["low"], name="never", value_float=-np.inf)
    masked = proto([stored, node("Where", ["keep", "x", "low"], "y")], {"keep": np.array([True] * 4 + [False] * 4)})
    assert found(masked)["infinite-mask"].severity == "info"
    assert "beyond-half-precision" not in found(
        proto(
            [node("Where", ["keep", "x", "low"], "masked"), node("Add", ["masked", "x"], "y")],
            {"low": np.float32(-3.4e38), "keep": np.array([True] * 4 + [False] * 4)},
        )
    )


def relu_layer(bias):
    return proto(
        [node("Gemm", ["x", "w", "b"], "a", name="fc"), node("Relu", ["a"], "y", name="relu"), node("Abs", ["y"], "z")],
        {"w": dense(0), "b": np.asarray(bias, np.float32)},
    )


def test_dead_channels_are_named_where_they_begin():
    made = found(relu_layer([0, 0, -100, 0, 0, -100, 0, 0]))["dead-channels"]
    assert made.severity == "warning"
    assert made.ops == (1,)
    assert "Relu relu: 2 of 8 (25%): 2, 5, on 10 samples" in made.evidence
    assert "dead-channels" not in found(relu_layer([0] * 8))


def test_dead_channels_on_few_or_made_up_samples_are_no_warning():
    bias = [0, 0, -100, 0, 0, -100, 0, 0]
    assert found(relu_layer(bias), rows(3))["dead-channels"].severity == "info"
    made_up = found(relu_layer(bias), synthetic=True)["dead-channels"]
    assert made_up.severity == "info"
    assert "on 10 samples of synthetic input" in made_up.evidence


def test_classes_that_were_never_chosen_are_not_dead():
    model = proto([node("MatMul", ["x", "w"], "a"), node("Softmax", ["a"], "y")], {"w": dense(0, 1e4)})
    tensors, _, _ = frames(model, rows(3))
    assert tensors["dead_channels"]["y"] > 0
    assert "dead-channels" not in found(model, rows(3))


def test_a_dead_layer_says_what_it_reads():
    model = proto(
        [
            node("Gemm", ["x", "w", "b"], "a", name="fc"),
            node("Relu", ["a"], "y", name="relu"),
            node("MatMul", ["y", "w"], "z"),
        ],
        {"w": dense(0), "b": np.full(8, -50, np.float32)},
    )
    made = found(model)
    assert made["dead-layer"].severity == "warning"
    assert made["dead-layer"].ops == (1,)
    tensors, _, _ = frames(model, rows())
    expected = f"what it reads from Gemm fc is never above {tensors['max']['a']:.3g}"
    assert expected in made["dead-layer"].evidence
    assert "dead-channels" not in made


def test_a_mask_of_zeros_is_no_dead_layer():
    model = proto(
        [node("Sub", ["one", "x"], "a"), node("Mul", ["a", "low"], "b"), node("Add", ["b", "x"], "c")],
        {"one": np.float32(1), "low": np.float32(-10000)},
    )
    assert "dead-layer" not in found(model, [{"x": np.ones((1, 8), np.float32)}] * 8)


def chain(gain, depth=12):
    return proto(
        [node("MatMul", [f"t{i}" if i else "x", f"w{i}"], f"t{i + 1}", name=f"fc{i}") for i in range(depth)],
        {f"w{i}": dense(i, gain) for i in range(depth)},
    )


def test_values_that_grow_or_shrink_through_depth():
    grown = found(chain(5.0))["exploding-scale"]
    tensors, _, _ = frames(chain(5.0), rows())
    size = np.sqrt(tensors["std"] ** 2 + tensors["mean"] ** 2).to_numpy()
    first, last = np.median(size[:4]), np.median(size[-4:])
    assert f"{first:.3g} in the first third" in grown.evidence
    assert f"{last:.3g} in the last" in grown.evidence
    assert min(grown.ops) == int(np.flatnonzero(size >= 1000 * first)[0])
    assert "vanishing-scale" in found(chain(0.2))
    assert not {"exploding-scale", "vanishing-scale"} & set(found(chain(1.0)))


def test_values_beyond_half_precision_are_named_where_they_begin():
    model = proto(
        [node("MatMul", ["x", "w"], "a"), node("MatMul", ["a", "v"], "b", name="large"), node("Abs", ["b"], "c")],
        {"w": dense(0), "v": dense(1, 1e6)},
    )
    finding = found(model)["beyond-half-precision"]
    assert finding.ops == (1,)
    assert "MatMul large from -" in finding.evidence


def quantized(scale, zero_point, relu=False):
    read = [node("Relu", ["x"], "r")] if relu else [node("Identity", ["x"], "r")]
    return proto([*read, node("QuantizeLinear", ["r", "s", "z"], "q")], {"s": np.float32(scale), "z": zero_point})


def test_saturation_tells_cut_off_values_from_zeros():
    finding = found(quantized(0.005, np.int8(0)))["saturation"]
    assert finding.ops == (1,)
    tensors, _, _ = frames(quantized(0.005, np.int8(0)), rows())
    assert f"{tensors['saturation']['q']:.0%} of int8 at -128 or 127" in finding.evidence
    assert "saturation" not in found(quantized(0.05, np.int8(0)))
    assert "saturation" not in found(quantized(0.05, np.uint8(0), relu=True))  # half of it is zero, which is the limit
    assert "saturation" not in found(quantized(0.05, np.int8(-128), relu=True))
    assert "saturation" in found(quantized(0.005, np.uint8(0), relu=True))


def test_evenly_spread_values_are_not_cut_off():
    """The first and the last of 256 levels hold 1/256 of them each, as they should."""
    model = quantized(1 / 255, np.uint8(0))
    feeds = [{"x": np.random.default_rng(i).random((1, 8), np.float32)} for i in range(500)]
    tensors, _, _ = frames(model, feeds)
    assert tensors["saturation"]["q"] > 0.002
    assert "saturation" not in found(model, feeds)


def test_values_clipped_to_half_precision():
    half = TensorProto.FLOAT16
    cast = [node("Mul", ["x", "k"], "w"), node("Clip", ["w", "lo", "hi"], "c"), node("Cast", ["c"], "h", to=half)]
    limits = {"lo": np.float32(-65504), "hi": np.float32(65504)}
    model = proto([*cast, node("Add", ["h", "h0"], "y")], {"k": np.float32(9000), "h0": np.float16(0)} | limits)
    feeds = [{"x": np.full((1, 8), 9, np.float32)}]
    assert "saturation" in found(model, feeds)


def test_outlier_channels_in_front_of_weights_quantize_badly():
    gain = np.ones(8, np.float32)
    gain[3] = 60
    nodes = [node("Mul", ["x", "g"], "a", name="norm"), node("MatMul", ["a", "w"], "y")]
    finding = found(proto(nodes, {"g": gain, "w": dense(0)}))["hard-to-quantize"]
    tensors, _, _ = frames(proto(nodes, {"g": gain, "w": dense(0)}), rows())
    assert finding.ops == (0,)
    assert f"1 channel up to {tensors['outlier_ratio']['a']:.0f} times the median channel" in finding.evidence
    assert "hard-to-quantize" not in found(proto(nodes, {"g": np.ones(8, np.float32), "w": dense(0)}))
    alone = proto([nodes[0], node("Abs", ["a"], "y")], {"g": gain})
    assert "hard-to-quantize" not in found(alone)  # nothing with weights reads it


def test_a_few_far_values_quantize_badly():
    nodes = [node("Identity", ["x"], "a", name="pass"), node("MatMul", ["a", "w"], "y")]
    model = proto(nodes, {"w": dense(0, width=2000)}, {"x": ([1, 2000], TensorProto.FLOAT)})
    feeds = rows(2, 2000)
    assert "hard-to-quantize" not in found(model, feeds)
    feeds[1]["x"][0, 7] = 500
    assert "% of the range" in found(model, feeds)["hard-to-quantize"].evidence


def test_the_worst_comes_first():
    model = proto(
        [node("Sqrt", ["x"], "a"), node("MatMul", ["x", "w"], "b"), node("Relu", ["b"], "c")],
        {"w": dense(0, 1e7)},
        outputs=["a", "c"],
    )
    tensors, channels, opened = frames(model, rows())
    severities = [finding.severity for finding in findings(tensors, opened, channels=channels)]
    assert severities == sorted(severities, key=("error", "warning", "info").index)
    assert len(severities) >= 2


def test_missing_statistics_and_empty_frames_say_nothing():
    tensors, _, opened = frames(chain(1.0), rows())
    assert findings(tensors.iloc[:0], opened) == []
    assert findings(tensors[["op", "op_type", "dtype"]], opened) == []
