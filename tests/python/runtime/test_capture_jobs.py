"""Long captures: stored, interrupted, shared out, on models larger than memory should hold twice."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import capture_models as models
import numpy as np
import onnx
import pandas as pd
import pytest

from haoline_analysis import ModelError
from haoline_analysis.runtime import InputError, RuntimeFailure, capture, reopen
from haoline_analysis.runtime.failures import refused_model

pytest.importorskip("onnxruntime")


def same_statistics(one, other):
    """Statistics of the same samples by another way: counts alike, sums to rounding, quantiles where exact."""
    assert list(one.tensors.index) == list(other.tensors.index)
    for column in ("samples", "count", "zeros", "nan", "inf", "min", "max", "channels", "dead_channels"):
        pd.testing.assert_series_equal(one.tensors[column], other.tensors[column])
    for column in ("mean", "std", "q50"):
        np.testing.assert_allclose(one.tensors[column], other.tensors[column], rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(one.channels["max"], other.channels["max"])


# ---- stored


def test_a_stored_capture_is_reopened_as_it_was(tmp_path):
    samples = models.digits(4)
    report = capture(models.DIGITS, samples, mode="stored", folder=tmp_path / "kept")
    same_statistics(report, capture(models.DIGITS, samples))
    again = reopen(tmp_path / "kept")
    pd.testing.assert_frame_equal(again.tensors, report.tensors)
    pd.testing.assert_frame_equal(again.channels, report.channels)
    assert (again.id, again.mode, again.done, again.complete) == (report.id, "stored", 4, True)
    assert (again.check, again.provider, again.notes) == (report.check, report.provider, report.notes)
    assert again.findings == report.findings
    for name in report.tensors.index:
        assert again.layout(name) == report.layout(name)
        assert again.channel_axis(name) == report.channel_axis(name)
        np.testing.assert_array_equal(again.histogram(name).count, report.histogram(name).count)
        np.testing.assert_array_equal(again.load(name, 3), report.load(name, 3))
    np.testing.assert_array_equal(again.samples[2].feeds["image"], samples[2])
    assert again.samples.label(1) == report.samples[1].label
    assert "act_max" in again.report.ops


def test_stored_tensors_are_those_of_a_run(tmp_path):
    samples = models.digits(2)
    stored = capture(models.DIGITS, samples, mode="stored", folder=tmp_path)
    rerun = capture(models.DIGITS, samples)
    for name in stored.tensors.index:
        np.testing.assert_array_equal(stored.load(name, 1), rerun.load(name, 1))
    conv = stored.tensors.index[0]
    np.testing.assert_array_equal(stored.load(conv, 1, channel=3), rerun.load(conv, 1)[:, 3])


def test_a_full_store_keeps_whole_samples(tmp_path):
    size = sum(capture(models.DIGITS, models.digits(1)).load(name).nbytes for name in _names())
    roomy = capture(models.DIGITS, models.digits(30), mode="stored", folder=tmp_path / "all")
    beside = sum(file.stat().st_size for file in roomy.folder.rglob("*") if file.is_file()) - 30 * size
    report = capture(
        models.DIGITS, models.digits(30), mode="stored", folder=tmp_path / "some", budget_bytes=beside + 12 * size
    )
    assert 0 < report.done < 30
    assert not report.complete
    assert any("budget" in note for note in report.notes)
    assert set(report.tensors["samples"]) == {report.done}
    again = reopen(tmp_path / "some")
    assert (again.done, again.complete) == (report.done, False)
    again.load(again.tensors.index[0], again.done - 1)
    with pytest.raises(ModelError):
        again.load(again.tensors.index[0], again.done)


def _names():
    return capture(models.DIGITS, models.digits(1)).tensors.index


def test_a_store_too_small_for_one_sample_leaves_nothing(tmp_path):
    with pytest.raises(ModelError, match=r"budget"):
        capture(models.DIGITS, models.digits(2), mode="stored", folder=tmp_path / "f", budget_bytes=1000)
    assert not (tmp_path / "f").exists()
    with pytest.raises(ModelError):
        reopen(tmp_path / "f")


def test_a_model_that_fails_halfway_leaves_no_capture(tmp_path):
    samples = [np.ones((1, size), np.float32) for size in (4, 4, 6)]
    with pytest.raises(RuntimeFailure) as caught:
        capture(models.failing(), [{"x": each} for each in samples], mode="stored", folder=tmp_path / "f")
    assert "sample 2" in str(caught.value)
    assert "'the_r'" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "onnxruntime_src" not in str(caught.value)
    assert not (tmp_path / "f").exists()


def test_a_temporary_store_goes_with_its_report():
    report = capture(models.DIGITS, models.digits(1), mode="stored")
    folder = report.folder
    assert folder.is_dir()
    del report
    import gc

    gc.collect()
    assert not folder.exists()


def test_several_passes_are_stored_as_one(tmp_path, monkeypatch):
    from haoline_analysis.runtime import preparing

    once = capture(models.DIGITS, models.digits(3), mode="stored", folder=tmp_path / "once")
    monkeypatch.setattr(preparing, "SAMPLE_BYTES", 9000)
    report = capture(models.DIGITS, models.digits(3), mode="stored", folder=tmp_path / "passes")
    for name in once.tensors.index:
        np.testing.assert_allclose(report.load(name, 2), once.load(name, 2), rtol=1e-4, atol=1e-5)


# ---- interrupted


class Interrupting:
    """A sample maker in the middle of which somebody presses Ctrl-C, once."""

    def __init__(self, at):
        self.at = at

    def __call__(self, index):
        if index == self.at:
            self.at = -1
            os.kill(os.getpid(), signal.SIGINT)
        return models.digits(1, seed=index)[0]


@pytest.mark.parametrize("mode", ["statistics", "stored"])
def test_an_interrupt_keeps_the_samples_that_are_through(mode, tmp_path):
    options = {"folder": tmp_path / "f"} if mode == "stored" else {}
    report = capture(models.DIGITS, Interrupting(5), limit=2000, mode=mode, **options)
    assert 5 <= report.done < 2000
    assert not report.complete
    assert set(report.tensors["samples"]) == {report.done}
    assert any("Interrupted" in note for note in report.notes)
    same_statistics(report, capture(models.DIGITS, Interrupting(-1), limit=report.done))
    if mode == "stored":
        assert reopen(tmp_path / "f").done == report.done


def test_an_interrupt_ends_a_run_of_onnxruntime():
    """One run that would take minutes: a loop of a million steps."""
    made = models.loop(trips=200_000_000)
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        capture(made, [np.ones(2, np.float32)], tensors=["y"])
    assert capture(models.loop(), [np.ones(2, np.float32)]).complete


def test_progress_is_told_in_the_calling_thread_and_may_interrupt():
    told = []

    def tell(stage, fraction):
        told.append((threading.get_ident(), stage, fraction))
        if len(told) == 6:
            raise KeyboardInterrupt

    report = capture(models.DIGITS, models.digits(500), progress=tell)
    assert not report.complete
    assert {ident for ident, _, _ in told} == {threading.get_ident()}
    fractions = [fraction for _, _, fraction in told]
    assert fractions == sorted(fractions)


def test_an_error_of_progress_is_raised():
    def tell(stage, fraction):
        raise ValueError(stage)

    with pytest.raises(ValueError, match="Reading"):
        capture(models.DIGITS, models.digits(1), progress=tell)


# ---- shared out


def test_a_process_pool_finds_the_same():
    samples = models.digits(10)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        report = capture(models.DIGITS, samples, executor=pool)
    alone = capture(models.DIGITS, samples)
    same_statistics(report, alone)
    assert (report.done, report.complete, report.check) == (10, True, alone.check)
    np.testing.assert_array_equal(report.load(report.tensors.index[3], 7), alone.load(report.tensors.index[3], 7))


def test_threads_find_the_same_with_passes_and_loops(monkeypatch):
    from haoline_analysis.runtime import preparing

    samples = [np.array([i, -i], np.float32) for i in range(8)]
    alone = capture(models.loop(), samples)
    monkeypatch.setattr(preparing, "SAMPLE_BYTES", 24)
    with ThreadPoolExecutor(3) as pool:
        same_statistics(capture(models.loop(), samples, executor=pool), alone)


def test_an_executor_stores_what_workers_send_back(tmp_path):
    samples = models.digits(5)
    with ThreadPoolExecutor(2) as pool:
        report = capture(models.DIGITS, samples, mode="stored", folder=tmp_path / "pool", executor=pool)
    alone = capture(models.DIGITS, samples, mode="stored", folder=tmp_path / "alone")
    same_statistics(report, alone)
    again = reopen(tmp_path / "pool")
    for sample in range(5):
        np.testing.assert_array_equal(again.load("relu_5", sample), alone.load("relu_5", sample))


def test_a_dask_cluster_finds_the_same():
    distributed = pytest.importorskip("distributed")
    samples = models.digits(6)
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        report = capture(models.DIGITS, samples, executor=client.get_executor())
    same_statistics(report, capture(models.DIGITS, samples))


def test_a_worker_that_dies_is_one_clear_message():
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(int).result()
        with pytest.raises(RuntimeFailure, match="A worker of the executor failed"):
            capture(models.DIGITS, Dying(), limit=4, executor=pool)
    assert capture(models.DIGITS, models.digits(1)).complete


class Dying:
    """Ends the process that asks for sample 2, unless it is this one."""

    def __init__(self):
        self.home = os.getpid()

    def __call__(self, index):
        if index == 2 and os.getpid() != self.home:
            os._exit(1)
        return models.digits(1)[0]


def test_an_error_in_a_worker_is_the_models_own():
    samples = [{"x": np.ones((1, 4 if i < 3 else 6), np.float32)} for i in range(4)]
    one = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
    with one as pool, pytest.raises(RuntimeFailure, match="'the_r'"):
        capture(models.failing(), samples, executor=pool)


def test_an_interrupt_does_not_wait_for_workers():
    class Never(ThreadPoolExecutor):
        def submit(self, *args, **options):
            return Future()

    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    with Never(1) as pool, pytest.raises(KeyboardInterrupt):
        capture(models.DIGITS, models.digits(3), executor=pool)


def test_an_interrupt_is_heard_though_no_piece_has_to_be_waited_for(tmp_path):
    class AtOnce(ThreadPoolExecutor):
        """Has every piece done when it is handed in; somebody interrupts at the third."""

        count = 0

        def submit(self, *args, **options):
            self.count += 1
            if self.count == 3:
                os.kill(os.getpid(), signal.SIGINT)
            if self.count > 3:
                time.sleep(0.02)
            done = Future()
            done.set_result(args[0](*args[1:], **options))
            return done

    with AtOnce(1) as pool:
        report = capture(models.DIGITS, models.digits(100), mode="stored", folder=tmp_path, executor=pool)
    assert not report.complete
    assert 3 <= report.done < 100
    assert set(report.tensors["samples"]) == {report.done} == {reopen(tmp_path).done}


# ---- on demand


def test_a_second_tensor_of_a_sample_needs_no_second_run(monkeypatch):
    report = capture(models.DIGITS, models.digits(3))
    runs = _counted_runs(monkeypatch)
    for name in report.tensors.index:
        report.load(name, 1)
    assert len(runs) == 1
    report.load(report.tensors.index[0], 2)
    report.load(report.tensors.index[5], 1)
    assert len(runs) == 2


def test_what_is_kept_stays_within_its_budget(monkeypatch):
    report = capture(models.DIGITS, models.digits(6))
    name = report.tensors.index[0]
    one = sum(report.load(each, 0).nbytes for each in report.tensors.index)
    report.loader._budget = 2 * one
    runs = _counted_runs(monkeypatch)
    for sample in (0, 1, 2, 3, 3, 2):
        report.load(name, sample)
    held = sum(array.nbytes for arrays in report.loader._cache.values() for array in arrays.values())
    assert held <= 2 * one
    assert len(runs) == 3  # 1, 2, 3


def _counted_runs(monkeypatch):
    from haoline_analysis.runtime.runner import Runner

    runs, run = [], Runner.run
    monkeypatch.setattr(Runner, "run", lambda self, *args, **options: runs.append(1) or run(self, *args, **options))
    return runs


def test_loading_from_several_threads():
    report = capture(models.DIGITS, models.digits(4))
    truth = {(name, i): report.load(name, i) for name in report.tensors.index for i in range(4)}
    report.close()
    with ThreadPoolExecutor(4) as pool:
        asked = list(truth) * 3
        for key, array in zip(asked, pool.map(lambda key: report.load(*key), asked), strict=True):
            np.testing.assert_array_equal(array, truth[key])


def test_what_is_loaded_is_ones_own():
    report = capture(models.DIGITS, models.digits(2))
    name = report.tensors.index[0]
    first = report.load(name, 0)
    before = first.copy()
    report.load(name, 1)
    np.testing.assert_array_equal(first, before)
    first[:] = 0
    np.testing.assert_array_equal(report.load(name, 0), before)


def test_loading_what_is_not_there():
    report = capture(models.DIGITS, models.digits(2))
    with pytest.raises(ModelError, match="no captured tensor 'relu_9'; did you mean"):
        report.load("relu_9")
    with pytest.raises(ModelError, match="samples 0 to 1, there is no 2"):
        report.load("relu", 2)
    with pytest.raises(ModelError, match="channels 0 to 15, there is no 16"):
        report.load("relu", 0, channel=16)


def test_samples_and_channels_are_chosen_by_number(tmp_path):
    for options in ({}, {"mode": "stored", "folder": tmp_path}):
        report = capture(models.DIGITS, models.digits(2), **options)
        assert report.load("relu", np.int64(1), channel=np.uint8(3)).shape == (1, 8, 8)
        for wrong in (1.0, "1", True, [1]):
            with pytest.raises(ModelError, match="A sample is chosen by its number"):
                report.load("relu", wrong)
            with pytest.raises(ModelError, match="A channel is chosen by its number"):
                report.load("relu", 0, channel=wrong)
        for wrong in (None, ["relu"], 3):
            with pytest.raises(ModelError, match="no captured tensor"):
                report.load(wrong)


# ---- refusals


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"executor": "threads"}, r"executor is a concurrent\.futures\.Executor, not str"),
        ({"budget_bytes": "2GB"}, "budget_bytes is a number of bytes, not '2GB'"),
        ({"tensors": 5}, "tensors are names of tensors or ops, or patterns, not 5"),
        ({"provider": 5}, "no execution provider 5 here"),
    ],
)
def test_options_of_another_kind(options, message):
    with pytest.raises(ModelError, match=message):
        capture(models.DIGITS, models.digits(1), mode="stored", **options)


def test_a_model_that_onnxruntime_refuses_names_the_op():
    made = models.model(
        [models.node("Erf", ["x"], ["y"])],
        [models.value("x", onnx.TensorProto.INT16, [2])],
        [models.value("y", onnx.TensorProto.INT16, [2])],
    )
    with pytest.raises(RuntimeFailure, match="Erf") as caught:
        capture(made, [np.ones(2, np.int16)])
    assert "the_y" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_inputs_that_do_not_fit_are_refused_before_the_run():
    with pytest.raises(InputError, match="image"):
        capture(models.DIGITS, [np.ones((1, 3, 9, 9), np.float32)])


def test_an_op_that_nobody_knows():
    made = models.model(
        [models.node("Mystery", ["x"], ["y"], domain="own")],
        [models.value("x", shape=[1])],
        [models.value("y")],
        domains=["own"],
    )
    with pytest.raises(RuntimeFailure, match=r"own|Mystery"):
        capture(made, [np.ones(1, np.float32)])


def test_a_refusal_names_no_folder_and_reads_as_a_sentence(tmp_path):
    nodes = [models.node("Mystery", ["x"], ["y"], name="")]
    path = models.save(models.model(nodes, [models.value("x", shape=[1])], [models.value("y", shape=[1])]), tmp_path)
    with pytest.raises(RuntimeFailure) as caught:
        capture(path, [np.ones(1, np.float32)])
    assert str(caught.value).startswith(
        f"{path.name}: onnxruntime refuses the model at Mystery (an op without a name): "
    )
    assert str(tmp_path) not in str(caught.value)


def test_a_kernel_that_is_found_missing_late_names_the_op():
    said = "[ONNXRuntimeError] : 9 : NOT_IMPLEMENTED : Failed to find kernel for com.microsoft.RestorePadding(1) "
    failure = refused_model(RuntimeError(said + "(node:'the_r' ep:'CPUExecutionProvider'). Kernel not found"), "m.onnx")
    assert failure.node == "the_r"
    assert "no kernel for RestorePadding (opset 1) op 'the_r'" in str(failure)


def test_a_model_without_a_tensor_to_capture_says_why():
    nodes, shape = [models.node("ConstantOfShape", ["s"], ["y"])], models.weight("s", np.array([2, 2]))
    made = models.model(nodes, [], [models.value("y", shape=[2, 2])], [shape])
    with pytest.raises(ModelError, match=r"no tensor to capture.*the weights alone.*'y'"):
        capture(made)
    assert capture(made, tensors="y").tensors.loc["y", "count"] == 4


# ---- external data


def wide(folder, size=600, **options):
    """A model of two matrices of size², in a file of their own."""
    weights = {
        name: np.random.default_rng(i).normal(size=(size, size)).astype(np.float32) for i, name in enumerate("vw")
    }
    made = models.model(
        [models.node("MatMul", ["x", "v"], ["a"]), models.node("MatMul", ["a", "w"], ["y"])],
        [models.value("x", shape=[1, size])],
        [models.value("y", shape=[1, size])],
        [models.weight(name, array) for name, array in weights.items()],
    )
    path = models.save(made, folder, save_as_external_data=True, location="weights.bin", size_threshold=0, **options)
    return path, weights


def test_weights_inside_a_large_file(tmp_path):
    """They are handed over apart from the graph, by their places in the file; another file there later is no matter."""
    generator = np.random.default_rng(0)
    weights = {name: generator.normal(size=(1100, 1100)).astype(np.float32) for name in "vw"}
    made = models.model(
        [models.node("MatMul", ["x", "v"], ["a"]), models.node("MatMul", ["a", "w"], ["y"])],
        [models.value("x", shape=[1, 1100])],
        [models.value("y", shape=[1, 1100])],
        [*(models.weight(name, array) for name, array in weights.items()), models.weight("i", np.arange(5000))],
    )
    path = models.save(made, tmp_path)
    x = generator.normal(size=(1, 1100)).astype(np.float32)
    report = capture(path, [x])
    assert report.check.identical
    before = report.load("a")
    np.testing.assert_allclose(before, x @ weights["v"], rtol=1e-3, atol=1e-3)
    path.write_bytes(b"something else")
    report.loader._cache.clear()
    np.testing.assert_array_equal(report.load("a"), before)


def test_external_data(tmp_path):
    path, weights = wide(tmp_path)
    x = np.random.default_rng(5).normal(size=(1, 600)).astype(np.float32)
    report = capture(path, [x])
    np.testing.assert_allclose(report.load("a"), x @ weights["v"], rtol=1e-3, atol=1e-3)
    assert report.check.identical


def test_external_data_behind_the_links_of_a_download_cache(tmp_path):
    path, weights = wide(tmp_path)
    cache = tmp_path / "models--a--b"
    snapshot = cache / "snapshots" / "r1"
    snapshot.mkdir(parents=True)
    (cache / "blobs").mkdir()
    for file, blob in ((path, "1"), (tmp_path / "weights.bin", "2")):
        (cache / "blobs" / blob).write_bytes(file.read_bytes())
        (snapshot / file.name).symlink_to(Path("../../blobs") / blob)
    x = np.ones((1, 600), np.float32)
    report = capture(snapshot / path.name, [x])
    np.testing.assert_allclose(report.load("a"), x @ weights["v"], rtol=1e-3, atol=1e-3)


def test_external_data_partly_behind_links(tmp_path):
    """What lies in the folder itself is found beside what a link leads to."""
    w = np.random.default_rng(6).normal(size=(8, 8)).astype(np.float32)
    made = models.model(
        [models.node("MatMul", ["x", "v"], ["a"]), models.node("MatMul", ["a", "w"], ["y"])],
        [models.value("x", shape=[1, 8])],
        [models.value("y", shape=[1, 8])],
        [models.weight("v", w), models.weight("w", w)],
    )
    snapshot = tmp_path / "models--a--b" / "snapshots" / "1"
    snapshot.mkdir(parents=True)
    path = models.save(made, snapshot, save_as_external_data=True, all_tensors_to_one_file=False, size_threshold=0)
    blobs = tmp_path / "models--a--b" / "blobs"
    blobs.mkdir()
    (snapshot / "v").rename(blobs / "v")
    (snapshot / "v").symlink_to("../../blobs/v")
    x = np.ones((1, 8), np.float32)
    np.testing.assert_allclose(capture(path, [x]).load("y"), x @ w @ w, rtol=1e-4, atol=1e-4)


def test_missing_external_data_is_said(tmp_path):
    path, _ = wide(tmp_path)
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(ModelError, match=r"weights\.bin"):
        capture(path, [np.ones((1, 600), np.float32)])


def test_weights_are_not_held_twice(tmp_path):
    """The peak of a process that captures, against the bytes of the weights: 144 MB here."""
    path, weights = wide(tmp_path, size=4244)
    code = (
        "import sys, numpy as np, resource\n"
        "from haoline_analysis.runtime import capture\n"
        "from haoline_analysis.runtime.statistics import fast\n"
        "import onnxruntime\n"
        "fast.kernel.wait()\n"
        "def peak(): return int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) << 10\n"
        "before = peak()\n"
        "report = capture(sys.argv[1], [np.ones((1, 4244), np.float32)] * 2)\n"
        "assert report.load('a').shape == (1, 4244)\n"
        "print(peak() - before)\n"
    )
    import subprocess
    import sys

    if not Path("/proc/self/status").exists():
        pytest.skip("needs Linux's /proc")
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    size = sum(array.nbytes for array in weights.values())
    assert int(done.stdout) < 1.9 * size


def test_more_than_two_gigabytes(tmp_path):
    """A sparse file of zeros that nothing but the end of is read: what protobuf cannot hold."""
    size, far = 8, (1 << 31) + 4096
    w = np.eye(size, dtype=np.float32) * 3
    tensor = onnx.TensorProto(name="w", dims=[size, size], data_type=1, data_location=onnx.TensorProto.EXTERNAL)
    for key, text in (("location", "huge.bin"), ("offset", str(far)), ("length", str(w.nbytes))):
        tensor.external_data.add(key=key, value=text)
    made = models.model(
        [models.node("MatMul", ["x", "w"], ["a"]), models.node("Relu", ["a"], ["y"])],
        [models.value("x", shape=[1, size])],
        [models.value("y", shape=[1, size])],
        [tensor],
    )
    path = models.save(made, tmp_path)
    with (tmp_path / "huge.bin").open("wb") as file:
        file.seek(far)
        file.write(w.tobytes())
    report = capture(path, [np.ones((1, size), np.float32)])
    np.testing.assert_array_equal(report.load("a"), np.full((1, size), 3))


def test_the_garbage_collector_goes_on_after_a_capture(monkeypatch):
    """It waits while the capture begins, for some seconds at most, whatever comes of it."""
    import gc

    from haoline_analysis.runtime import collecting

    seen = []
    capture(models.chain(), [np.ones((1, 2, 4), np.float32)], progress=lambda *_: seen.append(gc.isenabled()))
    with pytest.raises(ModelError):
        capture(models.chain(), [np.ones((3, 3, 3), np.float32)])
    assert False in seen
    assert gc.isenabled()
    monkeypatch.setattr(collecting, "MOST_SECONDS", 0.01)
    with collecting.no_collection():
        assert not gc.isenabled()
        deadline = time.monotonic() + 60
        while not gc.isenabled():
            assert time.monotonic() < deadline
            time.sleep(0.01)
