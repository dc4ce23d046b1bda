"""What real architectures have and a plain network has not: each with what onnxruntime makes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from checking import check, matched
from matching_models import MODELS, Builder, normalized, stripped, variant


def made(kind: str, how: str, names: str, folder: Path) -> Path:
    path = variant(kind, how, folder)
    return stripped(path, folder / "stripped.onnx", ports=True) if names == "stripped" else path


def conv(make: Builder, x: str, name: str, out: int, of: int, *, norm: bool = False) -> str:
    """A convolution with a bias, and with the batch normalization that many put behind it all the same."""
    weights = make.weight(f"{name}.w", out, of, 3, 3), make.weight(f"{name}.b", out, scale=0.1)
    x = make.op("Conv", x, *weights, name=name, pads=[1] * 4, kernel_shape=[3, 3])
    if not norm:
        return x
    statistics = [
        make.constant(f"{name}.{part}", make.rng.uniform(low, high, out).astype(np.float32))
        for part, low, high in (("gamma", 0.5, 2), ("beta", -0.5, 0.5), ("mean", -0.2, 0.2), ("var", 0.5, 2))
    ]
    return make.op("BatchNormalization", x, *statistics, name=f"{name}/norm")


def gated_convolutions(gate: str) -> onnx.ModelProto:
    """Convolutions before activations that onnxruntime fuses with them or computes on 16 channels where 8 are."""
    make, x, of, width = Builder(), "x", 3, 8 if gate == "SiLU" else 16
    for name in ("one", "two", "three"):
        x, of = conv(make, x, name, width, of), width
        if gate == "HardSwish":
            x = make.op("HardSwish", x, name=f"{name}/act")
        elif gate == "HardSwish in steps":
            x = make.op("Mul", x, make.op("HardSigmoid", x, name=f"{name}/gate", alpha=1 / 6), name=f"{name}/act")
        else:
            x = make.op("Mul", x, make.op("Sigmoid", x, name=f"{name}/gate"), name=f"{name}/act")
    make.op("GlobalAveragePool", x, name="mean")
    return make.model({"x": [1, 3, 16, 16]}, ["mean"])


@pytest.mark.parametrize("names", ["kept", "stripped"])
@pytest.mark.parametrize("how", ["same", "optimised", "fp16"])
@pytest.mark.parametrize("gate", ["HardSwish", "HardSwish in steps", "SiLU"])
def test_gated_activations_between_convolutions(gate, how, names, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(MODELS, "convolutions", lambda: gated_convolutions(gate))
    model, matching, _ = check("convolutions", how, made("convolutions", how, names, tmp_path))
    found = {model.tensors[one.tensor].name for one in matching.matches}
    assert {"one/act", "two/act", "three/act", "mean"} <= found


def wide() -> onnx.ModelProto:
    """As many channels as let a bias tell an op from others; a normalization inside of the weights changes it."""
    make, x, of = Builder(), "x", 3
    for name in ("one", "two", "three"):
        x, of = make.op("Relu", conv(make, x, name, 64, of, norm=True), name=f"{name}/relu"), 64
    make.op("GlobalAveragePool", x, name="mean")
    return make.model({"x": [1, 3, 16, 16]}, ["mean"])


@pytest.mark.parametrize("names", ["kept", "stripped"])
@pytest.mark.parametrize("how", ["same", "optimised"])
def test_a_batch_normalization_changes_a_bias_and_not_the_convolution(how, names, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(MODELS, "convolutions", wide)
    model, matching, _ = check("convolutions", how, made("convolutions", how, names, tmp_path))
    found = {model.tensors[one.tensor].name for one in matching.matches}
    assert {"one/relu", "two/relu", "three/relu", "mean"} <= found


def tokens_and_maps() -> onnx.ModelProto:
    """Tokens that become a map for a convolution, as transformers for images reduce their keys."""
    make = Builder()
    x = make.op("MatMul", "x", make.weight("up", 16, 16), name="up/out")
    x = make.op("Transpose", x, name="turned", perm=[0, 2, 1])
    x = make.op("Reshape", x, make.constant("map", np.array([1, 16, 4, 4])), name="map/out")
    x = make.op("Conv", x, make.weight("reduce", 16, 16, 2, 2), name="reduced", strides=[2, 2], kernel_shape=[2, 2])
    make.op("GlobalAveragePool", x, name="mean")
    return make.model({"x": [1, 16, 16]}, ["mean"])


def test_what_only_moves_elements_is_left_out_step_by_step(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(MODELS, "tokens", tokens_and_maps)
    check("tokens", "same", variant("tokens", "same", tmp_path))


def normalized_convolutions(*, steps: bool) -> onnx.ModelProto:
    """Convolutions without a bias before a normalization: one op, or a product and a sum as where it is frozen."""
    make, x, of = Builder(), "x", 3
    for name in ("one", "two", "three"):
        make.weight(f"{name}.w", 16, of, 3, 3)
        x, of = make.op("Conv", x, f"{name}.w", name=name, pads=[1] * 4, kernel_shape=[3, 3]), 16
        if steps:
            scale = make.constant(f"{name}.scale", make.rng.uniform(0.5, 2, (1, 16, 1, 1)).astype(np.float32))
            shift = make.constant(f"{name}.shift", make.rng.uniform(-0.5, 0.5, (1, 16, 1, 1)).astype(np.float32))
            x = make.op("Add", make.op("Mul", x, scale, name=f"{name}/scaled"), shift, name=f"{name}/norm")
        else:
            statistics = [
                make.constant(f"{name}.{part}", make.rng.uniform(low, high, 16).astype(np.float32))
                for part, low, high in (("gamma", 0.5, 2), ("beta", -0.5, 0.5), ("mean", -0.2, 0.2), ("var", 0.5, 2))
            ]
            x = make.op("BatchNormalization", x, *statistics, name=f"{name}/norm")
        x = make.op("Relu", x, name=f"{name}/relu") if name != "three" else x
    make.op("GlobalAveragePool", x, name="mean")
    return make.model({"x": [1, 3, 16, 16]}, ["mean"])


def folded(path: Path, to: Path) -> Path:
    """The model after onnxruntime made normalizations part of weights, which quantizers are given."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(to)
    ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return to


@pytest.mark.parametrize("names", ["kept", "stripped"])
@pytest.mark.parametrize("how", ["same", "QDQ", "QDQ-signed", "QOperator", "dynamic"])
@pytest.mark.parametrize("steps", [True, False])
def test_a_normalization_inside_of_weights_before_quantizing(steps, how, names, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(MODELS, "normalized", lambda: normalized_convolutions(steps=steps))
    source = folded(variant("normalized", "same", tmp_path), tmp_path / "folded.onnx")
    assert {"BatchNormalization", "Mul"}.isdisjoint(node.op_type for node in onnx.load(source).graph.node)
    with monkeypatch.context() as patch:
        patch.setitem(MODELS, "normalized", lambda: onnx.load(source))
        path = made("normalized", how, names, tmp_path)
    model, matching, _ = check("normalized", how, path)
    found = {model.tensors[one.tensor].name for one in matching.matches}
    assert {"one/relu", "two/relu", "three/norm", "mean"} <= found
    assert found.isdisjoint({"one", "one/scaled", "three", "three/scaled"})


def channels_last() -> onnx.ModelProto:
    """A block as ConvNeXt has it, as wide as it is high, so that shapes do not tell how a tensor lies in memory."""
    make = Builder()
    x = make.op("Conv", "x", make.weight("stem", 16, 3, 2, 2), name="stem/out", strides=[2, 2], kernel_shape=[2, 2])
    turned = make.op("Transpose", x, name="turned", perm=[0, 2, 3, 1])
    turned = make.op("Sigmoid", turned, name="turned/sigmoid")
    x = make.op("Transpose", normalized(make, turned, "norm1"), name="back", perm=[0, 3, 1, 2])
    inner = make.op("Conv", x, make.weight("deep", 16, 16, 3, 3), name="deep/out", pads=[1] * 4, kernel_shape=[3, 3])
    inner = make.op("Transpose", inner, name="turned2", perm=[0, 2, 3, 1])
    inner = make.op("MatMul", normalized(make, inner, "norm2"), make.weight("up", 16, 16), name="up/out")
    inner = make.op("Transpose", inner, name="back2", perm=[0, 3, 1, 2])
    make.op("GlobalAveragePool", make.op("Add", x, inner, name="sum"), name="mean")
    return make.model({"x": [1, 3, 32, 32]}, ["mean"])


def activations(kind: str) -> onnx.ModelProto:
    """Convolutions with something elementwise in between that has no quantized kernel."""
    make, x, of, axes = Builder(), "x", 4, 1 if kind == "Conv1d" else 2
    for name in ("one", "two", "three"):
        make.weight(f"{name}.w", 8, of, *[3] * axes)
        x, of = make.op("Conv", x, f"{name}.w", name=name, pads=[1, 1] * axes, kernel_shape=[3] * axes), 8
        if kind == "PRelu":
            x = make.op("PRelu", x, make.weight(f"{name}.slope", 8, 1, 1, scale=0.2), name=f"{name}/act")
        elif kind == "Gelu":
            gate = make.op("Erf", make.op("Div", x, make.constant("c2", np.float32(2**0.5))), name=f"{name}/erf")
            gate = make.op("Add", gate, make.constant("c1", np.float32(1)))
            x = make.op("Mul", make.op("Mul", x, gate), make.constant("c0", np.float32(0.5)), name=f"{name}/act")
        else:
            x = make.op("Softsign", x, name=f"{name}/act")
    return make.model({"x": [1, 4, 12, 20][: 2 + axes]}, [x])


@pytest.mark.parametrize("names", ["kept", "stripped"])
@pytest.mark.parametrize("how", ["same", "fp16", "dynamic", "QDQ", "QDQ-signed", "QOperator"])
@pytest.mark.parametrize("kind", ["ConvNeXt", "PRelu", "Gelu", "Conv1d"])
def test_what_lies_channels_last_is_read_in_the_axes_of_the_float_model(
    kind, how, names, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setitem(MODELS, "layouts", channels_last if kind == "ConvNeXt" else lambda: activations(kind))
    check("layouts", how, made("layouts", how, names, tmp_path))


def attention(*, steps: bool) -> onnx.ModelProto:
    """Scores as one exporter of torch writes them, keys turned in three steps and scaled; or as another, in one."""
    make, heads = Builder(), {}
    split = make.constant("split", np.array([1, 6, 4, 8]))
    for part in ("query", "key"):
        x = make.op("MatMul", "x", make.weight(f"{part}.w", 32, 32), name=f"{part}/out")
        x = make.op("Reshape", x, split, name=f"{part}/split")
        heads[part] = make.op("Transpose", x, name=f"{part}/heads", perm=[0, 2, 1, 3] if steps else [0, 2, 3, 1])
    if steps:
        key = make.op("Reshape", heads["key"], make.constant("flat", np.array([4, 6, 8])), name="key/flat")
        key = make.op("Transpose", key, name="key/flat/turned", perm=[0, 2, 1])
        key = make.op("Reshape", key, make.constant("whole", np.array([1, 4, 8, 6])), name="key/turned")
        root = make.constant("root", np.float32(8**-0.25))
        heads = {"query": make.op("Mul", heads["query"], root, name="query/scaled")}
        heads["key"] = make.op("Mul", key, root, name="key/scaled")
        scores = make.op("MatMul", heads["query"], heads["key"], name="scores")
    else:
        query = make.op("Transpose", heads["query"], name="query/back", perm=[0, 1, 3, 2])
        scores = make.op("MatMul", query, heads["key"], name="scores/raw")
        scores = make.op("Mul", scores, make.constant("root", np.float32(8**-0.5)), name="scores")
    make.op("Softmax", scores, name="weights", axis=-1)
    return make.model({"x": [1, 6, 32]}, ["weights"])


@pytest.mark.parametrize("names", ["kept", "stripped"])
def test_what_numbers_tell_of_a_fused_product_explains_what_is_missing(names, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(MODELS, "attention", lambda: attention(steps=True))
    model, matching, _ = check("attention", "optimised", made("attention", "optimised", names, tmp_path))
    why = {model.tensors[one.tensor].name: one.why for one in matching.unmatched}
    assert why["key/scaled"] == why["query/scaled"] == "fused into FusedMatMul"
    assert "key/turned" not in why


def joined(*, alone: bool) -> onnx.ModelProto:
    """A past and a present tensor, which an exporter may have wrapped into a join of one."""
    make = Builder()
    past = make.op("Concat", "past", name="past/alone", axis=1) if alone else "past"
    whole = make.op("Concat", past, make.op("Relu", "x", name="present"), name="whole", axis=1)
    make.op("MatMul", whole, make.weight("w", 16, 16), name="y")
    return make.model({"past": [1, 4, 16], "x": [1, 2, 16]}, ["y"])


def test_a_join_of_one_tensor_is_none(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(MODELS, "joined", lambda: joined(alone=True))
    path = made("joined", "same", "stripped", tmp_path)
    monkeypatch.setitem(MODELS, "joined", lambda: joined(alone=False))
    model, matching, _ = check("joined", "same", path)
    assert {"whole", "y"} <= {model.tensors[one.tensor].name for one in matching.matches}


def test_another_way_to_write_the_same_is_matched_where_the_numbers_agree(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(MODELS, "attention", lambda: attention(steps=False))
    path = made("attention", "same", "stripped", tmp_path)
    monkeypatch.setitem(MODELS, "attention", lambda: attention(steps=True))
    model, matching, local = matched("attention", path)
    lost = {model.tensors[one.tensor].name for one in matching.unmatched if not one.fused}
    assert lost == {"query/scaled", "key/scaled"}
    assert {"query/split", "key/split", "scores", "weights"} <= set(local)
    assert min(local.values()) > 100


def squeezed(*, other: bool) -> onnx.ModelProto:
    """Squeeze and excitation behind a margin, as torch's two exporters write them."""
    make = Builder()
    if other:
        x = make.op("Conv", "x", make.weight("stem", 16, 3, 3, 3), name="stem/out", pads=[1] * 4, kernel_shape=[3, 3])
        x = make.op("Relu", x, name="stem/relu")
        gate = make.op("ReduceMean", x, name="pooled", axes=[-1, -2])
    else:
        x = make.op("Pad", "x", make.constant("margin", np.array([0, 0, 1, 1, 0, 0, 1, 1])), name="padded")
        x = make.op("Conv", x, make.weight("stem", 16, 3, 3, 3), name="stem/out", kernel_shape=[3, 3])
        x = make.op("Relu", x, name="stem/relu")
        gate = make.op("GlobalAveragePool", x, name="pooled")
    gate = make.op("Relu", make.op("Conv", gate, make.weight("less", 2, 16, 1, 1), name="less/out"), name="less/relu")
    gate = make.op("Conv", gate, make.weight("more", 16, 2, 1, 1), name="more/out")
    make.op("Mul", x, make.op("Sigmoid", gate, name="gate"), name="gated")
    return make.model({"x": [1, 3, 16, 16]}, ["gated"])


@pytest.mark.parametrize("other", [True, False])
def test_what_two_exporters_write_in_their_own_ways_is_one(other, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(MODELS, "squeezed", lambda: squeezed(other=not other))
    path = made("squeezed", "same", "stripped", tmp_path)
    monkeypatch.setitem(MODELS, "squeezed", lambda: squeezed(other=other))
    model, matching, _ = check("squeezed", "same", path)
    found = {model.tensors[one.tensor].name for one in matching.matches}
    assert {"stem/relu", "pooled", "less/relu", "gate", "gated"} <= found


def narrow() -> onnx.ModelProto:
    """A product with so few columns that the bytes of its packed weight are few."""
    make = Builder()
    x = make.op("MatMul", "x", make.weight("up", 16, 32), name="hidden")
    make.op("MatMul", make.op("Relu", x, name="hidden/relu"), make.weight("score", 32, 1), name="y")
    return make.model({"x": [1, 6, 16]}, ["y"])


@pytest.mark.parametrize("names", ["kept", "stripped"])
def test_packed_weights_of_few_bytes_are_not_taken_for_numbers(names, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(MODELS, "narrow", narrow)
    check("narrow", "nbits", made("narrow", "nbits", names, tmp_path))


@pytest.mark.parametrize("how", ["same", "optimised", "fp16"])
def test_blocked_tensors_of_any_number_of_channels_are_found(how, tmp_path: Path, monkeypatch) -> None:
    """A gate of six channels with SiLU, as EfficientNet has it; onnxruntime blocks no fewer than four."""

    def narrow_gate() -> onnx.ModelProto:
        make = Builder()
        x = make.op("Conv", "x", make.weight("stem", 16, 3, 3, 3), name="stem/out", kernel_shape=[3, 3])
        pooled = make.op("GlobalAveragePool", x, name="pooled")
        less = make.op("Conv", pooled, make.weight("less", 6, 16, 1, 1), name="less/out")
        less = make.op("Mul", less, make.op("Sigmoid", less, name="less/gate"), name="less/act")
        more = make.op("Conv", less, make.weight("more", 16, 6, 1, 1), name="more/out")
        make.op("Mul", x, make.op("Sigmoid", more, name="gate"), name="gated")
        return make.model({"x": [1, 3, 16, 16]}, ["gated"])

    monkeypatch.setitem(MODELS, "narrow", narrow_gate)
    model, matching, _ = check("narrow", how, variant("narrow", how, tmp_path))
    found = {model.tensors[one.tensor].name for one in matching.matches}
    assert {"stem/out", "pooled", "less/out", "less/act", "gate", "gated"} <= found


@pytest.mark.parametrize("how", ["same", "optimised", "QDQ", "dynamic", "fp16"])
def test_what_changes_nothing_is_the_same_tensor(how: str, tmp_path: Path, monkeypatch) -> None:
    """Scales of one and sums with nothing, which exporters write where a setting is off and onnxruntime leaves out."""

    def idle() -> onnx.ModelProto:
        make = Builder()
        one, zero = make.constant("1", np.float32(1)), make.constant("0", np.float32(0))
        x = make.op("Mul", make.op("MatMul", "x", make.weight("up", 16, 32), name="up/out"), one, name="up/scaled")
        x = make.op("Relu", make.op("Add", zero, x, name="up/shifted"), name="hidden")
        x = make.op("Div", make.op("MatMul", x, make.weight("down", 32, 16), name="down/out"), one, name="down/scaled")
        make.op("Softmax", x, name="y", axis=-1)
        return make.model({"x": [1, 6, 16]}, ["y"])

    monkeypatch.setitem(MODELS, "idle", idle)
    model, matching, _ = check("idle", how, variant("idle", how, tmp_path))
    found = {model.tensors[one.tensor].name for one in matching.matches}
    assert {"down/out", "down/scaled", "y"} <= found


def activated_first(kind: str) -> onnx.ModelProto:
    """Normalizations of their own, and scales of layers, which onnxruntime runs as convolutions among convolutions."""
    make = Builder()

    def scaled(x: str, name: str) -> str:
        if kind == "Mul":
            small = make.constant(f"{name}.scale", make.rng.uniform(1e-5, 2e-5, (16, 1, 1)).astype(np.float32))
            return make.op("Mul", small, x, name=f"{name}/scaled")
        statistics = [
            make.constant(f"{name}.{part}", make.rng.uniform(low, high, 16).astype(np.float32))
            for part, low, high in (("gamma", 0.5, 2), ("beta", -0.5, 0.5), ("mean", -0.2, 0.2), ("var", 0.5, 2))
        ]
        return make.op("BatchNormalization", x, *statistics, name=f"{name}/scaled")

    x = scaled(make.op("Conv", "x", make.weight("stem", 16, 3, 3, 3), name="stem/out", kernel_shape=[3, 3]), "stem")
    x = make.op("Relu", x, name="stem/relu")
    for name in ("one", "two"):
        inner = make.op("Relu", scaled(x, name), name=f"{name}/relu")
        inner = make.op("Conv", inner, make.weight(f"{name}.w", 16, 16, 1, 1), name=f"{name}/out", kernel_shape=[1, 1])
        x = make.op("Add", x, scaled(inner, f"{name}.after"), name=f"{name}/sum")
    make.op("GlobalAveragePool", x, name="mean")
    return make.model({"x": [1, 3, 16, 16]}, ["mean"])


@pytest.mark.parametrize("names", ["kept", "stripped"])
@pytest.mark.parametrize("how", ["same", "fp16", "QDQ", "dynamic"])
@pytest.mark.parametrize("kind", ["BatchNormalization", "Mul"])
def test_what_runs_as_a_convolution_of_one_number_per_channel_is_told_apart(
    kind, how, names, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setitem(MODELS, "first", lambda: activated_first(kind))
    model, matching, _ = check("first", how, made("first", how, names, tmp_path))
    found = {model.tensors[one.tensor].name for one in matching.matches}
    assert {"stem/relu", "one/relu", "one/sum", "two/sum", "mean"} <= found


@pytest.mark.parametrize("names", ["kept", "stripped"])
@pytest.mark.parametrize("how", ["QDQ", "QDQ-signed"])
def test_a_quantizer_that_clips_beside_one_that_does_not_is_the_activation(how, names, tmp_path, monkeypatch) -> None:
    """A residual around activation and convolution: one tensor is read with and without what is below zero.

    As QOperator onnxruntime 1.32 loses the activation altogether.
    """

    def residual() -> onnx.ModelProto:
        make = Builder()
        x = conv(make, "x", "stem", 8, 3)
        for name in ("one", "two"):
            inner = conv(make, make.op("Relu", x, name=f"{name}/relu"), name, 8, 8)
            x = make.op("Add", x, inner, name=f"{name}/sum")
        make.op("GlobalAveragePool", x, name="mean")
        return make.model({"x": [1, 3, 16, 16]}, ["mean"])

    monkeypatch.setitem(MODELS, "residual", residual)
    model, matching, _ = check("residual", how, made("residual", how, names, tmp_path))
    found = {model.tensors[one.tensor].name for one in matching.matches}
    assert {"stem", "one/relu", "one/sum", "two/relu", "mean"} <= found


@pytest.mark.parametrize("names", ["kept", "stripped"])
@pytest.mark.parametrize("how", ["same", "nbits"])
def test_a_bias_that_an_activation_adds(how: str, names: str, tmp_path: Path, monkeypatch) -> None:
    """Weights of few bits make a Gemm a product and a sum, which onnxruntime puts into the GELU behind."""

    def pooler(*, split: bool) -> onnx.ModelProto:
        make = Builder()
        weight, bias = make.weight("dense", 32, 16), make.weight("dense.bias", 32, scale=0.5)
        if split:
            make.constants["dense"] = make.constants["dense"].T.copy()
            x = make.op("Add", make.op("MatMul", "x", weight, name="product"), bias, name="dense/out")
        else:
            x = make.op("Gemm", "x", weight, bias, name="dense/out", transB=1)
        gate = make.op("Erf", make.op("Div", x, make.constant("root", np.float32(2**0.5)), name="div"), name="erf")
        gate = make.op("Add", gate, make.constant("one", np.float32(1)), name="gate")
        x = make.op("Mul", make.op("Mul", x, gate, name="early"), make.constant("half", np.float32(0.5)), name="gelu")
        make.op("Gemm", x, make.weight("head", 32, 16), make.weight("head.bias", 16), name="y")
        return make.model({"x": [4, 16]}, ["y"])

    monkeypatch.setitem(MODELS, "pooler", lambda: pooler(split=True))
    path = made("pooler", how, names, tmp_path)
    monkeypatch.setitem(MODELS, "pooler", lambda: pooler(split=False))
    model, matching, _ = check("pooler", how, path)
    assert {"gelu", "y"} <= {model.tensors[one.tensor].name for one in matching.matches}


@pytest.mark.parametrize("how", ["same", "QDQ", "QDQ-signed"])
def test_another_order_of_the_axes_is_another_tensor(how: str, tmp_path: Path, monkeypatch) -> None:
    """Patches that become a map again, as MobileViT folds them, for a convolution that runs channels last."""

    def folding() -> onnx.ModelProto:
        make = Builder()
        x = make.op("MatMul", "x", make.weight("up", 16, 8), name="up/out")
        x = make.op("Transpose", x, name="turned", perm=[0, 2, 1])
        x = make.op("Reshape", x, make.constant("patches", np.array([8, 1, 2, 2])), name="patches/out")
        x = make.op("Transpose", x, name="patches/turned", perm=[0, 2, 1, 3])
        x = make.op("Reshape", x, make.constant("map", np.array([1, 8, 2, 2])), name="map/out")
        x = make.op("Conv", x, make.weight("mix", 8, 8, 3, 3), name="mixed", pads=[1] * 4, kernel_shape=[3, 3])
        make.op("Sigmoid", x, name="y")
        return make.model({"x": [1, 4, 16]}, ["y"])

    monkeypatch.setitem(MODELS, "folding", folding)
    check("folding", how, variant("folding", how, tmp_path))


@pytest.mark.parametrize("names", ["kept", "stripped"])
def test_a_product_with_a_reciprocal_is_a_quotient(names: str, tmp_path: Path, monkeypatch) -> None:
    """A normalization that ends a T5: what follows it does not tell what it is, and it runs as one op."""

    def normal(*, quotient: bool) -> onnx.ModelProto:
        make = Builder()
        one, two, least = (make.constant(f"{number}", np.float32(number)) for number in (1, 2, 1e-6))
        x = make.op("MatMul", "x", make.weight("up", 16, 32), name="up/out")
        square = make.op("ReduceMean", make.op("Pow", x, two, name="square"), axes=[-1], name="mean")
        root = make.op("Sqrt", make.op("Add", square, least, name="sum"), name="root")
        if quotient:
            x = make.op("Div", x, root, name="normal")
        else:
            x = make.op("Mul", x, make.op("Div", one, root, name="reciprocal"), name="normal")
        make.op("Mul", make.weight("gamma", 32, scale=1.0), x, name="y")
        return make.model({"x": [1, 6, 16]}, ["y"])

    monkeypatch.setitem(MODELS, "normal", lambda: normal(quotient=True))
    path = made("normal", "same", names, tmp_path)
    monkeypatch.setitem(MODELS, "normal", lambda: normal(quotient=False))
    check("normal", "same", path)


@pytest.mark.parametrize("names", ["kept", "stripped"])
@pytest.mark.parametrize("how", ["same", "fp16", "QDQ"])
def test_layers_that_share_their_weights_are_told_apart(how: str, names: str, tmp_path: Path, monkeypatch) -> None:
    """As in ALBERT; onnxruntime finds that weights are equal where an exporter has stored them for each layer."""

    def shared() -> onnx.ModelProto:
        make, x = Builder(), "x"
        weight, bias = make.weight("w", 32, 32), make.weight("b", 32)
        split, joined = make.constant("split", np.array([1, 6, 4, 8])), make.constant("joined", np.array([1, 6, 32]))
        for layer in ("one", "two"):
            make.constant(f"{layer}.w", make.constants[weight].copy())
            y = make.op("Reshape", make.op("Relu", x, name=f"{layer}/relu"), split, name=f"{layer}/split")
            y = make.op("Transpose", y, name=f"{layer}/turned", perm=[0, 1, 3, 2])
            y = make.op(
                "MatMul", make.op("Reshape", y, joined, name=f"{layer}/joined"), f"{layer}.w", name=f"{layer}/product"
            )
            y = make.op("Add", y, bias, name=f"{layer}/out")
            x = make.op("Add", x, make.op("Softmax", y, name=f"{layer}/act", axis=-1), name=f"{layer}/sum")
        del make.constants[weight]
        return make.model({"x": [1, 6, 32]}, ["two/sum"])

    monkeypatch.setitem(MODELS, "shared", shared)
    check("shared", how, made("shared", how, names, tmp_path))


@pytest.mark.parametrize("names", ["kept", "stripped"])
def test_a_reshape_takes_nothing_in_that_lies_before_what_it_is_given(names: str, tmp_path: Path, monkeypatch) -> None:
    """A feed-forward part in half precision: what is not found at first must not be explained by a reshape behind."""

    def feed_forward() -> onnx.ModelProto:
        make, x = Builder(), "x"
        for layer in ("one", "two"):
            y = make.op("MatMul", x, make.weight(f"{layer}/up", 32, 64), name=f"{layer}/product")
            y = make.op(
                "Gelu", make.op("Add", y, make.weight(f"{layer}/b", 64), name=f"{layer}/hidden"), name=f"{layer}/act"
            )
            y = make.op("MatMul", y, make.weight(f"{layer}/down", 64, 32), name=f"{layer}/back")
            y = make.op("Add", y, make.weight(f"{layer}/c", 32), name=f"{layer}/out")
            x = make.op("Add", y, x, name=f"{layer}/sum")
            scale = make.weight(f"{layer}/gamma", 32, scale=1.0), make.weight(f"{layer}/beta", 32)
            x = make.op("LayerNormalization", x, *scale, name=f"{layer}/norm", axis=-1)
        return make.model({"x": [1, 6, 32]}, [x], opset=20)

    monkeypatch.setitem(MODELS, "feed_forward", feed_forward)
    model, matching, _ = check("feed_forward", "fp16", made("feed_forward", "fp16", names, tmp_path))
    found = {model.tensors[one.tensor].name for one in matching.matches}
    assert {"one/act", "one/out", "two/act", "two/out"} <= found


def test_a_flatten_is_a_reshape(tmp_path: Path, monkeypatch) -> None:
    def flattened(*, other: bool) -> onnx.ModelProto:
        make = Builder()
        x = make.op("Relu", make.op("Conv", "x", make.weight("stem", 16, 3, 3, 3), name="stem/out"), name="stem/relu")
        if other:
            x = make.op("Reshape", x, make.constant("row", np.array([1, -1])), name="flat")
        else:
            x = make.op("Flatten", x, name="flat", axis=1)
        make.op("MatMul", make.op("Sigmoid", x, name="gate"), make.weight("head", 576, 4), name="y")
        return make.model({"x": [1, 3, 8, 8]}, ["y"])

    monkeypatch.setitem(MODELS, "flattened", lambda: flattened(other=True))
    path = made("flattened", "same", "stripped", tmp_path)
    monkeypatch.setitem(MODELS, "flattened", lambda: flattened(other=False))
    model, matching, _ = check("flattened", "same", path)
    assert "flat" in {model.tensors[one.tensor].name for one in matching.matches}
