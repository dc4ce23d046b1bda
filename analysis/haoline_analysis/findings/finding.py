"""One thing worth knowing about a model."""

from __future__ import annotations

from dataclasses import dataclass

SEVERITIES = ("error", "warning", "info")
"""Will not run as it is; costs you accuracy, speed or portability; good to know."""


@dataclass(frozen=True)
class Finding:
    """What was found, where, by which numbers, and what to do about it."""

    id: str  # stable, for filtering: "oversized-layer"
    severity: str
    title: str
    ops: tuple[int, ...]  # rows it concerns, ascending; empty: the model as a whole
    evidence: str
    advice: str

    def __post_init__(self) -> None:
        """Check the severity.

        Raises:
            ValueError: if the severity is none of ``SEVERITIES``.
        """
        if self.severity not in SEVERITIES:
            raise ValueError(f"severity is {self.severity!r}, expected one of {', '.join(SEVERITIES)}")
