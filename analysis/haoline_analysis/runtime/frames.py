"""The frames of a capture: a row per tensor, a row per channel."""

from __future__ import annotations

from collections.abc import Mapping
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from haoline_analysis.report.tensor_table import shape_text
from haoline_analysis.runtime.aliases import Shared

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from haoline_analysis.model import Model
    from haoline_analysis.runtime.aliases import Found
    from haoline_analysis.runtime.statistics import Histogram
    from haoline_analysis.runtime.targets import Target

CHANNEL_COLUMNS = ("min", "max", "mean", "std", "sparsity", "dead", "outlier")


def tensor_frame(
    model: Model,
    targets: Sequence[Target],
    statistics: Mapping[str, Found],
    forms: Mapping[str, tuple[str, tuple[int, ...]]],
) -> pd.DataFrame:
    """One row per captured tensor in execution order, indexed by name: op, op type, element type, shape, statistics."""
    rows: list[dict[str, Any]] = []
    made: dict[int, dict[str, Any]] = {}
    seen = [target for target in targets if target.name in statistics]
    for target in seen:
        op, (dtype, shape) = model.ops[target.op], forms[target.name]
        words = {"op": op.name, "op_type": op.type, "dtype": dtype, "shape": shape_text(shape)}
        found = statistics[target.name]
        if id(found) not in made:
            made[id(found)] = found.row()
        rows.append(words | made[id(found)])
    index = pd.Index([target.name for target in seen], name="tensor", dtype=object)
    return pd.DataFrame(rows, index=index)


def channel_frame(statistics: Mapping[str, Found], names: Sequence[str]) -> pd.DataFrame:
    """One row per channel, those of one tensor together."""
    parts: dict[str, list[np.ndarray]] = {name: [] for name in ("channel", *CHANNEL_COLUMNS)}
    tensors: list[str] = []
    for name in names:
        found = statistics[name].channels()
        if found is None:
            continue
        count = len(found["min"])
        tensors += [name] * count
        parts["channel"].append(np.arange(count))
        for column in CHANNEL_COLUMNS:
            parts[column].append(np.asarray(found[column]))
    columns = {name: np.concatenate(held) if held else _empty(name) for name, held in parts.items()}
    return pd.DataFrame({"tensor": pd.Series(tensors, dtype=object), **columns})


class Histograms(Mapping[str, "Histogram"]):
    """Histograms by tensor, each worked out when somebody first asks for it; from any thread."""

    def __init__(self, known: Mapping[str, Found], names: Sequence[str]) -> None:
        """Take the statistics and the names to offer, in order."""
        self._known, self._names = known, dict.fromkeys(names)
        self._made: dict[int, Histogram] = {}
        self._lock = RLock()

    def __getitem__(self, name: str) -> Histogram:
        """One histogram; tensors that share their statistics share it.

        Raises:
            KeyError: if there is no such tensor.
        """
        if name not in self._names:
            raise KeyError(name)
        found = self._known[name]
        owner = found.statistics if isinstance(found, Shared) else found
        with self._lock:
            if id(owner) not in self._made:
                self._made[id(owner)] = owner.histogram()
            return self._made[id(owner)]

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self._names)

    def __len__(self) -> int:
        """How many tensors there are."""
        return len(self._names)


def _empty(name: str) -> np.ndarray:
    return np.zeros(0, bool if name in ("dead", "outlier") else np.int64 if name == "channel" else np.float64)
