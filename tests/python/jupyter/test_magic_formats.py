"""``%haoline`` and ``jupyter haoline`` on everything that is no ONNX file."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import make_checkpoint
import pytest
from report_models import mlp, saved

from haoline_analysis import analyze
from haoline_analysis.formats import formats
from haoline_analysis.report import container
from haoline_jupyter.cli import main
from haoline_jupyter.completion import candidates
from haoline_jupyter.example_inputs import example_of
from haoline_jupyter.options import OptionError

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
SMALL = {**make_checkpoint.TINY, "num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 96, "vocab_size": 128}
PARAMETERS = sum(int(v.size) for v in make_checkpoint.weights(SMALL).values())


@pytest.fixture
def magic(shell):
    return lambda line: shell.run_line_magic("haoline", line)


@pytest.fixture
def checkpoint(tmp_path):
    """A model folder of three shards."""
    return make_checkpoint.float_checkpoint(tmp_path / "tiny", SMALL)


@pytest.fixture
def gguf(tmp_path):
    """The same weights in GGUF."""
    return make_checkpoint.gguf_file(tmp_path / "tiny.gguf", SMALL)


@pytest.fixture(scope="module")
def resnet(tmp_path_factory):
    """An ONNX model of the nodes that the engines of the examples were built from."""
    from make_resnet18 import resnet18

    return resnet18(tmp_path_factory.mktemp("resnet") / "resnet18.onnx")


def test_formats_are_listed_with_what_they_yield(magic, capsys):
    assert magic("--formats") is None
    said = capsys.readouterr().out
    for info in formats():
        assert info.label in said
        assert all(suffix in said for suffix in info.suffixes)
    assert main(["--formats"]) == 0
    assert capsys.readouterr().out == said
    assert max(map(len, said.splitlines())) < 160


def test_a_model_folder(shell, magic, checkpoint):
    report = magic("tiny/")
    assert report.holds == "weights"
    assert report.totals.parameters == PARAMETERS
    assert report.architecture.kv_heads == 2
    shell.user_ns["folder"] = checkpoint
    assert magic("folder").totals.weight_bytes == report.totals.weight_bytes == 2 * PARAMETERS


def test_one_shard_and_a_gguf_file(magic, checkpoint, gguf):
    shard = magic("tiny/model-00001-of-00003.safetensors")
    assert 0 < shard.totals.parameters < PARAMETERS
    assert magic("tiny.gguf").totals.parameters == PARAMETERS


def test_ops_of_a_known_family(magic, checkpoint):
    report = magic("tiny --graph analytic --shape batch=2,seq=16")
    assert report.holds == "ops"
    assert report.totals.parameters == PARAMETERS
    assert report.totals.macs > 2 * 16 * PARAMETERS / 2
    assert any("not read from the file" in gap.what for gap in report.gaps)


def test_forms_on_the_command_line(checkpoint, tmp_path, capsys):
    assert main(["tiny" if Path("tiny").exists() else str(checkpoint), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["model"]["holds"] == "weights"
    assert told["totals"]["macs"] is None
    assert main([str(checkpoint), "--format", "markdown"]) == 0
    assert "Architecture" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("empty", "empty"),
        ("mlp.onnx --graph analytic", "graph"),
        ("mlp.onnx --profile p.json", "profile"),
        ("mlp.onnx --engine tiny.gguf", "no engine"),
        ("tiny.gguf --engine mlp.onnx", "ops of a model"),
        ("tiny.gguf --shape batch=2", "no inputs"),
        ("tiny.gguf --graph spring", "spring"),
        ("report --graph analytic", "read already"),
        ("compare mlp.onnx tiny.gguf --input x.npy", "gguf"),
        ("compare mlp.onnx tiny.gguf --by engine", "needs an engine"),
        ("compare mlp.onnx mlp.onnx --by graphs --input x.npy", "--input"),
        ("compare mlp.onnx mlp.onnx --by taste", "taste"),
        ("activations tiny.gguf", "not gguf"),
        ("quantize tiny.gguf", "not gguf"),
        ("lint tiny.gguf", "not gguf"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(shell, magic, model, gguf, capsys, tmp_path, line, words):
    (tmp_path / "empty").mkdir()
    shell.user_ns["report"] = analyze(model)
    assert not shell.run_cell(f"%haoline {line}").success
    said = capsys.readouterr().out.strip()
    assert words in said
    assert "\n" not in said


def test_a_checkpoint_against_its_gguf(magic, checkpoint, gguf, capsys, tmp_path):
    compared = magic("compare tiny tiny.gguf")
    rows = compared.tensors.set_index("name")
    assert len(rows) == len(make_checkpoint.shapes(SMALL))
    query = rows.loc["model.layers.1.self_attn.q_proj.weight"]
    assert query["other_name"] == "blk.1.attn_q.weight"
    assert (query["dtype"], query["other_dtype"]) == ("bfloat16", "q4_0")
    words = ["compare", str(checkpoint), str(gguf)]
    for form, start in (("text", ""), ("markdown", ""), ("json", "{"), ("html", "<!doctype html>"), ("csv", "name")):
        assert main([*words, "--format", form]) == 0
        said = capsys.readouterr().out
        assert said.startswith(start)
        assert "blk.1" in said or form != "csv"


def test_two_graphs_op_by_op(magic, model, capsys, tmp_path):
    saved(mlp(1), tmp_path / "short.onnx")
    compared = magic("compare mlp.onnx short.onnx --by graphs")
    assert compared.counts["removed"] == 6
    for form in ("text", "markdown", "json", "html", "csv"):
        assert main(["compare", "mlp.onnx", "short.onnx", "--by", "graphs", "--format", form]) == 0
        assert "removed" in capsys.readouterr().out


def test_a_comparison_of_graphs_is_stored_as_a_pair(shell, magic, model, tmp_path):
    """Without a kernel that somebody sits at, the notebook keeps both graphs and a table of what differs."""
    saved(mlp(1), tmp_path / "short.onnx")
    compared = magic("compare mlp.onnx short.onnx --by graphs")
    data, _ = shell.display_formatter.format(compared)
    stored = data["application/vnd.haoline.report+json"]
    assert stored["view"] == "graph"
    assert "other" in container.decode(base64.b64decode(stored["document"]))[0]
    assert "removed" in data["text/plain"]
    assert "<script" not in data["text/html"]


def test_two_onnx_models_by_their_weights(magic, model, tmp_path):
    saved(mlp(1), tmp_path / "short.onnx")
    assert magic("compare mlp.onnx short.onnx --by weights").counts["removed"] == 4


def test_completion_offers_every_format(shell, checkpoint, gguf):
    assert "tiny/" in candidates("ti", [], {})
    assert "tiny.gguf" in candidates("ti", [], {})
    assert "tiny/model-00001-of-00003.safetensors" in candidates("tiny/model-00001", [], {})
    assert candidates("", ["tiny", "--graph"], {}) == ["analytic"]
    assert "--example" in candidates("--ex", ["module"], {})
    assert "weights" in candidates("w", ["compare", "tiny", "tiny.gguf", "--by"], {})
    Path("p.json").touch()
    assert candidates("p", ["e.json", "--profile"], {}) == ["p.json"]


class TestEngines:
    """ResNet-18 on an A100, as TensorRT Engine Explorer recorded it, and an ONNX model of the same nodes."""

    FP16 = EXAMPLES / "engines/resnet18-fp16.graph.json"
    FP32 = EXAMPLES / "engines/resnet18-fp32.graph.json"
    PROFILE = EXAMPLES / "engines/resnet18-fp16.profile.json"

    def test_an_engine_has_layers_with_measured_times(self, magic):
        engine = magic(f"{self.FP16} --profile {self.PROFILE}")
        assert engine.holds == "layers"
        times = [layer["averageMs"] for layer in json.loads(self.PROFILE.read_text()) if "averageMs" in layer]
        assert engine.ops["measured_us"].sum() == pytest.approx(1000 * sum(times))

    def test_another_builds_profile_is_refused(self, shell, capsys):
        profile = EXAMPLES / "engines/resnet18-qat.profile.json"
        assert not shell.run_cell(f"%haoline {self.FP16} --profile {profile}").success
        assert capsys.readouterr().out.count("\n") == 1

    def test_on_the_report_of_its_model(self, shell, magic, resnet):
        report = magic(f"{resnet} --engine {self.FP16} --profile {self.PROFILE} --hardware H100")
        assert report.ops["fate"].value_counts().to_dict() == {"fused": 42, "kept": 6, "removed": 1}
        engine = magic(f"{self.FP16} --profile {self.PROFILE}")
        assert report.ops["engine_us"].sum() == pytest.approx(engine.ops["measured_us"].sum())
        assert report.hardware.profile.id == "h100-sxm"
        shell.user_ns.update(report=report, engine=engine)
        assert magic("report --engine engine") is report

    def test_the_engine_to_expect(self, magic, resnet):
        report = magic(f"{resnet} --engine expected")
        assert report.ops["expected_layer"].nunique() < len(report.ops)

    @pytest.mark.parametrize("form", ["text", "markdown", "json", "html", "csv"])
    def test_compared_with_its_model_and_with_another(self, resnet, capsys, form):
        for first, second in ((resnet, self.FP16), (self.FP16, resnet), (self.FP32, self.FP16)):
            assert main(["compare", str(first), str(second), "--format", form]) == 0
            assert "MaxPool_2" in capsys.readouterr().out.replace("\\", "")


class TestExamples:
    """What ``--example`` makes of a word."""

    @pytest.fixture(autouse=True)
    def torch(self):
        return pytest.importorskip("torch")

    def test_a_variable_is_taken_as_it_is(self):
        given = {"ids": 1}
        assert example_of("given", {"given": given}, None) is given

    def test_shapes_become_zeros_where_the_module_is(self, torch):
        module = torch.nn.Linear(3, 4, device="meta")
        (image, ids) = example_of("2x3,1x8:int64", {}, module)
        assert (image.shape, image.dtype, image.device.type) == ((2, 3), torch.float32, "meta")
        assert (ids.shape, ids.dtype) == ((1, 8), torch.int64)

    def test_names_are_arguments(self, torch):
        mask = torch.ones(1, 8)
        made = example_of("input_ids=1x8:int64, mask=mask", {"mask": mask}, None)
        assert made["mask"] is mask
        assert made["input_ids"].shape == (1, 8)

    @pytest.mark.parametrize("word", ["picture", "a=1x2,1x3", "a=1,a=2", "1x2:int63", ""])
    def test_what_is_neither_is_refused(self, word):
        with pytest.raises(OptionError):
            example_of(word, {}, None)


def test_a_module(shell, magic):
    torch = pytest.importorskip("torch")
    shell.user_ns["net"] = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4))
    shell.user_ns["x"] = torch.zeros(2, 8)
    report = magic("net --example x")
    assert report.totals.parameters == 8 * 16 + 16 + 16 * 4 + 4
    assert report.totals.macs == magic("net --example 2x8").totals.macs == 2 * (8 * 16 + 16 * 4)
    assert "net" in candidates("n", [], shell.user_ns)


def test_a_module_without_an_example_is_refused(shell, magic, capsys):
    torch = pytest.importorskip("torch")
    shell.user_ns["net"] = torch.nn.Linear(8, 16)
    assert not shell.run_cell("%haoline net").success
    assert capsys.readouterr().out.strip().endswith("Name them with --example.")


def test_a_module_is_not_run_before_it_is_exported(shell, capsys):
    torch = pytest.importorskip("torch")
    shell.user_ns["net"] = torch.nn.Linear(8, 16)
    assert not shell.run_cell("%haoline activations net").success
    assert "--keep-onnx" in capsys.readouterr().out


def test_two_modules_op_by_op(shell, magic):
    torch = pytest.importorskip("torch")
    shell.user_ns["net"] = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU())
    shell.user_ns["other"] = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh())
    compared = magic("compare net other --example 2x8")
    assert compared.counts == {"same": 1, "changed": 0, "added": 1, "removed": 1}


def test_a_module_against_its_checkpoint(shell, magic, tmp_path):
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4))
    torch.save(net.state_dict(), tmp_path / "net.pt")
    shell.user_ns["net"] = net
    compared = magic("compare net net.pt --example 2x8")
    assert list(compared.tensors["name"]) == list(compared.tensors["other_name"])
