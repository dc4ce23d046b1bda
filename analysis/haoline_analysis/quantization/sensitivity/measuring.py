"""Measuring each quantizer alone, in one session that is never rebuilt."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.sensitivity.additive import Additive, Base
from haoline_analysis.quantization.sensitivity.ground import Ground, Quantizing, ground_of
from haoline_analysis.quantization.sensitivity.noise import Noise
from haoline_analysis.quantization.sensitivity.opening import whole
from haoline_analysis.quantization.sensitivity.prior import own_sqnr
from haoline_analysis.quantization.sensitivity.sensitivity import Sensitivity
from haoline_analysis.quantization.sensitivity.session import Switchable
from haoline_analysis.quantization.sensitivity.units import units_of
from haoline_analysis.runtime.runner import StoppedError
from haoline_analysis.runtime.samples import samples_of
from haoline_analysis.runtime.source import source_of
from haoline_analysis.runtime.stopping import interruptible

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    import numpy as np

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.sensitivity.sites import Found, Site
    from haoline_analysis.quantization.sensitivity.units import Unit
    from haoline_analysis.runtime.source import ModelSource
    from haoline_analysis.runtime.stopping import Stop, Tell

LIMIT = 2
"""Samples that are enough to rank quantizers."""
_HALF = frozenset({"float16", "bfloat16"})
_NOTABLE = 1e-4
"""Share of the whole noise from which on a unit is measured at 16 bits too."""
_FINER = (255 / 65535) ** 2
"""Power of a 16-bit grid's error against that of an 8-bit grid over the same range."""


def measure_sensitivity(
    model: Any,
    inputs: Any = None,
    *,
    scheme: str = "static-int8",
    recipe: Any = None,
    variant: Any = None,
    calibration: Any = None,
    limit: int | None = LIMIT,
    unit: str = "op",
    provider: str | None = None,
    preprocess: Any = None,
    tokenizer: Any = None,
    progress: Callable[[str, float], None] | None = None,
) -> Sensitivity:
    """The error that each quantizer alone makes at the outputs, as a share of their power.

    The quantizers are those of a QDQ, QOperator, dynamic or weight-only variant; each is switched on alone on the float
    graph. Ctrl-C keeps what is measured and estimates the rest from how much each quantizer changes its own tensor.

    Args:
        model: the float model: a path, bytes, a ``ModelProto``, a ``Model`` or a ``ModelReport``.
        inputs: samples to measure on, as for ``capture``.
        scheme: how to quantize.
        recipe: a ``Recipe`` in place of a scheme.
        variant: a model that is there already, in place of both.
        calibration: data to quantize with; None: ``inputs``.
        limit: most samples to measure on; None: all.
        unit: ``"op"`` for what choosing ops can tell apart, ``"quantizer"`` for each alone.
        provider: an execution provider.
        preprocess: how pictures become arrays.
        tokenizer: how text becomes ids.
        progress: told the stage and the fraction done.

    Raises:
        ModelError: if anything is refused; says what.
    """
    tell = progress or _silent
    source, opened, _ = source_of(model)
    how = {"preprocess": preprocess, "tokenizer": tokenizer}
    for tensor in opened.tensors:
        if tensor.weight is not None and tensor.weight.dtype in _HALF:
            raise ModelError(
                f"{source.label}: sensitivity is measured in float32; weight {tensor.name!r} is {tensor.weight.dtype}."
            )
    samples = samples_of(inputs, opened, limit=limit, **how)
    if not len(samples):
        raise ModelError(f"There are no samples in {samples.origin}.")
    with TemporaryDirectory(prefix="haoline-sensitivity-") as folder:
        tell("Quantizing", 0.0)
        data = inputs if calibration is None else calibration
        path = _variant(model, variant, scheme, recipe, data, Path(folder), how)
        ground, bytes_variant = _ground(source, opened, path, scheme, Path(folder), tell)
        found = ground.found
        if not found.sites:
            raise ModelError(f"{source.label}: the variant has no quantizers whose places in the model are known.")
        units = units_of(found.sites, unit)
        feeds = [sample.feeds for sample in samples]

        def work(stop: Stop, told: Tell) -> _Measured:
            told("Rounding each tensor alone", 0.0)
            prior = own_sqnr(ground.source, ground.model, found.sites, feeds, provider)
            session = Switchable(ground.source, ground.model, found.sites, provider)
            return _Measuring(session, units, prior, feeds, stop, told).run()

        done = interruptible(work, tell)
    return _sensitivity(opened, found, units, done, len(feeds), (opened.file_bytes, bytes_variant))


def _silent(stage: str, fraction: float) -> None:
    """Nobody asked."""


def _variant(
    model: Any, variant: Any, scheme: str, recipe: Any, calibration: Any, folder: Path, how: Mapping[str, Any]
) -> Any:
    """The model whose quantizers are measured."""
    if variant is not None:
        return getattr(variant, "path", variant)
    from haoline_analysis.quantization.quantizers import quantize, rebuild
    from haoline_analysis.quantization.quantizers.schemes import find_scheme

    output = folder / "variant.onnx"
    if recipe is not None:
        data = calibration if recipe.calibration is not None else None
        return rebuild(recipe, model, data, output).path
    asked = "static-int8" if scheme == "static-int8-qoperator" else scheme  # the same scales, as QDQ
    data = {"calibration": calibration, **how} if find_scheme(asked).calibrated else {}
    return quantize(model, scheme=asked, output=output, **data).path


def _ground(
    source: ModelSource, opened: Model, variant: Any, scheme: str, folder: Path, tell: Callable[[str, float], None]
) -> tuple[Ground, int]:
    """Where the quantizers of a variant are, and how large its file is.

    Raises:
        KeyboardInterrupt: if it was interrupted.
    """
    from haoline_analysis.quantization.quantizers.provenance import recipe_of

    other, read, _ = source_of(variant)
    recipe = recipe_of(read)
    how = Quantizing(_scheme_of(read, scheme) if recipe is None else recipe.scheme, recipe)
    try:
        ground = interruptible(
            lambda stop, told: ground_of(source, opened, whole(other), how, folder, stop, told), tell
        )
    except StoppedError:
        raise KeyboardInterrupt from None
    return ground, read.file_bytes


def _scheme_of(variant: Model, otherwise: str) -> str:
    """The scheme that a variant without a recipe is of, by its ops."""
    types = {op.type for op in variant.ops}
    if types & {"DynamicQuantizeLinear", "MatMulInteger", "ConvInteger"}:
        return "dynamic-int8"
    return "weights-int4" if "MatMulNBits" in types else otherwise


@dataclass
class _Measured:
    """What the runs left; noise is NaN where it was not measured."""

    prior: list[float]
    base: Base
    noise: list[float]
    wide: list[float]
    complete: bool = True
    notes: list[str] = field(default_factory=list)


class _Measuring:
    """One run per unit and sample, the most suspect first."""

    def __init__(
        self,
        session: Switchable,
        units: Sequence[Unit],
        prior: Sequence[float],
        feeds: Sequence[Mapping[str, np.ndarray]],
        stop: Stop,
        tell: Tell,
    ) -> None:
        self._session, self._units, self._prior = session, units, list(prior)
        self._feeds, self._stop, self._tell = feeds, stop, tell
        self._float: list[list[np.ndarray]] = []
        self.noise = [math.nan] * len(units)
        self.wide = [math.nan] * len(units)

    def run(self) -> _Measured:
        """Everything, or as much as there was time for.

        Raises:
            KeyboardInterrupt: if it was stopped before the first unit.
        """
        base, complete = Base(math.nan, math.nan), True
        try:
            self._float = [self._session.run(each, stop=self._stop) for each in self._feeds]
            whole = self._measure(range(len(self._session.sites)))
            base = Base(whole.power, whole.cosine)
            self._all(base)
        except StoppedError:
            complete = False
            if all(math.isnan(each) for each in self.noise):
                raise KeyboardInterrupt from None
        return _Measured(self._prior, base, self.noise, self.wide, complete)

    def _measure(self, on: Collection[int], wide: Collection[int] = ()) -> Noise:
        found = Noise(self._session.count)
        for feeds, outputs in zip(self._feeds, self._float, strict=True):
            found.add(outputs, self._session.run(feeds, on, wide, self._stop))
        return found

    def _all(self, base: Base) -> None:
        order = sorted(range(len(self._units)), key=self._suspicion)
        for done, at in enumerate(order):
            self._tell("Measuring each quantizer alone", done / len(order))
            self.noise[at] = self._measure(self._units[at].sites).power
        enough = _NOTABLE * (base.noise if math.isfinite(base.noise) else 0.0)
        widened = [at for at in order if self._can_widen(at) and self.noise[at] > enough]
        for done, at in enumerate(widened):
            self._tell("Measuring at 16 bits", done / len(widened))
            self.wide[at] = self._measure(self._units[at].sites, self._units[at].sites).power

    def _suspicion(self, at: int) -> float:
        """The lowest own SQNR of a unit; what has none comes first."""
        known = [self._prior[site] for site in self._units[at].sites]
        return -math.inf if any(math.isnan(each) for each in known) else min(known)

    def _can_widen(self, at: int) -> bool:
        return any(self._session.sites[site].wide is not None for site in self._units[at].sites)


def _sensitivity(
    model: Model, found: Found, units: Sequence[Unit], done: _Measured, count: int, sizes: tuple[int, int]
) -> Sensitivity:
    measured = [not math.isnan(each) for each in done.noise]
    priors = [_prior(unit, done.prior) for unit in units]
    noise = _estimated(done.noise, priors)
    wide = [_widened(unit, found.sites, noise[at], done.wide[at]) for at, unit in enumerate(units)]
    notes = [*done.notes, *_unplaced(found)]
    if not done.complete:
        notes.append(f"Interrupted: {sum(measured)} of {len(units)} units were measured, the others estimated.")
    return Sensitivity(
        model=model,
        sites=found.sites,
        additive=Additive(units, noise, wide, done.base, complete=done.complete),
        noise=noise,
        wide=wide,
        prior=priors,
        measured=measured,
        samples=count,
        complete=done.complete,
        sizes=sizes,
        notes=tuple(notes),
    )


def _unplaced(found: Found) -> list[str]:
    if not found.unplaced:
        return []
    names = ", ".join(found.unplaced[:3]) + (" and more" if len(found.unplaced) > 3 else "")
    return [f"{len(found.unplaced)} quantizers are on no tensor of the float model and were not measured: {names}."]


def _prior(unit: Unit, own: Sequence[float]) -> float:
    """The own SQNR of the worst tensor of a unit."""
    known = [own[at] for at in unit.sites if not math.isnan(own[at])]
    return min(known) if known else math.nan


def _estimated(noise: Sequence[float], priors: Sequence[float]) -> list[float]:
    """Noise, that of unmeasured units in proportion to their own errors."""
    shares = [10 ** (-each / 10) if math.isfinite(each) else 0.0 for each in priors]
    pairs = [(a, b) for a, b in zip(noise, shares, strict=True) if math.isfinite(a) and b > 0]
    ratios = sorted(a / b for a, b in pairs)
    typical = ratios[len(ratios) // 2] if ratios else 0.0
    return [share * typical if math.isnan(a) else a for a, share in zip(noise, shares, strict=True)]


def _widened(unit: Unit, sites: Sequence[Site], noise: float, measured: float) -> float:
    """Noise at 16 bits: as measured, else by the width of the grid where all of it gets finer, else as it was."""
    if not math.isnan(measured):
        return measured
    return noise * _FINER if all(sites[at].wide is not None for at in unit.sites) else noise
