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
