"""ResNet-50 with random weights, from the graph that the onnx package carries: fit for costs and mechanics.

The graph has real shapes; its weights are drawn here, so that nothing can be said of its accuracy on pictures.
``resnet(path)`` folds batch norms into the convolutions, as exporters do; ``folded=False`` leaves them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

LIGHT = Path(onnx.__file__).parent / "backend/test/data/light/light_resnet50.onnx"
INPUT, SHAPE = "gpu_0/data_0", (1, 3, 224, 224)


def resnet(target: Path, *, folded: bool = True) -> Path:
    """Write ResNet-50 with stored weights, unless it is there."""
    if target.exists():
        return target
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
    target.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, target)
    return target


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


def pictures(count: int, seed: int = 1) -> list[dict[str, np.ndarray]]:
    """Noise in the shape of pictures."""
    rng = np.random.default_rng(seed)
    return [{INPUT: rng.normal(size=SHAPE).astype(np.float32)} for _ in range(count)]


if __name__ == "__main__":
    print(resnet(Path("resnet50.onnx")))
