"""Ops of onnxruntime's own domains, against shapes worked out by hand from its operator documentation."""

from __future__ import annotations

import pytest
from onnx import helper
from onnx.helper import make_opsetid
from shape_models import Shape

from haoline_analysis import open_model
from haoline_analysis.model import Model
from haoline_analysis.shapes import Evaluator

MS = "com.microsoft"
HIDDEN = (2, 5, 64)
CACHE = (2, 4, 7, 16)


def one_op(name: str, inputs: list[Shape | None], outputs: int, domain: str = MS, **attributes: object) -> Model:
    """A model of one op; None stands for an omitted input."""
    names = ["" if shape is None else f"i{slot}" for slot, shape in enumerate(inputs)]
    infos = [helper.make_tensor_value_info(n, 1, s) for n, s in zip(names, inputs, strict=True) if s is not None]
    node = helper.make_node(name, names, [f"o{slot}" for slot in range(outputs)], domain=domain, **attributes)
    graph = helper.make_graph([node], "g", infos, [helper.make_empty_tensor_value_info("o0")])
    imports = [make_opsetid("", 21), make_opsetid(domain, 1)]
    return open_model(helper.make_model(graph, opset_imports=imports, ir_version=10))


def shapes_of(model: Model) -> list[Shape | None]:
    evaluation = Evaluator(model).evaluate()
    assert [gap.what for gap in evaluation.gaps] == []
    values = [evaluation.value(index) for index in model.ops[-1].outputs]
    return [None if value is None else value.shape for value in values]


CASES = {
    "Attention": (
        "Attention",
        [HIDDEN, (64, 192), (192,), None, (2, 2, 4, 7, 16)],
        {"num_heads": 4},
        [HIDDEN, (2, 2, 4, 12, 16)],
    ),
    "Attention with narrow values": (
        "Attention",
        [HIDDEN, (64, 160), (160,)],
        {"num_heads": 4, "qkv_hidden_sizes": [64, 64, 32]},
        [(2, 5, 32)],
    ),
    "MultiHeadAttention": (
        "MultiHeadAttention",
        [HIDDEN, (2, 9, 64), (2, 9, 32)],
        {"num_heads": 4},
        [(2, 5, 32), (2, 4, 9, 16), (2, 4, 9, 8)],
    ),
    "MultiHeadAttention with a cache": (
        "MultiHeadAttention",
        [HIDDEN, HIDDEN, HIDDEN, None, None, None, CACHE, CACHE],
        {"num_heads": 4},
        [HIDDEN, (2, 4, 12, 16), (2, 4, 12, 16)],
    ),
    "MultiHeadAttention, packed": ("MultiHeadAttention", [(2, 5, 4, 3, 16)], {"num_heads": 4}, [HIDDEN]),
    "MultiHeadAttention across": (
        "MultiHeadAttention",
        [HIDDEN, (2, 4, 9, 16), (2, 4, 9, 16)],
        {"num_heads": 4},
        [HIDDEN],
    ),
    "GroupQueryAttention": (
        "GroupQueryAttention",
        [(2, 5, 64), (2, 5, 32), (2, 5, 32), (2, 2, 7, 16), (2, 2, 7, 16), (2,), ()],
        {"num_heads": 4, "kv_num_heads": 2},
        [(2, 5, 64), (2, 2, 12, 16), (2, 2, 12, 16)],
    ),
    "GroupQueryAttention, packed": (
        "GroupQueryAttention",
        [(2, 5, 128), None, None, None, None, (2,), ()],
        {"num_heads": 4, "kv_num_heads": 2},
        [(2, 5, 64), (2, 2, 5, 16), (2, 2, 5, 16)],
    ),
    "PackedAttention": ("PackedAttention", [(11, 64), (64, 192), (192,), (2, 6), (3,)], {"num_heads": 4}, [(11, 64)]),
    "PackedMultiHeadAttention": (
        "PackedMultiHeadAttention",
        [(11, 64), (11, 64), (11, 32), None, (2, 6), (3,)],
        {"num_heads": 4},
        [(11, 32)],
    ),
    "DecoderMaskedMultiHeadAttention": (
        "DecoderMaskedMultiHeadAttention",
        [(2, 1, 64), (2, 1, 64), (2, 1, 64), None, None, CACHE, CACHE, (1,)],
        {"num_heads": 4, "past_present_share_buffer": 1},
        [(2, 1, 64), CACHE, CACHE],
    ),
    "PagedAttention": (
        "PagedAttention",
        [(11, 64), (11, 32), (11, 32), (9, 16, 2, 16), (9, 16, 2, 16), (3,), (2,), (2, 4)],
        {"num_heads": 4, "kv_num_heads": 2},
        [(11, 64), (9, 16, 2, 16), (9, 16, 2, 16)],
    ),
    "MatMulNBits": ("MatMulNBits", [HIDDEN, (32, 2, 16), (64,)], {"K": 64, "N": 32, "bits": 4}, [(2, 5, 32)]),
    "MatMulBnb4": ("MatMulBnb4", [HIDDEN, (1024,), (32,)], {"K": 64, "N": 32}, [(2, 5, 32)]),
    "FusedMatMul": ("FusedMatMul", [(2, 64, 5), (32, 64)], {"transA": 1, "transB": 1}, [(2, 5, 32)]),
    "FusedMatMul over batches": ("FusedMatMul", [(5, 2, 64), (2, 64, 32)], {"transBatchA": 1}, [(2, 5, 32)]),
    "FusedConv": ("FusedConv", [(1, 3, 8, 8), (6, 3, 3, 3)], {"activation": "Relu"}, [(1, 6, 6, 6)]),
    "NhwcConv": ("NhwcConv", [(1, 8, 8, 3), (6, 3, 3, 3)], {"pads": [1, 1, 1, 1]}, [(1, 8, 8, 6)]),
    "NhwcMaxPool": ("NhwcMaxPool", [(1, 8, 8, 3)], {"kernel_shape": [2, 2], "strides": [2, 2]}, [(1, 4, 4, 3)]),
    "SkipLayerNormalization": (
        "SkipLayerNormalization",
        [HIDDEN, HIDDEN, (64,)],
        {},
        [HIDDEN, (2, 5, 1), (2, 5, 1), HIDDEN],
    ),
    "EmbedLayerNormalization": (
        "EmbedLayerNormalization",
        [(2, 5), (2, 5), (99, 64), (20, 64), (2, 64), (64,), (64,)],
        {},
        [HIDDEN, (2,), HIDDEN],
    ),
    "BiasSplitGelu": ("BiasSplitGelu", [(2, 5, 64), (64,)], {}, [(2, 5, 32)]),
    "QLinearAdd": ("QLinearAdd", [(2, 1, 4), (), (), (5, 4), (), (), (), ()], {}, [(2, 5, 4)]),
    "QGemm": ("QGemm", [(3, 4), (), (), (5, 4), (), ()], {"transB": 1}, [(3, 5)]),
    "QLinearConcat": ("QLinearConcat", [(), (), (2, 3), (), (), (2, 4), (), ()], {"axis": 1}, [(2, 7)]),
    "MoE": ("MoE", [(2, 5, 64), (10, 8), (8, 64, 128), None, (8, 128, 64)], {"k": 2}, [HIDDEN]),
    "GatherBlockQuantized": ("GatherBlockQuantized", [(99, 64), (2, 5), (99, 4)], {"quantize_axis": 1}, [HIDDEN]),
    "RemovePadding": ("RemovePadding", [HIDDEN, (2,)], {}, None),
    "RestorePadding": ("RestorePadding", [(11, 64), (2, 6)], {}, [(2, 6, 64)]),
    "Rfft": ("Rfft", [(2, 16)], {"signal_ndim": 1}, [(2, 9, 2)]),
    "Irfft": ("Irfft", [(2, 9, 2)], {"signal_ndim": 1}, [(2, 16)]),
    "GatedRelativePositionBias": (
        "GatedRelativePositionBias",
        [HIDDEN, (64,), (2, 4, 5, 5), (16, 8), (8,), (1, 4, 1, 1)],
        {"num_heads": 4},
        [(2, 4, 5, 5)],
    ),
}


@pytest.mark.parametrize("case", [name for name, case in CASES.items() if case[3] is not None])
def test_shapes_follow_the_documentation(case: str) -> None:
    name, inputs, attributes, expected = CASES[case]
    assert expected is not None
    assert shapes_of(one_op(name, inputs, len(expected), **attributes)) == expected


def test_removed_padding_leaves_the_token_count_open() -> None:
    model = one_op("RemovePadding", [HIDDEN, (2,)], 4)
    evaluation = Evaluator(model).evaluate()
    shapes = [evaluation.value(index).shape for index in model.ops[0].outputs]
    assert shapes == [(None, 64), (2, 5), (3,), (1,)]
    assert "depends on the data" in evaluation.gaps[0].what


@pytest.mark.parametrize("name", ["Conv", "MaxPool", "GlobalAveragePool"])
def test_the_internal_nhwc_domain_keeps_channels_last(name: str) -> None:
    inputs: list[Shape | None] = [(1, 8, 8, 3), (6, 3, 3, 3)] if name == "Conv" else [(1, 8, 8, 3)]
    attributes = {"kernel_shape": [3, 3]} if name != "GlobalAveragePool" else {}
    model = one_op(name, inputs, 1, "com.ms.internal.nhwc", **attributes)
    expected = {"Conv": (1, 6, 6, 6), "MaxPool": (1, 6, 6, 3), "GlobalAveragePool": (1, 1, 1, 3)}
    assert shapes_of(model) == [expected[name]]
