"""One contender of the quantization benchmark in a process of its own, on one core, or on all with ``--all-cores``.

    python benchmarks/quantization_contenders.py NAME MODEL VARIANT COUNT [--all-cores]

prints ``RESULT`` and JSON. A contender imports what it needs and returns the work to be timed, which returns the number
of tensors it compared.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

ALL_CORES = "--all-cores" in sys.argv
if not ALL_CORES:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

if TYPE_CHECKING:
    from collections.abc import Callable

    Work = Callable[[str, str, list[dict[str, Any]]], int]

FEW, MORE = 4, 44
"""Samples of the two comparisons whose difference is what further samples cost."""


def feeds(path: str, count: int) -> list[dict[str, Any]]:
    """The same samples for everybody, without the package where it is not installed."""
    import numpy as np

    if "minilm" in Path(path).name:
        rng, shape = np.random.default_rng(1), (1, 128)
        return [
            {
                "input_ids": rng.integers(1000, 30522, shape),
                "attention_mask": np.ones(shape, np.int64),
                "token_type_ids": np.zeros(shape, np.int64),
            }
            for _ in range(count)
        ]
    import onnx

    name = onnx.load(path, load_external_data=False).graph.input[0].name
    rng = np.random.default_rng(1)
    return [{name: rng.normal(size=(1, 3, 224, 224)).astype(np.float32)} for _ in range(count)]


def _compare(**options: Any) -> Work:
    import onnxruntime  # noqa: F401
    import pandas as pd  # noqa: F401

    import haoline_analysis.formats.onnx.reader
    import haoline_analysis.quantization.deployed
    import haoline_analysis.quantization.matching
    import haoline_analysis.report  # noqa: F401
    from haoline_analysis.quantization import compare
    from haoline_analysis.quantization.divergence.metrics import fast

    fast.kernel.wait()

    def work(model: str, variant: str, samples: list[dict[str, Any]]) -> int:
        told = compare(model, variant, samples, provider="cpu", latency=False, **options)
        assert told.done == len(samples)
        assert told.check is not None
        assert told.check.identical
        told.close()
        return int(told.tensors["matched"].sum())

    return work


def ours() -> Work:
    """Accumulated and local error, channels, histograms, columns, findings."""
    return _compare()


def ours_lean() -> Work:
    """The same without histograms."""
    return _compare(histograms=False)


def ours_accumulated() -> Work:
    """What the peers compare: tensor beside tensor as both models run, and the weights."""
    return _compare(local=False, histograms=False)


def qdq_loss_debug() -> Work:
    """onnxruntime's own: every activation of both models is kept, then matched by name; weights are compared too."""
    import numpy as np
    from onnxruntime.quantization import qdq_loss_debug as tool
    from onnxruntime.quantization.calibrate import CalibrationDataReader

    class Reader(CalibrationDataReader):
        def __init__(self, samples: list[dict[str, Any]]) -> None:
            self.left = iter(samples)

        def get_next(self) -> Any:
            return next(self.left, None)

    def work(model: str, variant: str, samples: list[dict[str, Any]]) -> int:
        with tempfile.TemporaryDirectory() as folder:
            kept = []
            for at, path in enumerate((model, variant)):
                wider = str(Path(folder) / f"{at}.onnx")
                tool.modify_model_output_intermediate_tensors(path, wider)
                kept.append(tool.collect_activations(wider, Reader(samples)))
            matched = tool.create_activation_matching(kept[1], kept[0])
            with np.errstate(all="ignore"):
                count = len(tool.compute_activation_error(matched))
                pairs = tool.create_weight_matching(model, variant)
                for name, pair in pairs.items():
                    with contextlib.suppress(ValueError):  # scalars
                        tool.compute_weight_error({name: pair})
            return count

    return work


def polygraphy() -> Work:
    """Polygraphy's Python interface: all tensors of both models, signal-to-noise ratio and the default comparison."""
    import numpy as np  # noqa: F401
    from polygraphy import constants
    from polygraphy.backend.onnx import BytesFromOnnx, ModifyOutputs, OnnxFromPath
    from polygraphy.backend.onnxrt import OnnxrtRunner, SessionFromOnnx
    from polygraphy.comparator import Comparator, CompareFunc

    def work(model: str, variant: str, samples: list[dict[str, Any]]) -> int:
        runners = [
            OnnxrtRunner(SessionFromOnnx(BytesFromOnnx(ModifyOutputs(OnnxFromPath(path), outputs=constants.MARK_ALL))))
            for path in (model, variant)
        ]
        with contextlib.redirect_stdout(io.StringIO()):
            found = Comparator.run(runners, data_loader=samples)
            told = Comparator.compare_accuracy(found, compare_func=CompareFunc.simple())
        first = next(iter(told[0].values()))
        return len(first[0])

    return work


def polygraphy_cli() -> Work:
    """Polygraphy's command line: both models with all tensors marked, compared."""
    import polygraphy as installed  # noqa: F401
    from polygraphy.json import save_json

    def work(model: str, variant: str, samples: list[dict[str, Any]]) -> int:
        with tempfile.TemporaryDirectory() as folder:
            inputs, first = str(Path(folder) / "inputs.json"), str(Path(folder) / "first.json")
            save_json(samples, inputs)
            tool = str(Path(sys.executable).with_name("polygraphy"))
            shared = ["--onnxrt", "--onnx-outputs", "mark", "all", "--load-inputs", inputs]
            for path, more in ((model, ["--save-outputs", first]), (variant, ["--load-outputs", first])):
                subprocess.run([tool, "run", path, *shared, *more], capture_output=True, check=False)
        return 0

    return work


def one_thread() -> None:
    """Let every session of this process run in one thread, whoever makes it: threads that wait would count too."""
    import onnxruntime

    plain = onnxruntime.InferenceSession.__init__

    def made(self: Any, model: Any, sess_options: Any = None, *more: Any, **options: Any) -> None:
        sess_options = sess_options or onnxruntime.SessionOptions()
        sess_options.intra_op_num_threads = 1
        plain(self, model, sess_options, *more, **options)

    onnxruntime.InferenceSession.__init__ = made


def cpu_seconds() -> float:
    """CPU seconds of this process and its children."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def steady(model: str, variant: str, rounds: int) -> dict[str, float]:
    """Floors and comparisons in turns: what further samples cost, and what is done once."""
    import onnxruntime

    works = {
        "accumulated": _compare(local=False, histograms=False),
        "local": _compare(histograms=False),
        "histograms": _compare(),
    }
    sessions = [onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]) for path in (model, variant)]
    many = feeds(model, MORE)
    samples = many[:16]
    _floor(sessions, samples)
    ratios: dict[str, list[float]] = {name: [] for name in works}
    floors, setups = [], []
    for _ in range(rounds):
        for name, work in works.items():
            floor = _floor(sessions, samples)
            few, more = (_cost(work, model, variant, many[:count]) for count in (FEW, MORE))
            floor = (floor + _floor(sessions, samples)) / 2
            each = (more - few) / (MORE - FEW)
            ratios[name].append(each / floor)
            floors.append(floor)
            setups.append(few - FEW * each)
    told = {name: statistics.median(values) for name, values in ratios.items()}
    size = sum(Path(path).stat().st_size for path in (model, variant))
    return told | {"floor_ms": 1e3 * min(floors), "setup_s": statistics.median(setups), "bytes": size}


def _floor(sessions: list[Any], samples: list[dict[str, Any]]) -> float:
    """CPU seconds of a plain run of each model per sample."""
    start = time.process_time()
    for fed in samples:
        for session in sessions:
            session.run(None, fed)
    return (time.process_time() - start) / len(samples)


def _cost(work: Work, model: str, variant: str, samples: list[dict[str, Any]]) -> float:
    gc.collect()  # what the last comparison left would be let go of in the middle of this one
    start = time.process_time()
    work(model, variant, samples)
    return time.process_time() - start


CONTENDERS = {
    "ours": ours,
    "ours_lean": ours_lean,
    "ours_accumulated": ours_accumulated,
    "qdq_loss_debug": qdq_loss_debug,
    "polygraphy": polygraphy,
    "polygraphy_cli": polygraphy_cli,
}


def main() -> None:
    """Run one contender and say what it took."""
    name, model, variant, count = sys.argv[1:5]
    if not ALL_CORES:
        one_thread()
    if name == "steady":
        print("RESULT", json.dumps(steady(model, variant, int(count))))
        return
    work, samples = CONTENDERS[name](), feeds(model, int(count))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, wall = cpu_seconds(), time.perf_counter()
    tensors = work(model, variant, samples)
    used = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    told = {"cpu_s": cpu_seconds() - start, "wall_s": time.perf_counter() - wall, "tensors": tensors}
    print("RESULT", json.dumps(told | {"peak_mb": used / 1024, "imports_mb": before / 1024}))


if __name__ == "__main__":
    main()
