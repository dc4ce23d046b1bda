"""Engines of TensorRT 8: every layer, joined to its time, counted by hand."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from haoline_analysis import open_model

ENGINES = Path(__file__).resolve().parents[4] / "examples" / "engines"
LAYERS = {"fp32": 32, "fp16": 36, "qat": 37}
PRECISION = {
    "fp32": {"FP32": 32},
    "fp16": {"FP16": 35, "FP32": 1},  # the reformat of the input reads FP32
    "qat": {"INT8": 22, "FP16": 11, "FP32": 4},  # 21 convolutions and the view before the last; see below
}
REFORMATS = {"fp32": 8, "fp16": 12, "qat": 3}  # "Reformatting CopyNode" in the file
FUSED = {"fp32": 17, "fp16": 17, "qat": 21}  # names of several ops
PARAMETERS = 11_684_712  # ResNet-18 with its batch norms folded


def engine(kind: str):
    return open_model(ENGINES / f"resnet18-{kind}.graph.json")


def stated(kind: str, part: str = "graph"):
    return json.loads((ENGINES / f"resnet18-{kind}.{part}.json").read_text())


@pytest.fixture(params=LAYERS)
def kind(request) -> str:
    return request.param


def test_every_layer_is_there_in_order_under_its_own_name(kind):
    model = engine(kind)
    assert [op.name for op in model.ops] == [layer["Name"] for layer in stated(kind)["Layers"]]
    assert [op.type for op in model.ops] == [layer["LayerType"] for layer in stated(kind)["Layers"]]
    assert len(model.ops) == LAYERS[kind]
    assert {op.domain for op in model.ops} == {"tensorrt"}
    assert model.holds == "layers"


def test_every_layer_has_the_time_that_the_profile_states_and_they_sum_to_its_total(kind):
    model, profile = engine(kind), stated(kind, "profile")
    assert profile[0] == {"count": 1}
    times = {entry["name"]: entry["timeMs"] for entry in profile[1:]}
    assert {op.name: time.total_ms for op, time in zip(model.ops, model.times, strict=True)} == times
    told = model.facts["engine"]["profile"]
    assert told["total_ms"] == pytest.approx(sum(times.values()))
    assert told["count"] == 1
    assert told["layers"] == LAYERS[kind]


def test_precisions_are_those_counted_by_hand(kind):
    facts = engine(kind).facts["engine"]
    assert facts["precision"] == PRECISION[kind]
    assert sum(facts["precision"].values()) == LAYERS[kind]
    assert facts["reformats"] == REFORMATS[kind]
    assert facts["fusions"] == FUSED[kind]


def test_precisions_agree_with_a_count_over_the_raw_words(kind):
    """The type of the weights, else the word for a type in the first input's format."""
    words = {"Float": "FP32", "Half": "FP16", "Int8": "INT8"}
    counted = Counter()
    for layer in stated(kind)["Layers"]:
        if "Weights" in layer:
            counted[words[layer["Weights"]["Type"]]] += 1
        else:
            counted[re.search(r"FP32|FP16|Int8", layer["Inputs"][0]["Format/Datatype"])[0].upper()] += 1
    assert engine(kind).facts["engine"]["precision"] == dict(counted.most_common())


def test_weights_are_counted_not_read(kind):
    model = engine(kind)
    weights = [tensor.weight for tensor in model.tensors if tensor.weight is not None]
    assert sum(weight.elements for weight in weights) == PARAMETERS
    assert len(weights) == 42  # 21 kernels and their biases
    assert weights[0].shape == (64, 3, 7, 7) or kind == "fp16"
    with pytest.raises(Exception, match="not their values"):
        weights[0].numpy()


def test_tensors_carry_type_shape_and_the_layer_that_makes_them(kind):
    model = engine(kind)
    first, last = (model.tensors[index] for index in (*model.inputs, *model.outputs))
    assert (first.name, first.dtype, first.shape) == ("input.1", "float32", (32, 3, 224, 224))
    assert (last.dtype, last.shape) == ("float32", (32, 1000))
    assert model.ops[last.producer].outputs == model.outputs
    for row, op in enumerate(model.ops):
        assert all(model.tensors[made].producer == row for made in op.outputs)
        assert all(row in model.tensors[read].consumers for read in op.inputs)


def test_files_beside_tell_of_device_builder_and_run(kind):
    facts = engine(kind).facts["engine"]
    assert facts["device"]["name"] == "NVIDIA A100 80GB PCIe"
    assert facts["device"]["compute_capability"] == "8.0"
    assert facts["builder"]["Precision"] == {"fp32": "FP32", "fp16": "FP32+FP16", "qat": "FP32+FP16+INT8"}[kind]
    assert facts["builder"]["Model"] in ("resnet.onnx", "resnet-qat.onnx")  # without the folders
    assert facts["performance"]["Throughput"] > 0


def test_timing_of_whole_runs_is_summed_up(material):
    folder = material / "trex" / "resnet18-a100-fp16"
    facts = open_model(next(folder.glob("*.graph.json"))).facts["engine"]
    runs = [run["computeMs"] for run in json.loads(next(folder.glob("*.timing.json")).read_text())]
    assert facts["timing"]["runs"] == len(runs)
    assert facts["timing"]["compute_ms"]["mean"] == pytest.approx(sum(runs) / len(runs))
    assert facts["timing"]["compute_ms"]["max"] == max(runs)


@pytest.mark.parametrize("name", ["resnet18-a100-fp32", "resnet18-a100-fp16", "resnet18-a100-qat"])
def test_the_examples_are_the_material_unchanged(material, name):
    folder = material / "trex" / name
    for part in ("graph", "profile"):
        original = next(folder.glob(f"*.engine.{part}.json")).read_bytes()
        assert (ENGINES / f"resnet18-{name.rpartition('-')[2]}.{part}.json").read_bytes() == original
