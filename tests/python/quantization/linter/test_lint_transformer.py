"""A trained transformer: what is said of it, and that following the advice makes the quantized model better."""

from pathlib import Path

import numpy as np
import pytest

from haoline_analysis.quantization import lint, quantize

ort = pytest.importorskip("onnxruntime")

REPEATER = Path(__file__).resolve().parents[4] / "examples" / "models" / "repeater.onnx"


def sentences(count, seed):
    """Token sequences that repeat themselves, as the model was trained on."""
    random = np.random.default_rng(seed)
    return [{"input_ids": np.tile(random.integers(3, 20, (1, 8)), 2)} for _ in range(count)]


def run(path):
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return [session.run(None, feed)[0] for feed in sentences(6, 1)]


def agreement(found, wanted):
    """Mean cosine."""
    pairs = [(a.ravel(), b.ravel()) for a, b in zip(found, wanted, strict=True)]
    return float(np.mean([a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in pairs]))


def test_the_mask_and_the_normalisations_are_named():
    report = lint(REPEATER, target="cpu-vnni")
    found = {finding.id: finding for finding in report.findings}
    types = [op.type for op in report.report.model.ops]
    normalisations = tuple(row for row, kind in enumerate(types) if kind == "LayerNormalization")
    assert len(normalisations) == 5
    assert found["fragile-normalisation"].ops == normalisations
    assert "1e+09" in found["mask-sentinel"].evidence
    assert found["dynamic-first"].fix.options == {"scheme": "dynamic-int8"}


def test_following_the_advice_makes_the_quantized_model_better(tmp_path):
    wanted, calibration = run(REPEATER), sentences(8, 0)
    options = lint(REPEATER, target="cpu-vnni").options()
    assert options["fixes"] == ["clip-mask"]
    plain = quantize(REPEATER, calibration=calibration, target="cpu-vnni", output=tmp_path / "plain.onnx")
    better = quantize(REPEATER, calibration=calibration, target="cpu-vnni", output=tmp_path / "b.onnx", **options)
    before, after = lint(plain, target="cpu-vnni"), lint(better, target="cpu-vnni")
    assert "mask-sentinel" in {finding.id for finding in before.findings if finding.severity == "error"}
    assert "mask-sentinel" not in {finding.id for finding in after.findings}
    assert after.score > before.score + 20
    assert agreement(run(better.path), wanted) > 0.95 > agreement(run(plain.path), wanted)
