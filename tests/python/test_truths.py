"""Whole models against counts from outside: papers' tables, framework counts and hand derivations."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

import haoline_analysis

ROOT = Path(__file__).resolve().parents[2]
LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"

# Giga-MACs of convolutions and matrix products at 1x3x224x224, and parameters without batch-norm statistics.
# Parameters agree with torchvision's published table where the architecture is the same (ResNet-50, VGG-19);
# MACs with the GFLOPS column of the same table (4.09 and 19.63).
LIGHT_CNNS = {
    "resnet50": (4.089184, 25_557_032),
    "bvlc_alexnet": (0.654560, 60_965_224),
    "vgg19": (19.632062, 143_667_240),
    "densenet121": (2.834162, 7_978_856),
    "squeezenet": (0.349152, 1_235_496),
    "inception_v1": (1.431556, 6_998_552),
    "inception_v2": (2.018852, 11_194_984),
    "shufflenet": (0.124665, 1_393_320),
    "zfnet512": (1.481727, 87_250_536),
}


@pytest.mark.parametrize("name", LIGHT_CNNS)
def test_published_cnns(name):
    giga_macs, parameters = LIGHT_CNNS[name]
    totals = haoline_analysis.analyze(LIGHT / f"light_{name}.onnx").totals
    assert totals.parameters == parameters
    assert round(totals.macs / 1e9, 6) == giga_macs


def folded(model: onnx.ModelProto) -> onnx.ModelProto:
    """Each BatchNormalization merged into the convolution before it, whose bias takes the shift's place."""
    convolutions = {node.output[0]: node for node in model.graph.node if node.op_type == "Conv"}
    norms = [node for node in model.graph.node if node.op_type == "BatchNormalization"]
    for norm in norms:
        convolution = convolutions[norm.input[0]]
        convolution.input.append(norm.input[2])
        convolution.output[0] = norm.output[0]
        model.graph.node.remove(norm)
    return model


def test_resnet50_with_batch_norm_folded():
    totals = haoline_analysis.analyze(folded(onnx.load(LIGHT / "light_resnet50.onnx"))).totals
    assert totals.parameters == 25_530_472  # 26,560 channels have one shift in place of scale and shift
    assert round(totals.macs / 1e9, 3) == 4.089


def bert_base_macs(batch: int, seq: int) -> int:
    """Devlin et al. 2018: 12 layers, hidden 768, feed-forward 3072; the pooler sees one token."""
    projections = 4 * seq * 768 * 768
    attention = 2 * seq * seq * 768
    feed_forward = 2 * seq * 768 * 3072
    return batch * (12 * (projections + attention + feed_forward) + 768 * 768)


def gpt2_macs(batch: int, seq: int) -> int:
    """Radford et al. 2019, smallest: as BERT-base, plus logits over 50,257 tokens; causal products counted dense."""
    layer = seq * 768 * (3 * 768) + seq * 768 * 768 + 2 * seq * seq * 768 + 2 * seq * 768 * 3072
    return batch * (12 * layer + seq * 768 * 50257)


def llama_1b_macs(batch: int, seq: int) -> int:
    """Llama 3.2 1B: 16 layers, hidden 2048, 32 heads and 8 KV heads of 64, gated feed-forward of 8192."""
    projections = seq * 2048 * (2048 + 512 + 512 + 2048)
    attention = 2 * seq * seq * 2048
    feed_forward = 3 * seq * 2048 * 8192
    return batch * (16 * (projections + attention + feed_forward) + seq * 2048 * 128256)


@pytest.mark.parametrize(("batch", "seq"), [(1, 128), (8, 128), (2, 512)])
@pytest.mark.parametrize(
    ("path", "macs", "parameters"),
    [
        ("tests/models/bert_base.onnx", bert_base_macs, 109_482_240),
        ("tests/models/gpt2.onnx", gpt2_macs, 124_439_808),
        ("examples/models/llama_1b.onnx", llama_1b_macs, 1_235_814_400),
    ],
)
def test_transformers_exported_at_full_size(path, macs, parameters, batch, seq):
    totals = haoline_analysis.analyze(ROOT / path, shapes={"batch": batch, "seq": seq}).totals
    assert totals.parameters == parameters
    assert totals.macs == macs(batch, seq)


def test_bert_base_at_the_size_everyone_quotes():
    totals = haoline_analysis.analyze(ROOT / "tests/models/bert_base.onnx", shapes={"batch": 1, "seq": 128}).totals
    assert totals.macs == 11_174_215_680


def test_llama_weights_are_two_bytes_each():
    report = haoline_analysis.analyze(ROOT / "examples/models/llama_1b.onnx")
    assert report.totals.weight_bytes == pytest.approx(2 * 1_235_814_400, rel=1e-3)
