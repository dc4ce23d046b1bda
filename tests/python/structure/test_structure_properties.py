"""What holds of the module tree of any graph."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from structure_models import Builder, assert_flows_one_way, assert_sound, stripped

from haoline_analysis import open_model
from haoline_analysis.structure import build_scopes
from haoline_analysis.structure.groups import CROWDED

ONE = ("Relu", "Neg", "Exp", "GlobalAveragePool", "Shape", "Softmax")
TWO = ("Add", "MatMul", "Mul", "Sub")

step = st.tuples(
    st.integers(0, len(ONE) + len(TWO)),  # the last one makes a constant
    st.one_of(st.integers(1, 4), st.integers(1, 200)),
    st.one_of(st.integers(1, 4), st.integers(1, 200)),
)
motif = st.lists(step, min_size=1, max_size=12)
graphs = st.lists(st.tuples(motif, st.integers(1, 9)), min_size=1, max_size=8)
"""Motifs and how often each comes in a row; steps say how far back they read."""


def built(parts, scope=""):
    b = Builder()
    made = ["x"]
    for number, (steps, times) in enumerate(parts):
        for _ in range(times):
            place = scope.format(letter=chr(ord("a") + number))
            for kind, near, far in steps:
                inputs = [made[max(0, len(made) - back)] for back in (near, far)]
                if kind < len(ONE):
                    made.append(b.op(ONE[kind], place, inputs[0]))
                elif kind < len(ONE) + len(TWO):
                    made.append(b.op(TWO[kind - len(ONE)], place, *inputs))
                else:
                    made.append(b.op("Constant", place, value_float=1.0))
    return b.model(["x"], made[-1])


@settings(max_examples=150, deadline=None)
@given(graphs)
def test_without_names_the_tree_is_sound(parts):
    model = open_model(stripped(built(parts)))
    scopes = build_scopes(model)
    assert_sound(model, scopes)


@settings(max_examples=60, deadline=None)
@given(graphs)
def test_the_same_graph_gives_the_same_tree(parts):
    first, second = (build_scopes(open_model(stripped(built(parts)))) for _ in range(2))
    assert first.path == second.path
    assert first.class_name == second.class_name
    assert first.op_scope.tolist() == second.op_scope.tolist()
    assert first.structure.tolist() == second.structure.tolist()


@settings(max_examples=60, deadline=None)
@given(graphs)
def test_groups_inside_a_named_scope_do_not_change_which_module_an_op_is_in(parts):
    """With a scope per motif; scopes may feed one another, but each op stays below its own."""
    model = open_model(built(parts, scope="/net/{letter}"))
    scopes = build_scopes(model)
    if scopes.source != "names":
        return
    kept = set(scopes.path)
    for op, row in zip(model.ops, scopes.op_scope.tolist(), strict=True):
        path = op.name.strip("/").rpartition("/")[0]
        chain = {scopes.path[row], *(scopes.path[up] for up in _above(scopes, row))}
        assert path not in kept or path in chain or op.type in ("Constant", "Shape") or not op.inputs


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 400), st.integers(1, 5))
def test_one_crowded_module_flows_one_way(count, back):
    b = Builder()
    made = ["x"]
    for index in range(count):
        made.append(b.op("Add", "/net/only", made[-1], made[max(0, index - back)]))
    out = b.op("Relu", "/net/other", b.op("Neg", "/net/other", made[-1]))
    model = open_model(b.model(["x"], out))
    scopes = build_scopes(model)
    assert_flows_one_way(model, scopes)
    assert_sound(model, scopes, limit=CROWDED)


def _above(scopes, row):
    while row > 0:
        row = int(scopes.parent[row])
        yield row
