"""A device: memory, bandwidth and dense peak rates, each figure with its source."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = ("gpu", "cpu", "npu", "tpu", "apple")
PRECISIONS = ("fp32", "tf32", "fp16", "bf16", "fp8", "int8", "fp4")
"""Keys of ``HardwareProfile.peaks``."""


class Link(NamedTuple):
    """What joins several devices; ``bytes_per_s`` counts both directions together, as vendors do."""

    name: str
    bytes_per_s: float


@dataclass(frozen=True)
class HardwareProfile:
    """One device. Bytes, bytes/s, FLOP/s (or OP/s for integers), watts; None where no figure is known."""

    id: str
    name: str
    vendor: str = ""
    kind: str = "gpu"
    memory_bytes: int | None = None  # what a program can see, not the marketing figure
    bandwidth: float | None = None
    peaks: Mapping[str, float] = field(default_factory=dict)  # dense, by precision
    tdp_watts: float | None = None
    architecture: str = ""
    link: Link | None = None
    memory_marketing_gb: float | None = None
    sources: Mapping[str, str] = field(default_factory=dict)  # figure -> where it comes from
    confidence: str = "user"  # high | medium | low | user | measured
    aliases: tuple[str, ...] = ()
    notes: str = ""

    def __post_init__(self) -> None:
        """Check the figures.

        Raises:
            ValueError: if a kind or precision is unknown, or a figure is not positive.
        """
        if self.kind not in KINDS:
            raise ValueError(f"kind of {self.name!r} is {self.kind!r}, expected one of {', '.join(KINDS)}")
        unknown = set(self.peaks) - set(PRECISIONS)
        if unknown:
            raise ValueError(f"peaks of {self.name!r} name {sorted(unknown)}, expected {', '.join(PRECISIONS)}")
        figures = {"memory_bytes": self.memory_bytes, "bandwidth": self.bandwidth, **self.peaks}
        wrong = [name for name, value in figures.items() if value is not None and not value > 0]
        if wrong:
            raise ValueError(f"{wrong[0]} of {self.name!r} is {figures[wrong[0]]}, expected a positive number")

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as in ``profiles.json``."""
        data = asdict(self)
        data["peaks"], data["sources"] = dict(self.peaks), dict(self.sources)
        data["link"] = self.link._asdict() if self.link else None
        data["aliases"] = list(self.aliases)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> HardwareProfile:
        """The inverse of ``as_dict``."""
        link = Link(**data["link"]) if data.get("link") else None
        return cls(**{**data, "link": link, "aliases": tuple(data.get("aliases", ()))})

    def __hash__(self) -> int:
        """By id: the figures are mappings."""
        return hash(self.id)
