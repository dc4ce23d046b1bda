"""Which op of one model is which op of another."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from haoline_analysis import analyze
from haoline_analysis.comparison import compare

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES, MODELS = ROOT / "examples/models", ROOT / "tests/models"


def blocks(count, *, names="{kind}_{i}", extra_after=None, width=16):
    """A chain of residual blocks; ``names`` may number or leave out."""
    nodes, weights, at = [], [], 0

    def op(kind, *inputs, weight=None, **attributes):
        nonlocal at
        at += 1
        name = names.format(kind=kind.lower(), i=at)
        given = list(inputs)
        if weight:
            given.append(weight)
            weights.append(numpy_helper.from_array(np.ones((width, width), np.float32), weight))
        nodes.append(helper.make_node(kind, given, [f"{name or 't'}_{at}_out"], name=name, **attributes))
        return nodes[-1].output[0]

    x = "x"
    for block in range(count):
        y = op("MatMul", x, weight=f"blocks.{block}.up")
        y = op("Relu", y)
        if block == extra_after:
            y = op("Sigmoid", y)
        x = op("Add", op("MatMul", y, weight=f"blocks.{block}.down"), x)
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [4, width])
    out = helper.make_tensor_value_info(x, TensorProto.FLOAT, [4, width])
    return analyze(helper.make_model(helper.make_graph(nodes, "blocks", [value], [out], weights)))


def renamed(path):
    """A model file with every node and activation called something else."""
    model = onnx.load(path, load_external_data=False)
    fixed = {i.name for i in (*model.graph.input, *model.graph.output, *model.graph.initializer)}
    fresh = {}
    for node in model.graph.node:
        node.name = ""
        for names in (node.input, node.output):
            for i, name in enumerate(names):
                if name and name not in fixed:
                    names[i] = fresh.setdefault(name, f"v{len(fresh)}")
    del model.graph.value_info[:]
    return analyze(model)


@pytest.mark.parametrize("path", [MODELS / "bert_base.onnx", MODELS / "gpt2.onnx", EXAMPLES / "digits_cnn.onnx"])
def test_a_model_is_the_same_as_itself(path):
    report = analyze(path)
    found = compare(report, report)
    assert found.counterpart.tolist() == list(range(len(report.ops)))
    assert found.counts == {"same": len(report.ops), "changed": 0, "added": 0, "removed": 0}


@pytest.mark.parametrize("path", [MODELS / "bert_base.onnx", EXAMPLES / "digits_cnn.onnx"])
def test_renaming_everything_but_weights_changes_nothing(path):
    found = compare(analyze(path), renamed(path))
    assert found.counterpart.tolist() == list(range(found.first.tables["ops"].rows))
    assert found.counts["same"] == found.first.tables["ops"].rows


def test_one_op_more_shifts_the_numbers_in_all_later_names_but_not_the_counterparts():
    found = compare(blocks(6), blocks(6, extra_after=2))
    assert found.counts == {"same": 23, "changed": 1, "added": 1, "removed": 0}
    added = found.ops.query("change == 'added'")
    assert added.other_op.tolist() == ["sigmoid_11"]
    changed = found.ops.query("change == 'changed'")  # what reads the new op reads another op now
    assert changed.op.tolist() == ["matmul_11"] or changed.changed.tolist() == ["inputs"]


def test_a_removed_block_is_removed_and_its_neighbours_stay():
    found = compare(blocks(5), blocks(4))
    assert found.counts["removed"] == 4
    assert found.ops.query("change == 'removed'").row.tolist() == [16, 17, 18, 19]


def test_nameless_graphs_are_matched_by_structure():
    found = compare(blocks(6, names=""), blocks(6, names=""))
    assert found.counts["same"] == 24


def test_an_op_of_another_kind_in_the_same_place_has_changed():
    model = onnx.load(EXAMPLES / "digits_cnn.onnx")
    next(node for node in model.graph.node if node.op_type == "Relu").op_type = "Tanh"
    found = compare(analyze(EXAMPLES / "digits_cnn.onnx"), analyze(model))
    assert found.ops.query("change != 'same'").changed.tolist() == ["Relu → Tanh"]


@pytest.fixture(scope="module")
def digits():
    return analyze(EXAMPLES / "digits_cnn.onnx")


@pytest.fixture(scope="module", params=["QDQ", "QOperator"])
def quantized(request, tmp_path_factory):
    quantization = pytest.importorskip("onnxruntime.quantization")
    rng = np.random.default_rng(0)

    class Reader(quantization.CalibrationDataReader):
        left = 4

        def get_next(self):
            self.left -= 1
            return {"image": rng.random((1, 1, 8, 8), np.float32)} if self.left >= 0 else None

    path = tmp_path_factory.mktemp("quantized") / f"{request.param}.onnx"
    form = quantization.QuantFormat[request.param]
    quantization.quantize_static(EXAMPLES / "digits_cnn.onnx", path, Reader(), quant_format=form)
    return analyze(path)


def test_quantized_ops_are_changed_and_their_wrappers_added(digits, quantized):
    """onnxruntime keeps a node's name, with ``_quant`` appended: the truth to compare with."""
    found = compare(digits, quantized)
    pairs = found.ops.query("change == 'changed'")
    assert len(pairs) == 10
    assert pairs.op.tolist() == [name.removesuffix("_quant") for name in pairs.other_op]
    assert all("float32 → int8" in words for words in pairs.changed)
    kinds = quantized.ops.loc[found.ops.query("change == 'added'").other_row, "type"]
    assert set(kinds) <= {"QuantizeLinear", "DequantizeLinear"}
    removed = digits.ops.loc[found.ops.query("change == 'removed'").row, "type"]
    assert set(removed) == {"Relu"}  # folded into the quantization of what comes before


def test_the_columns_of_both_sides_point_at_each_other(digits, quantized):
    found = compare(digits, quantized)
    ours, theirs = ({column.name: column.values for column in side} for side in found.columns())
    for row, other in enumerate(ours["counterpart"]):
        if other >= 0:
            assert theirs["counterpart"][other] == row
            assert theirs["changed"][other] == ours["changed"][row]
    assert "removed" not in set(theirs["change"])
    assert "added" not in set(ours["change"])


def test_models_with_nothing_in_common():
    empty = analyze(helper.make_model(helper.make_graph([], "empty", [], [])))
    found = compare(empty, blocks(2))
    assert found.counts == {"same": 0, "changed": 0, "added": 8, "removed": 0}
    assert repr(found) == "empty against blocks: 8 added"
