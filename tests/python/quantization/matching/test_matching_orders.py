"""Rotary embeddings, past which onnxruntime moves the transpose into heads: their axes lie in another order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from checking import check
from matching_models import MODELS, Builder, stripped, variant

from haoline_analysis.quantization.matching.orders import moves, turning

HEADS, WIDTH = 4, 8


def rotary(length: int) -> onnx.ModelProto:
    """Attention as in ModernBERT: queries, keys and values of one product, the first two turned by their place."""
    make = Builder()
    angles = np.outer(np.arange(length), 0.5 ** np.arange(WIDTH // 2)).astype(np.float32)
    angles = np.concatenate([angles, angles], 1)[None, None]
    cos, sin = make.constant("cos", np.cos(angles)), make.constant("sin", np.sin(angles))
    axis = make.constant("axis", np.array([3]))

    def cut(x: str, low: int, high: int, name: str) -> str:
        bounds = [make.constant(f"at{at}", np.array([at])) for at in (low, high)]
        return make.op("Slice", x, *bounds, axis, name=name)

    def turned(x: str, name: str) -> str:
        halves = cut(x, 0, WIDTH // 2, f"{name}/first"), cut(x, WIDTH // 2, WIDTH, f"{name}/second")
        other = make.op(
            "Concat", make.op("Neg", halves[1], name=f"{name}/neg"), halves[0], axis=-1, name=f"{name}/swap"
        )
        parts = make.op("Mul", x, cos, name=f"{name}/cos"), make.op("Mul", other, sin, name=f"{name}/sin")
        return make.op("Add", *parts, name=f"{name}/turned")

    x = make.op("MatMul", "x", make.weight("qkv", 16, 3 * HEADS * WIDTH), name="qkv/out")
    x = make.op("Reshape", x, make.constant("split", np.array([1, length, 3, HEADS, WIDTH])), name="heads")
    x = make.op("Transpose", x, perm=[0, 3, 2, 1, 4], name="heads/first")
    parts = "query", "key", "value"
    query, key, value = (
        make.op("Gather", x, make.constant(f"{part}/at", np.array(at)), axis=2, name=part)
        for at, part in enumerate(parts)
    )
    key = make.op("Transpose", turned(key, "key"), perm=[0, 1, 3, 2], name="key/columns")
    scores = make.op("MatMul", turned(query, "query"), key, name="scores")
    x = make.op("MatMul", make.op("Softmax", scores, axis=-1, name="weights"), value, name="mixed")
    x = make.op("Transpose", x, perm=[0, 2, 1, 3], name="mixed/back")
    x = make.op("Reshape", x, make.constant("joined", np.array([1, length, HEADS * WIDTH])), name="joined/out")
    make.op("MatMul", x, make.weight("out", HEADS * WIDTH, 16), name="y")
    return make.model({"x": [1, length, 16]}, ["y"])


@pytest.mark.parametrize("names", ["kept", "stripped"])
@pytest.mark.parametrize("how", ["same", "optimised", "fp16", "dynamic", "QOperator"])
@pytest.mark.parametrize("length", [6, HEADS])
def test_tensors_are_found_in_another_order_of_axes(length, how, names, tmp_path: Path, monkeypatch) -> None:
    """Where there are as many heads as tokens, shapes do not tell the orders apart."""
    monkeypatch.setitem(MODELS, "rotary", lambda: rotary(length))
    path = variant("rotary", how, tmp_path)
    path = stripped(path, tmp_path / "stripped.onnx", ports=True) if names == "stripped" else path
    model, matching, _ = check("rotary", how, path)
    found = {model.tensors[one.tensor].name: one.transpose for one in matching.matches}
    assert found["key/turned"] == found["key/swap"] == found["key/cos"] == (0, 2, 1, 3)
    assert found["scores"] is None


def test_only_orders_that_move_elements_into_a_wanted_shape_are_tried() -> None:
    known = [(0, 2, 1, 3), (0, 2, 3, 1), (0, 3, 1, 2), (1, 0, 2)]
    assert turning((1, 6, 4, 8), known, {(1, 4, 6, 8)}) == [(0, 2, 1, 3)]
    assert turning((1, 4, 4, 8), known, {(1, 4, 4, 8), (1, 4, 8, 4)}) == [(0, 2, 1, 3), (0, 2, 3, 1)]
    assert turning((1, 1, 4, 8), known, {(1, 4, 1, 8)}) == []
    assert turning((1, 6, 4, 8), known, {(1, 6, 4, 8)}) == []


def test_axes_of_size_one_may_go_anywhere() -> None:
    assert not moves((0, 2, 1, 3), (1, 1, 4, 8))
    assert moves((0, 2, 1, 3), (1, None, 4, 8))
    assert not moves((0, 1, 2), (2, 3, 4))
