"""Plans on a noise model and a time model made by hand, whose best answers can be counted out."""

import itertools
import math

import numpy as np
import pytest
from onnx import helper, numpy_helper
from tradeoff_models import DIGITS

from haoline_analysis.formats import open_model
from haoline_analysis.quantization.sensitivity.additive import Additive, Base, Prediction
from haoline_analysis.quantization.sensitivity.units import Unit
from haoline_analysis.quantization.tradeoffs.building import Step
from haoline_analysis.quantization.tradeoffs.goals import Goal
from haoline_analysis.quantization.tradeoffs.latencies import per_op
from haoline_analysis.quantization.tradeoffs.naming import by_float_names
from haoline_analysis.quantization.tradeoffs.outcome import Outcome
from haoline_analysis.quantization.tradeoffs.placing import Placing
from haoline_analysis.quantization.tradeoffs.planning import Problem, plans
from haoline_analysis.quantization.tradeoffs.profiling import Kernel
from haoline_analysis.quantization.tradeoffs.timing import NOTHING, Choice, Times, _Op, _rates, _Tensor


def unit(name, *ops):
    return Unit(name, (0,), ops, (name,), "activation", name)


def problem(units, noise, *, wide=None, times=None, grown=None, limit=math.inf):
    total = sum(noise)
    additive = Additive(units, noise, wide or noise, Base(total, 1 / math.sqrt(1 + total)))
    sizes = grown or [0.0] * len(units)
    return Problem(additive, times, sizes, 25.0, 100.0, limit, wide is not None)


def times_of(costs, tensors=None):
    """Ops that take 10 µs as integers and 10 µs more than their cost says as float."""
    found = Times(variant_us=10.0 * len(costs), float_us=0.0)
    for op, cost in costs.items():
        found.ops[op] = _Op(float_us=10.0 + cost, quantized_us=10.0, integer=True)
    found.tensors = tensors or {}
    return found


def test_what_costs_least_per_noise_goes_first():
    units = [unit("a", "A"), unit("b", "B"), unit("c", "C")]
    costs = times_of({"A": 10.0, "B": 1.0, "C": 1.0})
    found = plans(problem(units, [0.5, 0.4, 0.1], times=costs), 0.6, {"everything": ()})[0]
    assert found.keep_float == ("B",)
    assert found.reached
    assert found.noise == pytest.approx(0.6)
    assert found.us == pytest.approx(31.0)


def test_a_quantizer_goes_only_with_all_ops_that_ask_for_it():
    units = [unit("shared", "A", "B"), unit("own", "C")]
    found = plans(problem(units, [0.9, 0.1]), 0.2, {"everything": ()})[0]
    assert found.keep_float == ("A", "B")
    assert found.noise == pytest.approx(0.1)


def test_plans_are_near_the_best_there_is():
    units = [unit("ab", "A", "B"), unit("bc", "B", "C"), unit("a", "A"), unit("d", "D"), unit("cd", "C", "D")]
    noise = [0.3, 0.2, 0.15, 0.25, 0.1]
    costs = {"A": 3.0, "B": 2.0, "C": 4.0, "D": 2.5}
    asked = problem(units, noise, times=times_of(costs))
    for goal in (0.9, 0.7, 0.5, 0.3, 0.1):
        found = plans(asked, goal, {"everything": ()})[0]
        best = min(
            sum(costs[op] for op in kept)
            for count in range(5)
            for kept in itertools.combinations(costs, count)
            if asked.noise(Choice(frozenset(kept))) <= goal
        )
        assert found.reached
        assert found.us - 40.0 <= 1.5 * best + 1e-9


def test_what_a_goal_does_not_need_is_taken_back():
    units = [unit("cheap", "A"), unit("large", "B")]
    costs = times_of({"A": 0.1, "B": 10.0})
    found = plans(problem(units, [0.2, 0.8], times=costs), 0.3, {"everything": ()})[0]
    assert found.keep_float == ("B",)


def test_ops_of_a_move_are_taken_back_one_by_one():
    """``A`` goes along with ``B`` for what both ask for, until ``C`` makes up for that."""
    units = [unit("ab", "A", "B"), unit("b", "B"), unit("c", "C"), unit("d", "D")]
    costs = times_of({"A": 0.01, "B": 1.0, "C": 3.0, "D": 100.0})
    asked = problem(units, [0.2, 0.3, 0.4, 0.1], times=costs)
    assert plans(asked, 0.5, {"everything": ()})[0].keep_float == ("A", "B")
    assert plans(asked, 0.45, {"everything": ()})[0].keep_float == ("B", "C")


def test_size_is_kept():
    units = [unit("w", "A"), unit("x", "B")]
    asked = problem(units, [0.6, 0.4], grown=[60.0, 0.0], limit=30.0)
    found = plans(asked, 0.5, {"everything": ()})[0]
    assert found.keep_float == ("B",)
    assert found.bytes == 25.0


def test_what_fitted_before_others_took_the_room_is_not_taken():
    """Each fits alone, all three do not: room is looked at when a move is made, not when it is weighed."""
    units = [unit("a", "A"), unit("b", "B"), unit("c", "C")]
    asked = problem(units, [0.4, 0.35, 0.25], grown=[4.0, 4.0, 4.0], limit=34.0)
    found = plans(asked, 0.01, {"everything": ()})[0]
    assert found.keep_float == ("A", "B")
    assert found.bytes == 33.0
    assert not found.reached
    assert not found.reached


def test_sixteen_bits_where_float_takes_too_much_room():
    units = [unit("w", "A"), unit("x", "B")]
    asked = problem(units, [0.6, 0.4], wide=[0.001, 0.4], grown=[60.0, 0.0], limit=30.0)
    found = plans(asked, 0.45, {"everything": ()})[0]
    assert found.int16 == ("A",)
    assert found.keep_float == ()
    assert found.reached
    assert found.noise == pytest.approx(0.401)


def test_out_of_reach():
    found = plans(problem([unit("a", "A")], [1.0]), -1.0, {"everything": ()})[0]
    assert not found.reached
    assert found.keep_float == ("A",)


def test_starts_compete_and_plans_that_reach_the_goal_come_first():
    units = [unit("a", "A"), unit("b", "B")]
    costs = times_of({"A": -5.0, "B": 10.0})
    found = plans(problem(units, [0.1, 0.9], times=costs), 0.2, {"everything": (), "all": ("A", "B", "unknown")})
    assert [plan.start for plan in found] == ["everything", "all"] or found[0].us < found[1].us
    assert found[0].us <= found[1].us


def test_quantize_and_dequantize_where_integers_meet_reals():
    times = times_of({"A": 2.0, "B": 2.0})
    times.tensors = {"between": _Tensor(1000, "A", ("B",), ("A", "B"))}
    times.rates = (0.002, 0.003)
    integers = times.total(NOTHING)
    assert integers == pytest.approx(20.0)
    assert times.total(Choice(frozenset({"A"}))) == pytest.approx(22.0 + 2.0)  # Q after A
    assert times.total(Choice(frozenset({"B"}))) == pytest.approx(22.0 + 3.0)  # DQ before B
    assert times.total(Choice(frozenset({"A", "B"}))) == pytest.approx(24.0)
    assert times.change(NOTHING, Choice(frozenset({"A"})), ["A"]) == pytest.approx(4.0)
    assert times.total(Choice(frozenset(), frozenset({"A"}))) == pytest.approx(24.0)


def test_times_of_ops_at_16_bits_add_up():
    times = times_of({"A": 2.0, "B": 2.0, "C": 2.0})
    times.tensors = {
        "ab": _Tensor(1000, "A", ("B",), ("A", "B")),
        "bc": _Tensor(1000, "B", ("C",), ("B", "C")),
    }
    times.rates = (0.002, 0.003)
    found = per_op(times)
    assert found["B"] == pytest.approx((12.0, 10.0, 12.0 + 3.0 + 2.0))  # DQ of what A hands over, Q of its own
    wide = Choice(frozenset(), frozenset({"A", "B"}))
    added = sum(found[op].int16_us - found[op].quantized_us for op in "AB")
    assert added == pytest.approx(times.total(wide) - times.total(NOTHING))


def test_around_a_tensor():
    """Preparing a model may have added what is quantized."""
    model = open_model(DIGITS)
    placing = Placing(model, {})
    made = model.tensors[model.ops[0].outputs[0]]
    assert placing.around(made.name) == (model.ops[0].name, tuple(model.ops[at].name for at in made.consumers))
    assert placing.around(model.tensors[model.inputs[0]].name)[0] is None
    assert placing.around("added") == (None, ())


def kernel(name, kind, inputs, outputs, *, us=1.0, elements=1):
    return Kernel(name, kind, tuple(inputs), tuple(outputs), us, elements, kind.startswith("QLinear"))


def convolutions():
    """Two convolutions with a ReLU each, the second one around the first: ``relu(conv(a) + a)``."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["h"], "first"),
        helper.make_node("Relu", ["h"], ["a"], "bend"),
        helper.make_node("Conv", ["a", "v"], ["g"], "second"),
        helper.make_node("Add", ["g", "a"], ["s"], "around"),
        helper.make_node("Relu", ["s"], ["r"], "last"),
        helper.make_node("Conv", ["r", "u"], ["y"], "third"),
    ]
    constants = [numpy_helper.from_array(np.ones((8, 8, 1, 1), np.float32), name) for name in "wvu"]
    ports = ([helper.make_tensor_value_info(name, 1, [1, 8, 4, 4])] for name in "xy")
    graph = helper.make_graph(nodes, "g", *ports, constants)
    return open_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8))


def test_kernels_in_blocked_layout_are_placed_by_their_names():
    """onnxruntime names them after what they make; a sum and a ReLU may be in them that the name does not tell."""
    model = convolutions()
    kernels = [
        kernel("ReorderInput", "ReorderInput", ["x"], ["reorder"]),
        kernel("a_nchwc", "Conv", ["reorder", "reorder_token_1"], ["reorder_token_2"]),
        kernel("g_nchwc", "Conv", ["reorder_token_2", "reorder_token_3", "", "reorder_token_2"], ["reorder_token_4"]),
        kernel("y_nchwc_token_7", "Conv", ["reorder_token_4", "reorder_token_5"], ["reorder_token_6"]),
        kernel("ReorderOutput", "ReorderOutput", ["reorder_token_6"], ["y"]),
    ]
    placing = Placing(model, {})
    placed = [set(placing.shares(each)) for each in by_float_names(kernels, model)]
    assert placed == [set(), {"first", "bend"}, {"second"}, {"third", "last", "around"}, {"third"}]


def test_integer_kernels_are_placed_by_their_scales():
    """Where the layout is changed around them they get names that are taken from no tensor."""
    model = convolutions()
    zero = [f"x_{what}" for what in ("scale", "zero_point")]
    kernels = [
        kernel("x_QuantizeLinear", "QuantizeLinear", ["x", *zero], ["x_QuantizeLinear_Output"]),
        kernel("Transpose", "Transpose", ["x_QuantizeLinear_Output"], ["Transpose_out0"]),
        kernel(
            "first_token_1",
            "QLinearConv",
            ["Transpose_out0", *zero, "w_quantized", "w_scale", "w_zero_point", "a_scale", "a_zero_point"],
            ["first"],
        ),
        kernel("second_token_2", "QLinearConv", ["first", "shared", "zero", "v_quantized"], ["second"]),
    ]
    placing = Placing(model, {})
    placed = [set(placing.shares(each)) for each in by_float_names(kernels, model)[2:]]
    assert placed == [{"first", "bend"}, {"second"}]


def test_the_time_per_element_is_told_by_large_tensors():
    """Ten elements take as long as any kernel takes to start."""
    large = kernel("q", "QuantizeLinear", ["x"], ["q"], us=10.0, elements=10_000)
    small = kernel("d", "DequantizeLinear", ["z"], ["y"], us=3.0, elements=10)
    other = kernel("e", "DequantizeLinear", ["z"], ["y"], us=8.0, elements=4_000)
    assert _rates([large, small]) == (pytest.approx(1e-3), pytest.approx(1e-3))
    assert _rates([large, small, other]) == (pytest.approx(1e-3), pytest.approx(2e-3))
    assert _rates([]) == (0.0, 0.0)


def test_a_plan_that_is_better_than_asked_for_leaves_no_room_for_a_looser_goal():
    """There is room only for as much more as it was predicted to have."""
    for predicted, expected in ((1e-5, 0.9e-3), (2e-5, 1.8e-3)):
        step = Step("plan 1", None, (), (), Outcome(sqnr_db=50.0), True, Prediction(predicted, 50.0, 0.9999, ""))
        assert Goal(1e-3, None).after(step, 0.8e-3) == pytest.approx(expected)
