"""The switchable model, open in onnxruntime."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.sensitivity.opening import named, session_of
from haoline_analysis.quantization.sensitivity.switching import ON, WIDE, switchable
from haoline_analysis.runtime.runner import one_run

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.sensitivity.sites import Site
    from haoline_analysis.runtime.source import ModelSource
    from haoline_analysis.runtime.stopping import Stop

_REAL = frozenset({"tensor(float)", "tensor(float16)", "tensor(double)"})


class Switchable:
    """One session; each run says which sites round, and which of them to 16 bits."""

    def __init__(self, source: ModelSource, model: Model, sites: Sequence[Site], provider: str | None = None) -> None:
        """Build and open it.

        Args:
            source: of the float model.
            model: the same, opened.
            sites: what to switch.
            provider: an execution provider.

        Raises:
            ModelError: if the model is too large or onnxruntime refuses it.
        """
        self.sites = tuple(sites)
        self._session = session_of(source, lambda proto: switchable(named(proto, model), sites), provider)
        outputs = self._session.get_outputs()
        self._outputs = [each.name for each in outputs if each.type in _REAL]
        if not self._outputs:
            raise ModelError(f"{source.label}: no output is of real numbers, so no error can be measured there.")

    @property
    def count(self) -> int:
        """Outputs of real numbers."""
        return len(self._outputs)

    def run(
        self,
        feeds: Mapping[str, np.ndarray],
        on: Collection[int] = (),
        wide: Collection[int] = (),
        stop: Stop | None = None,
    ) -> list[np.ndarray]:
        """The outputs of real numbers with some sites ``on``, those of them that are ``wide`` at 16 bits.

        Raises:
            ModelError: if the run fails.
            StoppedError: if it was told to stop.
        """
        switches = {ON: self._flags(on), WIDE: self._flags(wide)}
        options = stop.options() if stop is not None else None
        with one_run("a sample"):
            found: list[np.ndarray] = self._session.run(self._outputs, {**feeds, **switches}, options)
        return found

    def _flags(self, on: Collection[int]) -> np.ndarray:
        flags = np.zeros(len(self.sites), np.bool_)
        flags[list(on)] = True
        return flags
