"""Every model we can lay hands on analyses, or is refused with a typed error; and its sums agree."""

from __future__ import annotations

from pathlib import Path

import onnx
import pandas as pd
import pytest

import haoline_analysis

WHEEL = Path(onnx.__file__).parent / "backend/test/data"
FOLDERS = (
    "conformance-flops", "onnxruntime-testdata", "burn-onnx", "onnxruntime-genai", "torch213-exports", "genai-built",
)  # fmt: skip
REFUSED = {"corrupt-model.onnx": haoline_analysis.UnsupportedFormatError}  # a line of text, malformed on purpose


def check(path: Path) -> None:
    """Analyse one file and hold its totals against its ops and scopes."""
    report = haoline_analysis.analyze(path, hardware="a100-sxm-80")
    for column in ("parameters", "macs", "flops", "weight_bytes"):
        total, known = getattr(report.totals, column), report.ops[column].sum()
        assert total is None or known == total, f"{path.name}: ops sum to {known} {column}, total says {total}"
    for column in ("parameters", "macs"):
        root = report.scopes[column].iloc[0]
        assert pd.isna(root) or root == report.ops[column].sum(), f"{path.name}: {column} of the root scope"
    assert len(report.ops) == len(report.model.ops)
    assert report.ops["name"].is_unique


@pytest.mark.parametrize("folder", FOLDERS)
def test_material(material, folder):
    paths = sorted((material / folder).rglob("*.onnx"))
    assert paths
    for path in paths:
        if path.name in REFUSED:
            with pytest.raises(REFUSED[path.name]):
                haoline_analysis.analyze(path)
        else:
            check(path)


def test_backend_test_data_of_the_onnx_wheel():
    paths = sorted(WHEEL.rglob("*.onnx"))
    assert len(paths) > 100
    for path in paths:
        check(path)
