"""Every kind of variant: all tensors are matched or fused away, and each match is right when taught."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from checking import check
from matching_models import MODELS, feeds_of, stripped, twins, variant

from haoline_analysis.formats import open_model
from haoline_analysis.quantization.deployed import deploy
from haoline_analysis.quantization.matching import match

KINDS = ["same", "QDQ", "QDQ-signed", "QOperator", "dynamic", "fp16", "optimised"]


@pytest.mark.parametrize("names", ["kept", "stripped"])
@pytest.mark.parametrize("how", KINDS)
@pytest.mark.parametrize("kind", sorted(MODELS))
def test_every_tensor_is_matched_or_fused_and_every_match_is_right(
    kind: str, how: str, names: str, tmp_path: Path
) -> None:
    path = variant(kind, how, tmp_path)
    if names == "stripped":
        path = stripped(path, tmp_path / "stripped.onnx", ports=True)
    check(kind, how, path)


@pytest.mark.parametrize("names", ["kept", "stripped"])
def test_weights_of_few_bits(names: str, tmp_path: Path) -> None:
    path = variant("transformer", "nbits", tmp_path)
    if names == "stripped":
        path = stripped(path, tmp_path / "stripped.onnx")
    _, matching, _ = check("transformer", "nbits", path)
    assert "fused into MatMulNBits" in {one.why for one in matching.unmatched}


def test_a_relu_folded_into_a_quantizer_moves_the_meaning_of_the_name(tmp_path: Path) -> None:
    path = variant("convolutions", "QOperator", tmp_path)
    model, matching, _ = check("convolutions", "QOperator", path)
    found = {model.tensors[one.tensor].name: one for one in matching.matches}
    gone = {model.tensors[one.tensor].name: one.why for one in matching.unmatched}
    assert gone["left"] == "folded into the quantizer of node_left/relu"
    with deploy(path) as deployed:
        raw = deployed.raw
        place = found["left/relu"].variant_tensor
        assert place is not None
        assert raw.tensors[place].name.startswith("left")
        assert raw.ops[found["left/relu"].variant_op].type == "QLinearConv"


def test_signed_activations_fold_no_relu(tmp_path: Path) -> None:
    model, matching, _ = check("convolutions", "QDQ-signed", variant("convolutions", "QDQ-signed", tmp_path))
    found = {model.tensors[one.tensor].name for one in matching.matches}
    assert {"left/relu", "sum", "joined"} <= found


def test_batch_normalization_inside_of_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from onnxruntime.quantization.shape_inference import quant_pre_process

    monkeypatch.setitem(MODELS, "convolutions", lambda: normal)
    from matching_models import convolutions

    normal = convolutions(batch_norm=True)
    onnx.save(normal, tmp_path / "normal.onnx")
    quant_pre_process(tmp_path / "normal.onnx", tmp_path / "folded.onnx", skip_symbolic_shape=True)
    path = tmp_path / "folded.onnx"
    assert "BatchNormalization" not in {node.op_type for node in onnx.load(path).graph.node}
    for to in (path, stripped(path, tmp_path / "stripped.onnx")):
        model, matching, _ = check("convolutions", "same", to)
        why = {model.tensors[one.tensor].name: one.why for one in matching.unmatched}
        assert "left" in why


@pytest.mark.parametrize(("how", "names"), [("same", "stripped"), ("fp16", "stripped"), ("optimised", "kept")])
def test_convolutions_whose_weights_are_in_blocked_layout_are_told_apart(
    how: str, names: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On x86 onnxruntime rearranges the weights, so that two convolutions of one shape look the same."""
    monkeypatch.setitem(MODELS, "convolutions", twins)
    path = variant("convolutions", how, tmp_path)
    if names == "stripped":
        path = stripped(path, tmp_path / "stripped.onnx", ports=True)
    model, matching, _ = check("convolutions", how, path)
    found = {model.tensors[one.tensor].name for one in matching.matches}
    assert {"stem/relu", "pool", "one/relu", "sum/relu", "logits"} <= found


def test_forms_and_layouts_bring_captured_integers_into_the_float_axes(tmp_path: Path) -> None:
    path = variant("convolutions", "QDQ", tmp_path)
    model, feeds = open_model(MODELS["convolutions"]()), feeds_of("convolutions", 9)[8]
    with deploy(path) as deployed:
        matching = match(model, deployed)
        assert any(one.form is not None for one in matching.matches)
        assert any(one.transpose is not None for one in matching.matches)
        names = [deployed.model.tensors[one.captured].name for one in matching.matches]
        session = deployed.capturing(names)
        captured = dict(zip([o.name for o in session.ort.get_outputs()], session.ort.run(None, feeds), strict=True))
        from teaching import float_values

        values = float_values(MODELS["convolutions"](), feeds)
        for one, name in zip(matching.matches, names, strict=True):
            expected = values[model.tensors[one.tensor].name]
            got = one.reals(captured[name])
            assert got.dtype == np.float32
            assert got.shape == expected.shape
            assert np.corrcoef(got.reshape(-1), expected.reshape(-1))[0, 1] > 0.98
