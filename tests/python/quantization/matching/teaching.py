"""Teacher forcing: the ops behind each match, cut out of the deployed graph and fed with the float model's values."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper

from haoline_analysis.quantization.deployed import Deployed
from haoline_analysis.quantization.deployed.blocked import NCHWC
from haoline_analysis.quantization.matching import Matching


def _session(model: onnx.ModelProto) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def float_values(model: onnx.ModelProto, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every tensor of a float model, by name."""
    whole = onnx.ModelProto.FromString(model.SerializeToString())
    known = {output.name for output in whole.graph.output}
    made = [name for node in whole.graph.node for name in node.output if name and name not in known]
    whole.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in made)
    session = _session(whole)
    return dict(zip([output.name for output in session.get_outputs()], session.run(None, feeds), strict=True))


def sqnr(reference: np.ndarray, other: np.ndarray) -> float:
    """Signal to noise in dB, over all elements."""
    noise = np.sum((reference.astype(np.float64) - other) ** 2)
    return np.inf if noise == 0 else float(10 * np.log10(np.sum(reference.astype(np.float64) ** 2) / noise))


class Pupil:
    """The deployed graph in pieces that end and begin at matched tensors."""

    def __init__(self, float_model, proto, deployed: Deployed, matching: Matching, feeds: dict) -> None:
        self.model, self.deployed, self.feeds = float_model, deployed, feeds
        self.values = float_values(proto, feeds)
        self.proto = onnx.load(str(deployed.path))
        self.made = {name: node for node in self.proto.graph.node for name in node.output if name}
        self.stored = {tensor.name: tensor for tensor in self.proto.graph.initializer}
        self.names = {matching.inputs[name]: name for name in feeds}
        self.held = {self._plain(match.captured)[0]: match for match in matching.matches}
        self.matching = matching
        self.shapes, self.types = deployed.running.shapes, deployed.running.types

    def local(self) -> dict[str, float]:
        """Local SQNR by float tensor's name."""
        found = {}
        for match in self.matching.matches:
            name = self.model.tensors[match.tensor].name
            made = match.reals(self._alone(match))
            assert made.size == self.values[name].size, (name, made.shape, self.values[name].shape)
            if made.ndim == self.values[name].ndim:
                assert made.shape == self.values[name].shape, name
            found[name] = sqnr(self.values[name], made.reshape(self.values[name].shape))
        return found

    def _plain(self, row: int) -> tuple[str, int]:
        """The tensor in the file that a copy of a blocked one is made of, and the channels of the copy."""
        op = self.deployed.model.ops[self.deployed.model.tensors[row].producer]
        if op.name.endswith("/ReorderOutput") and op.domain == NCHWC:
            return self.deployed.model.tensors[op.inputs[0]].name, op.attributes["channels"]
        return self.deployed.model.tensors[row].name, 0

    def _alone(self, match) -> np.ndarray:
        name, channels = self._plain(match.captured)
        nodes, feeds, stored = [], {}, set()
        self._need(name, match, nodes, feeds, stored, set())
        result = name
        if channels:
            result = "plain"
            nodes.append(
                helper.make_node("ReorderOutput", [name], [result], domain=NCHWC, channels=channels, channels_last=0)
            )
        inputs = [
            helper.make_tensor_value_info(key, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
            for key, array in feeds.items()
        ]
        output = helper.make_empty_tensor_value_info(result)
        graph = helper.make_graph(nodes, "alone", inputs, [output], [self.stored[key] for key in stored])
        model = helper.make_model(graph, opset_imports=self.proto.opset_import, ir_version=self.proto.ir_version)
        return _session(model).run(None, feeds)[0]

    def _need(self, name: str, match, nodes: list, feeds: dict, stored: set, seen: set) -> None:
        if not name or name in seen:
            return
        first = not seen
        seen.add(name)
        if name in self.stored:
            stored.add(name)
        elif name in self.names:
            feeds[name] = self.feeds[self.names[name]]
        elif not first and name in self.held and self.held[name].tensor != match.tensor:
            self._given(name, self.held[name], nodes, feeds)
        else:
            node = self.made[name]
            for operand in node.input:
                self._need(operand, match, nodes, feeds, stored, seen)
            if node not in nodes:
                nodes.append(node)

    def _given(self, name: str, match, nodes: list, feeds: dict) -> None:
        """The float value, as the deployed graph holds it."""
        array = self.values[self.model.tensors[match.tensor].name]
        if match.transpose is not None:
            array = np.ascontiguousarray(array.transpose(np.argsort(match.transpose)))
        shape = self.shapes[match.captured] if match.captured < len(self.shapes) else None
        if shape is not None and len(shape) == 2 < array.ndim:
            array = array.reshape(-1, array.shape[-1])  # a product of three axes that runs as one of two
        if match.form is not None:
            array = match.form.quantize(array)
        elif match.captured < len(self.types) and self.types[match.captured] == "float16":
            array = array.astype(np.float16)
        channels = self._plain(match.captured)[1]
        if channels:
            more = -channels % 4  # which ReorderInput does not add
            array = np.pad(array, [(0, 0), (0, more), *[(0, 0)] * (array.ndim - 2)])
            nodes.append(helper.make_node("ReorderInput", [f"{name}/in"], [name], domain=NCHWC, channels_last=0))
            name = f"{name}/in"
        feeds[name] = array
