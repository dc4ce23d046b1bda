"""Ranges of tensors by onnxruntime's calibrators, one sample at a time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.quantizers.quiet import quiet
from haoline_analysis.runtime.failures import failed_run, refused_model, terminated
from haoline_analysis.runtime.runner import StoppedError

if TYPE_CHECKING:
    from pathlib import Path

    from haoline_analysis.quantization.quantizers.calibration.data import CalibrationData
    from haoline_analysis.runtime.stopping import Stop, Tell


class _One:
    """A data reader of onnxruntime that gives one sample."""

    def __init__(self, feeds: dict[str, np.ndarray]) -> None:
        self._feeds: dict[str, np.ndarray] | None = feeds

    def get_next(self) -> dict[str, np.ndarray] | None:
        feeds, self._feeds = self._feeds, None
        return feeds


class _Interruptible:
    """A session whose runs end when they should."""

    def __init__(self, session: Any, stop: Stop) -> None:
        self._session, self._stop = session, stop

    def run(self, names: Any, feeds: dict[str, np.ndarray]) -> Any:
        return self._session.run(names, feeds, self._stop.options())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


def find_ranges(
    path: Path,
    data: CalibrationData,
    method: str,
    *,
    op_types: list[str],
    symmetric: bool,
    percentile: float | None,
    external: bool,
    stop: Stop,
    tell: Tell,
) -> Any:
    """``TensorsData`` of onnxruntime: the range of every tensor that ops of ``op_types`` read or make.

    Each sample is handed over on its own, so that no more than one sample's tensors are ever held, and none is dropped
    (onnxruntime's own bound on memory, CalibMaxIntermediateOutputs, drops what it bounds).

    Raises:
        ModelError: if the model fails on a sample, or a range is not finite.
    """
    extra: dict[str, Any] = {"symmetric": symmetric}
    if percentile is not None:
        extra["percentile"] = percentile
    tell("Calibrating", 0.2)
    calibrator = _calibrator(path, method, op_types, extra, external)
    calibrator.infer_session = _Interruptible(calibrator.infer_session, stop)
    total = len(data)
    for at, feeds in enumerate(data):
        label = data.samples.label(at)
        try:
            calibrator.collect_data(_One(feeds))
        except StoppedError:
            raise
        except Exception as error:
            if stop.asked or terminated(error):
                raise StoppedError from None
            raise failed_run(error, f"calibration {label}") from error
        tell("Calibrating", 0.2 + 0.4 * (at + 1) / total)
    return _checked(calibrator.compute_data())


def _calibrator(path: Path, method: str, op_types: list[str], extra: dict[str, Any], external: bool) -> Any:
    from onnxruntime.quantization.calibrate import CalibrationMethod, create_calibrator

    methods = {
        "minmax": CalibrationMethod.MinMax,
        "entropy": CalibrationMethod.Entropy,
        "percentile": CalibrationMethod.Percentile,
    }
    try:
        with quiet():
            return create_calibrator(
                path,
                op_types,
                augmented_model_path=str(path.with_name("calibrated.onnx")),
                calibrate_method=methods[method],
                use_external_data_format=external,
                extra_options=extra,
            )
    except Exception as error:
        raise refused_model(error, path.name) from error


def _checked(found: Any) -> Any:
    """The ranges, if there are any and none is NaN.

    Raises:
        ModelError: if not; says where.
    """
    if found is None or not list(found.keys()):
        raise ModelError("The model has no tensors to calibrate: no op that can be quantized reads or makes floats.")
    for name, each in found.items():
        low, high = bounds(each)
        if math.isnan(low) or math.isnan(high):
            raise ModelError(f"Tensor {name!r} becomes NaN on the calibration data, so it has no range.")
    return found


def bounds(data: Any) -> tuple[float, float]:
    """Lower and upper end of a range of onnxruntime's."""
    low, high = (np.asarray(value, np.float64).reshape(-1) for value in data.range_value)
    return float(low.min()), float(high.max())


def bound_infinite(found: Any) -> list[str]:
    """End ranges that reach infinity at the largest number, as a mask of −3.4e38 would; names of those tensors."""
    from onnxruntime.quantization.calibrate import TensorData

    largest = np.finfo(np.float32).max
    names = []
    for name, each in list(found.items()):
        low, high = bounds(each)
        if math.isinf(low) or math.isinf(high):
            ends = np.clip(np.array([low, high]), -largest / 2, largest / 2).astype(np.float32)
            found[name] = TensorData(lowest=ends[0], highest=ends[1])
            names.append(name)
    return names
