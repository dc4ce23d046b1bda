"""onnxruntime's calibrators, which look only at what will be quantized, stop when they should, and print nothing."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.quantization.quantizers.quiet import tools
from haoline_analysis.runtime.cores import cores

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from haoline_analysis.runtime.stopping import Stop

LARGEST = 1e38
"""What infinite values count as: the distance of two ends must be a float32."""
ENTROPY_BINS = 512
"""onnxruntime's default of 128 is also the number of levels, which leaves its search a single range to choose from."""
_LOW, _HIGH = "_ReduceMin", "_ReduceMax"
"""What onnxruntime appends to a tensor's name for the least and the greatest of its values."""


class Watched:
    """A session whose runs end when they should, and which notes what is not finite."""

    def __init__(self, session: Any, stop: Stop) -> None:
        """Wrap ``session``."""
        self._session, self._stop = session, stop
        self._names = [port.name for port in session.get_outputs()]
        self.infinite: set[str] = set()
        """Tensors that are infinite somewhere."""
        self.nan: set[str] = set()
        """Tensors that are not a number somewhere."""
        self.empty: set[str] = set()
        """Tensors that have no element in some sample, hence no range there."""

    def run(self, names: Any, feeds: dict[str, np.ndarray]) -> list[Any]:
        """As of a session of onnxruntime; infinite values come back as the largest finite ones, the ends of nothing as
        NaN.
        """  # noqa: D205 - one sentence
        outputs = self._session.run(names, feeds, self._stop.options())
        found = dict(zip(self._names, outputs, strict=True))
        empty = {name for name in map(_tensor, found) if _inverted(found.get(name + _LOW), found.get(name + _HIGH))}
        self.empty |= empty
        return [
            np.full_like(array, np.nan) if _tensor(name) in empty else self._finite(name, array)
            for name, array in found.items()
        ]

    def _finite(self, name: str, array: Any) -> Any:
        if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or np.isfinite(array).all():
            return array
        tensor = _tensor(name)
        if np.isnan(array).any():
            self.nan.add(tensor)
        if not np.isinf(array).any():
            return array
        self.infinite.add(tensor)
        bound = LARGEST if array.dtype.itemsize >= 4 else float(np.finfo(array.dtype).max)
        return np.where(np.isinf(array), np.copysign(array.dtype.type(bound), array), array)

    def __getattr__(self, name: str) -> Any:
        """Everything else is the session's."""
        return getattr(self._session, name)


def _tensor(output: str) -> str:
    """The tensor that an output tells of."""
    return output.removesuffix(_LOW).removesuffix(_HIGH)


def _inverted(low: Any, high: Any) -> bool:
    """Whether two ends are those of no value at all: the least of nothing is above everything."""
    return low is not None and high is not None and bool(np.all(low > high))


@lru_cache
def _chosen(calibrator: type) -> type:
    """A calibrator that looks at some of the tensors only."""

    class Chosen(calibrator):  # type: ignore[misc]
        spared: frozenset[str] = frozenset()
        only: frozenset[str] | None = None

        def select_tensors_to_calibrate(self, model: Any) -> tuple[set[str], dict[str, Any]]:
            tensors, infos = super().select_tensors_to_calibrate(model)
            types = set(self.op_types_to_calibrate or ())
            wanted = {
                name
                for node in model.graph.node
                if node.op_type in types and node.name not in self.spared
                for name in (*node.input, *node.output)
            }
            return {name for name in tensors & wanted if self.only is None or name in self.only}, infos

        def create_inference_session(self) -> None:
            import onnxruntime

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = cores()
            options.log_severity_level = 4
            # Fusion would remove what is to be seen; ranges do not depend on how ops run.
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
            path, providers = self.augmented_model_path, ["CPUExecutionProvider"]
            self.infer_session = onnxruntime.InferenceSession(path, options, providers=providers)

    return Chosen


@lru_cache
def _min_max() -> type:
    """Least and greatest values of the samples that have some.

    onnxruntime's own keep what the first sample shows, though it be NaN.
    """
    calibrate = tools("calibrate")

    class MinMax(_chosen(calibrate.MinMaxCalibrater)):  # type: ignore[misc]
        calibrate_tensors_range: Any

        def compute_data(self) -> Any:
            ports = [port.name for port in self.infer_session.get_outputs()]
            known = self.calibrate_tensors_range
            ends = {} if known is None else {name: each.range_value for name, each in known.items()}
            for outputs in self.intermediate_outputs:
                found = dict(zip(ports, outputs, strict=True))
                for name in map(_tensor, ports[self.num_model_outputs :: 2]):
                    low, high = found[name + _LOW], found[name + _HIGH]
                    if self.symmetric:
                        high = np.fmax(np.abs(low), np.abs(high))
                        low = -high
                    was = ends.get(name, (low, high))
                    ends[name] = np.fmin(was[0], low), np.fmax(was[1], high)
            self.calibrate_tensors_range = calibrate.TensorsData(calibrate.CalibrationMethod.MinMax, ends)
            return self.calibrate_tensors_range

    return MinMax


def open_calibrator(
    path: Path,
    method: str,
    *,
    op_types: list[str],
    spared: frozenset[str],
    only: frozenset[str] | None,
    extra: dict[str, Any],
    external: bool,
    stop: Stop,
) -> Any:
    """A calibrator of onnxruntime, ready for samples.

    Args:
        path: the prepared model.
        method: ``"minmax"``, ``"entropy"`` or ``"percentile"``.
        op_types: ops whose tensors get ranges.
        spared: names of nodes that stay float; what only they read or make gets none.
        only: tensors to look at; None: all of those.
        extra: more arguments of the calibrator.
        external: whether the model is too large for one file.
        stop: ends a run.
    """
    calibrate = tools("calibrate")
    kinds: dict[str, Callable[..., Any]] = {
        "minmax": _min_max(),
        "entropy": _chosen(calibrate.EntropyCalibrater),
        "percentile": _chosen(calibrate.PercentileCalibrater),
    }
    augmented = str(path.with_name(f"{method}.onnx"))
    made = kinds[method](path, op_types, augmented, use_external_data_format=external, **extra)
    made.spared, made.only = spared, only
    made.augment_graph()
    made.create_inference_session()
    made.infer_session = Watched(made.infer_session, stop)
    return made


@lru_cache
def _collector() -> type:
    """Histograms of what is a number; onnxruntime's own fail on arrays without one."""
    from onnxruntime.quantization.calibrate import HistogramCollector

    class Collector(HistogramCollector):  # type: ignore[misc]
        def collect(self, name_to_arr: dict[str, list[np.ndarray]]) -> Any:
            numbers = {name: [each[~np.isnan(each)] for each in arrays] for name, arrays in name_to_arr.items()}
            return super().collect({name: arrays for name, arrays in numbers.items() if any(map(np.size, arrays))})

    return Collector


def seed_histograms(calibrator: Any, ends: dict[str, tuple[float, float]]) -> None:
    """Fix the bins of all histograms before the first sample, by the least and greatest value of each tensor.

    Left alone, onnxruntime lays them out for the first sample and adds bins of that width as values grow, without
    bound; so it is as if all samples had come at once.
    """
    collector = _collector()(
        method=calibrator.method,
        symmetric=calibrator.symmetric,
        num_bins=calibrator.num_bins,
        num_quantized_bins=calibrator.num_quantized_bins,
        percentile=calibrator.percentile,
        scenario=calibrator.scenario,
    )
    counts = np.zeros(calibrator.num_bins, np.int64)
    absolute = calibrator.method == "percentile" and calibrator.symmetric
    for name in calibrator.tensors_to_calibrate:
        low, high = (np.float32(end) for end in ends[name])
        reach = max(abs(low), abs(high)) or np.float32(1e-6)
        edges = np.linspace(0 if absolute else -reach, reach, calibrator.num_bins + 1, dtype=np.float32)
        held: tuple[Any, ...] = (counts.copy(), edges, low, high)
        collector.histogram_dict[name] = held if absolute else (*held, np.float32(reach))
    calibrator.collector = collector
