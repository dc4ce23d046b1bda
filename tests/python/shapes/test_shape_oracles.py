"""Real models: our shapes agree with onnx's shape inference and with what onnxruntime makes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from haoline_analysis import ModelError, open_model
from haoline_analysis.dtypes import ONNX_CODES
from haoline_analysis.model import Model
from haoline_analysis.shapes import Evaluation, Evaluator

FOLDERS = ("torch213-exports", "conformance-flops", "burn-onnx")
CONTRADICT_THEMSELVES = {
    "resize_with_sizes.onnx": "declares other sizes than it computes",
    "high_rank_tensors.onnx": "declares a rank that broadcasting does not give",
    "unknown_rank_dynamic.onnx": "declares a scalar for an unknown rank",
}


def evaluated(path: Path, shapes: dict[str, int] | None = None) -> tuple[Model, Evaluation]:
    model = open_model(path)
    return model, Evaluator(model).evaluate(shapes)


def disagreements(path: Path) -> list[str]:
    """Tensors whose static dims onnx infers otherwise."""
    try:
        model, evaluation = evaluated(path)
        inferred = onnx.shape_inference.infer_shapes(onnx.load(path, load_external_data=False), data_prop=True)
    except (ModelError, onnx.shape_inference.InferenceError):
        return []
    known = {info.name: info.type.tensor_type for info in [*inferred.graph.value_info, *inferred.graph.output]}
    found = []
    for index, tensor in enumerate(model.tensors):
        value, told = evaluation.value(index), known.get(tensor.name)
        if value is None or value.shape is None or told is None or not told.HasField("shape"):
            continue
        dims = [dim.dim_value if dim.HasField("dim_value") else None for dim in told.shape.dim]
        if value.dtype != ONNX_CODES.get(told.elem_type, value.dtype) or not _agree(value.shape, dims):
            found.append(f"{path.name} {tensor.name}: {value.dtype} {value.shape}, inferred {dims}")
    return found


def _agree(ours: tuple[int | None, ...], theirs: list[int | None]) -> bool:
    return len(ours) == len(theirs) and all(
        None in pair or pair[0] == pair[1] for pair in zip(ours, theirs, strict=True)
    )


@pytest.mark.parametrize("folder", FOLDERS)
def test_shapes_agree_with_shape_inference(material: Path, folder: str) -> None:
    paths = [path for path in sorted((material / folder).rglob("*.onnx")) if path.name not in CONTRADICT_THEMSELVES]
    assert paths
    assert [line for path in paths for line in disagreements(path)] == []


def test_the_wheels_cnns_are_fully_known() -> None:
    folder = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
    paths = sorted(folder.glob("*.onnx"))
    assert len(paths) >= 9
    for path in paths:
        model, evaluation = evaluated(path)
        assert disagreements(path) == []
        assert evaluation.gaps == []
        assert all(None not in evaluation.value(index).shape for index in range(len(model.tensors)))


RUN = {
    "bert.onnx": {"batch": 2, "seq": 7},
    "llama_kv.onnx": {"batch": 2, "seq": 3, "past": 5, "tot": 8},
    "qwen3_moe_batched_mm.onnx": {"batch": 2, "seq": 5},
    "mamba2.onnx": {"batch": 2, "seq": 16},
    "resnet.onnx": {"batch": 3},
    "t5_eager.onnx": {"batch": 2, "enc": 6, "dec": 4},
    "clip.onnx": {"tb": 2, "seq": 6, "ib": 3},
    "whisper.onnx": {"batch": 2, "dec": 4},
}


@pytest.mark.parametrize("name", RUN)
def test_shapes_equal_what_onnxruntime_makes(material: Path, name: str) -> None:
    path = material / "torch213-exports" / name
    model, evaluation = evaluated(path, RUN[name])
    actual = _run(path, model, evaluation)
    claimed = {tensor.name: evaluation.value(index) for index, tensor in enumerate(model.tensors)}
    wrong = {key: (claimed[key], shape) for key, shape in actual.items() if claimed[key].shape != shape}
    assert wrong == {}
    assert len(actual) > 20


def test_one_op_models_make_what_we_say(material: Path) -> None:
    """The conformance models, contributed ops among them; only GroupQueryAttention's cache depends on what is fed."""
    wrong, compared = {}, 0
    for path in sorted((material / "conformance-flops").glob("*.onnx")):
        model, evaluation = evaluated(path)
        claimed = {model.tensors[index].name: evaluation.value(index) for index in model.outputs}
        actual = _run(path, model, evaluation)
        for name in claimed.keys() & actual.keys():
            compared += 1
            if claimed[name].shape != actual[name] and path.name != "ms_gqa.onnx":
                wrong[path.name, name] = (claimed[name].shape, actual[name])
    assert wrong == {}
    assert compared >= 42


def _run(path: Path, model: Model, evaluation: Evaluation) -> dict[str, tuple[int, ...]]:
    """Shapes of all intermediate tensors of a real run, without graph optimisations."""
    runtime = pytest.importorskip("onnxruntime")
    proto = onnx.load(path)
    known = {info.name for info in proto.graph.output}
    names = [name for node in proto.graph.node for name in node.output if name]
    proto.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in known)
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = runtime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    feeds = {model.tensors[index].name: _feed(evaluation, index) for index in model.inputs}
    outputs = [info.name for info in session.get_outputs()]
    return {name: np.shape(array) for name, array in zip(outputs, session.run(None, feeds), strict=True)}


def _feed(evaluation: Evaluation, index: int) -> np.ndarray:
    value = evaluation.value(index)
    return np.ones(value.shape, value.dtype)


def test_a_weight_in_the_file_has_its_own_shape(tmp_path: Path) -> None:
    array = np.zeros((3, 0, 2), np.float32)
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["w"], ["y"])],
        "g",
        [],
        [onnx.ValueInfoProto(name="y")],
        [numpy_helper.from_array(array, "w")],
    )
    onnx.save(onnx.helper.make_model(graph, ir_version=10), tmp_path / "m.onnx")
    model, evaluation = evaluated(tmp_path / "m.onnx")
    assert evaluation.value(model.outputs[0]).shape == (3, 0, 2)
