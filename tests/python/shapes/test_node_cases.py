"""Every node case that onnx generates: what we claim is what the reference computes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from shape_oracle import verdict

from haoline_analysis import open_model
from haoline_analysis.model import Model
from haoline_analysis.shapes import Evaluation, Evaluator

OPEN_EVEN_WITH_DATA = {
    "ImageDecoder": "the size is in the encoded bytes",
    "NonMaxSuppression": "how many boxes survive depends on the scores",
    "StringNormalizer": "stop words may drop strings",
    "StringSplit": "the new axis is as long as the most substrings",
    "Unique": "how many are distinct depends on the elements",
    "Loop": "the body slices or collects by the iteration number",
    "Range": "bfloat16 and float16 limits are not folded",
    "SplitToSequence": "chunks differ in size",
    "Identity": "of a sequence given as input, whose items the file does not describe",
    "OptionalGetElement": "of a sequence given as input",
    "SequenceInsert": "into a sequence given as input",
    "SequenceMap": "over a sequence given as input",
}
"""Op types that may leave dims open though all small inputs are constants, and why."""

OPEN_FROM_DECLARATIONS = OPEN_EVEN_WITH_DATA | {"If": "of optional sequences, whose items the file does not describe"}


@pytest.fixture(scope="module")
def cases() -> list[Any]:
    node = pytest.importorskip("onnx.backend.test.case.node")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return node.collect_testcases(None)


def subject(case: Any) -> str:
    """The op type that a case is about; expanded functions count as the function."""
    name = case.name.removeprefix("test_")
    nodes = case.model.graph.node
    if len(nodes) == 1:
        return nodes[0].op_type
    if name.startswith("sequence_map"):
        return "SequenceMap"
    return "Range" if name.startswith("range_") else nodes[0].op_type


def bindings(case: Any, model: Model) -> dict[str, tuple[int, ...]]:
    """The actual shapes of inputs that the file declares symbolically."""
    tensors = {model.tensors[index].name: model.tensors[index] for index in model.inputs}
    bound = {}
    for info, array in zip(case.model.graph.input, case.data_sets[0][0], strict=False):
        tensor = tensors.get(info.name)
        if tensor is None or tensor.shape is None or isinstance(array, list | tuple) or array is None:
            continue
        if not all(isinstance(dim, int) for dim in tensor.shape):
            bound[info.name] = tuple(array.dims) if isinstance(array, onnx.TensorProto) else np.shape(array)
    return bound


def with_constants(case: Any) -> onnx.ModelProto:
    """The case's model with small inputs as initializers, and nothing declared of its outputs."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    for info, array in zip(list(model.graph.input), case.data_sets[0][0], strict=False):
        if isinstance(array, np.ndarray | np.generic) and _small(np.asarray(array)):
            model.graph.initializer.append(numpy_helper.from_array(np.asarray(array), info.name))
            model.graph.input.remove(info)
    for info in model.graph.output:
        info.ClearField("type")
    return model


def _small(array: np.ndarray) -> bool:
    return (array.dtype.kind in "iub" and array.size <= 1024) or (array.dtype.kind == "f" and array.size <= 64)


def evaluated(case: Any, proto: onnx.ModelProto) -> tuple[Model, Evaluation]:
    model = open_model(proto)
    return model, Evaluator(model).evaluate(bindings(case, model))


def test_there_are_as_many_cases_as_we_think(cases: list[Any]) -> None:
    assert len(cases) >= 1800


@pytest.mark.parametrize("constants", [False, True], ids=["as declared", "rules alone"])
def test_claims_equal_reference_outputs(cases: list[Any], constants: bool) -> None:
    allowed = OPEN_EVEN_WITH_DATA if constants else OPEN_FROM_DECLARATIONS
    wrong, exact = [], 0
    for case in cases:
        model, evaluation = evaluated(case, with_constants(case) if constants else case.model)
        for tensor, reference in zip(model.outputs, case.data_sets[0][1], strict=True):
            found = verdict(evaluation.value(tensor), reference)
            exact += not found
            if found and (found != "unknown" or subject(case) not in allowed):
                wrong.append(f"{case.name}: {found}")
    assert not wrong, "\n".join(wrong[:20])
    assert exact >= (2240 if constants else 2270)


def test_every_standard_op_has_a_rule() -> None:
    from haoline_analysis.shapes.flow import HANDLERS
    from haoline_analysis.shapes.node import RULES

    names = {(schema.domain, schema.name) for schema in onnx.defs.get_all_schemas_with_history()}
    assert not names - RULES.keys() - HANDLERS.keys()
