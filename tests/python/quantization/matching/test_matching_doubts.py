"""Where names lie, ops are missing or models do not belong together: nothing is guessed."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from matching_models import MODELS, Builder, convolutions, feeds_of, stripped, transformer, variant
from onnx import helper, numpy_helper
from teaching import Pupil

from haoline_analysis.errors import ModelError
from haoline_analysis.formats import open_model
from haoline_analysis.quantization.deployed import deploy
from haoline_analysis.quantization.matching import Matching, comparable, match
from haoline_analysis.quantization.matching.graph import Graph
from haoline_analysis.quantization.matching.orders import orders
from haoline_analysis.quantization.structure import Reading, precisions, quantizers


def named(model, matching: Matching) -> dict[str, object]:
    return {model.tensors[one.tensor].name: one for one in matching.matches}


def matched(proto, path, feeds=()) -> tuple[object, Matching]:
    model = open_model(proto)
    with deploy(path, threads=1) as deployed:
        return model, match(model, deployed, feeds=feeds)


def renamed(path: Path, to: Path) -> Path:
    """The same model, in which every tensor and weight has the name of another one."""
    model, shuffle = onnx.load(path), random.Random(11)
    graph = model.graph
    ports = {value.name for value in [*graph.input, *graph.output]}
    names = [name for node in graph.node for name in node.output if name and name not in ports]
    stored = [tensor.name for tensor in graph.initializer]
    swap: dict[str, str] = {}
    for group in (names, stored):
        others = list(group)
        shuffle.shuffle(others)
        swap |= dict(zip(group, others, strict=True))
    for node in graph.node:
        node.input[:] = [swap.get(name, name) for name in node.input]
        node.output[:] = [swap.get(name, name) for name in node.output]
    for tensor in graph.initializer:
        tensor.name = swap[tensor.name]
    del graph.value_info[:]
    onnx.save(model, to)
    return to


@pytest.mark.parametrize("how", ["same", "QDQ", "dynamic"])
@pytest.mark.parametrize("kind", ["transformer", "convolutions"])
def test_names_that_lie_are_not_believed(kind: str, how: str, tmp_path: Path) -> None:
    path = renamed(variant(kind, how, tmp_path), tmp_path / "liar.onnx")
    proto, feeds = MODELS[kind](), feeds_of(kind, 9)[8]
    model = open_model(proto)
    with deploy(path, threads=1) as deployed:
        matching = match(model, deployed, feeds=[feeds])
        local = Pupil(model, proto, deployed, matching, feeds).local()
    assert all(one.fused for one in matching.unmatched)
    assert min(local.values()) > 15, sorted(local.items(), key=lambda item: item[1])[:5]


def without(proto: onnx.ModelProto, name: str) -> onnx.ModelProto:
    """The model without one op, whose readers read its first operand instead."""
    graph = proto.graph
    gone = next(node for node in graph.node if node.output[0] == name)
    graph.node.remove(gone)
    for node in graph.node:
        node.input[:] = [gone.input[0] if read == name else read for read in node.input]
    return proto


@pytest.mark.parametrize("names", ["kept", "stripped"])
@pytest.mark.parametrize(
    ("kind", "name"),
    [("convolutions", "left/relu"), ("transformer", "block1/output/add"), ("transformer", "block0/scaled")],
)
def test_a_pruned_op_has_no_counterpart_and_the_others_have(kind: str, name: str, names: str, tmp_path: Path) -> None:
    path = tmp_path / "pruned.onnx"
    onnx.save(without(MODELS[kind](), name), path)
    if names == "stripped":
        path = stripped(path, tmp_path / "stripped.onnx")
    proto, feeds = MODELS[kind](), feeds_of(kind, 9)[8]
    model = open_model(proto)
    with deploy(path, threads=1) as deployed:
        matching = match(model, deployed, feeds=[feeds])
        local = Pupil(model, proto, deployed, matching, feeds).local()
    lost = {model.tensors[one.tensor].name: one.why for one in matching.unmatched if not one.fused}
    assert lost.pop(name) == "no counterpart"
    assert not lost
    wrong = {key: value for key, value in local.items() if value < 60}
    # What reads the pruned op's operand instead of its result differs, and nothing else does.
    assert len(wrong) <= 1, wrong


def test_an_output_is_compared_however_it_is_computed(tmp_path: Path) -> None:
    first, other = Builder(), Builder()
    first.op("Softplus", first.op("MatMul", "x", first.weight("w", 16, 32), name="hidden"), name="y")
    hidden = other.op("MatMul", "x", other.weight("w", 16, 32), name="hidden")
    exponents = other.op("Exp", hidden, name="e")
    other.op("Log", other.op("Add", exponents, other.constant("one", np.float32(1)), name="s"), name="z")
    path = tmp_path / "other.onnx"
    onnx.save(other.model({"x": [4, 16]}, ["z"]), path)
    model, matching = matched(first.model({"x": [4, 16]}, ["y"]), path)
    assert set(named(model, matching)) == {"hidden", "y"}
    assert not matching.unmatched


def test_what_nobody_reads_is_not_compared(tmp_path: Path) -> None:
    make = Builder()
    sizes = {"w": (1, 32, 16), "r": (1, 32, 8)}
    weights = [make.weight(name, *shape) for name, shape in sizes.items()]
    make.nodes.append(helper.make_node("LSTM", ["x", *weights], ["all", "last", "cell"], hidden_size=8))
    make.op("Relu", "all", name="y")
    proto = make.model({"x": [6, 1, 16]}, ["y"])
    assert [open_model(proto).tensors[row].name for row in comparable(open_model(proto))] == ["all", "y"]
    del proto.graph.node[0].output[1:]
    path = tmp_path / "shorter.onnx"
    onnx.save(proto, path)
    _, matching = matched(proto, path)
    assert len(matching.matches) == 2


def test_the_same_architecture_with_other_weights_is_matched_by_name_and_structure(tmp_path: Path) -> None:
    proto = convolutions()
    rng = np.random.default_rng(99)
    for tensor in proto.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.dtype == np.float32:
            other = rng.standard_normal(array.shape).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(other, tensor.name))
    path = tmp_path / "retrained.onnx"
    onnx.save(proto, path)
    model, matching = matched(convolutions(), path)
    assert all(one.fused for one in matching.unmatched)
    assert {"sum/relu", "logits"} <= set(named(model, matching))


def test_models_with_nothing_in_common_are_refused(tmp_path: Path) -> None:
    make = Builder()
    x = make.op("Tanh", make.op("Conv", "x", make.weight("k", 4, 3, 5, 5), name="other"), name="act")
    make.op("ReduceMean", x, name="answer", axes=[1, 2, 3], keepdims=0)
    path = tmp_path / "other.onnx"
    onnx.save(make.model({"x": [1, 3, 16, 16]}, ["answer"]), path)
    with pytest.raises(ModelError, match="The models have nothing in common: of the float model's 18 tensors"):
        matched(convolutions(), path)


def test_models_with_other_inputs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "transformer.onnx"
    onnx.save(transformer(), path)
    with pytest.raises(ModelError, match="the float model has the inputs x, the variant x, mask"):
        matched(convolutions(), path)
    make = Builder()
    make.op("Relu", "x", name="logits")
    onnx.save(make.model({"x": [1, 3, 8, 8]}, ["logits"]), path)
    with pytest.raises(ModelError, match="input 'x' has the shape 1×3×16×16, the variant's 'x' 1×3×8×8"):
        matched(convolutions(), path)


def rewritten() -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """A model, and one that computes the same by other ops, without weights that would tell."""
    first, other = Builder(), Builder()
    a = first.op("Relu", "x", name="rectified")
    b = first.op("Softplus", a, name="soft")
    c = first.op("Tanh", b, name="squashed")
    first.op("Mul", c, a, name="y")
    zero, one = other.constant("zero", np.float32(0)), other.constant("one", np.float32(1))
    p = other.op("Max", "x", zero, name="p")
    q = other.op("Log", other.op("Add", other.op("Exp", p, name="e"), one, name="s"), name="q")
    r = other.op(
        "Sub",
        other.op(
            "Mul",
            other.op("Sigmoid", other.op("Add", q, q, name="qq"), name="g"),
            other.constant("two", np.float32(2)),
            name="h",
        ),
        one,
        name="r",
    )
    other.op("Mul", r, p, name="y")
    shape = {"x": [2, 64]}
    return first.model(shape, ["y"]), other.model(shape, ["y"])


def test_numbers_decide_what_structure_leaves_open(tmp_path: Path) -> None:
    proto, same = rewritten()
    path = tmp_path / "same.onnx"
    onnx.save(same, path)
    feeds = {"x": np.random.default_rng(4).standard_normal((2, 64)).astype(np.float32)}
    with pytest.raises(ModelError, match="nothing in common"):
        matched(proto, path)
    onnx.save(proto, tmp_path / "float.onnx")
    model, matching = matched(tmp_path / "float.onnx", path, [feeds])
    found = named(model, matching)
    assert set(found) == {"rectified", "soft", "squashed", "y"}
    assert found["soft"].how == "values"
    with deploy(path) as deployed:
        holders = {name: deployed.model.tensors[one.captured].name for name, one in found.items()}
    assert (holders["rectified"], holders["soft"], holders["squashed"]) == ("p", "q", "r")


def test_numbers_that_two_tensors_share_decide_nothing(tmp_path: Path) -> None:
    """A value and its double correlate perfectly: neither is taken."""
    first, other = Builder(), Builder()
    a = first.op("Softsign", "x", name="a")
    b = first.op("Add", a, a, name="b")
    first.op("Cos", b, name="y")
    p = other.op(
        "Div",
        "x",
        other.op("Add", other.op("Abs", "x", name="n"), other.constant("one", np.float32(1)), name="m"),
        name="p",
    )
    other.op("Cos", other.op("Mul", p, other.constant("two", np.float32(2)), name="q"), name="y")
    path = tmp_path / "double.onnx"
    onnx.save(other.model({"x": [1, 200]}, ["y"]), path)
    feeds = {"x": np.random.default_rng(4).standard_normal((1, 200)).astype(np.float32)}
    onnx.save(first.model({"x": [1, 200]}, ["y"]), tmp_path / "float.onnx")
    model, matching = matched(tmp_path / "float.onnx", path, [feeds])
    found = named(model, matching)
    with deploy(path) as deployed:
        holders = {name: deployed.model.tensors[one.captured].name for name, one in found.items()}
    assert holders.get("a") in (None, "p")
    assert holders.get("b") in (None, "q")


def gated(*, early: bool) -> onnx.ModelProto:
    """GELU between two products; the half is multiplied to the input, or last."""
    make = Builder()
    half, one = make.constant("half", np.float32(0.5)), make.constant("one", np.float32(1))
    x = make.op("MatMul", "x", make.weight("up", 16, 32), name="inner")
    gate = make.op("Erf", make.op("Div", x, make.constant("root", np.float32(2**0.5)), name="div"), name="erf")
    gate = make.op("Add", gate, one, name="gate")
    if early:
        out = make.op("Mul", make.op("Mul", x, half, name="halved"), gate, name="late")
    else:
        out = make.op("Mul", make.op("Mul", x, gate, name="early"), half, name="gelu")
    make.op("MatMul", out, make.weight("down", 32, 16), name="y")
    return make.model({"x": [1, 6, 16]}, ["y"])


def test_an_operand_that_is_not_known_is_not_taken_for_another(tmp_path: Path) -> None:
    """``(x / 2) * gate`` is not ``x * gate``, though it reads the same gate; torch's exporters write both."""
    path = tmp_path / "early.onnx"
    onnx.save(gated(early=True), path)
    feeds = {"x": np.random.default_rng(4).standard_normal((1, 6, 16)).astype(np.float32)}
    proto = gated(early=False)
    model = open_model(proto)
    with deploy(path, threads=1) as deployed:
        matching = match(model, deployed, feeds=[feeds])
        local = Pupil(model, proto, deployed, matching, feeds).local()
    assert "early" not in local
    assert {"inner", "gelu", "y"} <= set(local)
    assert min(local.values()) > 100


def test_equal_integers_of_two_scales_are_two_values() -> None:
    make = Builder()
    for name, scale in (("a", 0.5), ("b", 0.25)):
        make.constant(f"{name}.q", np.uint8(255))
        make.constant(f"{name}.s", np.float32(scale))
        make.op("DequantizeLinear", f"{name}.q", f"{name}.s", name=name)
    make.op("Add", make.op("Mul", "x", "a", name="one"), make.op("Mul", "x", "b", name="two"), name="y")
    model = open_model(make.model({"x": [4]}, ["y"]))
    graph = Graph(Reading(model))
    rows = {tensor.name: row for row, tensor in enumerate(model.tensors)}
    assert graph.of[rows["a"]] != graph.of[rows["b"]]
    assert graph.of[rows["one"]] != graph.of[rows["two"]]


def test_our_own_variants_say_so(tmp_path: Path) -> None:
    path = variant("convolutions", "QDQ", tmp_path)
    proto = onnx.load(path)
    record = {"schema": 1, "recipe": {"scheme": "static-int8"}, "folded": {"left": "left/relu"}}
    helper.set_model_props(proto, {"haoline.quantization": json.dumps(record)})
    onnx.save(proto, path)
    _, matching = matched(convolutions(), path)
    assert {one.how for one in matching.matches} == {"provenance"}
    helper.set_model_props(proto, {"haoline.quantization": "{broken"})
    onnx.save(proto, path)
    _, matching = matched(convolutions(), path)
    assert "provenance" not in {one.how for one in matching.matches}


def test_ports_of_other_names_are_paired_by_place(tmp_path: Path) -> None:
    path = tmp_path / "transformer.onnx"
    onnx.save(transformer(), path)
    model, matching = matched(transformer(), stripped(path, tmp_path / "stripped.onnx", ports=True))
    assert list(matching.inputs) == ["x", "mask"]
    assert matching.inputs["x"].startswith("v")
    assert matching.outputs["logits"].startswith("v")
    assert named(model, matching)["logits"].how in ("structure", "weights")


def test_weights_and_ops_are_paired(tmp_path: Path) -> None:
    proto = transformer()
    model = open_model(proto)
    with deploy(variant("transformer", "QDQ", tmp_path)) as deployed:
        matching = match(model, deployed)
        pairs = {
            model.tensors[model.ops[row].inputs[slot]].name: deployed.raw.tensors[
                deployed.raw.ops[mine].inputs[at]
            ].name
            for (row, slot), (mine, at) in matching.weights.items()
        }
        products = [row for row, op in enumerate(model.ops) if op.type == "MatMul"]
        assert {deployed.model.ops[matching.ops[row]].type for row in products} <= {"MatMul", "QLinearMatMul", "QGemm"}
    assert pairs["block0.query"].startswith("block0.query")
    assert pairs["head"].startswith("head")


def broken(proto: onnx.ModelProto, seed: int) -> onnx.ModelProto:
    """The model with inputs, outputs and attributes left out here and there."""
    dice = random.Random(seed)
    for node in proto.graph.node:
        if dice.random() < 0.3 and node.input:
            del node.input[dice.randrange(len(node.input)) :]
        if dice.random() < 0.1 and node.input:
            node.input[dice.randrange(len(node.input))] = ""
        if dice.random() < 0.2 and node.attribute:
            del node.attribute[:]
    return proto


@pytest.mark.parametrize("how", ["QDQ", "QOperator", "dynamic", "nbits", "fp16"])
def test_broken_graphs_are_read_without_an_error(how: str, tmp_path: Path) -> None:
    path = variant("transformer", how, tmp_path)
    for seed in range(30):
        model = open_model(broken(onnx.load(path), seed))
        reading = Reading(model)
        quantizers(model, reading.forms)
        precisions(model, reading)
        Graph(reading)


@pytest.mark.parametrize("perm", [[0, 5], [0, 0], [-1, 0], 3, "no"])
def test_what_is_no_order_of_axes_is_passed_over(perm) -> None:
    model = open_model(transformer())
    before = orders(model)
    turned = next(op for op in model.ops if op.type == "Transpose")
    model.ops.append(replace(turned, attributes={"perm": perm}))
    assert orders(model) == before


def test_a_model_that_is_mostly_outputs_is_found_as_a_whole(tmp_path: Path) -> None:
    make = Builder()
    hidden = make.op("MatMul", "x", make.weight("w", 16, 32), name="hidden")
    results = [make.op(kind, hidden, name=kind) for kind in ("Relu", "Tanh", "Sigmoid", "Softmax")]
    proto = make.model({"x": [4, 16]}, results)
    path = tmp_path / "heads.onnx"
    onnx.save(proto, path)
    _, matching = matched(proto, path)
    assert len(matching.matches) == len(results) + 1
    assert matching.notes == []
