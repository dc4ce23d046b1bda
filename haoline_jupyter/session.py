"""What this kernel knows beyond single reports: the chosen hardware, and the widgets alive."""

from __future__ import annotations

from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from haoline_analysis.errors import ModelError

if TYPE_CHECKING:
    from haoline_analysis import ModelReport
    from haoline_jupyter.view import View


@dataclass(frozen=True)
class Choice:
    """A device, how many of it, and at which precision; None means as the model is stored."""

    profile: str
    count: int = 1
    precision: str | None = None

    @classmethod
    def of(cls, data: dict[str, Any]) -> Choice:
        """A choice from a message.

        Raises:
            ModelError: if the message holds no valid choice.
        """
        profile, count, precision = data.get("profile"), data.get("count") or 1, data.get("precision") or None
        if not isinstance(profile, str) or not profile:
            raise ModelError("The choice of hardware names no profile.")
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise ModelError(f"{count!r} is no number of devices.")
        if precision is not None and not isinstance(precision, str):
            raise ModelError(f"{precision!r} is no precision.")
        return cls(profile, count, precision)

    def as_dict(self) -> dict[str, Any]:
        """The choice as the ``hardware`` trait and the messages have it."""
        return {"profile": self.profile, "count": self.count, "precision": self.precision}

    def apply(self, report: ModelReport) -> None:
        """Compute a report's estimates for this choice.

        Raises:
            ModelError: if there is no such profile or precision.
        """
        report.set_hardware(self.profile, count=self.count, precision=self.precision)


class Session:
    """One per kernel. Comm handlers may run on another thread, hence the lock."""

    def __init__(self) -> None:
        """No choice yet: reports are estimated for the machine they run on."""
        self.lock = RLock()
        self.choice: Choice | None = None
        self.widgets: WeakSet[View] = WeakSet()

    def set_hardware(self, choice: Choice) -> None:
        """Choose the hardware of this kernel and bring every live report to it, in place.

        Raises:
            ModelError: if there is no such profile or precision; then nothing has changed.
        """
        from haoline_analysis.report import placing

        placing.choose(choice.profile, choice.count, choice.precision)
        with self.lock:
            self.choice = choice
            for report in {id(widget.report): widget.report for widget in self.live()}.values():
                choice.apply(report)

    def apply_to_shown(self, report: ModelReport, choice: Choice) -> None:
        """Bring one report, in every widget that shows it, to a choice made inside it.

        Raises:
            ModelError: if there is no such profile or precision.
        """
        with self.lock:
            choice.apply(report)

    def live(self) -> list[View]:
        """The widgets not closed yet."""
        return [widget for widget in self.widgets if widget.comm is not None]


session = Session()
