"""How far stored weights are off, by hand from the arrays in the files."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from haoline_analysis.formats import open_model
from haoline_analysis.quantization.divergence.weights import weight_errors
from haoline_analysis.quantization.structure import Reading

SHAPE = (24, 40)


def gemm(weights: dict[str, np.ndarray], *nodes, operand: str, turned: bool = False):
    node = helper.make_node("Gemm", ["x", operand], ["y"], transB=int(turned))
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, None))
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, None))
    held = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = helper.make_graph([*nodes, node], "g", [value], [out], held)
    return open_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10))


def quantized(integers: np.ndarray, scale: np.ndarray, **given):
    node = helper.make_node("DequantizeLinear", ["q", "s"], ["w"], **given)
    return gemm({"q": integers, "s": scale}, node, operand="w")


def told(floats: np.ndarray, variant) -> float | None:
    row = len(variant.ops) - 1
    return weight_errors(gemm({"w": floats}, operand="w"), Reading(variant), {(0, 1): (row, 1)}).get(0)


def sqnr(floats: np.ndarray, reals: np.ndarray) -> float:
    signal, noise = floats.astype(float), floats.astype(float) - reals
    return float(10 * np.log10((signal**2).sum() / (noise**2).sum()))


@pytest.fixture(scope="module")
def weight() -> np.ndarray:
    rng = np.random.default_rng(3)
    return (rng.standard_normal(SHAPE) * rng.uniform(0.01, 4, SHAPE[1])).astype(np.float32)


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_of_integers_with_one_scale_or_one_per_channel(weight, axis):
    least = np.abs(weight).max(None if axis is None else 1 - axis, keepdims=axis is not None) / 127
    integers = np.rint(weight / least).astype(np.int8)
    given = {} if axis is None else {"axis": axis}
    variant = quantized(integers, np.asarray(least, np.float32).reshape(-1 if axis is not None else ()), **given)
    assert told(weight, variant) == pytest.approx(sqnr(weight, integers * least.astype(float)), abs=1e-3)


def test_of_a_square_weight_that_is_stored_the_other_way_round(weight):
    """Its shape does not tell: only what the ops read does."""
    square = weight[:, :24]
    half = square.T.astype(np.float16)
    variant = gemm({"w": half}, operand="w", turned=True)
    assert told(square, variant) == pytest.approx(sqnr(square, half.T.astype(float)), abs=1e-3)


def test_of_a_weight_that_is_stored_the_other_way_round(weight):
    half = weight.T.astype(np.float16)
    variant = gemm({"w": half}, operand="w", turned=True)
    assert told(weight, variant) == pytest.approx(sqnr(weight, half.T.astype(float)), abs=1e-3)


def test_the_same_weight_has_no_error_at_all(weight):
    assert told(weight, gemm({"w": weight}, operand="w")) == np.inf
    zeros = np.zeros_like(weight)
    assert told(zeros, gemm({"w": zeros}, operand="w")) == np.inf


def test_what_cannot_be_told_is_left_out(weight):
    assert told(np.zeros_like(weight), gemm({"w": weight}, operand="w")) is None  # no signal to compare with
    assert told(weight, gemm({"w": weight[:, :-1]}, operand="w")) is None
    assert told(weight, quantized(np.ones(SHAPE, np.int8), np.ones(7, np.float32), axis=1)) is None  # a bad grid


CHANNELS = 6
NORMALISED = {name: np.float32(np.random.default_rng(at).uniform(0.2, 4, CHANNELS)) for at, name in enumerate("gbmv")}
KERNELS = np.random.default_rng(9).standard_normal((CHANNELS, 3, 2, 2)).astype(np.float32)


def convolution(kernels: np.ndarray, *behind, **weights: np.ndarray):
    """A convolution "c" and what is behind it."""
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"]), *behind]
    held = [numpy_helper.from_array(array, name) for name, array in {"w": kernels, **weights}.items()]
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 3, 4, 4))
    out = helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "g", [value], [out], held)
    return open_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10))


def normalisation(**given):
    return helper.make_node("BatchNormalization", ["c", "g", "b", "m", "v"], ["y"], **given)


def of_kernels(model, other) -> float | None:
    return weight_errors(model, Reading(other), {(0, 1): (0, 1)}).get(0)


def coarse(kernels: np.ndarray) -> np.ndarray:
    return np.round(kernels, 1).astype(np.float32)


@pytest.mark.parametrize("epsilon", [None, 0.5])
def test_of_a_weight_that_batch_normalisation_was_merged_into(epsilon):
    behind = normalisation() if epsilon is None else normalisation(epsilon=epsilon)
    scale = NORMALISED["g"] / np.sqrt(NORMALISED["v"] + (1e-5 if epsilon is None else epsilon))
    merged = (KERNELS * scale.reshape(-1, 1, 1, 1)).astype(np.float32)
    made = of_kernels(convolution(KERNELS, behind, **NORMALISED), convolution(coarse(merged)))
    assert made == pytest.approx(sqnr(merged, coarse(merged).astype(float)), abs=1e-3)


def test_of_a_weight_that_batch_normalisation_is_still_behind():
    model = convolution(KERNELS, normalisation(), **NORMALISED)
    made = of_kernels(model, convolution(coarse(KERNELS), normalisation(), **NORMALISED))
    assert made == pytest.approx(sqnr(KERNELS, coarse(KERNELS).astype(float)), abs=1e-3)


def test_of_a_weight_that_several_products_were_merged_into():
    """As where batch normalisation is a product, a sum and another product."""
    factor = np.linspace(0.5, 3, CHANNELS, dtype=np.float32)
    steps = [
        helper.make_node("Mul", ["c", "factor"], ["d"]),
        helper.make_node("Add", ["d", "offset"], ["e"]),
        helper.make_node("Mul", ["two", "e"], ["y"]),
    ]
    stored = {"factor": factor.reshape(1, -1, 1, 1), "offset": factor.reshape(-1, 1, 1), "two": np.float32(2)}
    model = convolution(KERNELS, *steps, **{name: np.asarray(array) for name, array in stored.items()})
    for merged in (KERNELS * factor.reshape(-1, 1, 1, 1), 2 * KERNELS * factor.reshape(-1, 1, 1, 1)):
        made = of_kernels(model, convolution(coarse(merged)))
        assert made == pytest.approx(sqnr(merged, coarse(merged).astype(float)), abs=1e-3)


def test_what_others_read_too_is_merged_into_nothing():
    beside = helper.make_node("Relu", ["c"], ["z"])
    scale = NORMALISED["g"] / np.sqrt(NORMALISED["v"] + 1e-5)
    merged = (KERNELS * scale.reshape(-1, 1, 1, 1)).astype(np.float32)
    made = of_kernels(convolution(KERNELS, beside, normalisation(), **NORMALISED), convolution(merged))
    assert made == pytest.approx(sqnr(KERNELS, merged.astype(float)), abs=1e-3)
