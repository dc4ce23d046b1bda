"""Building and running one choice after the other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.tradeoffs.running import Pair, Running, classes_of
from haoline_analysis.runtime.runner import StoppedError
from haoline_analysis.runtime.samples import samples_of
from haoline_analysis.runtime.source import source_of
from haoline_analysis.runtime.stopping import interruptible

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from haoline_analysis.quantization.quantizers import QuantizedModel
    from haoline_analysis.quantization.sensitivity import Prediction
    from haoline_analysis.quantization.tradeoffs.constraints import Constraint
    from haoline_analysis.quantization.tradeoffs.outcome import Outcome

ALTERNATIVES: Mapping[str, Mapping[str, Any]] = {
    "dynamic-int8": {"scheme": "dynamic-int8"},
    "static-int16": {"scheme": "static-int16", "per_channel": True},
}


@dataclass(frozen=True)
class Step:
    """One model that was built and run."""

    name: str
    model: QuantizedModel
    keep_float: tuple[str, ...]
    int16: tuple[str, ...]
    outcome: Outcome
    meets: bool
    prediction: Prediction | None = None
    predicted_us: float = math.nan


class Builder:
    """Makes variants of one float model with the same data and options, and judges them on the same samples."""

    def __init__(
        self,
        model: Any,
        calibration: Any,
        inputs: Any,
        options: Mapping[str, Any],
        how: Mapping[str, Any],
        wanted: Constraint,
        folder: Path,
        output: str | os.PathLike[str] | None,
    ) -> None:
        """Open the float model.

        Raises:
            ModelError: if model or data are refused.
        """
        if calibration is None:
            raise ModelError("Mixed precision needs calibration data: whatever activation capture takes as inputs.")
        self.model, self.wanted, self.folder, self.output = model, wanted, folder, output
        self.source, self.opened, _ = source_of(model)
        self.calibration = samples_of(calibration, self.opened, **how)
        self.samples = self.calibration if inputs is None else samples_of(inputs, self.opened, **how)
        if not len(self.calibration) or not len(self.samples):
            raise ModelError("There are no samples to quantize with and to judge by.")
        self.held_out = inputs is not None
        self.steps: list[Step] = []
        self.others: dict[str, Outcome | str] = {}
        self.options = dict(options)
        self._float = Running(self.source)
        self._classes = classes_of(self.opened)

    def build(
        self,
        name: str,
        keep_float: Sequence[str],
        int16: Sequence[str],
        prediction: Prediction | None = None,
        predicted_us: float = math.nan,
    ) -> Step:
        """Quantize with a choice and run it.

        Raises:
            ModelError: if it cannot be made or run.
            KeyboardInterrupt: if it was interrupted.
        """
        from haoline_analysis.quantization.quantizers import quantize

        given = {**self.options, **({"int16": int16} if int16 else {})}
        place = self.folder / f"{len(self.steps)}.onnx"
        model = quantize(self.model, calibration=self.calibration, keep_float=keep_float, output=place, **given)
        outcome = self._judged(model)
        meets = not self.wanted.failures(outcome, outcome.sqnr_db)
        step = Step(name, model, tuple(keep_float), tuple(int16), outcome, meets, prediction, predicted_us)
        self.steps.append(step)
        return step

    def _judged(self, model: QuantizedModel) -> Outcome:
        pair = Pair(self._float, Running(source_of(model.path)[0]), self._classes)
        sizes = (self.opened.file_bytes, model.size_bytes)
        try:
            return interruptible(lambda stop, _: pair.measure(self.samples, sizes, stop), lambda *_: None)
        except StoppedError:
            raise KeyboardInterrupt from None

    def best(self) -> Step:
        """Of the builds that meet the target the fastest, of nearly even ones the smallest; else the most accurate."""
        meeting = [step for step in self.steps if step.meets]
        if not meeting:
            return max(self.steps, key=lambda step: step.outcome.sqnr_db)
        if self.wanted.objective == "most accurate":
            return max(meeting, key=lambda step: step.outcome.sqnr_db)
        if self.wanted.objective == "smallest":
            return min(meeting, key=lambda step: step.outcome.size_bytes)
        least = min(step.outcome.latency_share for step in meeting)
        even = [step for step in meeting if step.outcome.latency_share <= 1.05 * least]
        return min(even or meeting, key=lambda step: step.outcome.size_bytes)

    def alternatives(self, tell: Callable[[str, float], None]) -> bool:
        """Measure dynamic INT8 and INT16 activations; whether it was not interrupted."""
        from haoline_analysis.quantization.quantizers import quantize

        for name, options in ALTERNATIVES.items():
            tell(f"Measuring {name}", 0.95)
            given = {**options, "output": self.folder / f"{name}.onnx"}
            if name != "dynamic-int8":
                given |= {"calibration": self.calibration, "fixes": self.options.get("fixes", ())}
            try:
                self.others[name] = self._judged(quantize(self.model, **given))
            except ModelError as error:
                self.others[name] = str(error)
            except KeyboardInterrupt:
                return False
        return True
