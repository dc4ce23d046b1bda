"""Engine files: what they need, and a child process that may refuse, crash, hang or talk nonsense."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from haoline_analysis import MissingExtraError, ModelError, open_model
from haoline_analysis.formats.tensorrt import asking, engine_reader, live
from haoline_analysis.hardware import nvml

DATA = Path(__file__).parent / "data"
DEVICE = "a GPU (compute capability 9.0)"


@pytest.fixture
def plan(tmp_path) -> Path:
    path = tmp_path / "model.engine"
    path.write_bytes(b"ftrt" + bytes(64))
    return path


@pytest.fixture
def gpu(monkeypatch) -> None:
    """A driver that says there is a GPU."""
    seen = nvml.Seen("NVIDIA H100", 80 << 30, 70 << 30, capability=(9, 0))
    monkeypatch.setattr(nvml, "see_devices", lambda: ([seen], ""))


@pytest.fixture
def no_gpu(monkeypatch) -> None:
    monkeypatch.setattr(nvml, "see_devices", lambda: ([], "no NVIDIA device: NVML Shared Library Not Found"))


def program(folder: Path, text: str) -> Path:
    """A child that behaves so; it finds its arguments in ``sys.argv``."""
    path = folder / "child.py"
    path.write_text(f"import json, os, sys, time\nanswer = sys.argv[3]\n{text}\n")
    return path


def test_without_a_gpu_one_sentence_says_what_it_needs(plan, no_gpu, monkeypatch):
    monkeypatch.setattr(asking, "ask", lambda *_: pytest.fail("TensorRT was asked without a GPU"))
    with pytest.raises(ModelError, match=r"only with an NVIDIA GPU and TensorRT .*NVML.*exportLayerInfo") as caught:
        open_model(plan)
    assert "\n" not in str(caught.value)


def test_an_engine_behind_an_exporter_s_json_is_recognised(tmp_path, no_gpu):
    head = json.dumps({"task": "detect"}).encode()
    path = tmp_path / "yolo.engine"
    path.write_bytes(len(head).to_bytes(4, "little") + head + b"ftrt" + bytes(16))
    with pytest.raises(ModelError, match="is a TensorRT engine"):
        open_model(path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("os.kill(os.getpid(), 11)", r"crashed \(SIGSEGV\) while it opened the engine on a GPU"),
        ("os.abort()", r"crashed \(SIGABRT\)"),
        ("sys.exit(3)", "ended with code 3"),
        ("pass", "without an answer"),
        ("open(answer, 'w').write('{')", "no valid JSON"),
        ("open(answer, 'w').write('[' * 5000)", "nests deeper"),
        ("open(answer, 'w').write('[]')", "is a list, expected an object"),
        (
            "open(answer, 'w').write(json.dumps({'refused': 'expecting compute 8.0 got 9.0', 'version': '10.16'}))",
            r"TensorRT 10.16 on a GPU .* refuses the engine: expecting compute 8.0 got 9.0",
        ),
    ],
)
def test_whatever_the_child_does_is_one_typed_error(plan, tmp_path, text, why):
    with pytest.raises(ModelError, match=why):
        asking.ask(plan, 0, DEVICE, program=program(tmp_path, text))


def test_a_child_that_hangs_is_ended(plan, tmp_path):
    with pytest.raises(ModelError, match="did not open the engine within"):
        asking.ask(plan, 0, DEVICE, program=program(tmp_path, "time.sleep(600)"), seconds=0.5)


def test_a_missing_package_names_the_extra(plan, tmp_path):
    text = "open(answer, 'w').write(json.dumps({'missing': 'No module named tensorrt'}))"
    with pytest.raises(MissingExtraError, match=r"pip install \"haoline-jupyter\[gpu\]\""):
        asking.ask(plan, 0, DEVICE, program=program(tmp_path, text))


def test_what_tensorrt_tells_becomes_the_model(plan, gpu, monkeypatch):
    told = live.inspect(fake(), b"ftrt")
    monkeypatch.setattr(asking, "ask", lambda *_: told)
    model = open_model(plan)
    assert model.name == "model"
    assert len(model.ops) == 9
    facts = model.facts["engine"]
    assert facts["version"] == "10.16.1"
    assert facts["memory_bytes"] == 4096
    assert [binding["name"] for binding in facts["bindings"]] == ["x", "y", "z"]


def test_an_engine_that_is_refused_says_why_in_tensorrt_s_words():
    with pytest.raises(live.RefusedError, match="Serialization assertion failed: version"):
        live.inspect(fake(engine=None), b"ftrt")


def test_a_tensorrt_that_is_too_old_is_not_asked():
    with pytest.raises(live.RefusedError, match=r"8\.4\.1 is too old"):
        live.inspect(SimpleNamespace(__version__="8.4.1"), b"")


def test_a_profile_of_another_build_is_refused_here_too(plan, gpu, monkeypatch):
    monkeypatch.setattr(asking, "ask", lambda *_: live.inspect(fake(), b"ftrt"))
    with pytest.raises(ModelError, match="another build"):
        open_model(plan, profile=DATA / "trt10-dumpProfile.log")


class Logger:
    """Stands where ``tensorrt.ILogger`` does."""

    Severity = SimpleNamespace(WARNING=2)


def fake(engine: object = "there") -> SimpleNamespace:
    """A ``tensorrt`` with the names that test_engine_contract finds in the real one, and nothing else."""
    names = {"x": ("IN", [1, 1, 28, 28]), "y": ("OUT", [1, 10]), "z": ("OUT", [1])}
    inspector = SimpleNamespace(get_engine_information=lambda _: (DATA / "trt10-exportLayerInfo.json").read_text())
    opened = SimpleNamespace(
        create_engine_inspector=lambda: inspector,
        num_io_tensors=3,
        num_layers=9,
        num_optimization_profiles=1,
        num_aux_streams=0,
        device_memory_size_v2=4096,
        get_tensor_name=lambda index: [*names][index],
        get_tensor_mode=lambda name: names[name][0],
        get_tensor_shape=lambda name: names[name][1],
        get_tensor_dtype=lambda name: "DataType.FLOAT",
    )

    def runtime(logger):
        def deserialize(plan):
            if engine is None:
                logger.log(1, "Serialization assertion failed: version")
                logger.log(3, "not worth telling")
            return opened if engine is not None else None

        return SimpleNamespace(deserialize_cuda_engine=deserialize)

    return SimpleNamespace(
        __version__="10.16.1",
        ILogger=Logger,
        Runtime=runtime,
        LayerInformationFormat=SimpleNamespace(JSON="json"),
        TensorIOMode=SimpleNamespace(INPUT="IN"),
        init_libnvinfer_plugins=lambda logger, namespace: True,
    )


def test_the_reader_is_listed_with_what_it_needs():
    info = engine_reader.EngineReader.info
    assert info.suffixes == (".engine", ".plan", ".trt")
    assert "GPU" in info.needs
