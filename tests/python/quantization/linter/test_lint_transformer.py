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


def test_static_scales_of_a_transformer_are_warned_of_unless_its_activations_were_seen(tmp_path):
    """Measured on MiniLM: cosine 0.86 to the float model where nothing else was found."""
    from haoline_analysis.runtime import capture

    options = lint(REPEATER, target="cpu-vnni").options()
    made = quantize(REPEATER, calibration=sentences(8, 0), target="cpu-vnni", output=tmp_path / "m.onnx", **options)
    found = {finding.id: finding for finding in lint(made, target="cpu-vnni").findings}["dynamic-first"]
    assert (found.severity, found.fix.options) == ("warning", {"scheme": "dynamic-int8"})
    seen = capture(made.path, sentences(4, 0))
    assert "dynamic-first" not in {f.id for f in lint(made, target="cpu-vnni", activations=seen).findings}
    dynamic = quantize(REPEATER, scheme="dynamic-int8", output=tmp_path / "d.onnx")
    assert "dynamic-first" not in {finding.id for finding in lint(dynamic, target="cpu-vnni").findings}
    wide = quantize(REPEATER, scheme="static-int16", calibration=sentences(8, 0), output=tmp_path / "w.onnx", **options)
    assert "dynamic-first" not in {finding.id for finding in lint(wide, target="cpu-vnni").findings}
