"""Ranges of tensors by onnxruntime's calibrators, one sample at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.quantizers.calibration.calibrators import (
    ENTROPY_BINS,
    open_calibrator,
    seed_histograms,
)
from haoline_analysis.quantization.quantizers.quiet import quiet
from haoline_analysis.runtime.failures import refused_model
from haoline_analysis.runtime.runner import one_run

if TYPE_CHECKING:
    from pathlib import Path

    from haoline_analysis.quantization.quantizers.calibration.data import CalibrationData
    from haoline_analysis.runtime.stopping import Stop, Tell

SENTINEL = 1e30
"""Ranges that reach so far are those of a mask: no histogram of them says anything."""
_SHOWN = 3


@dataclass(frozen=True)
class Calibrating:
    """What to calibrate, and how."""

    path: Path
    method: str
    op_types: list[str]
    spared: frozenset[str]
    symmetric: bool
    percentile: float | None
    external: bool


@dataclass(frozen=True)
class Ranges:
    """What was found."""

    data: Any  # TensorsData of onnxruntime
    notes: list[str]


class _One:
    """A data reader of onnxruntime that gives one sample."""

    def __init__(self, feeds: dict[str, np.ndarray]) -> None:
        self._feeds: dict[str, np.ndarray] | None = feeds

    def get_next(self) -> dict[str, np.ndarray] | None:
        feeds, self._feeds = self._feeds, None
        return feeds


def find_ranges(wanted: Calibrating, data: CalibrationData, stop: Stop, tell: Tell) -> Ranges:
    """The range of every tensor that will be quantized.

    Each sample is handed over on its own, so that no more than one sample's tensors are ever held and none is dropped
    (onnxruntime's own bound on memory, CalibMaxIntermediateOutputs, drops what it bounds). Histograms take a second
    pass over the data, once it is known how far they must reach.

    Raises:
        ModelError: if the model fails on a sample, or a tensor is nothing but NaN.
    """
    plain = wanted.method == "minmax"
    calibrator = _open(wanted, "minmax", None, {"symmetric": wanted.symmetric and plain}, stop)
    _feed(calibrator, data, tell, 0.2, 0.6 if plain else 0.4)
    session = calibrator.infer_session
    found = calibrator.compute_data()
    ends = _ends(found, session)
    notes = _odd(session) + _masks({name: pair for name, pair in ends.items() if name not in session.infinite})
    if plain:
        return Ranges(found, notes)
    del calibrator, session
    return Ranges(_histograms(wanted, ends, data, stop, tell), notes)


def _histograms(
    wanted: Calibrating, ends: dict[str, tuple[float, float]], data: CalibrationData, stop: Stop, tell: Tell
) -> Any:
    """Ranges by entropy or percentile; those of masks by their ends."""
    from onnxruntime.quantization.calibrate import TensorData, TensorsData

    near = frozenset(name for name, (low, high) in ends.items() if max(-low, high) < SENTINEL)
    extra: dict[str, Any] = {"symmetric": wanted.symmetric}
    extra |= {"num_bins": ENTROPY_BINS} if wanted.method == "entropy" else {"percentile": wanted.percentile}
    calibrator = _open(wanted, wanted.method, near, extra, stop)
    seed_histograms(calibrator, ends)
    _feed(calibrator, data, tell, 0.4, 0.6)
    with quiet():
        found = calibrator.compute_data()
    far = {
        name: TensorData(lowest=np.float32(low), highest=np.float32(high))
        for name, (low, high) in ends.items()
        if name not in near
    }
    return TensorsData(found.calibration_method, {**dict(found.items()), **far})


def _open(wanted: Calibrating, method: str, only: frozenset[str] | None, extra: dict[str, Any], stop: Stop) -> Any:
    try:
        with quiet():
            return open_calibrator(
                wanted.path,
                method,
                op_types=wanted.op_types,
                spared=wanted.spared,
                only=only,
                extra=extra,
                external=wanted.external,
                stop=stop,
            )
    except Exception as error:
        raise refused_model(error, wanted.path.name) from error


def _feed(calibrator: Any, data: CalibrationData, tell: Tell, start: float, end: float) -> None:
    """Show a calibrator all samples.

    Raises:
        ModelError: if the model fails on one.
    """
    tell("Calibrating", start)
    for at, feeds in enumerate(data):
        with one_run(f"calibration {data.samples.label(at)}"), quiet():
            calibrator.collect_data(_One(feeds))
        tell("Calibrating", start + (end - start) * (at + 1) / len(data))


def _ends(found: Any, session: Any) -> dict[str, tuple[float, float]]:
    """Least and greatest value of each tensor.

    Raises:
        ModelError: if there is no tensor, or one has no value that is a number.
    """
    if found is None or not list(found.keys()):
        raise ModelError("The model has no tensors to calibrate: no op that can be quantized reads or makes floats.")
    ends = {name: bounds(each) for name, each in found.items()}
    for name, pair in ends.items():
        if math.isnan(pair[0]) or math.isnan(pair[1]):
            if name in session.empty - session.nan:
                raise ModelError(
                    f"Tensor {name!r} is empty in all calibration samples, so it has no range: add samples where it "
                    "is not."
                )
            raise ModelError(f"Tensor {name!r} is NaN on the calibration data, so it has no range.")
    return ends


def bounds(data: Any) -> tuple[float, float]:
    """Lower and upper end of a range of onnxruntime's."""
    low, high = (np.asarray(value, np.float64).reshape(-1) for value in data.range_value)
    return float(low.min()), float(high.max())


def _odd(session: Any) -> list[str]:
    """Notes on tensors that are not finite."""
    notes = []
    if session.infinite:
        notes.append(
            f"{_listed(session.infinite)} reach infinity on the calibration data, which no grid holds: 1e38 was taken; "
            "the fix clip-mask helps where that is a mask."
        )
    if session.nan:
        notes.append(f"{_listed(session.nan)} hold NaN on the calibration data; their ranges leave that out.")
    return notes


def _masks(ends: dict[str, tuple[float, float]]) -> list[str]:
    """A note on tensors whose ends are those of a mask, though finite."""
    far = {name: low if -low > high else high for name, (low, high) in ends.items() if max(-low, high) >= SENTINEL}
    if not far:
        return []
    text = f"{_listed(set(far))} reach {max(far.values(), key=abs):.2g} on the calibration data: a grid that holds this"
    return [f"{text} has one level for all else; the fix clip-mask helps where it is a mask."]


def _listed(names: set[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(map(repr, sorted(names)[:_SHOWN])) + more
