"""Small constants are followed through shape arithmetic, within bounds."""

from __future__ import annotations

import pytest
from shape_models import evaluation_of, output_shapes

from haoline_analysis.shapes.dims import TIMES


def test_an_exporters_view_is_followed() -> None:
    graph = """
    g (float[batch, seq, 768] x) => (y) {
      s = Shape(x)
      zero = Constant<value = int64 {0}>()
      b = Gather(s, zero)
      b1 = Unsqueeze(b, z)
      z = Constant<value = int64[1] {0}>()
      rest = Constant<value = int64[3] {-1, 12, 64}>()
      to = Concat<axis = 0>(b1, rest)
      y = Reshape(x, to)
    }"""
    ordered = graph.replace("b1 = Unsqueeze(b, z)\n      z = Constant<value = int64[1] {0}>()", "").replace(
        "rest =", "z = Constant<value = int64[1] {0}>()\n b1 = Unsqueeze(b, z)\n rest ="
    )
    assert output_shapes(ordered, {"batch": 2, "seq": 16}) == [(2, 16, 12, 64)]


@pytest.mark.parametrize(("a", "b", "quotient"), [(7, 2, 3), (-7, 2, -3), (7, -2, -3)])
def test_integer_division_truncates_toward_zero(a: int, b: int, quotient: int) -> None:
    graph = f"""
    g (float[1] x) => (q) {{
      a = Constant<value = int64 {{{a}}}>()
      b = Constant<value = int64 {{{b}}}>()
      q = Div(a, b)
    }}"""
    model, evaluation = evaluation_of(graph)
    assert evaluation.value(model.outputs[0]).data == quotient


def test_a_division_by_zero_is_not_folded() -> None:
    graph = """
    g (float[1] x) => (q) {
      a = Constant<value = int64 {1}>()
      b = Constant<value = int64 {0}>()
      q = Div(a, b)
    }"""
    model, evaluation = evaluation_of(graph)
    assert evaluation.value(model.outputs[0])[:3] == ("int64", (), None)


def test_huge_constants_are_never_made() -> None:
    graph = """
    g (float[1] x) => (y, z, r) {
      big = Constant<value = int64[2] {1048576, 1048576}>()
      y = ConstantOfShape(big)
      one = Constant<value = int64[1,1] {1}>()
      z = Expand(one, big)
      a = Constant<value = int64 {0}>()
      b = Constant<value = int64 {4611686018427387904}>()
      d = Constant<value = int64 {1}>()
      r = Range(a, b, d)
    }"""
    model, evaluation = evaluation_of(graph)
    values = [evaluation.value(index) for index in model.outputs]
    assert [value.shape for value in values] == [(2**20, 2**20), (2**20, 2**20), (2**62,)]
    assert all(value.data is None for value in values)


def test_arithmetic_beyond_64_bits_is_not_known() -> None:
    graph = """
    g (float[1] x) => (y) {
      a = Constant<value = int64 {4611686018427387904}>()
      y = Mul(a, a)
    }"""
    model, evaluation = evaluation_of(graph)
    assert evaluation.value(model.outputs[0]).data is None


def test_a_dim_beyond_63_bits_is_a_gap() -> None:
    graph = """
    g (float[1] x) => (y) {
      n = Constant<value = int64[2] {4611686018427387904, 1}>()
      big = ConstantOfShape(n)
      y = Concat<axis = 0>(big, big, big)
    }"""
    model, evaluation = evaluation_of(graph)
    assert evaluation.value(model.outputs[0]) is None
    assert any("would be" in gap.what for gap in evaluation.gaps)


def test_an_impossible_op_is_a_gap_that_names_it() -> None:
    model, evaluation = evaluation_of("g (float[2, 3] x) => (y) { y = MatMul(x, x) }")
    assert evaluation.value(model.outputs[0]) is None
    assert [(gap.what, gap.ops) for gap in evaluation.gaps] == [
        (f"MatMul: 2{TIMES}3 times 2{TIMES}3: inner dimensions differ", (0,))
    ]


def test_an_unknown_op_keeps_what_the_file_declares() -> None:
    graph = """
    g (float[batch, 3] x) => (float[batch, 5] y, z) {
      y = com.acme.Widen(x)
      z = com.acme.Mystery(x)
    }"""
    model, evaluation = evaluation_of(graph, {"batch": 4}, imports=', "com.acme" : 1')
    assert evaluation.value(model.outputs[0]).shape == (4, 5)
    assert evaluation.value(model.outputs[1]) is None
    assert [(gap.what, gap.ops) for gap in evaluation.gaps] == [
        ("no shape rule for com.acme::Mystery; shapes after it are unknown", (1,))
    ]


def test_data_dependent_shapes_are_said() -> None:
    model, evaluation = evaluation_of("g (float[4, 5] x) => (y) { y = NonZero(x) }")
    assert evaluation.value(model.outputs[0]).shape == (2, None)
    assert "depends on the data" in evaluation.gaps[0].what
