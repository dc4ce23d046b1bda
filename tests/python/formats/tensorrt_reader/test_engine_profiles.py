"""Profiles, timings and build metadata: joined where they belong, refused with the reason where they do not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from haoline_analysis import ModelError, open_model
from haoline_analysis.formats.tensorrt.profile import join, printed_profile, read_profile

DATA = Path(__file__).parent / "data"
ENGINES = Path(__file__).resolve().parents[4] / "examples" / "engines"


def test_a_profile_of_another_build_is_refused_with_the_reason():
    with pytest.raises(
        ModelError, match=r"of another build: 13 of the 15 layers it times are not among the engine's 9"
    ):
        open_model(DATA / "trt10-exportLayerInfo.json", profile=DATA / "trt10-dumpProfile.log")


def test_so_is_the_profile_of_another_precision():
    with pytest.raises(ModelError, match="another build"):
        open_model(ENGINES / "resnet18-fp32.graph.json", profile=ENGINES / "resnet18-fp16.profile.json")


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("resnet18-fp16.profile.json", "this file as profile"),
        ("resnet18-fp16.build.metadata.json", "this file as build_metadata"),
        ("resnet18-fp16.metadata.json", "describes a device"),
        ("resnet18-fp16.profile.metadata.json", "sums up a run"),
    ],
)
def test_alone_they_say_what_they_are_and_what_is_needed(name, needs):
    with pytest.raises(ModelError, match=needs):
        open_model(ENGINES / name)


def test_a_timing_alone_too(tmp_path):
    path = tmp_path / "times.json"
    path.write_text(json.dumps([{"startEnqMs": 1.0, "computeMs": 2.0, "latencyMs": 2.5}]))
    with pytest.raises(ModelError, match="this file as timing"):
        open_model(path)
    facts = open_model(ENGINES / "resnet18-fp16.graph.json", timing=path).facts["engine"]
    assert facts["timing"]["latency_ms"]["median"] == 2.5


def test_a_log_with_times_but_no_layers_says_so():
    with pytest.raises(ModelError, match="name this file as profile"):
        open_model(DATA / "trt10-dumpProfile.log")


def test_options_name_files_that_lie_elsewhere(tmp_path):
    graph = shutil.copy(ENGINES / "resnet18-fp16.graph.json", tmp_path / "engine.json")
    alone = open_model(graph)
    assert any("No time per layer" in gap.what for gap in alone.gaps)
    model = open_model(
        graph,
        profile=ENGINES / "resnet18-fp16.profile.json",
        build_metadata=ENGINES / "resnet18-fp16.build.metadata.json",
    )
    assert model.facts["engine"]["profile"]["layers"] == 36
    assert model.facts["engine"]["builder"]["Precision"] == "FP32+FP16"


def test_a_wrong_profile_that_merely_lies_beside_is_left_out_with_a_gap(tmp_path):
    shutil.copy(ENGINES / "resnet18-fp16.graph.json", tmp_path / "a.graph.json")
    shutil.copy(ENGINES / "resnet18-qat.profile.json", tmp_path / "a.profile.json")
    model = open_model(tmp_path / "a.graph.json")
    assert any("a.profile.json" in gap.what and "another build" in gap.what for gap in model.gaps)
    assert not any(model.times)


def test_names_after_trtexec_s_options_are_found(tmp_path):
    shutil.copy(ENGINES / "resnet18-fp16.graph.json", tmp_path / "m-exportLayerInfo.json")
    shutil.copy(ENGINES / "resnet18-fp16.profile.json", tmp_path / "m-exportProfile.json")
    assert all(open_model(tmp_path / "m-exportLayerInfo.json").times)


def test_unknown_options_are_refused():
    with pytest.raises(ModelError, match="no option graph; it knows profile, timing, build_metadata"):
        open_model(ENGINES / "resnet18-fp16.graph.json", graph="analytic")


def test_the_table_that_trtexec_prints():
    profile = printed_profile(
        (DATA / "trt10-dumpProfile.log").read_text().replace("[07/07/2026-02:11:43] [I] ", "").split("\n")
    )
    assert profile.count == 18362
    assert len(profile.times) == 15
    assert profile.times[3].name.startswith("Reformatting CopyNode for Input Tensor 0 to {ForeignNode[node_conv2d_1")
    assert profile.times[3] == (profile.times[3].name, 101.96, 0.0056, 0.0044)
    assert profile.total_ms == pytest.approx(1529.13, abs=0.02)


def test_the_table_of_tensorrt_8_names_the_layer_first():
    lines = [
        "=== Profile (10 iterations ) ===",
        "  Layer  Time (ms)  Avg. Time (ms)  Time %",
        "  Conv_0 + Relu_1  5.0  0.5  62.5",
    ]
    profile = printed_profile([*lines, "  Pool 2  3.0  0.3  37.5", "  Total  8.0  0.8  100.0"])
    assert [(time.name, time.average_ms) for time in profile.times] == [("Conv_0 + Relu_1", 0.5), ("Pool 2", 0.3)]


def test_a_missing_average_is_the_total_over_the_count():
    profile = read_profile([{"count": 4}, {"name": "a", "timeMs": 2.0}])
    assert profile.times[0].average_ms == 0.5


def test_layers_of_one_name_take_their_times_in_order_and_idle_ones_have_none():
    profile = read_profile([{"count": 1}, {"name": "a", "timeMs": 1.0}, {"name": "a", "timeMs": 2.0}])
    joined = join(["a", "b", "a"], profile)
    assert [time and time.total_ms for time in joined] == [1.0, None, 2.0]
