"""Graphs of ATen ops written down by hand: what readers of exported programs and known families rely on."""

from __future__ import annotations

import numpy as np
import pytest

from haoline_analysis.errors import ModelError
from haoline_analysis.formats.torch.aten import AtenBuilder
from haoline_analysis.model import Packing, Weight
from haoline_analysis.report import analyze


class Zeros:
    def __init__(self, *shape: int) -> None:
        self.shape = shape

    def load(self) -> np.ndarray:
        return np.zeros(self.shape, np.float16)


def weight(*shape: int, **fields: object) -> Weight:
    return Weight("float16", shape, Zeros(*shape), **fields)  # type: ignore[arg-type]


def test_ops_link_to_what_they_read_and_equal_attributes_are_one_object() -> None:
    builder = AtenBuilder()
    x = builder.input("x", "float32", (2, 4))
    (y,) = builder.op("gelu", [x, -1], [("y", "float32", (2, 4))], {"approximate": "none"})
    (z,) = builder.op("gelu", [y], [("z", "float32", (2, 4))], {"approximate": "none"})
    model = builder.finish(name="two", format="torch", outputs=[z])
    assert model.ops[0].inputs == (x,)  # an omitted input at the end says nothing
    assert model.ops[0].attributes is model.ops[1].attributes
    assert [tensor.consumers for tensor in model.tensors] == [[0], [1], []]
    assert [op.name for op in model.ops] == ["y", "z"]


def test_numbers_of_different_types_are_different_attributes() -> None:
    builder = AtenBuilder()
    x = builder.input("x", "float32", (2,))
    for value in (1, 1.0, True):
        builder.op("mul", [x], [("y", "float32", (2,))], {"other": value})
    assert [type(op.attributes["other"]) for op in builder.ops] == [int, float, bool]


def test_what_nothing_made_cannot_be_read() -> None:
    with pytest.raises(ModelError, match="relu reads tensor 3, which nothing has made"):
        AtenBuilder().op("relu", [3], [("y", "float32", (2,))])


def test_declared_shapes_follow_the_binding() -> None:
    builder = AtenBuilder()
    tokens = builder.input("input_ids", "int64", ("batch", "seq"))
    table = builder.weight("embed.weight", weight(100, 8))
    (rows,) = builder.op("embedding", [table, tokens], [("rows", "float16", ("batch", "seq", 8))])
    (twice,) = builder.op("cat", [rows, rows], [("twice", "float16", ("batch", "2*seq", 8))], {"dim": 1})
    head = builder.weight("head.weight", weight(100, 8))
    scope = [("head", "Linear")]
    (logits,) = builder.op("linear", [twice, head], [("logits", "float16", ("batch", "2*seq", 100))], scope=scope)
    model = builder.finish(name="m", format="torch", outputs=[logits])
    report = analyze(model, shapes={"batch": 3, "seq": 5})
    assert report.totals.macs == 3 * 10 * 100 * 8
    assert report.outputs[0].shape == (3, 10, 100)
    assert model.ops[-1].metadata == {"namespace": ": /head: Linear/linear: aten.linear"}
    assert report.gaps == []


def test_chosen_experts_count_and_idle_ones_are_not_read() -> None:
    """3 tokens of 2 experts each: 6 rows of two 4 x 8 halves and an 8 x 4 matrix, in float16."""
    builder = AtenBuilder()
    hidden = builder.input("x", "float16", (3, 4))
    chosen, shares = builder.input("chosen", "int64", (3, 2)), builder.input("shares", "float16", (3, 2))
    up, down = builder.weight("up", weight(16, 16, 4)), builder.weight("down", weight(16, 4, 8))
    result = [("y", "float16", (3, 4))]
    (y,) = builder.op("moe_experts", [hidden, chosen, shares, up, down], result, {"k": 2})
    report = analyze(builder.finish(name="moe", format="torch", outputs=[y]))
    assert report.totals.macs == 6 * 3 * 4 * 8
    assert report.ops.macs_all_experts.tolist() == [3 * 16 * 3 * 4 * 8]
    activations = 3 * 4 * 2 + 3 * 2 * 8 + 3 * 2 * 2 + 3 * 4 * 2
    assert report.ops.bytes_moved.tolist() == [activations + 16 * 96 * 2 * 6 // 16]


def test_packed_weights_count_as_what_they_stand_for() -> None:
    packing = Packing("GPTQ", "GPTQ int4, groups of 128", dtype="int4", bits=4.25)
    packed = Weight("int32", (16, 32), Zeros(2, 32), stored_bytes=256, packing=packing, stored_shape=(2, 32))
    builder = AtenBuilder()
    x = builder.input("x", "float16", (1, 32))
    (y,) = builder.op("linear", [x, builder.weight("w", packed)], [("y", "float16", (1, 16))])
    report = analyze(builder.finish(name="q", format="torch", outputs=[y]))
    assert (report.totals.parameters, report.totals.weight_bytes) == (16 * 32, 256)
    assert report.ops.weight_precision.tolist() == ["int4"]
    assert report.ops.precision.tolist() == ["fp16"]
