"""Small models written by hand, one for each way of being fed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from haoline_analysis import open_model

ROOT = Path(__file__).resolve().parents[4]
DIGITS = ROOT / "examples/models/digits_cnn.onnx"
BERT = ROOT / "tests/models/bert_base.onnx"

TYPES = {
    "float32": TensorProto.FLOAT,
    "float16": TensorProto.FLOAT16,
    "bfloat16": TensorProto.BFLOAT16,
    "float64": TensorProto.DOUBLE,
    "int64": TensorProto.INT64,
    "int32": TensorProto.INT32,
    "uint8": TensorProto.UINT8,
    "bool": TensorProto.BOOL,
    "string": TensorProto.STRING,
}


def identity(**inputs):
    """A model that hands each input on: ``identity(image=("float32", ["batch", 3, 8, 8]))``."""
    return build([helper.make_node("Identity", [name], [f"{name}_out"]) for name in inputs], inputs)


def build(nodes, inputs, weights=None, outputs=None):
    """An opened model of nodes, inputs by name and weights by name."""
    proto = helper.make_model(
        helper.make_graph(
            nodes,
            "g",
            [helper.make_tensor_value_info(name, TYPES[kind], shape) for name, (kind, shape) in inputs.items()],
            [helper.make_empty_tensor_value_info(name) for name in outputs or [nodes[-1].output[0]]],
            [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    return open_model(proto)


def embedding(rows=50, **inputs):
    """Ids into a table of ``rows`` rows; other inputs are handed on."""
    nodes = [helper.make_node("Gather", ["words", "input_ids"], ["found"])]
    nodes += [helper.make_node("Identity", [name], [f"{name}_out"]) for name in inputs]
    ids = {"input_ids": ("int64", ["batch", "seq"])}
    return build(nodes, {**ids, **inputs}, {"words": np.zeros((rows, 4), np.float32)})
