"""If, Loop and Scan: what leaves their bodies."""

from __future__ import annotations

from shape_models import evaluation_of, output_shapes

BRANCHES = """
g (float[2, 3] x%s) => (y) {
  %s
  y = If (c) <
    then_branch = yes () => (a) { a = Transpose(x) },
    else_branch = no () => (b) { b = Relu(x) }
  >
}"""


def test_a_constant_condition_takes_its_branch() -> None:
    model, evaluation = evaluation_of(BRANCHES % ("", "c = Constant<value = bool {1}>()"))
    assert evaluation.value(model.outputs[0]).shape == (3, 2)
    assert list(evaluation.taken.values()) == ["then_branch"]


def test_an_unknown_condition_leaves_what_both_branches_share() -> None:
    model, evaluation = evaluation_of(BRANCHES % (", bool c", ""))
    assert evaluation.value(model.outputs[0]).shape == (None, None)
    assert evaluation.taken == {}
    assert any("If" in gap.what for gap in evaluation.gaps)


def test_what_cannot_run_may_be_impossible() -> None:
    graph = """
    g (float[2, 3] x) => (y) {
      c = Constant<value = bool {0}>()
      y = If (c) <
        then_branch = yes () => (a) { a = MatMul(x, x) },
        else_branch = no () => (b) { b = Relu(x) }
      >
    }"""
    model, evaluation = evaluation_of(graph)
    assert evaluation.value(model.outputs[0]).shape == (2, 3)
    assert evaluation.gaps == []


LOOP = """
g (float[2] x%s) => (last, all) {
  %s
  t = Constant<value = bool {1}>()
  last, all = Loop (n, t, x) <
    body = b (int64 i, bool c, float[d] v) => (c2, v2, s) { c2 = Identity(c)
      v2 = %s
      s = Relu(v) }
  >
}"""


def test_a_constant_trip_count_stacks_scan_outputs() -> None:
    model, evaluation = evaluation_of(LOOP % ("", "n = Constant<value = int64 {7}>()", "Relu(v)"))
    assert [evaluation.value(index).shape for index in model.outputs] == [(2,), (7, 2)]
    assert list(evaluation.trip_counts.values()) == [7]
    assert evaluation.assumptions == []


def test_an_unknown_trip_count_is_assumed_once_and_said() -> None:
    model, evaluation = evaluation_of(LOOP % (", int64 n", "", "Relu(v)"))
    assert [evaluation.value(index).shape for index in model.outputs] == [(2,), (None, 2)]
    assert list(evaluation.trip_counts.values()) == [1]
    assert [item.value for item in evaluation.assumptions] == [1]


def test_a_carried_value_that_grows_has_an_unknown_dim() -> None:
    shapes = output_shapes(LOOP % ("", "n = Constant<value = int64 {7}>()", "Concat<axis = 0>(v, v)"))
    assert shapes == [(None,), (7, None)]


def test_no_iterations_leave_the_initial_value() -> None:
    shapes = output_shapes(LOOP % ("", "n = Constant<value = int64 {0}>()", "Concat<axis = 0>(v, v)"))
    assert shapes[0] == (2,)


def test_scan_runs_along_its_axis() -> None:
    graph = """
    g (float[4] h, float[batch, 9, 4] x) => (last, all) {
      last, all = Scan <num_scan_inputs = 1, scan_input_axes = [1], scan_output_axes = [1],
        body = b (float[4] s, float[n, 4] v) => (s2, o) { s2 = Relu(s)
          o = Relu(v) }
      > (h, x)
    }"""
    model, evaluation = evaluation_of(graph, {"batch": 3})
    assert [evaluation.value(index).shape for index in model.outputs] == [(4,), (3, 9, 4)]
    assert list(evaluation.trip_counts.values()) == [9]


def test_every_op_in_bodies_has_a_signature() -> None:
    _, evaluation = evaluation_of(LOOP % (", int64 n", "", "Relu(v)"))
    assert (evaluation.op_signatures >= 0).all()


def nested_loops(depth: int, innermost: str) -> str:
    """A graph of loops within loops, each of which grows what it carries."""
    body = innermost
    for level in range(depth):
        body = f"""
          w{level} = Loop (n, t, v) <
            body = b{level} (int64 i{level}, bool c{level}, float[d] v) => (k{level}, u{level}) {{
              k{level} = Identity(c{level})
              {body}
              u{level} = Concat<axis = 0>(v, v) }}
          >"""
    return f"""
    g (float[2] v, int64 n) => (y) {{
      t = Constant<value = bool {{1}}>()
      {body}
      y = Relu(w{depth - 1})
    }}"""


def test_nested_loops_do_not_multiply_the_work() -> None:
    from shape_models import model_of

    from haoline_analysis.shapes import Evaluator

    evaluator = Evaluator(model_of(nested_loops(20, "z = Relu(v)")))
    evaluation = evaluator.evaluate()
    assert len(evaluation.assumptions) == 20
    assert evaluator.steps < 40 * len(evaluation.op_signatures)


def test_deeply_nested_branches_are_followed() -> None:
    body = "r = Transpose(x)"
    for level in range(28):
        body = f"""
          r = If (c) <then_branch = t{level} () => (r) {{ {body} }},
            else_branch = e{level} () => (q{level}) {{ q{level} = Relu(x) }}>"""
    graph = f"""
    g (float[2, 3] x) => (y) {{
      c = Constant<value = bool {{1}}>()
      {body}
      y = Relu(r)
    }}"""
    assert output_shapes(graph) == [(3, 2)]
