"""One contender of the activation benchmark in a process of its own.

    python benchmarks/activation_contenders.py NAME MODEL SAMPLES

prints ``RESULT`` and JSON: wall and CPU seconds from the model's path to the result, peak MB, tensors captured.
A contender imports what it needs and returns the work to be timed, which returns the number of tensors.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import activation_models

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    Feeds = dict[str, np.ndarray]
    Work = Callable[[str, list[Feeds]], int]


def floor() -> Work:
    """Plain inference, nothing kept."""
    import onnxruntime

    def work(path: str, samples: list[Feeds]) -> int:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        for feeds in samples:
            session.run(None, feeds)
        return len(session.get_outputs())

    return work


def streaming(*, warm: bool = True, compiled: bool = True, histograms: bool = False) -> Work:
    """Statistics of every tensor and channel, findings and columns."""
    os.environ["NUMBA_DISABLE_JIT"] = str(int(not compiled))
    import onnxruntime  # noqa: F401
    import pandas as pd  # noqa: F401

    from haoline_analysis.runtime import capture
    from haoline_analysis.runtime.statistics import fast

    if warm:  # imports are left out, those made on first use and compiled loops too: a kernel loads them once
        fast.kernel.wait()
        capture(activation_models.DIGITS, provider="cpu")

    def work(path: str, samples: list[Feeds]) -> int:
        report = capture(path, samples, provider="cpu")
        assert report.complete
        assert (report.done, report.mode) == (len(samples), "statistics")
        assert len(report.channels)
        for tensor in report.tensors.index if histograms else ():
            report.histogram(tensor)
        return len(report.tensors)

    return work


def stored() -> Work:
    """The same, and the tensors themselves on disk."""
    import onnxruntime  # noqa: F401
    import pandas as pd  # noqa: F401

    from haoline_analysis.runtime import capture

    def work(path: str, samples: list[Feeds]) -> int:
        with tempfile.TemporaryDirectory() as folder:
            report = capture(path, samples, provider="cpu", mode="stored", folder=folder)
            assert report.complete
            assert (report.done, report.mode) == (len(samples), "stored")
            return len(report.tensors)

    return work


def qdq() -> Work:
    """onnxruntime's own debugging of quantization: float tensors, all samples in memory."""
    from onnxruntime.quantization import CalibrationDataReader
    from onnxruntime.quantization import qdq_loss_debug as debug

    class Reader(CalibrationDataReader):
        def __init__(self, samples: list[Feeds]) -> None:
            self.rest = iter(samples)

        def get_next(self) -> Feeds | None:
            return next(self.rest, None)

    def work(path: str, samples: list[Feeds]) -> int:
        with tempfile.TemporaryDirectory() as folder:
            augmented = str(Path(folder) / "augmented.onnx")
            debug.modify_model_output_intermediate_tensors(path, augmented)
            found = debug.collect_activations(augmented, Reader(samples))
            assert all(len(arrays) == len(samples) for arrays in found.values())
            return len(found)

    return work


def _runner() -> Callable[[str], Any]:
    """A maker of Polygraphy runners with every tensor marked as an output."""
    from polygraphy import constants
    from polygraphy.backend.onnx import BytesFromOnnx, ModifyOutputs, OnnxFromPath
    from polygraphy.backend.onnxrt import OnnxrtRunner, SessionFromOnnx
    from polygraphy.logger import G_LOGGER

    G_LOGGER.module_severity = G_LOGGER.ERROR

    def make(path: str) -> Any:
        marked = ModifyOutputs(OnnxFromPath(path), outputs=constants.MARK_ALL)
        return OnnxrtRunner(SessionFromOnnx(BytesFromOnnx(marked), providers=["cpu"]))

    return make


def polygraphy() -> Work:
    """Polygraphy as its command line runs it: results of all samples kept."""
    from polygraphy.comparator import Comparator

    make = _runner()

    def work(path: str, samples: list[Feeds]) -> int:
        results = Comparator.run([make(path)], data_loader=samples)
        assert len(results[0][1]) == len(samples)
        return len(results[0][1][0])

    return work


def polygraphy_dropped() -> Work:
    """Polygraphy's runner alone, each result dropped at once: less than anybody would want of it."""
    make = _runner()

    def work(path: str, samples: list[Feeds]) -> int:
        with make(path) as runner:
            return max(len(runner.infer(feeds)) for feeds in samples)

    return work


CONTENDERS: dict[str, Callable[[], Work]] = {
    "floor": floor,
    "capture, streaming": streaming,
    "… with every histogram": partial(streaming, histograms=True),
    "… the first of its process": partial(streaming, warm=False),
    "… without numba": partial(streaming, compiled=False),
    "capture, stored": stored,
    "qdq_loss_debug": qdq,
    "Polygraphy": polygraphy,
    "Polygraphy, results dropped": polygraphy_dropped,
}


def peak_mb() -> float:
    """Peak resident memory of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def main() -> None:
    name, path, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    work, samples = CONTENDERS[name](), activation_models.samples(path, count)
    wall, cpu = time.perf_counter(), time.process_time()
    tensors = work(path, samples)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print("\nRESULT", json.dumps({"wall_s": wall, "cpu_s": cpu, "peak_mb": peak_mb(), "tensors": tensors}))


if __name__ == "__main__":
    main()
