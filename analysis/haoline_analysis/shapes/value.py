"""What is known of one tensor under a binding of the symbolic dims."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

    from haoline_analysis.model import Gap, Op

MAX_KNOWN_ELEMENTS = 1024
"""Constants up to this many elements are carried along, to follow shape arithmetic."""


class Value(NamedTuple):
    """Type, shape and, for small constants, the elements of one tensor."""

    dtype: str  # "" where unknown
    shape: tuple[int | None, ...] | None  # None: unknown rank
    data: np.ndarray | None = None
    element: Value | None = None  # of a sequence or optional


class Signature(NamedTuple):
    """An op kind with the values it sees: all ops that share it cost the same."""

    op: Op  # the first op that has it
    inputs: tuple[Value | None, ...]  # None: omitted, or nothing known
    outputs: tuple[Value | None, ...]


class Assumption(NamedTuple):
    """A default the report rests on, shown to the user."""

    what: str  # "dimension batch"
    value: int | float | str
    why: str


@dataclass(slots=True, eq=False)
class Evaluation:
    """All values of a model under one binding, interned (see docs/architecture.md)."""

    values: list[Value]
    tensor_values: np.ndarray  # int32 [tensors], index into values; -1 unknown
    signatures: list[Signature]
    op_signatures: np.ndarray  # int32 [ops], index into signatures
    trip_counts: dict[int, int] = field(default_factory=dict)  # Loop/Scan op -> iterations
    taken: dict[int, str] = field(default_factory=dict)  # If op -> branch known to run
    bindings: dict[str, int] = field(default_factory=dict)
    assumptions: list[Assumption] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def value(self, tensor: int) -> Value | None:
        """What is known of a tensor (by index), or None."""
        index = int(self.tensor_values[tensor]) if tensor >= 0 else -1
        return self.values[index] if index >= 0 else None
