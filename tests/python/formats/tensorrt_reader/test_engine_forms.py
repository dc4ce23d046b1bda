"""The other forms of layer information: TensorRT 10's JSON, logs, names alone, copies for profiles."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from haoline_analysis import open_model
from haoline_analysis.formats.tensorrt.layouts import read_layout

DATA = Path(__file__).parent / "data"


def opened(layers: object, bindings: list[str] | None = None, **options):
    return open_model(json.dumps({"Layers": layers, "Bindings": bindings or []}).encode(), **options)


def layer(name: str, reads: list[str], makes: list[str], kind: str = "kgen", **more) -> dict:
    def value(tensor: str) -> dict:
        return {"Name": tensor, "Dimensions": [1, 8], "Format/Datatype": "Half"}

    return {
        "Name": name,
        "LayerType": kind,
        "Inputs": list(map(value, reads)),
        "Outputs": list(map(value, makes)),
        **more,
    }


def test_short_types_of_tensorrt_10():
    model = open_model(DATA / "trt10-exportLayerInfo.json")
    assert [op.name for op in model.ops[:5]] == [
        "node_conv2d + node_relu",
        "node_max_pool2d",
        "node_conv2d_1 + node_relu_1",
        "node_max_pool2d_1",
        "node_linear_myl4_0",
    ]
    assert model.facts["engine"]["precision"] == {"FP32": 8, "INT32": 1}
    assert [model.tensors[index].dtype for index in model.outputs] == ["float32", "int64"]
    assert model.facts["engine"]["streams"] == 1


def test_metadata_names_the_nodes_of_each_kernel():
    model = open_model(DATA / "trt10-exportLayerInfo.json")
    assert model.sources[0].names == ("node_conv2d", "node_relu")  # joined by U+001E
    assert model.sources[4].names == ("node_linear", "node_relu_2")  # joined by U+001F
    assert model.sources[0].stated
    assert model.sources[8].names == ()  # a cast of the builder's own


def test_the_inspector_s_text_reads_as_its_json_does():
    model = open_model(DATA / "trt10-inspector.log")
    assert len(model.ops) == 26
    assert model.ops[3].attributes["Kernel"] == [5, 5]
    assert [stored.count for stored in model.layers[3].stored] == [51200, 64]
    assert model.sources[0].names == ("node_conv2d", "node_relu")
    assert model.tensors[model.ops[3].inputs[0]].shape == (1, 32, 14, 14)
    assert [model.tensors[index].name for index in model.inputs] == ["x", "x [profile 1]"]


def test_copies_for_another_profile_are_marked_and_share_their_weights():
    model = open_model(DATA / "trt10-inspector.log")
    assert [names.profile for names in model.sources] == [0] * 13 + [1] * 13
    assert model.facts["engine"]["profiles"] == 2
    assert sum(t.weight.elements for t in model.tensors if t.weight is not None) == 800 + 32 + 51200 + 64


def test_the_builder_s_log_lists_layers_without_parameters():
    model = open_model(DATA / "trt10-build.log")
    assert len(model.ops) == 16
    assert model.ops[7].name == "{ForeignNode[gemm1.weight...ONNXTRT_castHelper_9]}"
    assert model.ops[7].type == "Myelin"
    assert model.ops[7].attributes == {"TacticValue": "0x0000000000000000"}
    assert [model.tensors[index].name for index in model.ops[7].outputs] == ["y", "z"]
    assert model.tensors[model.ops[4].outputs[0]].shape == (None, 64, 14, 14)


def test_json_inside_a_log_is_found():
    text = (DATA / "trt10-exportLayerInfo.json").read_text()
    log = "&&&& RUNNING TensorRT.trtexec [TensorRT v101601] # trtexec --dumpLayerInfo\n[I] Layer Information:\n" + text
    model = open_model(log.encode())
    assert len(model.ops) == 9
    assert model.facts["engine"]["version"] == "10.16.1"


def test_a_whole_trtexec_log(material):
    model = open_model(material / "trt11-cookbook" / "cookbook_07-Tool_trtexec_result-04.log")
    facts = model.facts["engine"]
    assert facts["version"] == "10.16.1"
    assert facts["device"]["name"] == "NVIDIA H100 PCIe"
    assert facts["memory"]["activation_bytes"] == 125440
    assert facts["memory"]["weights_bytes"] == 13100672
    assert facts["builder"]["Model"] == "model-trained.onnx"
    assert len(model.ops) == 9


def test_of_several_engines_in_a_log_the_most_detailed_is_kept(material):
    model = open_model(material / "trt11-cookbook" / "ProfilingVerbosity_log-main.py.log")
    assert len(model.ops) == 26
    assert any("3 engines" in gap.what for gap in model.gaps)
    assert model.ops[1].attributes["OutMaps"] == 32


def test_names_alone_make_layers_and_a_gap():
    model = opened(["Conv_0 + Relu_1", "Reformatting CopyNode for Input Tensor 0 to MaxPool_2", "MaxPool_2"])
    assert [op.type for op in model.ops] == ["Layer", "Reformat", "Layer"]
    assert model.sources[0].names == ("Conv_0", "Relu_1")
    assert any("names only" in gap.what for gap in model.gaps)
    assert "precision" not in model.facts["engine"]


def test_equal_names_are_told_apart():
    model = opened([layer("cast", ["x"], ["a"]), layer("cast", ["a"], ["y"])], ["x", "y"])
    assert [op.name for op in model.ops] == ["cast", "cast_1"]


def test_layers_that_fill_parts_of_one_tensor_are_all_read_with_it():
    """A concatenation that was optimised away: two copies write ``joined``, one layer reads it."""
    model = opened(
        [
            layer("left copy", ["a"], ["joined"], "Reformat"),
            layer("right copy", ["b"], ["joined"], "Reformat"),
            layer("next", ["joined"], ["y"]),
        ],
        ["a", "b", "y"],
    )
    assert [model.tensors[index].producer for index in model.ops[2].inputs] == [0, 1]
    assert {model.tensors[index].name for index in model.ops[2].inputs} == {"joined"}


def test_a_name_written_again_after_it_was_read_is_another_value():
    model = opened([layer("a", ["x"], ["t"]), layer("b", ["t"], ["t"]), layer("c", ["t"], ["y"])], ["x", "y"])
    assert model.tensors[model.ops[1].inputs[0]].producer == 0
    assert model.tensors[model.ops[2].inputs[0]].producer == 1


@pytest.mark.parametrize(
    ("words", "dtype", "order"),
    [
        ("Row major linear FP32", "float32", "CHW"),
        ("Row major linear FP16 format", "float16", "CHW"),
        ("Channel major FP16 format where channel % 8 == 0", "float16", "HWC8"),
        ("Channel major FP32 format", "float32", "HWC"),
        ("Four wide channel vectorized row major Int8 format", "int8", "CHW4"),
        ("Thirty-two wide channel vectorized row major Int8 format", "int8", "CHW32"),
        ("Two wide channel vectorized row major FP16 format", "float16", "CHW2"),
        ("Half", "float16", None),
        ("BFloat16", "bfloat16", None),
        ("FP8", "float8_e4m3fn", None),
        ("Int64", "int64", None),
        ("N/A due to dynamic shapes", None, None),
        ("", None, None),
    ],
)
def test_words_for_types_and_layouts(words, dtype, order):
    assert read_layout(words) == (dtype, order)
