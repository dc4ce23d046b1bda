"""What running a variant gave: accuracy against the float model, size and latency."""

from __future__ import annotations

import math
from dataclasses import dataclass

NAN = math.nan


@dataclass(frozen=True)
class Outcome:
    """Figures of one variant; NaN where unknown."""

    size_bytes: float = NAN
    float_bytes: float = NAN
    cosine: float = NAN  # of all elements of all samples, mean over the outputs
    cosine_min: float = NAN  # of the worst sample
    sqnr_db: float = NAN
    top1: float = NAN  # share of rows whose largest value is at the same place
    p50_us: float = NAN
    p95_us: float = NAN
    float_p50_us: float = NAN
    float_p95_us: float = NAN
    samples: int = 0
    worst: str = ""  # label of the worst sample

    @property
    def size_share(self) -> float:
        """Of the float model's size."""
        return self.size_bytes / self.float_bytes if self.float_bytes > 0 else NAN

    @property
    def latency_share(self) -> float:
        """Of the float model's median latency, measured in turns with it."""
        return self.p50_us / self.float_p50_us if self.float_p50_us > 0 else NAN
