"""What is handed over: files, displays, and nothing half done."""

from __future__ import annotations

import gc
import threading

import numpy as np
import onnx
import pytest
from quantizer_models import DIGITS, digits, embedding, matrix, run

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization import quantize
from haoline_analysis.report.formatting import nbytes


def test_the_model_lies_where_it_was_asked_for_and_nothing_beside_it(tmp_path):
    made = quantize(DIGITS, calibration=digits(8), output=tmp_path / "int8.onnx")
    assert made.path == tmp_path / "int8.onnx"
    assert [path.name for path in tmp_path.iterdir()] == ["int8.onnx"]
    assert made.size_bytes == made.path.stat().st_size
    assert made.report.facts.file_bytes == made.size_bytes
    assert set(made.report.ops["precision"].dropna())


def test_a_temporary_model_goes_with_its_path():
    made = quantize(matrix(), scheme="dynamic-int8")
    path = made.path
    name = str(path)
    for _ in range(5):
        quantize(matrix(), scheme="dynamic-int8")
    del made
    gc.collect()
    assert run(name, {"x": np.ones((1, 64), "f4")}).shape == (1, 48)
    del path
    gc.collect()
    with pytest.raises(Exception, match="doesn't exist"):
        run(name, {"x": np.ones((1, 64), "f4")})


def test_saving_puts_the_recipe_beside_the_model(tmp_path):
    made = quantize(matrix(), scheme="dynamic-int8")
    made.save(tmp_path / "m.int8.onnx")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.int8.onnx", "m.int8.recipe.json"]
    with pytest.raises(ModelError, match="is a folder"):
        made.save(tmp_path)
    with pytest.raises(ModelError, match="no such folder"):
        made.save(tmp_path / "none" / "m.onnx")


def stop_at(stage):
    """A progress callback that interrupts, as Ctrl-C does, once a stage is told."""
    told = []

    def progress(name, fraction):
        told.append((name, fraction))
        if name == stage:
            raise KeyboardInterrupt

    return progress, told


@pytest.mark.parametrize("stage", ["Preparing the model", "Calibrating", "Quantizing", "Writing the model"])
def test_an_interrupt_leaves_no_file(stage, tmp_path):
    (tmp_path / "out.onnx").write_bytes(b"what was there before")
    progress, told = stop_at(stage)
    with pytest.raises(KeyboardInterrupt):
        quantize(DIGITS, calibration=digits(64), output=tmp_path / "out.onnx", progress=progress)
    assert stage in [name for name, _ in told]
    assert [path.name for path in tmp_path.iterdir()] == ["out.onnx"]
    assert (tmp_path / "out.onnx").read_bytes() == b"what was there before"


@pytest.mark.parametrize("algorithm", ["rtn", "gptq"])
def test_weights_can_be_interrupted(algorithm, tmp_path):
    pytest.importorskip("onnx_ir")
    progress, _ = stop_at("Quantizing weights")
    data = {"calibration": np.ones((4, 64), "f4")} if algorithm == "gptq" else {}
    with pytest.raises(KeyboardInterrupt):
        quantize(
            matrix(), scheme="weights-int4", algorithm=algorithm, output=tmp_path / "w.onnx", progress=progress, **data
        )
    assert not list(tmp_path.iterdir())


def test_progress_rises_from_nothing_to_all():
    told = []
    quantize(
        DIGITS, calibration=digits(8), method="percentile", progress=lambda stage, share: told.append((stage, share))
    )
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == 1
    assert {"Preparing the model", "Calibrating", "Quantizing", "Writing the model", "Done"} <= {
        name for name, _ in told
    }


def test_it_works_off_the_main_thread_and_in_two_at_once():
    results = {}

    def work(name):
        results[name] = quantize(DIGITS, calibration=digits(16), per_channel=name == "a")

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results["a"].recipe.per_channel is True
    assert results["b"].recipe.per_channel is False


def test_a_failure_leaves_nothing(tmp_path):
    with pytest.raises(ModelError):
        quantize(DIGITS, calibration=np.full((2, 1, 8, 8), np.nan, "f4"), output=tmp_path / "x.onnx")
    assert not list(tmp_path.iterdir())


def test_text_and_html_say_what_it_is_and_escape_names():
    model = embedding()
    model.graph.node[1].name = "<script>alert(1)</script>"
    made = quantize(model, scheme="dynamic-int8", keep_float=["<script>alert(1)</script>"])
    bundle = made._repr_mimebundle_()
    assert "dynamic INT8" in bundle["text/plain"]
    assert f"{nbytes(made.source_bytes)} → {nbytes(made.size_bytes)} (" in bundle["text/plain"]
    assert "<script>" not in bundle["text/html"]
    assert "&lt;script&gt;" in bundle["text/html"]
    assert repr(made) == bundle["text/plain"]


def test_a_report_or_an_opened_model_will_do(tmp_path):
    from haoline_analysis.formats import open_model
    from haoline_analysis.report import analyze

    path = tmp_path / "m.onnx"
    onnx.save(matrix(), path)
    for given in (str(path), path, path.read_bytes(), onnx.load(path), open_model(path), analyze(path)):
        assert run(quantize(given, scheme="dynamic-int8").path, {"x": np.ones((1, 64), "f4")}).shape == (1, 48)
