"""What fires on real models, what does not, and how long the rules take."""

import time
from pathlib import Path

import onnx
import pytest
from finding_models import findings, node, proto

from haoline_analysis.cost import op_columns
from haoline_analysis.errors import ModelError
from haoline_analysis.findings import Finding, find
from haoline_analysis.formats import open_model
from haoline_analysis.shapes import evaluate
from haoline_analysis.table import Column, Table

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"


def test_a_sound_network_raises_no_alarm():
    found = findings(LIGHT / "light_resnet50.onnx", hardware="a100")
    assert set(found) == {"old-opset", "fixed-batch"}


@pytest.mark.parametrize("name", ["vgg19", "bvlc_alexnet", "zfnet512"])
def test_the_classic_classifiers_have_their_oversized_layer(name):
    found = findings(LIGHT / f"light_{name}.onnx")["oversized-layer"]
    assert "Gemm" in found.evidence


@pytest.mark.parametrize("name", ["densenet121", "inception_v2", "squeezenet", "shufflenet"])
def test_other_networks_raise_no_alarm(name):
    found = findings(LIGHT / f"light_{name}.onnx")
    assert not [finding for finding in found.values() if finding.severity != "info"]


def test_a_transformer_export_is_told_what_could_be_fused(material):
    found = findings(material / "torch213-exports" / "llama_gqa.onnx")
    assert found["unfused-attention"].evidence.startswith("2 attentions")
    assert found["decomposed-layer-norm"].evidence.startswith("5 normalisations")
    assert "mask-sentinel" in found
    assert not [finding for finding in found.values() if finding.severity != "info"]


def test_every_real_file_gets_through_all_rules(material):
    seen = 0
    for path in sorted(material.rglob("*.onnx")):
        try:
            found = findings(path)
        except ModelError:
            continue
        seen += 1
        assert all(isinstance(finding, Finding) for finding in found.values())
    assert seen > 300


def test_worst_comes_first():
    nodes = [node("Foo", ["x"], "a"), node("NonZero", ["a"], "y")]
    assert [finding.severity for finding in findings(proto(nodes, {"x": ["n", 8]})).values()] == [
        "error",
        "warning",
        "info",
    ]


def test_an_unknown_severity_is_refused():
    with pytest.raises(ValueError, match="fatal"):
        Finding("x", "fatal", "x", (), "x", "x")


def test_the_rules_are_quick_on_many_ops():
    nodes = []
    for i in range(5_000):
        source = f"h{i}" if i else "x"
        nodes += [node("MatMul", [source, "w"], f"m{i}"), node("Relu", [f"m{i}"], f"r{i}")]
        nodes.append(node("Add", [f"r{i}", source], f"h{i + 1}"))
    model = open_model(proto(nodes, weights={"w": [8, 8]}))
    evaluation = evaluate(model)
    table = Table(len(model.ops))
    table.add(Column("type", [op.type for op in model.ops]), *op_columns(model, evaluation))
    times = []
    for _ in range(3):
        begin = time.process_time()
        find(model, evaluation, table)
        times.append(time.process_time() - begin)
    assert min(times) < 0.25
