"""Models for the shape tests, written as ONNX text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx

from haoline_analysis import open_model
from haoline_analysis.model import Model
from haoline_analysis.shapes import Evaluation, Evaluator

Shape = tuple[int | None, ...]


def model_of(graph: str, opset: int = 21, imports: str = "") -> Model:
    """A model from ``g (float[N] x) => (y) { ... }`` in ONNX text."""
    header = f'<ir_version: 10, opset_import: ["" : {opset}{imports}]>'
    return open_model(onnx.parser.parse_model(header + graph))


def evaluation_of(
    graph: str, shapes: Mapping[str, int | Sequence[int]] | None = None, opset: int = 21, imports: str = ""
) -> tuple[Model, Evaluation]:
    """A model from text and its evaluation."""
    model = model_of(graph, opset, imports)
    return model, Evaluator(model).evaluate(shapes)


def shapes_by_name(model: Model, evaluation: Evaluation) -> dict[str, Shape | None]:
    """Every tensor's shape by its name."""
    found = {}
    for index, tensor in enumerate(model.tensors):
        value = evaluation.value(index)
        found[tensor.name] = None if value is None else value.shape
    return found


def output_shapes(
    graph: str, shapes: Mapping[str, int | Sequence[int]] | None = None, opset: int = 21, imports: str = ""
) -> list[Shape | None]:
    """Shapes of the model's outputs."""
    model, evaluation = evaluation_of(graph, shapes, opset, imports)
    named = shapes_by_name(model, evaluation)
    return [named[model.tensors[index].name] for index in model.outputs]
