"""The roofline: which roof an op meets, what is free, what several devices and other precisions change."""

import time

import numpy as np
import onnx
import pytest
from estimate_tables import DEVICE, linear, table, values
from onnx import TensorProto, helper

from haoline_analysis.formats import open_model
from haoline_analysis.hardware import HardwareProfile, estimate, find_profile, fused_ops
from haoline_analysis.hardware.efficiency import EFFICIENCY

GPU = EFFICIENCY["gpu"]
MATRIX_US = GPU.launch_us + GPU.ramp_us


def test_an_op_with_much_arithmetic_meets_the_compute_roof():
    result = estimate(table(linear(macs=10**12)), DEVICE)
    expected = 2e12 / (1e13 * GPU.compute) * 1e6 + MATRIX_US
    assert values(result, "estimated_us")[0] == pytest.approx(expected)
    assert values(result, "bound")[0] == "compute"
    assert values(result, "utilisation")[0] == pytest.approx(GPU.compute, rel=1e-3)


def test_an_op_with_much_traffic_meets_the_memory_roof():
    result = estimate(table(linear(macs=10**9, weights=10**9)), DEVICE)
    expected = (10**9 + 2 * 10**4) / (1e12 * GPU.bandwidth) * 1e6 + MATRIX_US
    assert values(result, "estimated_us")[0] == pytest.approx(expected)
    assert result.bound == "memory"


def test_a_small_op_is_overhead():
    result = estimate(table(linear(macs=10, weights=10)), DEVICE)
    assert values(result, "bound")[0] == "overhead"
    assert result.time_us == pytest.approx(MATRIX_US, rel=0.02)
    assert result.utilisation < 0.01


def test_views_constants_and_branches_not_taken_cost_nothing():
    rows = [("Reshape", 0, 10**9, 10**9, 0, "fp32"), ("DequantizeLinear", 0, 0, 10**9, 10**8, "fp32"), linear()]
    result = estimate(table(*rows, executions=np.array([1, 1, 0])), DEVICE)
    assert values(result, "estimated_us").tolist() == [0, 0, 0]
    assert list(values(result, "bound")) == [None, None, None]
    assert result.time_us == 0


def test_shape_arithmetic_stays_on_the_host():
    result = estimate(table(("Add", 0, 16, 8, 0, "int64"), ("Add", 0, 10**9, 10**9, 0, "int64")), DEVICE)
    small, large = values(result, "estimated_us")
    assert small == pytest.approx(1.0)
    assert large > 1000


def test_a_loop_body_costs_its_trips():
    once = estimate(table(linear(), executions=np.array([1])), DEVICE)
    many = estimate(table(linear(macs=50 * 10**9), executions=np.array([50])), DEVICE)
    assert many.time_us == pytest.approx(50 * once.time_us)


def test_the_whole_is_the_sum_of_the_ops():
    rng = np.random.default_rng(1)
    rows = [linear(int(m), int(b), int(b), int(b)) for m, b in rng.integers(1, 10**9, (50, 2))]
    result = estimate(table(*rows), DEVICE)
    assert result.time_us == pytest.approx(values(result, "estimated_us").sum())
    assert 0 < result.utilisation <= 1


def test_what_is_unknown_is_missing_and_said():
    rows = [linear(), ("Mystery", np.nan, 10, 10, 0, "fp32"), ("MatMul", 10**9, 10, 10, 10, "float64")]
    result = estimate(table(*rows), DEVICE)
    assert np.isnan(values(result, "estimated_us")).tolist() == [False, True, True]
    assert values(result, "bound")[1] is None
    assert any("2 ops of unknown size or rate" in note for note in result.notes)
    assert any("fp64" in note for note in result.notes)


def test_a_model_whose_matrix_work_has_no_rate_has_no_time():
    """The sum of its other ops would make fp64 faster than fp32."""
    result = estimate(table(linear(), ("Relu", 0, 10, 10, 10, "fp32")), DEVICE, precision="fp64")
    assert np.isnan(values(result, "estimated_us")).tolist() == [True, False]
    assert result.time_us is None


def test_a_device_without_bandwidth_yields_no_number():
    result = estimate(table(linear()), HardwareProfile("u", "U", peaks={"fp32": 1e12}))
    assert result.time_us is None
    assert result.memory.fits is None


def test_a_chosen_precision_changes_rate_and_bytes():
    rows = [linear(macs=10**12, weights=4 * 10**6)]
    wide = estimate(table(*rows), DEVICE, weight_bytes=4e6, peak_activation_bytes=4e6)
    narrow = estimate(table(*rows), DEVICE, precision="float16", weight_bytes=4e6, peak_activation_bytes=4e6)
    assert narrow.compute_us == pytest.approx(wide.compute_us / 10)
    assert narrow.memory_us == pytest.approx(wide.memory_us / 2)
    assert narrow.memory.weights == narrow.memory.activations == 2e6
    assert narrow.precision == "fp16"


def test_int4_means_weights_only():
    rows = [linear(weights=4 * 10**6)]
    result = estimate(table(*rows), DEVICE, precision="int4", weight_bytes=4e6, peak_activation_bytes=4e6)
    assert result.memory.weights == 0.5e6
    assert result.memory.activations == 2e6
    assert any("fp16 activations" in note for note in result.notes)


def test_quantized_ops_and_integers_stay_as_they_are():
    rows = [("QLinearConv", 10**9, 10**6, 10**6, 10**6, "int8"), ("Gather", 0, 10**6, 10**6, 0, "int64")]
    before, after = estimate(table(*rows), DEVICE), estimate(table(*rows), DEVICE, precision="fp16")
    assert values(before, "estimated_us").tolist() == values(after, "estimated_us").tolist()


def test_a_precision_the_device_lacks_falls_to_the_next_and_is_said():
    result = estimate(table(linear(precision="bf16")), DEVICE)
    assert any("bf16 matrix work is taken at the fp16 rate" in note for note in result.notes)


def test_fp32_runs_at_the_tf32_rate_where_there_is_one():
    result = estimate(table(linear(macs=10**13)), find_profile("a100"))
    assert result.compute_us == pytest.approx(2e13 / (156e12 * GPU.compute) * 1e6)
    assert any("tf32" in note for note in result.notes)


def test_devices_share_the_work_and_pay_for_talking():
    rows = [linear(macs=10**13, weights=10**9)]
    one = estimate(table(*rows), DEVICE, weight_bytes=1e9, peak_activation_bytes=1e8)
    four = estimate(table(*rows), DEVICE, count=4, weight_bytes=1e9, peak_activation_bytes=1e8)
    assert four.compute_us == pytest.approx(one.compute_us / 4)
    assert one.communication_us == 0 < four.communication_us
    assert one.time_us / 4 < four.time_us < one.time_us
    assert not one.memory.fits  # 1.7 GB on 1 GB
    assert four.memory.fits  # 0.25 GB of weights each
    assert any("4 devices" in note for note in four.notes)


def test_memory_is_weights_activations_and_overhead():
    result = estimate(table(linear()), DEVICE, weight_bytes=1e8, peak_activation_bytes=5e7, free_bytes=6e8)
    data = result.as_dict()
    assert data["memory_needed_bytes"] == sum(data["memory_parts"].values()) == 1e8 + 5e7 + GPU.context_bytes
    assert data["fits"] is True
    assert data["fits_free"] is False


def test_weights_alone_can_settle_that_it_does_not_fit():
    assert estimate(table(linear()), DEVICE, weight_bytes=2e9).memory.fits is False
    assert estimate(table(linear()), DEVICE, weight_bytes=1e6).memory.fits is None


@pytest.mark.parametrize("wrong", [{"count": 0}, {"count": -2}, {"precision": "fp12"}, {"precision": "int64"}])
def test_impossible_choices_are_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        estimate(table(linear()), DEVICE, **wrong)


def test_columns_say_that_they_are_estimated():
    assert {c.name: c.provenance for c in estimate(table(linear()), DEVICE).columns} == {
        "estimated_us": "estimated",
        "bound": "estimated",
        "utilisation": "estimated",
    }


def graph(*nodes):
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 8, 8]) for name in ("x", "y")]
    weight = helper.make_tensor("w", TensorProto.FLOAT, [3, 3, 1, 1], np.zeros(9, np.float32))
    made = helper.make_graph(list(nodes), "g", info[:1], info[1:], [weight])
    return open_model(onnx.helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)]))


def test_elementwise_ops_merge_into_their_only_producer():
    conv = helper.make_node("Conv", ["x", "w"], ["a"])
    relu, add = helper.make_node("Relu", ["a"], ["b"]), helper.make_node("Add", ["b", "x"], ["y"])
    assert fused_ops(graph(conv, relu, add)).tolist() == [False, True, True]


def test_what_is_read_twice_or_leaves_the_model_is_not_merged():
    conv = helper.make_node("Conv", ["x", "w"], ["a"])
    relu, add = helper.make_node("Relu", ["a"], ["b"]), helper.make_node("Add", ["a", "b"], ["y"])
    assert fused_ops(graph(conv, relu, add)).tolist() == [False, False, True]


def test_a_merged_op_pays_only_for_its_other_operand():
    rows = [linear(), ("Relu", 0, 10**8, 10**8, 0, "fp32"), ("Add", 0, 2 * 10**8, 10**8, 0, "fp32")]
    result = estimate(table(*rows), DEVICE, fused=np.array([False, True, True]))
    relu, add = values(result, "estimated_us")[1:]
    assert relu == 0
    assert add == pytest.approx(10**8 / (1e12 * GPU.bandwidth) * 1e6)


def test_moved_bytes_go_before_sums_of_operands():
    row = ("Gather", 0, 64, 10**3, 10**9, "fp32")
    assert estimate(table(row, bytes_moved=np.array([2064.0])), DEVICE).time_us == pytest.approx(
        GPU.launch_us, rel=0.01
    )


def test_an_empty_table_takes_no_time():
    made = table(linear())
    empty = type(made)(0, {name: type(c)(name, np.array(c.values)[:0]) for name, c in made.columns.items()})
    result = estimate(empty, DEVICE)
    assert result.bound is None
    assert result.columns[0].values.shape == (0,)


def test_a_large_table_takes_milliseconds():
    made = table(*[linear()] * 25_000)
    times = []
    for _ in range(5):
        begin = time.process_time()
        estimate(made, DEVICE)
        times.append(time.process_time() - begin)
    assert min(times) < 0.06
