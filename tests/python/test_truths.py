"""Whole models against counts from outside: papers' tables, framework counts and hand derivations."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

import haoline_analysis

ROOT = Path(__file__).resolve().parents[2]
LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"

# MACs of convolutions and matrix products at 1x3x224x224, and parameters without batch-norm statistics.
# Parameters agree with torchvision's published table where the architecture is the same (ResNet-50, VGG-19);
# MACs with the GFLOPS columns of the same table (4.09 and 19.63).
LIGHT_CNNS = {
    "resnet50": (4_089_184_256, 25_557_032),
    "bvlc_alexnet": (654_560_416, 60_965_224),
    "vgg19": (19_632_062_464, 143_667_240),
    "densenet121": (2_834_161_664, 7_978_856),
    "squeezenet": (349_151_936, 1_235_496),
    "inception_v1": (1_431_556_096, 6_998_552),
    "inception_v2": (2_018_851_840, 11_194_984),
    "shufflenet": (124_664_960, 1_393_320),
    "zfnet512": (1_481_727_072, 87_250_536),
}


@pytest.mark.parametrize("name", LIGHT_CNNS)
def test_published_cnns(name):
    macs, parameters = LIGHT_CNNS[name]
    totals = haoline_analysis.analyze(LIGHT / f"light_{name}.onnx").totals
    assert totals.parameters == parameters
    assert totals.macs == pytest.approx(macs, rel=1e-6)


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
    ("path", "macs", "parameters", "rotary"),
    [
        ("tests/models/bert_base.onnx", bert_base_macs, 109_482_240, 0),
        ("tests/models/gpt2.onnx", gpt2_macs, 124_439_808, 0),
        # The exported graph makes the rotary angles by a [32 x 1] @ [1 x seq] product per row of position ids (one row).
        ("examples/models/llama_1b.onnx", llama_1b_macs, 1_235_814_400, 32),
    ],
)
def test_transformers_exported_at_full_size(path, macs, parameters, rotary, batch, seq):
    totals = haoline_analysis.analyze(ROOT / path, shapes={"batch": batch, "seq": seq}).totals
    assert totals.parameters == parameters
    assert totals.macs == macs(batch, seq) + rotary * seq


def test_bert_base_at_the_size_everyone_quotes():
    totals = haoline_analysis.analyze(ROOT / "tests/models/bert_base.onnx", shapes={"batch": 1, "seq": 128}).totals
    assert totals.macs == 11_174_215_680


def test_llama_weights_are_two_bytes_each():
    report = haoline_analysis.analyze(ROOT / "examples/models/llama_1b.onnx")
    assert report.totals.weight_bytes == pytest.approx(2 * 1_235_814_400, rel=1e-3)
