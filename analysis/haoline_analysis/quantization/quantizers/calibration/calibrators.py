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
_SUFFIXES = ("_ReduceMin", "_ReduceMax")


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

    def run(self, names: Any, feeds: dict[str, np.ndarray]) -> list[Any]:
        """As of a session of onnxruntime; infinite values come back as the largest finite ones."""
        outputs = self._session.run(names, feeds, self._stop.options())
        return [self._finite(name, array) for name, array in zip(self._names, outputs, strict=True)]

    def _finite(self, name: str, array: Any) -> Any:
        if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or np.isfinite(array).all():
            return array
        tensor = next((name.removesuffix(end) for end in _SUFFIXES if name.endswith(end)), name)
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


Wanted = "Callable[[str], bool]"


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
        "minmax": _chosen(calibrate.MinMaxCalibrater),
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


def seed_histograms(calibrator: Any, ends: dict[str, tuple[float, float]]) -> None:
    """Fix the bins of all histograms before the first sample, by the least and greatest value of each tensor.

    Left alone, onnxruntime lays them out for the first sample and adds bins of that width as values grow, without
    bound; so it is as if all samples had come at once.
    """
    from onnxruntime.quantization.calibrate import HistogramCollector

    collector = HistogramCollector(
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
