"""The graph of MiniLM in the examples takes the trained weights that it names."""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))
import make_minilm


def safetensors(arrays):
    """The bytes of a safetensors file."""
    header, data = {}, b""
    for name, array in arrays.items():
        header[name] = {
            "dtype": "F32",
            "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + array.nbytes],
        }
        data += array.tobytes()
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    return len(text).to_bytes(8, "little") + text + data


def test_weights_come_back_as_they_went(monkeypatch, tmp_path):
    rng = np.random.default_rng(0)
    arrays = {
        name: rng.normal(size=shape).astype(np.float32) for name, shape in {"a": (3, 4), "b": (4, 5), "c": (6,)}.items()
    }
    kept = {"plain": arrays["a"], "turned": np.ascontiguousarray(arrays["b"].T), "bias": arrays["c"]}
    initializers = [numpy_helper.from_array(array, name) for name, array in kept.items()]
    model = onnx.helper.make_model(onnx.helper.make_graph([], "g", [], [], initializers))
    whole, stored = model.SerializeToString(deterministic=True), safetensors(arrays)
    monkeypatch.setattr(make_minilm, "SKELETON", tmp_path / "graph.gz")
    monkeypatch.setattr(make_minilm, "WEIGHTS_SHA256", hashlib.sha256(stored).hexdigest())
    make_minilm.write(make_minilm.skeleton(model, stored))
    bare = onnx.load_from_string(gzip.decompress((tmp_path / "graph.gz").read_bytes()))
    assert not any(tensor.raw_data for tensor in bare.graph.initializer)
    assert make_minilm.filled(stored).SerializeToString(deterministic=True) == whole


def test_other_weights_are_refused():
    with pytest.raises(ValueError, match="not those of"):
        make_minilm.filled(safetensors({"a": np.zeros(3, np.float32)}))


@pytest.mark.slow
def test_the_model_is_the_one_that_torch_exported(minilm):
    exported = "beb4212804cf2f596760ae2fb3865e2a17448a70508fd42513ea1c4775bd6c29"  # of the file that torch 2.13 wrote
    assert hashlib.sha256(minilm.model.read_bytes()).hexdigest() == exported
