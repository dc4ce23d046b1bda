"""Everything we read agrees with what ``onnx.load`` reads."""

from __future__ import annotations

from array import array
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from haoline_analysis.errors import ExternalDataError, ModelError, UnsupportedFormatError
from haoline_analysis.formats import open_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.model import Model, Weight

FOLDERS = (
    "conformance-flops",
    "onnxruntime-testdata",
    "burn-onnx",
    "onnxruntime-genai",
    "torch213-exports",
    "genai-built",
)
REFUSED = {
    "corrupt-model.onnx": UnsupportedFormatError,  # a line of text
}
MISSING_DATA = {"model_with_external_initializer_come_from_user.onnx"}  # the program is to supply it

WHEEL = Path(onnx.__file__).parent / "backend" / "test" / "data"


def wheel_files() -> list[Path]:
    return sorted(WHEEL.rglob("*.onnx"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_of_the_material_opens_or_is_refused_for_a_known_reason(material: Path, folder: str) -> None:
    files = sorted((material / folder).rglob("*.onnx"))
    assert files
    refused = {}
    for path in files:
        try:
            model = open_model(path)
        except ModelError as error:
            refused[path.name] = type(error)
        else:
            assert bool(model.gaps) == (path.name in MISSING_DATA), path
    assert refused == {name: kind for name, kind in REFUSED.items() if any(path.name == name for path in files)}


@pytest.mark.parametrize("folder", FOLDERS)
def test_material_agrees_with_onnx(material: Path, folder: str) -> None:
    for path in sorted((material / folder).rglob("*.onnx")):
        if path.name not in REFUSED:
            compare(open_model(path), onnx.load(path, load_external_data=False), path)


def test_the_wheels_models_agree_with_onnx() -> None:
    files = wheel_files()
    assert len(files) > 100
    for path in files:
        compare(open_model(path), onnx.load(path), path)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_standards_node_cases_agree_with_onnx() -> None:
    from onnx.backend.test.case.node import collect_testcases

    cases = [case for case in collect_testcases(None) if case.model is not None]
    assert len(cases) > 1500
    for case in cases:
        compare(open_model(case.model), case.model, Path(case.name))


def compare(model: Model, proto: onnx.ModelProto, path: Path) -> None:
    assert model.ir_version == proto.ir_version, path
    assert {k: v for k, v in model.opsets.items() if v} == opsets(proto), path
    compare_nodes(model, proto, path)
    compare_values(model, proto, path)
    compare_weights(model, proto, path)


def opsets(proto: onnx.ModelProto) -> dict[str, int]:
    found = {"" if each.domain == "ai.onnx" else each.domain: each.version for each in proto.opset_import}
    return {k: v for k, v in found.items() if v}


def compare_nodes(model: Model, proto: onnx.ModelProto, path: Path) -> None:
    """Op types, names, and value names of every op of the file itself, in every subgraph."""
    functions = {(f.domain, f.name) for f in proto.functions}
    nodes = [each for each in nodes_of(proto.graph) if (each.domain, each.op_type) not in functions]
    ops = [op for op in model.ops if not op.call_path]
    assert len(nodes) == len(ops), path
    assert len({op.name for op in model.ops}) == len(model.ops), path
    assert Counter(map(described, nodes)) == Counter(described_op(model, op) for op in ops), path
    named = Counter(each.name for each in nodes if each.name)
    assert {name for name, count in named.items() if count == 1} <= {op.name for op in ops}, path


def described(node: onnx.NodeProto) -> tuple[object, ...]:
    domain = "" if node.domain == "ai.onnx" else node.domain
    return node.op_type, domain, tuple(node.input), tuple(node.output), attribute_values(node)


def attribute_values(node: onnx.NodeProto) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((each.name, plain(onnx.helper.get_attribute_value(each))) for each in node.attribute))


def plain(value: object) -> str:
    """A value as text; tensors, types and graphs (compared elsewhere) only as such."""
    if isinstance(value, bytes):
        try:
            return repr(value.decode())
        except UnicodeDecodeError:
            return repr(value)
    if isinstance(value, (list, tuple, array)) or type(value).__name__.startswith("Repeated"):
        return f"[{', '.join(map(plain, value))}]"
    return repr(value) if isinstance(value, (int, float, str)) else "message"


def described_op(model: Model, op: object) -> tuple[object, ...]:
    def names(indices: tuple[int, ...]) -> tuple[str, ...]:
        return tuple("" if index < 0 else model.tensors[index].name for index in indices)

    attributes = {name: described_attribute(name, value) for name, value in op.attributes.items()}
    attributes |= {body.attribute: "message" for body in op.bodies}
    return op.type, op.domain, names(op.inputs), names(op.outputs), tuple(sorted(attributes.items()))


def described_attribute(name: str, value: object) -> str:
    return "message" if name in TYPE_ATTRIBUTES else plain(value)


TYPE_ATTRIBUTES = {"type"}  # of Optional: we keep the type's name


def nodes_of(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for inner in graphs_of(node):
            yield from nodes_of(inner)


def graphs_of(node: onnx.NodeProto) -> list[onnx.GraphProto]:
    return [inner for each in node.attribute for inner in ([each.g] if each.HasField("g") else each.graphs)]


def compare_values(model: Model, proto: onnx.ModelProto, path: Path) -> None:
    """Names of the inputs that have no default, and of the outputs, in order."""
    defaults = {each.name for each in proto.graph.initializer}
    defaults |= {each.values.name for each in proto.graph.sparse_initializer}
    fed = [each.name for each in proto.graph.input if each.name not in defaults]
    assert [model.tensors[index].name for index in model.inputs] == fed, path
    assert [model.tensors[index].name for index in model.outputs] == [each.name for each in proto.graph.output], path
    for index, declared in zip(model.outputs, proto.graph.output, strict=True):
        if declared.type.HasField("tensor_type") and model.tensors[index].producer >= 0:
            assert model.tensors[index].shape == shape_of(declared), (path, declared.name)


def shape_of(declared: onnx.ValueInfoProto) -> tuple[object, ...] | None:
    tensor = declared.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    return tuple(
        dim.dim_param or (dim.dim_value if dim.HasField("dim_value") and dim.dim_value >= 0 else None)
        for dim in tensor.shape.dim
    )


def compare_weights(model: Model, proto: onnx.ModelProto, path: Path) -> None:
    """Elements of every initializer of the main graph, and of every Constant's tensor."""
    weights = {each.name: each.weight for each in model.tensors if each.weight is not None and each.producer < 0}
    for tensor in proto.graph.initializer:
        compare_weight(weights[tensor.name], tensor, path)
    constants = {
        op.outputs[0]: op.attributes["value"] for op in model.ops if op.type == "Constant" and "value" in op.attributes
    }
    for node in proto.graph.node:
        if node.op_type == "Constant" and node.attribute and node.attribute[0].HasField("t"):
            found = [i for i in constants if model.tensors[i].name == node.output[0] and not parent_of(model, i)]
            compare_weight(model.tensors[found[0]].weight, node.attribute[0].t, path)


def parent_of(model: Model, tensor: int) -> bool:
    producer = model.ops[model.tensors[tensor].producer]
    return producer.parent >= 0 or bool(producer.call_path)


def compare_weight(weight: Weight, tensor: onnx.TensorProto, path: Path) -> None:
    assert weight.shape == tuple(tensor.dims), (path, tensor.name)
    if path.name in MISSING_DATA:
        with pytest.raises(ExternalDataError):
            weight.numpy()
        return
    expected = numpy_helper.to_array(tensor, str(path.parent))
    actual = weight.numpy()
    assert actual.shape == expected.shape, (path, tensor.name)
    assert same(actual, expected), (path, tensor.name)


def same(actual: np.ndarray, expected: np.ndarray) -> bool:
    if actual.dtype == object:
        return actual.tolist() == expected.tolist()
    if expected.dtype.kind in "iu" or "int" in str(expected.dtype):
        return bool((actual.astype(np.int64) == expected.astype(np.int64)).all())
    return actual.dtype == expected.dtype and actual.tobytes() == expected.tobytes()
