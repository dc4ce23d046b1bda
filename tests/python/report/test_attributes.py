"""Attributes read well, and none of them can flood a report."""

from array import array

from onnx import TensorProto, helper

from haoline_analysis import analyze
from haoline_analysis.report.attributes import attribute_text


def test_an_op_shows_its_attributes():
    nodes = [helper.make_node("LeakyRelu", ["x"], ["y"], alpha=0.25)]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "xy"]
    report = analyze(helper.make_model(helper.make_graph(nodes, "g", values[:1], values[1:])))
    assert report.ops["attributes"].tolist() == ["alpha = 0.25"]


def test_lists_and_strings_are_cut():
    text = attribute_text({"pads": [0, 1], "long": array("q", range(5000)), "code": "x" * 1000})
    assert text.splitlines()[0] == "pads = [0, 1]"
    assert "(5,000 in all)" in text
    assert "(1,000 characters)" in text
    assert len(text) < 400
