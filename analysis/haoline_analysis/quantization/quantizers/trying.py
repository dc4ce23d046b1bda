"""A finished model opened and run once, so that what onnxruntime refuses, or what is broken, shows at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.runtime.failures import failed_run, onnxruntime, terminated
from haoline_analysis.runtime.providers import CPU
from haoline_analysis.runtime.runner import StoppedError
from haoline_analysis.runtime.samples import samples_of
from haoline_analysis.runtime.sessions import opened
from haoline_analysis.runtime.source import source_of
from haoline_analysis.runtime.targets import random_ops

if TYPE_CHECKING:
    from pathlib import Path

    from haoline_analysis.model import Model
    from haoline_analysis.runtime.samples import Sample, Samples
    from haoline_analysis.runtime.stopping import Stop

SMALL = 256 << 20
"""Bytes of weights up to which a model without data is run on made-up inputs."""
LOST = 1.0
"""dB below which nothing is left of an output: nothing but zeros would have 0."""
_NAN = (
    "The quantized model makes nothing but NaN of the first sample: a range or a weight is not finite; "
    "masks of −inf are a usual cause, see the fix clip-mask."
)


@dataclass
class Trial:
    """What is tried, and on what."""

    label: str  # of the user's model
    opened: Model
    prepared: Path  # the float model as it was quantized
    made: Path
    size: int  # bytes of the float weights
    samples: Samples | None

    def sample(self) -> Sample | None:
        """The first of the calibration data, else a made-up one where that is cheap."""
        if self.samples is not None:
            return self.samples[0]
        try:
            return samples_of(None, self.opened)[0] if self.size <= SMALL else None
        except ModelError:  # nobody can make up such inputs
            return None


def try_model(trial: Trial, stop: Stop) -> list[str]:
    """Open the finished model, and run it beside the float one on one sample; notes on what is far off.

    Raises:
        ModelError: if onnxruntime does not take what its own tools made, or makes NaN of a sample.
        StoppedError: if it was told to stop.
    """
    session = _open(trial.made, f"The quantized {trial.label}")
    sample = trial.sample()
    floats = None if sample is None else _float_outputs(trial, sample, stop)
    if sample is None or floats is None:
        return []
    outputs = _run(session, sample, stop, f"{_called(trial, sample)}, once quantized")
    if _numbers(floats) and not _numbers(outputs):
        if trial.samples is not None:
            raise ModelError(_NAN)
        return [_NAN.replace("the first sample", "made-up inputs")]
    if random_ops(trial.opened):
        return []
    return _far(floats, outputs, [port.name for port in session.get_outputs()], _called(trial, sample))


def _called(trial: Trial, sample: Sample) -> str:
    return sample.label if trial.samples is None else f"calibration {sample.label}"


def _open(path: Path, where: str) -> Any:
    ort = onnxruntime()
    options = ort.SessionOptions()
    options.log_severity_level = 4
    return opened(str(path), options, (CPU,), source_of(path)[0], where)


def _run(session: Any, sample: Sample, stop: Stop, where: str) -> list[Any]:
    try:
        outputs: list[Any] = session.run(None, dict(sample.feeds), stop.options())
    except StoppedError:
        raise
    except Exception as error:
        if stop.asked or terminated(error):
            raise StoppedError from None
        raise failed_run(error, where) from error
    return outputs


def _float_outputs(trial: Trial, sample: Sample, stop: Stop) -> list[Any] | None:
    """What the float model makes; None where it cannot run on made-up inputs either."""
    try:
        return _run(_open(trial.prepared, trial.label), sample, stop, _called(trial, sample))
    except ModelError:
        if trial.samples is None:
            return None
        raise


def _numbers(outputs: list[Any]) -> bool:
    """Whether any output is finite somewhere; those that are no floats always are."""
    floats = [array for array in outputs if _real(array)]
    return not floats or any(np.isfinite(array).any() for array in floats)


def _far(floats: list[Any], outputs: list[Any], names: list[str], where: str) -> list[str]:
    """A note on outputs whose error is as large as they are."""
    found = {}
    for name, before, after in zip(names, floats, outputs, strict=True):
        if _real(before) and before.shape == after.shape:
            ratio = _sqnr(before.astype(np.float64), after.astype(np.float64))
            if ratio is not None and ratio < LOST:
                found[name] = ratio
    if not found:
        return []
    listed = ", ".join(f"{name!r} ({ratio:.1f} dB)" for name, ratio in list(found.items())[:3])
    return [f"On {where} the error of {listed} is as large as the output itself: compare says where it is made."]


def _real(array: Any) -> bool:
    return isinstance(array, np.ndarray) and array.dtype.kind == "f" and array.size > 0


def _sqnr(before: np.ndarray, after: np.ndarray) -> float | None:
    """In dB, over what is finite in both; None where there is no signal or no error."""
    both = np.isfinite(before) & np.isfinite(after)
    signal = float((before[both] ** 2).sum())
    noise = float(((before[both] - after[both]) ** 2).sum())
    return None if not signal or not noise else float(10 * np.log10(signal / noise))
