"""What a layer was made from, read off its name."""

from __future__ import annotations

import pytest

from haoline_analysis.formats.tensorrt.source_names import onnx_layers, source_names


@pytest.mark.parametrize(
    ("name", "sources", "kind"),
    [
        ("Conv_9 + Relu_10", ("Conv_9", "Relu_10"), "ops"),
        ("conv1.weight + QuantizeLinear_7 + Conv_9", ("conv1.weight", "QuantizeLinear_7", "Conv_9"), "ops"),
        ("Conv_3 + Relu_4 || Conv_0 + Relu_1", ("Conv_3", "Relu_4", "Conv_0", "Relu_1"), "ops"),
        ("PWN(Sigmoid_5, Mul_6)", ("Sigmoid_5", "Mul_6"), "ops"),
        ("PWN(PWN(Sigmoid_5), Mul_6)", ("Sigmoid_5", "Mul_6"), "ops"),
        ("PWN(PWN(a + b), PWN(c))", ("a", "b", "c"), "ops"),
        ("/blocks.0/attn/MatMul + /blocks.0/attn/Add", ("/blocks.0/attn/MatMul", "/blocks.0/attn/Add"), "ops"),
        ("Reformatting CopyNode for Input Tensor 1 to Conv_5 + Add_6", ("Conv_5", "Add_6"), "reformat"),
        ("Reformatting CopyNode for Output Tensor 0 to MaxPool_2", ("MaxPool_2",), "reformat"),
        ("Reformatting CopyNode for Network Input x", ("x",), "reformat"),
        ("input.8 copy", ("input.8",), "copy"),
        ("reshape_after_Gemm_48", ("Gemm_48",), "helper"),
        ("copied_squeeze_after_(Unnamed Layer* 307) [ElementWise]", (), "helper"),
        ("(Unnamed Layer* 306) [Shuffle]", (), "ops"),
        ("ONNXTRT_castHelper_9", (), "ops"),
        ("node_linear_myl4_0", ("node_linear",), "kernel"),
        ("__myl_MulSum_myl4_1", (), "kernel"),
        ("Conv_0 [profile 2]", ("Conv_0",), "ops"),
        ("a) + b( + PWN(c", ("a)", "b(", "c"), "ops"),
    ],
)
def test_names(name, sources, kind):
    found = source_names(name)
    assert (found.names, found.kind) == (sources, kind)


def test_a_region_has_two_ends():
    found = source_names("{ForeignNode[gemm1.weight...ONNXTRT_castHelper_9]} [profile 1]")
    assert found.regions == (("gemm1.weight", "ONNXTRT_castHelper_9"),)
    assert found.profile == 1


def test_metadata_goes_before_the_name():
    found = source_names("__myl_DivMul_myl4_3", "[ONNX Layer: softmax]\x1f[ONNX Layer: argmax]")
    assert found.names == ("softmax", "argmax")
    assert found.stated


@pytest.mark.parametrize("separator", ["\x1e", "\x1f", ""])
def test_metadata_with_any_separator(separator):
    assert onnx_layers(separator.join(["[ONNX Layer: a]", "[ONNX Layer: b[0]]", "[ONNX Layer: a]"])) == ("a", "b[0]")
