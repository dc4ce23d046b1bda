"""Predictions for any choice of what stays float: the noise of what stays quantized is added up.

Rounding errors of different tensors are nearly uncorrelated, so their powers add at the outputs (P. Vaidyanathan,
"Multirate Systems and Filter Banks", ch. 9, for linear systems; measured here for the model at hand: see ``check``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.sensitivity.noise import cosine_of, decibels

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from haoline_analysis.quantization.sensitivity.units import Unit

_CLOSE_DB = 1.0
"""Difference of sum and measurement up to which the parts are said to add up."""


@dataclass(frozen=True)
class Prediction:
    """What a choice should give at the outputs, not measured."""

    noise: float  # power of the error as a share of the outputs'
    sqnr_db: float
    cosine: float
    sure: str  # how far to trust it


@dataclass(frozen=True)
class Base:
    """Everything quantized at once, as measured with the switches."""

    noise: float
    cosine: float

    @property
    def sqnr_db(self) -> float:
        """In dB."""
        return decibels(self.noise)


class Additive:
    """The noise of every unit and how their sum compares with the whole."""

    def __init__(
        self, units: Sequence[Unit], noise: Sequence[float], wide: Sequence[float], base: Base, *, complete: bool = True
    ) -> None:
        """Take the noise of each unit alone, at 8 and at 16 bits; not ``complete`` where some of it is estimated."""
        self.units, self.base, self.complete = list(units), base, complete
        self.noise, self.wide = list(noise), list(wide)
        self.total = math.fsum(each for each in self.noise if math.isfinite(each))
        self._ops = {op for unit in self.units for op in unit.ops}

    @property
    def scale(self) -> float:
        """Measurement over sum, of everything quantized."""
        if not math.isfinite(self.base.noise) or self.total <= 0 or self.base.noise <= 0:
            return 1.0
        return self.base.noise / self.total

    def sum(self, keep_float: Collection[str] = (), int16: Collection[str] = ()) -> float:
        """The noise of the units that stay quantized, added up."""
        kept, wide = set(keep_float), set(int16)
        return math.fsum(self._of(at, kept, wide) for at in range(len(self.units)))

    def _of(self, at: int, kept: set[str], wide: set[str]) -> float:
        unit = self.units[at]
        if unit.floats(kept):
            return 0.0
        return self.wide[at] if wide and unit.wide(kept, wide) else self.noise[at]

    def predict(self, keep_float: Iterable[str] = (), int16: Iterable[str] = ()) -> Prediction:
        """What keeping some ops float and others at 16 bits should give.

        Raises:
            ModelError: if there is no quantizer that such an op asks for.
        """
        kept, wide = self._checked(keep_float), self._checked(int16)
        noise = self.bent(self.sum(kept, wide))
        return Prediction(noise, decibels(noise), self.cosine(noise), self.check)

    def bent(self, added: float) -> float:
        """A sum of noise as it should show: errors that saturate together add up where little of them is left."""
        if self.scale >= 1 or self.total <= 0:
            return added * self.scale
        return float(min(self.base.noise, added * self.scale ** (added / self.total)))

    def cosine(self, noise: float) -> float:
        """The cosine that goes with a noise: that of errors at right angles, bent towards the measured base."""
        base = self.base
        if not (0 < base.cosine < 1 and 0 < base.noise < math.inf and math.isfinite(noise)):
            return cosine_of(noise)
        bent = (1 / base.cosine**2 - 1) / base.noise - 1
        return cosine_of(max(0.0, noise * (1 + bent * min(1.0, noise / base.noise))))

    def _checked(self, ops: Iterable[str]) -> set[str]:
        asked = {ops} if isinstance(ops, str) else set(ops)
        if unknown := sorted(asked - self._ops):
            raise ModelError(f"No quantizer of this model belongs to {unknown[0]!r}: it is float anyway or no op here.")
        return asked

    @property
    def difference_db(self) -> float:
        """Sum minus measurement of everything quantized, in dB of SQNR; NaN where there is nothing to compare."""
        difference = decibels(self.total) - self.base.sqnr_db
        return difference if math.isfinite(difference) else math.nan

    @property
    def check(self) -> str:
        """How well the sum of the parts agrees with the whole, in one sentence."""
        if math.isnan(self.difference_db):
            return "Everything quantized leaves no error, or none that can be measured: there is nothing to compare."
        measured, added = self.base.sqnr_db, decibels(self.total)
        words = f"all quantizers together give {measured:.1f} dB, their parts added up {added:.1f} dB"
        if not self.complete:
            return f"Measuring was interrupted and the rest estimated: {words}."
        if abs(self.difference_db) <= _CLOSE_DB:
            return f"Errors add up well: {words}."
        how = "partly cancel or saturate" if self.difference_db < 0 else "reinforce one another"
        return f"Errors {how}: {words}. Predictions are bent towards what was measured; verify them by building."
