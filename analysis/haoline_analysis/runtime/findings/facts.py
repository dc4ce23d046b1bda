"""What the rules look at: the statistics as arrays, and which captured tensors feed which."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.dtypes import FLOATS
from haoline_analysis.errors import ModelError
from haoline_analysis.structure.categories import category

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

    from haoline_analysis.model import Model, Op

SENTINEL = 1e4
"""A constant of this size in a graph stands for "nothing to see here": masks add or select it."""
COMPUTING = frozenset({"conv", "linear", "attention", "rnn", "norm", "activation", "pool"})
"""Categories of ops whose outputs are what a network has learnt to tell."""
WEIGHTED = frozenset({"conv", "linear", "rnn"})
"""Categories of ops that hold weights."""


@dataclass(eq=False)
class ActivationFacts:
    """Statistics of captured tensors, one per row in execution order, beside their model."""

    rows: pd.DataFrame
    model: Model
    channels: pd.DataFrame | None = None
    tainted: frozenset[str] = frozenset()  # inputs that were fed NaN or Inf
    synthetic: bool = False
    _columns: dict[str, NDArray[np.float64]] = field(default_factory=dict, init=False)
    _above: dict[int, tuple[frozenset[int], bool]] = field(default_factory=dict, init=False)

    def column(self, name: str) -> NDArray[np.float64]:
        """A statistic of every row, NaN where unknown or absent."""
        if name not in self._columns:
            self._columns[name] = (
                np.asarray(self.rows[name].to_numpy(dtype="float64", na_value=np.nan))
                if name in self.rows
                else np.full(len(self.rows), np.nan)
            )
        return self._columns[name]

    @cached_property
    def dtypes(self) -> list[str]:
        """Element type of every row, "" where unknown."""
        return [str(word) for word in self.rows["dtype"]] if "dtype" in self.rows else [""] * len(self.rows)

    @cached_property
    def names(self) -> list[str]:
        """The tensors' names."""
        return [str(name) for name in self.rows.index]

    @cached_property
    def ops(self) -> list[int]:
        """The op that makes each tensor, -1 where none does."""
        number = {op.name: index for index, op in enumerate(self.model.ops)}
        named = self.rows["op"].tolist() if "op" in self.rows else [None] * len(self.rows)
        return [number.get(name, -1) if isinstance(name, str) else -1 for name in named]

    @cached_property
    def row_of(self) -> dict[int, int]:
        """The row of a tensor of the model, by its number; ``op/tensor`` where two bodies use one name."""
        held = {}
        for row, (op, name) in enumerate(zip(self.ops, self.names, strict=True)):
            for tensor in self.model.ops[op].outputs if op >= 0 else ():
                if tensor >= 0 and name in (own := self.model.tensors[tensor].name, f"{self.model.ops[op].name}/{own}"):
                    held[tensor] = row
        return held

    @cached_property
    def floats(self) -> NDArray[np.bool_]:
        """Rows of floating-point tensors."""
        return np.array([dtype in FLOATS for dtype in self.dtypes], bool)

    @cached_property
    def computed(self) -> NDArray[np.bool_]:
        """Rows of floating-point tensors that a computing op made."""
        computing = np.array([self.category(row) in COMPUTING for row in range(len(self.rows))], bool)
        both: NDArray[np.bool_] = self.floats & computing
        return both

    def op(self, row: int) -> Op | None:
        """The op that makes a row's tensor."""
        return self.model.ops[self.ops[row]] if self.ops[row] >= 0 else None

    def type(self, row: int) -> str:
        """Type of the op that makes a row's tensor, "" where there is none."""
        op = self.op(row)
        return op.type if op is not None else ""

    def category(self, row: int) -> str:
        """Category of the op that makes a row's tensor, "" where there is none."""
        op = self.op(row)
        return category(op.type, op.domain) if op is not None else ""

    def label(self, row: int) -> str:
        """How evidence calls a row: by its op, else by the tensor."""
        op = self.op(row)
        return f"{op.type} {op.name}" if op is not None else self.names[row]

    def listed(self, rows: Iterable[int]) -> tuple[int, ...]:
        """The ops of rows, ascending and unique."""
        return tuple(sorted({self.ops[row] for row in rows if self.ops[row] >= 0}))

    def sources(self, row: int) -> frozenset[int]:
        """Rows that feed a row, through ops whose tensors were not captured."""
        return self._upstream(row)[0]

    def reads_tainted(self, row: int) -> bool:
        """Whether a row is fed, with no captured tensor between, by an input that held NaN or Inf."""
        return self._upstream(row)[1]

    def _upstream(self, row: int) -> tuple[frozenset[int], bool]:
        """The nearest captured tensors before a row, and whether a tainted input is among what it reads."""
        if row not in self._above:
            self._above[row] = self._search(row)
        return self._above[row]

    def _search(self, row: int) -> tuple[frozenset[int], bool]:
        op = self.op(row)
        waiting, seen, found, tainted = list(op.inputs) if op else [], set[int](), set[int](), False
        while waiting:
            tensor = waiting.pop()
            if tensor < 0 or tensor in seen:
                continue
            seen.add(tensor)
            if tensor in self.row_of:
                found.add(self.row_of[tensor])
                continue
            made = self.model.tensors[tensor]
            tainted |= made.name in self.tainted and made.producer < 0
            waiting += self.model.ops[made.producer].inputs if made.producer >= 0 else ()
        return frozenset(found), tainted

    def constants(self, row: int) -> list[float]:
        """The single numbers stored in the file that a row's op reads."""
        op = self.op(row)
        return [value for tensor in (op.inputs if op else ()) if (value := self._scalar(tensor)) is not None]

    def _scalar(self, tensor: int) -> float | None:
        weight = self.model.tensors[tensor].weight if tensor >= 0 else None
        if weight is None or weight.elements != 1:
            return None
        try:
            return float(weight.numpy().reshape(-1)[0])
        except (ModelError, ValueError, TypeError):  # unreadable, or text: nothing that a rule could use
            return None

    def masks(self, row: int) -> bool:
        """Whether a row's op puts a huge constant in places, as attention masks do, or is one."""
        if self.category(row) == "constant":
            return True
        attributes: Any = op.attributes.values() if (op := self.op(row)) is not None else ()
        held = [float(value) for value in attributes if isinstance(value, float)]
        return any(abs(value) >= SENTINEL for value in (*self.constants(row), *held))

    def onset(self, affected: NDArray[np.bool_]) -> list[int]:
        """Affected rows that no affected row feeds: where something begins."""
        return [
            int(row)
            for row in np.flatnonzero(affected)
            if not any(affected[source] for source in self.sources(int(row)))
        ]


def number(value: float) -> str:
    """Three digits: ``0.0123``, ``6.55e+04``."""
    return f"{value:.3g}"


def share(value: float) -> str:
    """A share in per cent, never rounded to nothing: ``12%``, ``0.03%``."""
    return f"{value:.0%}" if value >= 0.1 else f"{value * 100:.2g}%"


def several(shown: list[str], total: int) -> str:
    """Pieces of evidence, and how many more there are."""
    rest = total - len(shown)
    return "; ".join(shown) + (f"; and {rest} more" if rest > 0 else "")
