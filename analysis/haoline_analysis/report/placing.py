"""A report on a device: what was chosen, and the estimate that follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import ModelError, UnknownHardwareError
from haoline_analysis.hardware.detection import detect
from haoline_analysis.hardware.estimate import estimate
from haoline_analysis.hardware.memory import memory_need
from haoline_analysis.hardware.precisions import FALLBACKS, STORAGE_BITS, canonical
from haoline_analysis.hardware.profile import HardwareProfile
from haoline_analysis.hardware.registry import find_profile
from haoline_analysis.report.container import finite

if TYPE_CHECKING:
    from haoline_analysis.report.totals import Totals
    from haoline_analysis.table import Column, Table

PRECISIONS = tuple(FALLBACKS)
"""What an estimate can be made for."""

MAX_COUNT = 100_000
"""More devices than any one model runs on."""


@dataclass(frozen=True)
class Choice:
    """A device, how many of it, and a precision; None: each op in its own."""

    profile: HardwareProfile
    count: int
    precision: str | None


@dataclass(frozen=True)
class Placed:
    """Where a model is estimated to run, and how. Every figure is estimated; None where unknown."""

    profile: HardwareProfile
    count: int
    precision: str | None
    detected: str | None  # id of the device this was computed on
    figures: dict[str, Any] = field(default_factory=dict)  # the ``estimate`` of docs/architecture.md

    @property
    def time_us(self) -> float | None:
        """Time of one run of the model, in microseconds."""
        return self.figures.get("time_us")

    @property
    def bound(self) -> str | None:
        """Where most of the time goes: compute, memory or overhead."""
        return self.figures.get("bound")

    @property
    def utilisation(self) -> float | None:
        """Share of the peak compute of all devices."""
        return self.figures.get("utilisation")

    @property
    def memory_needed_bytes(self) -> float | None:
        """Weights, peak activations and what the runtime takes, over all devices."""
        return self.figures.get("memory_needed_bytes")

    @property
    def fits(self) -> bool | None:
        """Whether that is at most what the devices have."""
        return self.figures.get("fits")

    @property
    def notes(self) -> list[str]:
        """The assumptions behind the figures."""
        return list(self.figures.get("notes", ()))

    @property
    def choice(self) -> Choice:
        """The choice that led here."""
        return Choice(self.profile, self.count, self.precision)

    def as_dict(self) -> dict[str, Any]:
        """The ``hardware`` key of the document."""
        return {
            "profile": finite(self.profile.as_dict()),
            "count": self.count,
            "precision": self.precision,
            "detected": self.detected,
            "estimate": self.figures,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Placed:
        """The inverse of :meth:`as_dict`."""
        profile = HardwareProfile.from_dict(data["profile"])
        return cls(profile, data["count"], data["precision"], data["detected"], data["estimate"])

    def __repr__(self) -> str:
        """Device, number, precision and the main figures."""
        precision = f", {self.precision}" if self.precision else ""
        return f"<{self.count} x {self.profile.name}{precision}: estimated {self.time_us} us, bound by {self.bound}>"


def choose(hardware: str | HardwareProfile | None, count: int = 1, precision: str | None = None) -> Choice | None:
    """A checked choice; without a name the device of this machine, None where that is not known.

    Raises:
        UnknownHardwareError: if no profile has that name.
        ModelError: if the count or the precision is none.
    """
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or not 1 <= count <= MAX_COUNT:
        raise ModelError(f"The number of devices must be an integer from 1 to {MAX_COUNT:,}, not {count!r}.")
    kind = canonical(precision) if isinstance(precision, str) else None
    if precision is not None and kind is None:
        raise ModelError(f"Unknown precision {precision!r}; choose one of {', '.join(PRECISIONS)}.")
    profile = detect().profile if hardware is None else hardware
    if isinstance(profile, str):
        profile = find_profile(profile)
    if profile is not None and not isinstance(profile, HardwareProfile):
        raise UnknownHardwareError(f"hardware is the name of a profile or a HardwareProfile, not {profile!r}")
    return None if profile is None else Choice(profile, int(count), kind)


def detected_id() -> str | None:
    """The profile of the device in this machine."""
    profile = detect().profile
    return profile.id if profile else None


def placed(holds: str, ops: Table, totals: Totals, choice: Choice) -> tuple[list[Column], Placed | None]:
    """The estimate of a model by what it holds, and the op columns that go with it.

    An engine runs on the device it was built for: it has no estimate.
    """
    if holds == "layers":
        return [], None
    return place(ops, totals, choice) if holds == "ops" else ([], place_weights(totals, choice))


def place_weights(totals: Totals, choice: Choice) -> Placed:
    """Whether the weights fit into the devices; nothing that follows from ops."""
    live = detect()
    here = live.profile is not None and live.profile.id == choice.profile.id
    size, notes = _stored_size(totals, choice.precision)
    need = memory_need(
        choice.profile, count=choice.count, weights=size, activations=0.0, free=live.free_bytes if here else None
    )
    figures = {
        **dict.fromkeys(("time_us", "compute_us", "memory_us", "overhead_us", "communication_us", "bound")),
        "utilisation": None,
        **need.as_dict(),
        "notes": notes,
    }
    figures["memory_parts"] = {**figures["memory_parts"], "activations": None}
    return Placed(choice.profile, choice.count, choice.precision, detected_id(), finite(figures))


def _stored_size(totals: Totals, precision: str | None) -> tuple[float, list[str]]:
    """Bytes of the weights, as they are or as if they were stored in a precision, and the assumptions in words."""
    notes = ["Only the weights and what the runtime takes are counted: activations and caches come on top."]
    size, parameters = totals.get("weight_bytes"), totals.get("parameters")
    if precision is not None and parameters is not None:
        notes.append(f"All parameters are taken to be stored as {precision}, without scales.")
        return parameters * STORAGE_BITS[precision] / 8, notes
    return float(size or 0), notes


def place(ops: Table, totals: Totals, choice: Choice) -> tuple[list[Column], Placed]:
    """The estimated columns of the op table, and the estimate of the whole model."""
    live = detect()
    here = live.profile is not None and live.profile.id == choice.profile.id
    made = estimate(
        ops,
        choice.profile,
        count=choice.count,
        precision=choice.precision,
        fused=np.asarray(ops["fused"].values, dtype=bool) if "fused" in ops else None,
        weight_bytes=totals.get("weight_bytes"),
        peak_activation_bytes=totals.get("peak_activation_bytes"),
        free_bytes=live.free_bytes if here else None,
    )
    figures = finite(made.as_dict())
    return made.columns, Placed(choice.profile, choice.count, made.precision, detected_id(), figures)
