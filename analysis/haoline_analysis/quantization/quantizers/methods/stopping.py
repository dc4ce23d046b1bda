"""onnxruntime's quantizers, which end where they should: they are Python loops that may take minutes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from haoline_analysis.runtime.runner import StoppedError
from haoline_analysis.runtime.stopping import Stop  # noqa: TC001 - a parameter of what is made at run time


@lru_cache
def stoppable(quantizer: type) -> type:
    """A subclass of a quantizer that looks up from its work at every node and weight."""

    class Stoppable(quantizer):  # type: ignore[misc]
        halt: Stop | None = None

        def _look_up(self) -> None:
            if self.halt is not None and self.halt.asked:
                raise StoppedError

        def should_quantize_node(self, node: Any) -> bool:
            self._look_up()
            return bool(super().should_quantize_node(node))

        def is_input_a_initializer(self, input_name: str) -> bool:
            self._look_up()
            return bool(super().is_input_a_initializer(input_name))

    return Stoppable
