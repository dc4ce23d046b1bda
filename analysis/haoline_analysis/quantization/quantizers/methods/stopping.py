"""onnxruntime's quantizers, which end where they should: they are Python loops that may take minutes."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any

from haoline_analysis.quantization.quantizers.methods.outcome import Task  # noqa: TC001 - in what is made at run time
from haoline_analysis.runtime.runner import StoppedError

EVERY = 1.0
"""Seconds between two signs of life."""


@lru_cache
def stoppable(quantizer: type) -> type:
    """A subclass of a quantizer that looks up from its work at every node and weight."""

    class Stoppable(quantizer):  # type: ignore[misc]
        task: Task | None = None
        told = 0.0

        def _look_up(self) -> None:
            if self.task is None:
                return
            if self.task.stop.asked:
                raise StoppedError
            if time.monotonic() - self.told > EVERY:
                self.told = time.monotonic()
                self.task.tell("Quantizing", 0.65)

        def should_quantize_node(self, node: Any) -> bool:
            self._look_up()
            return bool(super().should_quantize_node(node))

        def is_input_a_initializer(self, input_name: str) -> bool:
            self._look_up()
            return bool(super().is_input_a_initializer(input_name))

    return Stoppable
