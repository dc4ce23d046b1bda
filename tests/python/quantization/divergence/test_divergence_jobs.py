"""Executors, interrupts, progress, parts, memory."""

from __future__ import annotations

import signal
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from divergence_models import digits_samples, float_model, samples, variant

from haoline_analysis.quantization import compare
from haoline_analysis.quantization.divergence import preparing


@pytest.fixture(scope="module")
def here():
    return compare(float_model("transformer"), variant("transformer", "qdq"), samples("transformer"), latency=False)


def _same(one, other, rel=1e-6):
    for name in ("sqnr_db", "local_sqnr_db", "cosine", "mse", "max_abs", "sqnr_min_db", "sqnr_std_db", "clipped"):
        assert one.tensors[name].to_numpy(float) == pytest.approx(
            other.tensors[name].to_numpy(float), nan_ok=True, rel=rel
        )
    assert one.tensors["worst_sample"].tolist() == other.tensors["worst_sample"].tolist()
    assert one.outputs["cosine"].tolist() == pytest.approx(other.outputs["cosine"].tolist())
    assert one.samples_table["label"].tolist() == other.samples_table["label"].tolist()
    assert one.samples_table["sqnr_db"].tolist() == pytest.approx(other.samples_table["sqnr_db"].tolist(), rel=rel)
    for name in one.bins:
        first, second = one.bins[name], other.bins[name]
        assert first.edges.tolist() == second.edges.tolist()
        assert np.abs(first.counts[0] - second.counts[0]).max() <= (0 if rel <= 1e-6 else 2)
        # What the variant has beyond the range goes into its outermost bins, wherever they were at that time.
        assert first.counts[1].sum() == second.counts[1].sum()


def _with(executor):
    return compare(
        float_model("transformer"),
        variant("transformer", "qdq"),
        samples("transformer"),
        latency=False,
        executor=executor,
    )


def test_threads_find_what_one_process_finds(here):
    with ThreadPoolExecutor(3) as executor:
        _same(_with(executor), here)


def test_processes_find_what_one_process_finds(here):
    with ProcessPoolExecutor(2, get_context("spawn")) as executor:
        found = _with(executor)
    _same(found, here)
    assert found.complete
    assert found.done == 6


def test_a_dask_cluster_finds_what_one_process_finds(here):
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "processes": True}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        _same(_with(client.get_executor()), here)


def test_parts_find_what_one_run_finds(here, monkeypatch):
    whole = preparing.Job.parts
    monkeypatch.setattr(preparing.Job, "parts", lambda job: whole(job, 40_000))
    found = _with(None)
    assert any("passes" in note for note in found.notes)
    _same(found, here, 1e-4)  # where other tensors are outputs, onnxruntime fuses others
    name = found.tensors.index[found.tensors["matched"]][-1]
    assert np.array_equal(found.load(name, 2, "variant"), here.load(name, 2, "variant"))
    assert found.load(name, 2, "local") == pytest.approx(here.load(name, 2, "local"), abs=1e-5)


def test_progress_tells_stages_and_shares():
    told = []
    compare(
        float_model("digits"),
        variant("digits", "qdq"),
        samples("digits", 4),
        progress=lambda stage, share: told.append((stage, share)),
    )
    stages = [stage for stage, _ in told]
    assert stages[0] == "Reading the models"
    assert "Sample 4 of 4" in stages
    assert stages[-1] == "Summing up"
    assert all(0 <= share <= 1 for _, share in told)
    assert [share for stage, share in told if stage.startswith("Sample")] == [0.25, 0.5, 0.75, 1.0]


class _Endless:
    """Samples of which one interrupts whoever waits for them."""

    def __init__(self, at):
        self.at, self.asked = at, 0

    def __call__(self, index):
        self.asked += 1
        if index == self.at:
            signal.raise_signal(signal.SIGINT) if threading.current_thread() is threading.main_thread() else (
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            )
        return digits_samples()[index % 96 : index % 96 + 1]


def test_an_interrupt_keeps_what_is_measured():
    found = compare(float_model("digits"), variant("digits", "qdq"), _Endless(40), limit=2000, latency=False)
    assert not found.complete
    assert 30 <= found.done < 2000
    assert any(note.startswith("Interrupted") for note in found.notes)
    assert np.isfinite(found.ops["sqnr_db"].astype(float)).any()
    assert len(found.samples_table) == found.done
    assert "not finished" in repr(found)


def test_an_interrupt_before_the_first_sample_is_raised():
    def progress(stage, _):
        if stage == "Matching tensors":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(float_model("digits"), variant("digits", "qdq"), samples("digits", 4), progress=progress)
