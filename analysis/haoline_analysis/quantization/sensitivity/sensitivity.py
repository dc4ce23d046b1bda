"""What was measured, as a table, and what follows from it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.sensitivity.additive import Additive, Base, Prediction
    from haoline_analysis.quantization.sensitivity.sites import Site
    from haoline_analysis.quantization.sensitivity.units import Unit
    from haoline_analysis.report import ModelReport

_TOP = 10


class OpLatency(NamedTuple):
    """Microseconds that an op takes, the rest being quantized to 8 bits."""

    float_us: float
    quantized_us: float
    int16_us: float


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """The noise of every unit of quantizers, measured alone."""

    model: Model
    sites: tuple[Site, ...]
    additive: Additive
    noise: Sequence[float]  # per unit: power of the error of the outputs as a share of their power
    wide: Sequence[float]  # the same with 16-bit activations
    prior: Sequence[float]  # dB, SQNR of the worst tensor of the unit
    measured: Sequence[bool]
    samples: int
    complete: bool
    sizes: tuple[int, int]  # bytes of the float model and of the variant
    notes: tuple[str, ...] = ()
    latency: Mapping[str, OpLatency] | None = None  # per op
    totals: tuple[float, float] | None = None  # microseconds of a run, float and quantized

    @property
    def base(self) -> Base:
        """Everything quantized, as measured."""
        return self.additive.base

    @property
    def check(self) -> str:
        """How well the parts add up to the whole."""
        return self.additive.check

    @cached_property
    def units(self) -> pd.DataFrame:
        """One row per unit, the noisiest first.

        Columns: ops, tensor, tensors, kind, noise, noise_int16, share (of the sum of all noise), prior (dB), measured,
        bytes_float, bytes.
        """
        import pandas as pd

        rows = [self._row(at, unit) for at, unit in enumerate(self.additive.units)]
        frame = pd.DataFrame(rows).set_index("id")
        return frame.sort_values("noise", ascending=False, kind="stable")

    def _row(self, at: int, unit: Unit) -> dict[str, Any]:
        total = self.additive.total
        before, after = self.unit_bytes(unit)
        return {
            "id": unit.id,
            "ops": unit.ops,
            "tensor": unit.tensors[0],
            "tensors": len(unit.tensors),
            "kind": unit.kind,
            "noise": self.noise[at],
            "noise_int16": self.wide[at],
            "share": self.noise[at] / total if total > 0 else math.nan,
            "prior": self.prior[at],
            "measured": self.measured[at],
            "bytes_float": before,
            "bytes": after,
        }

    def unit_bytes(self, unit: Unit) -> tuple[int, int]:
        """Bytes of the weights of a unit, float and quantized, scales included."""
        before = after = 0
        for at in unit.sites:
            site = self.sites[at]
            if site.stored is not None:
                elements = math.prod(site.stored.dims)
                before += 4 * elements
                after += site.nbytes
        return before, after

    @cached_property
    def ops(self) -> pd.DataFrame:
        """One row per op that asks for quantizers: ``freed``, the noise that goes when it alone is kept float, and
        ``involved``, that of all units it has a part in.
        """  # noqa: D205 - one sentence
        import pandas as pd

        found: dict[str, list[float]] = {}
        for unit, noise in zip(self.additive.units, self.noise, strict=True):
            for op in unit.ops:
                sums = found.setdefault(op, [0.0, 0.0])
                sums[0] += noise if len(unit.ops) == 1 else 0.0
                sums[1] += noise
        frame = pd.DataFrame.from_dict(found, orient="index", columns=["freed", "involved"])
        frame.index.name = "op"
        return frame.sort_values("involved", ascending=False, kind="stable")

    def predict(self, keep_float: Iterable[str] = (), int16: Iterable[str] = ()) -> Prediction:
        """What keeping some ops float and others at 16 bits should give.

        Raises:
            ModelError: if there is no quantizer that such an op asks for.
        """
        return self.additive.predict(keep_float, int16)

    def what_if(self, report: ModelReport) -> dict[str, Any]:
        """The same for a view, ops being rows of the report of the float model (docs/architecture.md)."""
        from haoline_analysis.quantization.sensitivity.wire import what_if

        return what_if(self, report)

    def __repr__(self) -> str:
        """The noisiest units in a dozen lines."""
        base = self.base
        head = f"Sensitivity of {self.model.name}: {len(self.noise)} units, {self.samples} samples"
        lines = [head, f"  all quantized: {base.sqnr_db:.1f} dB, cosine {base.cosine:.4f}", f"  {self.check}"]
        for name, row in self.units.head(_TOP).iterrows():
            lines.append(f"  {row['share']:6.1%}  {row['kind']:<20}  {name}")
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])
