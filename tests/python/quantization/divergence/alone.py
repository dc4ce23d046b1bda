"""Ops of a variant run one at a time, each in a model of its own that is cut out of the variant's file.

Written against the file as it is given, not the graph that onnxruntime makes of it: whatever the comparison says of an
op by itself must be what such a model computes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

from haoline_analysis.quantization.structure import Form


class Alone:
    """Runs the part of a variant between a tensor and the nearest matched ones before it."""

    def __init__(self, path: Any) -> None:
        self.proto = onnx.load(path)
        inferred = onnx.shape_inference.infer_shapes(self.proto).graph
        self.types = {
            entry.name: entry.type.tensor_type.elem_type for entry in [*inferred.value_info, *inferred.output]
        }
        self.made_by = {name: node for node in self.proto.graph.node for name in node.output}
        self.weights = {entry.name: entry for entry in self.proto.graph.initializer}
        self.inputs = {entry.name for entry in self.proto.graph.input} - self.weights.keys()

    def run(self, wanted: str, cuts: dict[str, np.ndarray], feeds: dict[str, np.ndarray]) -> np.ndarray:
        """The tensor ``wanted`` where the tensors in ``cuts`` are given."""
        nodes: list[Any] = []
        fed: dict[str, np.ndarray] = {}
        weights: dict[str, Any] = {}
        self._walk(wanted, {**feeds, **{k: v for k, v in cuts.items() if k != wanted}}, nodes, fed, weights, set())
        order = {id(node): at for at, node in enumerate(self.proto.graph.node)}
        nodes.sort(key=lambda node: order[id(node)])
        inputs = [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
            for name, value in fed.items()
        ]
        output = onnx.ValueInfoProto(name=wanted)
        graph = helper.make_graph(nodes, "alone", inputs, [output], list(weights.values()))
        model = helper.make_model(graph, opset_imports=self.proto.opset_import, ir_version=self.proto.ir_version)
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        return session.run(None, fed)[0]

    def _walk(
        self,
        name: str,
        given: dict[str, Any],
        nodes: list[Any],
        fed: dict[str, Any],
        weights: dict[str, Any],
        seen: set[str],
    ) -> None:
        if not name or name in seen:
            return
        seen.add(name)
        if name in given:
            fed[name] = given[name]
        elif name in self.weights:
            weights[name] = self.weights[name]
        else:
            node = self.made_by[name]
            if node not in nodes:
                nodes.append(node)
            for other in node.input:
                self._walk(other, given, nodes, fed, weights, seen)

    def after(self, name: str) -> str:
        """The integers that a float tensor of the file is quantized to; itself where it is not."""
        found = [node for node in self.proto.graph.node if node.op_type == "QuantizeLinear" and node.input[0] == name]
        return found[0].output[0] if found else name

    def integers(self, name: str) -> bool:
        """Whether a tensor of the file is quantized."""
        if name in self.types:
            return self.types[name] in (TensorProto.INT8, TensorProto.UINT8)
        return name.endswith("_quantized")  # behind ops whose types onnx does not know

    def typed(self, name: str, form: Form | None, reals: np.ndarray) -> np.ndarray:
        """Reals as the file holds the tensor."""
        if form is not None and self.integers(name):
            return form.quantize(reals)
        return reals.astype(np.float16) if self.types.get(name) == TensorProto.FLOAT16 else reals
