"""Large graphs for the benchmark of the graph view, made on the spot.

``dense-*`` are decoders with Q/DQ around every linear, ``moe-*`` decoders with a mixture of experts. The rotary caches
and the mask fan out to every layer, as in files that exporters write. ``*-bare`` is the same graph with every name
stripped: nodes have none, tensors are called t0, t1, … ``flat-20k`` is a random DAG without names or structure.
Every model passes the ONNX checker, so that shapes and costs can be counted on it.
"""

from __future__ import annotations

import json
import random
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

HIDDEN, HEADS, SEQUENCE, VOCABULARY = 32, 4, 128, 64
HEAD = HIDDEN // HEADS
FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64
OUTPUT_SHAPE = "float32[1,128,32]"


class Node(NamedTuple):
    """An op: the module that holds it, its name there, its type, the tensors it reads and writes."""

    scope: tuple[str, ...]
    name: str
    type: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]


@dataclass
class Graph:
    """Nodes in execution order, weights, and the inputs as (element type, shape)."""

    inputs: dict[str, tuple[int, Sequence[int]]]
    nodes: list[Node] = field(default_factory=list)
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)
    _scope: tuple[str, ...] = ()

    @contextmanager
    def module(self, name: str) -> Iterator[None]:
        """What is added inside belongs to this module."""
        outer = self._scope
        self._scope = (*outer, *name.split("/"))
        yield
        self._scope = outer

    def op(self, kind: str, *inputs: str, name: str = "", outputs: int = 1, **attributes: Any) -> str:
        """Add an op and return its (first) output; an op's name is its type unless another is given."""
        name = name or kind
        stem = "/" + "/".join((*self._scope, name)) + "_output_"
        made = tuple(f"{stem}{i}" for i in range(outputs))
        self.nodes.append(Node(self._scope, name, kind, inputs, made, attributes))
        return made[0]

    def weight(self, name: str, value: np.ndarray) -> str:
        """A weight of the current module."""
        full = ".".join((*self._scope, name))
        self.weights[full] = value
        return full

    def shared(self, name: str, value: Any, dtype: type = np.float32) -> str:
        """A constant that many modules use."""
        self.weights.setdefault(name, np.array(value, dtype))
        return name


class Decoder:
    """A decoder-only transformer, one node per primitive."""

    def __init__(self, layers: int, experts: int = 0, *, quantized: bool) -> None:
        self.layers, self.experts, self.quantized = layers, experts, quantized
        self.graph = Graph(
            {
                "input_ids": (INT, (1, SEQUENCE)),
                "position_ids": (FLOAT, (1, SEQUENCE, 1)),
                "attention_mask": (INT, (1, SEQUENCE)),
            }
        )
        self.random = np.random.default_rng(7)

    def build(self) -> Graph:
        """The whole model."""
        g = self.graph
        with g.module("embed_tokens"):
            x = g.op("Gather", g.weight("weight", self._noise(VOCABULARY, HIDDEN)), "input_ids")
        cos, sin = self._rotary_cache()
        mask = self._mask()
        for layer in range(self.layers):
            with g.module(f"layers.{layer}"):
                x = self._block(x, cos, sin, mask)
        x = self._norm("norm", x)
        g.outputs.append(self._linear("lm_head", x, quantized=False, size=VOCABULARY))
        return g

    def _noise(self, *shape: int) -> np.ndarray:
        return self.random.standard_normal(shape).astype(np.float32)

    def _rotary_cache(self) -> tuple[str, str]:
        g = self.graph
        with g.module("rotary_emb"):
            angles = g.op("MatMul", "position_ids", g.weight("inv_freq", self._noise(1, HEAD // 2)))
            both = g.op("Concat", angles, angles, axis=-1)
            return g.op("Cos", both), g.op("Sin", both)

    def _mask(self) -> str:
        g = self.graph
        with g.module("attn_mask"):
            kept = g.op("Cast", "attention_mask", to=FLOAT)
            return g.op("Mul", kept, g.shared("lowest", -1e4))

    def _block(self, x: str, cos: str, sin: str, mask: str) -> str:
        g = self.graph
        normed = self._norm("input_layernorm", x)
        with g.module("self_attn"):
            attended = self._attention(normed, cos, sin, mask)
        x = g.op("Add", x, attended)
        normed = self._norm("post_attention_layernorm", x)
        with g.module("mlp"):
            y = self._mixture(normed) if self.experts else self._mlp(normed)
        return g.op("Add", x, y, name="Add_1")

    def _norm(self, name: str, x: str) -> str:
        g = self.graph
        with g.module(name):
            squared = g.op("Pow", x, g.shared("two", 2))
            variance = g.op("ReduceMean", squared, axes=[-1], keepdims=1)
            root = g.op("Sqrt", g.op("Add", variance, g.shared("epsilon", 1e-5)))
            return g.op("Mul", g.op("Div", x, root), g.weight("weight", np.ones(HIDDEN, np.float32)))

    def _linear(self, name: str, x: str, *, quantized: bool, size: int = HIDDEN) -> str:
        g = self.graph
        with g.module(name):
            if not quantized:
                return g.op("MatMul", x, g.weight("weight", self._noise(HIDDEN, size)))
            scale = g.weight("scale", np.array(0.02, np.float32))
            zero = g.shared("zero_point", 0, np.int8)
            stored = self.random.integers(-127, 127, (HIDDEN, size)).astype(np.int8)
            x = g.op("QuantizeLinear", x, scale, zero, name="act_QuantizeLinear")
            x = g.op("DequantizeLinear", x, scale, zero, name="act_DequantizeLinear")
            weight = g.weight("weight_quantized", stored)
            weight = g.op("DequantizeLinear", weight, scale, zero, name="weight_DequantizeLinear")
            return g.op("MatMul", x, weight)

    def _attention(self, x: str, cos: str, sin: str, mask: str) -> str:
        g = self.graph
        query, key, value = (self._linear(f"{part}_proj", x, quantized=self.quantized) for part in "qkv")
        query, key, value = (self._heads(part, t) for part, t in zip("qkv", (query, key, value), strict=True))
        query, key = self._rotate("q_rope", query, cos, sin), self._rotate("k_rope", key, cos, sin)
        scores = g.op("MatMul", query, g.op("Transpose", key, name="k_Transpose_1", perm=[0, 1, 3, 2]))
        scores = g.op("Add", g.op("Div", scores, g.shared("root_of_head", HEAD**0.5)), mask)
        mixed = g.op("MatMul", g.op("Softmax", scores, axis=-1), value, name="MatMul_1")
        merged = g.op("Transpose", mixed, perm=[0, 2, 1, 3])
        merged = g.op("Reshape", merged, g.shared("merged_shape", [1, SEQUENCE, HIDDEN], np.int64))
        return self._linear("o_proj", merged, quantized=self.quantized)

    def _heads(self, part: str, x: str) -> str:
        g = self.graph
        shape = g.shared("heads_shape", [1, SEQUENCE, HEADS, HEAD], np.int64)
        split = g.op("Reshape", x, shape, name=f"{part}_Reshape")
        return g.op("Transpose", split, name=f"{part}_Transpose", perm=[0, 2, 1, 3])

    def _rotate(self, tag: str, x: str, cos: str, sin: str) -> str:
        g = self.graph
        start, half, end, axis = (
            g.shared(name, [value], np.int64)
            for name, value in (("start", 0), ("half", HEAD // 2), ("end", HEAD), ("axis", 3))
        )
        plain = g.op("Mul", x, cos, name=f"{tag}_Mul")
        first = g.op("Slice", x, start, half, axis, name=f"{tag}_Slice")
        second = g.op("Slice", x, half, end, axis, name=f"{tag}_Slice_1")
        turned = g.op("Concat", g.op("Neg", second, name=f"{tag}_Neg"), first, name=f"{tag}_Concat", axis=-1)
        return g.op("Add", plain, g.op("Mul", turned, sin, name=f"{tag}_Mul_1"), name=f"{tag}_Add")

    def _mlp(self, x: str) -> str:
        g = self.graph
        gate = self._linear("gate_proj", x, quantized=self.quantized)
        up = self._linear("up_proj", x, quantized=self.quantized)
        with g.module("act_fn"):
            gate = g.op("Mul", gate, g.op("Sigmoid", gate))
        return self._linear("down_proj", g.op("Mul", gate, up), quantized=self.quantized)

    def _mixture(self, x: str) -> str:
        g = self.graph
        odds = g.op("Softmax", self._linear("gate", x, quantized=False, size=self.experts), axis=-1)
        chance = g.op("TopK", odds, g.shared("one", [1], np.int64), outputs=2, axis=-1)
        chosen = g.nodes[-1].outputs[1]
        results = []
        for expert in range(self.experts):
            with g.module(f"experts.{expert}"):
                mine = g.op("Equal", chosen, g.shared(f"expert_{expert}", expert, np.int64))
                tokens = g.op("Where", mine, x, g.shared("zero", 0))
                results.append(g.op("Mul", self._mlp(tokens), chance, name="Mul_1"))
        return g.op("Sum", *results)


def random_dag(ops: int, seed: int = 3) -> Graph:
    """Ops that read what is not read yet, and now and then something from long ago."""
    chance = random.Random(seed)
    g = Graph({"x": (FLOAT, (1, HIDDEN))})
    made, unread = ["x"], ["x"] * 24
    for number in range(ops):
        kind, arity = chance.choice([("Add", 2), ("Mul", 2), ("Relu", 1), ("Sigmoid", 1), ("Sum", 3), ("Neg", 1)])
        first = unread.pop(chance.randrange(len(unread))) if len(unread) > 40 or chance.random() < 0.75 else unread[0]
        others = [
            chance.choice(made) if chance.random() < 0.05 else made[-chance.randint(1, min(200, len(made)))]
            for _ in range(arity - 1)
        ]
        made.append(g.op(kind, first, *others, name=f"{kind}_{number}"))
        unread.append(made[-1])
    read = {tensor for node in g.nodes for tensor in node.inputs}
    g.outputs = [tensor for tensor in made if tensor not in read]
    return g


def strip(graph: Graph) -> Graph:
    """The same graph without a name that says anything."""
    codes: dict[str, str] = {}

    def code(tensor: str) -> str:
        return codes.setdefault(tensor, f"t{len(codes)}")

    inputs = {code(tensor): kind for tensor, kind in graph.inputs.items()}
    nodes = [
        node._replace(scope=(), name="", inputs=tuple(map(code, node.inputs)), outputs=tuple(map(code, node.outputs)))
        for node in graph.nodes
    ]
    weights = {code(tensor): value for tensor, value in graph.weights.items()}
    return Graph(inputs, nodes, weights, [code(tensor) for tensor in graph.outputs])


def to_onnx(graph: Graph) -> onnx.ModelProto:
    """The model, with the shape of every tensor written into it, as exporters do."""
    nodes = [
        helper.make_node(
            node.type,
            list(node.inputs),
            list(node.outputs),
            name="/" + "/".join((*node.scope, node.name)) if node.name else "",
            **node.attributes,
        )
        for node in graph.nodes
    ]
    proto = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in graph.inputs.items()],
        [helper.make_empty_tensor_value_info(name) for name in graph.outputs],
        [numpy_helper.from_array(value, name) for name, value in graph.weights.items()],
    )
    for output in proto.output:
        output.type.tensor_type.elem_type = FLOAT
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return onnx.shape_inference.infer_shapes(model, data_prop=True)


def edges_into(graph: Graph) -> list[list[dict[str, str]]]:
    """Incoming edges of every node in Model Explorer's words; weights and inputs have no node."""
    source = {tensor: (i, slot) for i, node in enumerate(graph.nodes) for slot, tensor in enumerate(node.outputs)}
    return [
        [
            {
                "sourceNodeId": str(source[tensor][0]),
                "sourceNodeOutputId": str(source[tensor][1]),
                "targetNodeInputId": str(slot),
            }
            for slot, tensor in enumerate(node.inputs)
            if tensor in source
        ]
        for node in graph.nodes
    ]


def to_explorer(graph: Graph) -> dict[str, Any]:
    """Model Explorer's own JSON: it reads no ONNX without a further adapter."""
    incoming = edges_into(graph)
    nodes = [
        {
            "id": str(i),
            "label": node.type,
            "namespace": "/".join(node.scope),
            "attrs": [{"key": "name", "value": node.name}],
            "incomingEdges": incoming[i],
            "outputsMetadata": [
                {
                    "id": str(slot),
                    "attrs": [
                        {"key": "tensor_shape", "value": OUTPUT_SHAPE},
                        {"key": "tensor_name", "value": tensor},
                    ],
                }
                for slot, tensor in enumerate(node.outputs)
            ],
        }
        for i, node in enumerate(graph.nodes)
    ]
    return {"label": "model", "graphs": [{"id": "main", "nodes": nodes}]}


SIZES = {
    "dense-2k": (32, 0),
    "dense-20k": (312, 0),
    "dense-100k": (1560, 0),
    "moe-2k": (4, 24),
    "moe-20k": (16, 64),
    "moe-100k": (40, 128),
}
BARE = "-bare"
NAMES = (*SIZES, *(name + BARE for name in SIZES), "flat-20k")


def build(name: str) -> Graph:
    """The graph of a name in ``NAMES``."""
    if name.startswith("flat"):
        return strip(random_dag(20_000))
    layers, experts = SIZES[name.removesuffix(BARE)]
    graph = Decoder(layers, experts, quantized=True).build()
    return strip(graph) if name.endswith(BARE) else graph


class Files(NamedTuple):
    """One graph on disk, in the format of each reader."""

    onnx: Path
    explorer: Path
    ops: int


def write(name: str, folder: Path) -> Files:
    """Write a graph, unless it lies there already."""
    folder.mkdir(parents=True, exist_ok=True)
    model, explorer, count = (folder / f"{name}{suffix}" for suffix in (".onnx", ".json", ".ops"))
    if not count.exists():
        graph = build(name)
        onnx.save(to_onnx(graph), model)
        explorer.write_text(json.dumps(to_explorer(graph)))
        count.write_text(str(len(graph.nodes)))
    return Files(model, explorer, int(count.read_text()))
