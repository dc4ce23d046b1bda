"""ATen graphs: every result has the shape that its graph declares, under the binding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.shapes.node import RuleEntry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.shapes.node import Node
    from haoline_analysis.shapes.value import Value


def _declared(_: Node) -> Sequence[Value]:
    """Nothing to work out: what is declared completes the outputs (``Walk.complete``)."""
    return ()


DECLARED = RuleEntry(_declared, ())
"""The rule of every op of the domain ``aten``."""
