"""Making several variants, running them on the same data, and putting them side by side."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.tradeoffs.choosing import choose
from haoline_analysis.quantization.tradeoffs.constraints import parse_constraint
from haoline_analysis.quantization.tradeoffs.rounds import in_turns
from haoline_analysis.quantization.tradeoffs.running import Pair, Running, classes_of
from haoline_analysis.quantization.tradeoffs.tabling import Made, float_outcome, result
from haoline_analysis.quantization.tradeoffs.variants_result import FLOAT
from haoline_analysis.runtime.runner import StoppedError
from haoline_analysis.runtime.samples import samples_of
from haoline_analysis.runtime.source import source_of
from haoline_analysis.runtime.stopping import interruptible

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping

    from haoline_analysis.quantization.quantizers import QuantizedModel
    from haoline_analysis.quantization.tradeoffs.constraints import Constraint
    from haoline_analysis.quantization.tradeoffs.outcome import Outcome
    from haoline_analysis.quantization.tradeoffs.variants_result import Variants
    from haoline_analysis.runtime.samples import Samples
    from haoline_analysis.runtime.stopping import Stop, Tell

DEFAULT: Mapping[str, Mapping[str, Any]] = {
    "dynamic-int8": {"scheme": "dynamic-int8"},
    "static-int8": {"scheme": "static-int8"},
    "static-int8 per channel": {"scheme": "static-int8", "per_channel": True, "fixes": ("clip-mask",)},
    "static-int16": {"scheme": "static-int16", "fixes": ("clip-mask",)},
    "weights-int8": {"scheme": "weights-int8"},
    "weights-int4": {"scheme": "weights-int4"},
    "fp16": {"scheme": "fp16"},
}
"""What is tried where the user names nothing."""
MIXED = "mixed precision"
_CALIBRATED = frozenset({"static-int8", "static-int8-qoperator", "static-int16", "tensorrt-int8"})


def variants(
    model: Any,
    inputs: Any = None,
    *,
    calibration: Any = None,
    schemes: Iterable[str] | Mapping[str, Mapping[str, Any]] | None = None,
    constraint: str | Constraint | None = None,
    target: str | None = None,
    folder: str | os.PathLike[str] | None = None,
    limit: int | None = None,
    preprocess: Any = None,
    tokenizer: Any = None,
    progress: Callable[[str, float], None] | None = None,
) -> Variants:
    """Make several variants of a model, run them on the same samples, and recommend one.

    One variant and the float model are in memory at a time, until latencies are taken in turns of all that fit. Ctrl-C
    keeps the variants that are finished.

    Args:
        model: the float model: a path, bytes, a ``ModelProto``, a ``Model`` or a ``ModelReport``.
        inputs: samples to judge on, as for ``capture``.
        calibration: data for the schemes that need it; None: ``inputs``, which a note says.
        schemes: names of schemes, or options of ``quantize`` by name of variant; None: ``DEFAULT``, and mixed precision
            where the constraint has a bound on the outputs that none of these keeps.
        constraint: what is wanted, as :func:`parse_constraint` reads it.
        target: where it will run, as for ``quantize``.
        folder: where to write the variants; None: temporary files that go with the result.
        limit: most samples to judge on.
        preprocess: how pictures become arrays.
        tokenizer: how text becomes ids.
        progress: told the stage and the fraction done.

    Raises:
        ModelError: if the model, the inputs, the constraint or a name is refused.
    """
    wanted = parse_constraint(constraint)
    _, opened, _ = source_of(model)
    how = {"preprocess": preprocess, "tokenizer": tokenizer}
    samples = samples_of(inputs, opened, limit=limit, **how)
    if not len(samples):
        raise ModelError(f"There are no samples in {samples.origin}.")
    data = inputs if calibration is None else calibration
    options = {"calibration": data, "target": target, **how}
    tell = progress or _silent
    making = _Making(model, samples, _asked(schemes), options, _place(folder))
    tell("Running the float model", 0.0)
    making.open()
    try:
        making.all(tell)
        if _wants_mixed(schemes, wanted, making.made):
            making.mixed(wanted, tell)
        making.in_turns(tell)
    except KeyboardInterrupt:
        if not making.made.outcomes:
            raise
        making.made.complete = False
    calibrated = any(each.recipe.scheme in _CALIBRATED for each in making.made.models.values())
    notes = [_SAME] if calibrated and calibration is None else []
    notes += ["Synthetic inputs: accuracy on them says little."] if samples.synthetic else []
    return result(opened.name, making.made, wanted, notes)


_SAME = "Calibrated on the samples that it is judged by: pass calibration=… to keep them apart."


def _silent(stage: str, fraction: float) -> None:
    """Nobody asked."""


def _asked(schemes: Any) -> dict[str, dict[str, Any]]:
    """Options of ``quantize`` by name of variant.

    Raises:
        ModelError: if a name is none.
    """
    from haoline_analysis.quantization.quantizers.schemes import find_scheme

    if schemes is None:
        return {name: dict(options) for name, options in DEFAULT.items()}
    if isinstance(schemes, str):
        schemes = [schemes]
    if hasattr(schemes, "items"):
        found = {str(name): {"scheme": str(name), **options} for name, options in schemes.items()}
    else:
        found = {str(name): dict(DEFAULT.get(str(name), {"scheme": str(name)})) for name in schemes}
    for options in found.values():
        find_scheme(options["scheme"])
    if not found or FLOAT in found:
        raise ModelError(f"Name at least one scheme, and none of the variants {FLOAT!r}.")
    return found


def _place(folder: Any) -> Path | None:
    if folder is None:
        return None
    place = Path(folder).expanduser()
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{place}: is no folder to write variants into: {error.strerror}.") from error
    return place


def _wants_mixed(schemes: Any, wanted: Constraint, made: Made) -> bool:
    """Where a bound on the outputs was given that nothing made so far keeps."""
    if schemes is not None or not (wanted.accuracy or wanted.within_db is not None):
        return False
    return choose({name: each for name, each in made.outcomes.items() if name != FLOAT}, wanted).name is None


class _Making:
    """One variant after the other."""

    def __init__(
        self,
        model: Any,
        samples: Samples,
        asked: Mapping[str, Mapping[str, Any]],
        options: Mapping[str, Any],
        folder: Path | None,
    ) -> None:
        self.made = Made()
        self._model, self._samples, self._asked, self._options, self._folder = model, samples, asked, options, folder
        self._source, self._opened, _ = source_of(model)
        self._float: Running | None = None

    def open(self) -> None:
        """Open the float model and see that it runs.

        Raises:
            ModelError: if it does not.
        """
        self._float = Running(self._source)
        self._float.run(self._samples[0].feeds, self._samples.label(0))

    def all(self, tell: Tell) -> None:
        """Every variant asked for; what fails is noted and the rest goes on.

        Raises:
            KeyboardInterrupt: if it was interrupted.
        """
        for at, (name, options) in enumerate(self._asked.items()):
            tell(f"Quantizing: {name}", at / len(self._asked))
            self._try(name, partial(self._quantized, name, options), tell, at)

    def _quantized(self, name: str, options: Mapping[str, Any]) -> QuantizedModel:
        from haoline_analysis.quantization.quantizers import quantize

        given = {key: value for key, value in self._options.items() if key != "calibration"}
        needs = options["scheme"] in _CALIBRATED or options.get("algorithm") == "gptq"
        data = {"calibration": self._options["calibration"]} if needs else {}
        return quantize(self._model, output=self.output(name), **{**given, **data, **options})

    def output(self, name: str) -> Path | None:
        """Where a variant is written; None: a temporary place."""
        if self._folder is None:
            return None
        return self._folder / f"{Path(self._source.label).stem}.{re.sub(r'[^A-Za-z0-9.-]+', '-', name)}.onnx"

    def mixed(self, wanted: Constraint, tell: Tell) -> None:
        """One more, with as much in float as the constraint takes.

        Raises:
            KeyboardInterrupt: if it was interrupted; its best build by then is kept.
        """
        from haoline_analysis.quantization.tradeoffs.mixed import mixed_precision

        complete = True

        def make() -> QuantizedModel:
            nonlocal complete
            given = {key: value for key, value in self._options.items() if key not in {"calibration", "target"}}
            found = mixed_precision(
                self._model,
                self._options["calibration"],
                target=wanted,
                inputs=self._samples,
                output=self.output(MIXED),
                hardware=self._options["target"],
                alternatives=False,
                progress=tell,
                **given,
            )
            complete = found.complete
            return found.model

        self._try(MIXED, make, tell, len(self._asked))
        if not complete:
            raise KeyboardInterrupt

    def _try(self, name: str, make: Callable[[], QuantizedModel], tell: Tell, at: int) -> None:
        try:
            model = make()
            outcome = self._judged(model, lambda part: tell(f"Running: {name}", (at + part) / (len(self._asked) + 1)))
        except ModelError as error:
            self.made.failed[name] = str(error)
            return
        self.made.models[name] = model
        self.made.outcomes[name] = outcome
        if FLOAT not in self.made.outcomes:
            self.made.outcomes[FLOAT] = float_outcome(outcome)

    def _judged(self, model: QuantizedModel, tell: Callable[[float], None]) -> Outcome:
        assert self._float is not None
        pair = Pair(self._float, Running(source_of(model.path)[0]), classes_of(self._opened))
        sizes = (self._opened.file_bytes, model.size_bytes)

        def work(stop: Stop, told: Tell) -> Outcome:
            return pair.measure(self._samples, sizes, stop, lambda part: told("", part))

        try:
            return interruptible(work, lambda _, part: tell(part))
        except StoppedError:
            raise KeyboardInterrupt from None

    def in_turns(self, tell: Tell) -> None:
        """Latencies of all variants that fit into memory together, in turns."""
        tell("Measuring latencies in turns", 1.0)
        paths = {name: model.path for name, model in self.made.models.items()}
        assert self._float is not None
        found = in_turns(self._float, paths, self._samples, self._opened.file_bytes)
        own = found.get(FLOAT)
        for name, (p50, p95) in found.items():
            outcome = replace(self.made.outcomes[name], p50_us=p50, p95_us=p95)
            if own is not None:
                outcome = replace(outcome, float_p50_us=own[0], float_p95_us=own[1])
            self.made.outcomes[name] = outcome
