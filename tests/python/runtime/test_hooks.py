"""What is captured is what torch's forward hooks saw of the same model (make_hooks.py)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from haoline_analysis.runtime import capture

pytest.importorskip("onnxruntime")

FOLDER = Path(__file__).resolve().parent / "hooks"


@pytest.mark.parametrize(("name", "fewest"), [("cnn", 11), ("transformer", 23)])
def test_captured_tensors_are_what_forward_hooks_saw(name, fewest):
    with np.load(FOLDER / f"{name}.npz") as recorded:
        seen = {key: recorded[key] for key in recorded}
    samples = [seen.pop("input 0"), seen.pop("input 1")]
    report = capture(FOLDER / f"{name}.onnx", samples)
    assert len(seen) >= 2 * fewest
    for key, output in seen.items():
        index, tensor = key.split(" ", 1)
        loaded = report.load(tensor, int(index))
        assert loaded.shape == output.shape
        np.testing.assert_allclose(loaded, output, rtol=1e-4, atol=1e-5, err_msg=tensor)


def test_statistics_are_those_of_the_hooks():
    with np.load(FOLDER / "transformer.npz") as recorded:
        seen = {key: recorded[key] for key in recorded}
    report = capture(FOLDER / "transformer.onnx", [seen.pop("input 0"), seen.pop("input 1")])
    for tensor in {key.split(" ", 1)[1] for key in seen}:
        whole = np.concatenate([seen[f"{index} {tensor}"].reshape(-1) for index in (0, 1)])
        row = report.tensors.loc[tensor]
        assert row["count"] == whole.size
        expected = [whole.min(), whole.max(), whole.mean(), whole.std(), np.median(whole)]
        found = row[["min", "max", "mean", "std", "q50"]].to_numpy(dtype=float)
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5, err_msg=tensor)
