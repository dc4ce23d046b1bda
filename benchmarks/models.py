"""Models for the benchmarks, made on the spot: nothing large is kept in the repository.

``python benchmarks/models.py FOLDER`` writes

- ``cnn.onnx``            ResNet-50 with its 100 MB of (random) weights in the file
- ``bert.onnx``           BERT-base, 419 MB in the file
- ``llama.onnx``          a 1B Llama in bfloat16, 2.4 GB of external data
- ``decoder_2k/25k/100k`` decoders of that many ops, small weights, dynamic batch and sequence
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper, numpy_helper

ROOT = Path(__file__).resolve().parents[1]
LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"
OPS_PER_LAYER = 59


def materialise(source: Path, target: Path, *, external: bool = False) -> None:
    """Turn the ConstantOfShape weights of a structure-only model into stored ones."""
    model = onnx.load(source)
    graph, rng = model.graph, np.random.default_rng(0)
    known = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    known |= {n.output[0]: numpy_helper.to_array(n.attribute[0].t) for n in graph.node if n.op_type == "Constant"}
    kept = []
    for node in graph.node:
        if node.op_type != "ConstantOfShape" or node.input[0] not in known:
            kept.append(node)
            continue
        shape = [int(dim) for dim in known[node.input[0]]]
        bfloat = bool(node.attribute) and node.attribute[0].t.data_type == T.BFLOAT16
        tensor = graph.initializer.add(name=node.output[0], data_type=T.BFLOAT16 if bfloat else T.FLOAT, dims=shape)
        tensor.raw_data = rng.bytes(int(np.prod(shape)) * (2 if bfloat else 4))
    del graph.node[:]
    graph.node.extend(kept)
    extra = {"save_as_external_data": True, "location": f"{target.name}.data"} if external else {}
    if external:
        target.with_name(f"{target.name}.data").unlink(missing_ok=True)
    onnx.save(model, target, **extra)


class Decoder:
    """A Llama-like decoder with Q/DQ on every linear weight, as exporters write it: one node per primitive."""

    def __init__(self, hidden: int = 64, heads: int = 4) -> None:
        self.hidden, self.heads, self.head_dim = hidden, heads, hidden // heads
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}
        for name, ids in {"heads": [0, 0, heads, hidden // heads], "merged": [0, 0, hidden]}.items():
            self.constant(name, np.array(ids, np.int64))
        for name, value in {"zero": 0, "half": hidden // heads // 2, "end": 2**31 - 1, "last": -1}.items():
            self.constant(name, np.array([value], np.int64))
        for name, value in {"eps": 1e-5, "two": 2.0, "root": (hidden // heads) ** 0.5, "scale": 0.02}.items():
            self.constant(name, np.array(value, np.float32))
        self.constant("zero_point", np.array(0, np.int8))

    def constant(self, name: str, value: np.ndarray) -> str:
        self.initializers[name] = numpy_helper.from_array(value, name)
        return name

    def op(self, scope: str, name: str, kind: str, inputs: list[str], **attributes: object) -> str:
        full = f"{scope}/{name}"
        self.nodes.append(helper.make_node(kind, inputs, [f"{full}_out"], name=full, **attributes))
        return f"{full}_out"

    def norm(self, scope: str, x: str) -> str:
        weight = self.constant(f"{scope}.weight", np.ones(self.hidden, np.float32))
        mean = self.op(scope, "ReduceMean", "ReduceMean", [self.op(scope, "Pow", "Pow", [x, "two"]), "last"])
        root = self.op(scope, "Sqrt", "Sqrt", [self.op(scope, "Add", "Add", [mean, "eps"])])
        return self.op(scope, "Mul", "Mul", [self.op(scope, "Div", "Div", [x, root]), weight])

    def linear(self, scope: str, x: str, rows: int, columns: int) -> str:
        weight = self.constant(f"{scope}.weight", np.ones((rows, columns), np.int8))
        wide = self.op(scope, "DequantizeLinear", "DequantizeLinear", [weight, "scale", "zero_point"])
        return self.op(scope, "MatMul", "MatMul", [x, wide])

    def rotate(self, scope: str, tag: str, x: str) -> str:
        low = self.op(scope, f"{tag}_Slice", "Slice", [x, "zero", "half", "last"])
        high = self.op(scope, f"{tag}_Slice_1", "Slice", [x, "half", "end", "last"])
        turned = self.op(scope, f"{tag}_Concat", "Concat", [self.op(scope, f"{tag}_Neg", "Neg", [high]), low], axis=-1)
        straight = self.op(scope, f"{tag}_Mul", "Mul", [x, "/rotary/Cos_out"])
        return self.op(
            scope, f"{tag}_Add", "Add", [straight, self.op(scope, f"{tag}_Mul_1", "Mul", [turned, "/rotary/Sin_out"])]
        )

    def split_heads(self, scope: str, tag: str, x: str) -> str:
        shaped = self.op(scope, f"{tag}_Reshape", "Reshape", [x, "heads"])
        return self.op(scope, f"{tag}_Transpose", "Transpose", [shaped], perm=[0, 2, 1, 3])

    def attention(self, scope: str, x: str) -> str:
        square = self.hidden, self.hidden
        q, k, v = (self.split_heads(scope, t, self.linear(f"{scope}/{t}_proj", x, *square)) for t in "qkv")
        q, k = self.rotate(scope, "q_rope", q), self.rotate(scope, "k_rope", k)
        turned = self.op(scope, "k_Transpose_1", "Transpose", [k], perm=[0, 1, 3, 2])
        scores = self.op(scope, "Div", "Div", [self.op(scope, "MatMul", "MatMul", [q, turned]), "root"])
        weights = self.op(scope, "Softmax", "Softmax", [self.op(scope, "Add", "Add", [scores, "/mask/Mul_out"])])
        mixed = self.op(scope, "MatMul_1", "MatMul", [weights, v])
        mixed = self.op(scope, "Transpose", "Transpose", [mixed], perm=[0, 2, 1, 3])
        return self.linear(f"{scope}/o_proj", self.op(scope, "Reshape", "Reshape", [mixed, "merged"]), *square)

    def mlp(self, scope: str, x: str) -> str:
        gate = self.linear(f"{scope}/gate_proj", x, self.hidden, 2 * self.hidden)
        up = self.linear(f"{scope}/up_proj", x, self.hidden, 2 * self.hidden)
        opened = self.op(f"{scope}/act_fn", "Sigmoid", "Sigmoid", [gate])
        gate = self.op(f"{scope}/act_fn", "Mul", "Mul", [gate, opened])
        return self.linear(f"{scope}/down_proj", self.op(scope, "Mul", "Mul", [gate, up]), 2 * self.hidden, self.hidden)

    def layer(self, index: int, x: str) -> str:
        scope = f"/layers.{index}"
        attended = self.attention(f"{scope}/self_attn", self.norm(f"{scope}/input_layernorm", x))
        x = self.op(scope, "Add", "Add", [x, attended])
        processed = self.mlp(f"{scope}/mlp", self.norm(f"{scope}/post_attention_layernorm", x))
        return self.op(scope, "Add_1", "Add", [x, processed])

    def build(self, layers: int, vocabulary: int = 1000) -> onnx.ModelProto:
        table = self.constant("embed_tokens.weight", np.ones((vocabulary, self.hidden), np.float32))
        x = self.op("/embed_tokens", "Gather", "Gather", [table, "input_ids"])
        axes = self.constant("axes", np.array([1, 3], np.int64))
        wide = self.op("/rotary", "Unsqueeze", "Unsqueeze", ["position_ids", axes])
        angles = self.op("/rotary", "Mul", "Mul", [wide, self.constant("inv_freq", np.ones(self.head_dim, np.float32))])
        self.op("/rotary", "Cos", "Cos", [angles])
        self.op("/rotary", "Sin", "Sin", [angles])
        mask_axes = self.constant("mask_axes", np.array([1, 2], np.int64))
        mask = self.op("/mask", "Unsqueeze", "Unsqueeze", ["attention_mask", mask_axes])
        self.op("/mask", "Mul", "Mul", [mask, self.constant("lowest", np.array(-1e4, np.float32))])
        for index in range(layers):
            x = self.layer(index, x)
        logits = self.linear("/lm_head", self.norm("/norm", x), self.hidden, vocabulary)
        axes_of = {"input_ids": T.INT64, "position_ids": T.FLOAT, "attention_mask": T.FLOAT}
        inputs = [helper.make_tensor_value_info(n, t, ["batch", "seq"]) for n, t in axes_of.items()]
        output = helper.make_tensor_value_info(logits, T.FLOAT, ["batch", "seq", vocabulary])
        graph = helper.make_graph(self.nodes, "decoder", inputs, [output], list(self.initializers.values()))
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def decoder(target: Path, ops: int) -> None:
    """A decoder of about ``ops`` nodes."""
    onnx.save(Decoder().build(max(1, ops // OPS_PER_LAYER)), target)


MAKERS = {
    "cnn.onnx": lambda path: materialise(LIGHT / "light_resnet50.onnx", path),
    "bert.onnx": lambda path: materialise(ROOT / "tests/models/bert_base.onnx", path),
    "llama.onnx": lambda path: materialise(ROOT / "examples/models/llama_1b.onnx", path, external=True),
    "decoder_2k.onnx": lambda path: decoder(path, 2_000),
    "decoder_25k.onnx": lambda path: decoder(path, 25_000),
    "decoder_100k.onnx": lambda path: decoder(path, 100_000),
}


def make(folder: Path, names: list[str] | None = None) -> list[Path]:
    """Write the models that are not there yet and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in names or MAKERS]
    for path in paths:
        if not path.exists():
            MAKERS[path.name](path)
    return paths


if __name__ == "__main__":
    for made in make(Path(sys.argv[1])):
        print(made, f"{made.stat().st_size / 1e6:.1f} MB")
