"""Shapes of outputs as the runs before showed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.runtime.forms import UNKNOWN, Form, Signature, signature
from haoline_analysis.runtime.targets import Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

_MOST = 8
"""Sets of input shapes that are remembered."""


class Learned:
    """Forms of a session's outputs by the shapes it is fed."""

    def __init__(self, targets: Sequence[Target]) -> None:
        """Nothing is known yet."""
        self.targets = targets
        self._known: dict[Signature, list[Form]] = {}

    def of(self, feeds: Mapping[str, np.ndarray]) -> Sequence[Form]:
        """The forms under these shapes; nothing where they are new."""
        return self._known.get(signature(feeds), ())

    def learn(self, feeds: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray]) -> None:
        """Note what a run gave."""
        asked = signature(feeds)
        if asked in self._known:
            return
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[asked] = [_form(found.get(target.output)) for target in self.targets]


def _form(array: np.ndarray | None) -> Form:
    return UNKNOWN if array is None else Form(array.dtype.name, tuple(array.shape))


def named(names: Sequence[str]) -> tuple[Target, ...]:
    """Targets for outputs of a file that is run as it is."""
    return tuple(Target(name, at, -1, name) for at, name in enumerate(names))
