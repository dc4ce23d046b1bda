"""Device memory a model needs against what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from haoline_analysis.hardware.efficiency import EFFICIENCY

if TYPE_CHECKING:
    from haoline_analysis.hardware.profile import HardwareProfile


class MemoryNeed(NamedTuple):
    """Bytes over all devices; None where a part is unknown."""

    weights: float
    activations: float | None
    overhead: float
    available: float | None
    free: float | None

    @property
    def needed(self) -> float | None:
        """Weights, peak activations and what the runtime takes."""
        return None if self.activations is None else self.weights + self.activations + self.overhead

    @property
    def fits(self) -> bool | None:
        """Whether it is at most what the devices have; weights alone can settle that it is not."""
        if self.available is None:
            return None
        if self.needed is None:
            return False if self.weights + self.overhead > self.available else None
        return self.needed <= self.available

    @property
    def fits_free(self) -> bool | None:
        """Whether it fits what is free right now."""
        return None if self.needed is None or self.free is None else self.needed <= self.free

    def as_dict(self) -> dict[str, Any]:
        """The memory keys of ``hardware.estimate``."""
        return {
            "memory_needed_bytes": self.needed,
            "memory_parts": {"weights": self.weights, "activations": self.activations, "overhead": self.overhead},
            "memory_available_bytes": self.available,
            "free_bytes": self.free,
            "fits": self.fits,
            "fits_free": self.fits_free,
        }


def memory_need(
    profile: HardwareProfile, *, count: int, weights: float, activations: float | None, free: float | None
) -> MemoryNeed:
    """Weights once over all devices; activations and runtime overhead on each."""
    return MemoryNeed(
        weights=weights,
        activations=None if activations is None else activations * count,
        overhead=EFFICIENCY[profile.kind].context_bytes * count,
        available=profile.memory_bytes * count if profile.memory_bytes else None,
        free=free * count if free is not None else None,
    )
