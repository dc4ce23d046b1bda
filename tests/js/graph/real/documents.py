"""Write the report documents of real models into a folder, for the tests of the graph's layout."""

from __future__ import annotations

import sys
from pathlib import Path

import onnx

from haoline_analysis import analyze

ROOT = Path(__file__).resolve().parents[4]
LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"
MODELS = {
    "resnet50": LIGHT / "light_resnet50.onnx",
    "inception_v1": LIGHT / "light_inception_v1.onnx",
    "inception_v2": LIGHT / "light_inception_v2.onnx",
    "densenet121": LIGHT / "light_densenet121.onnx",
    "bert": ROOT / "tests/models/bert_base.onnx",
    "gpt2": ROOT / "tests/models/gpt2.onnx",
    "llama": ROOT / "examples/models/llama_1b.onnx",
    "mixtral": ROOT / "tests/models/mixtral.onnx",
    "unet": ROOT / "tests/models/unet.onnx",
    "seq2seq": ROOT / "tests/models/seq2seq.onnx",
}

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for name, path in MODELS.items():
        (folder / f"{name}.hlr").write_bytes(analyze(path).to_document())
