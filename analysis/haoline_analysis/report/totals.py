"""Whole-model figures, read as attributes or as a mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from haoline_analysis.report import formatting

UNITS = {
    "parameters": "",
    "macs": "MAC",
    "flops": "FLOP",
    "weight_bytes": "B",
    "peak_activation_bytes": "B",
    "activation_bytes": "B",
    "unused_initializer_bytes": "B",
    "estimated_us": "us",
    "measured_us": "us",
}
LABELS = {
    "parameters": "Parameters",
    "macs": "MACs",
    "flops": "FLOPs",
    "weight_bytes": "Weights",
    "peak_activation_bytes": "Peak activations",
    "activation_bytes": "Activations, all",
    "ops": "Ops",
    "tensors": "Tensors",
    "bits_per_weight": "Bits per weight",
    "measured_us": "Measured time",
    "layers": "Layers",
    "peak_op": "Peak at op",
    "unused_initializer_elements": "Unused initializer elements",
    "unused_initializer_bytes": "Unused initializers",
    "total_expert_parameters": "Expert parameters, all",
    "active_expert_parameters": "Expert parameters, active",
}


class Totals(Mapping[str, Any]):
    """Figures of the whole model by name; one that cannot be known is None."""

    def __init__(self, figures: Mapping[str, Any]) -> None:
        """Keep a copy of the figures in their order."""
        self._figures = dict(figures)

    def __getitem__(self, name: str) -> Any:
        """The figure of that name."""
        return self._figures[name]

    def __getattr__(self, name: str) -> Any:
        """The figure of that name, as an attribute."""
        if not name.startswith("_") and name in self._figures:
            return self._figures[name]
        raise AttributeError(f"the report has no total called {name!r}; it has {', '.join(self._figures)}")

    def __dir__(self) -> list[str]:
        """Attribute names, the figures included."""
        return [*super().__dir__(), *self._figures]

    def __iter__(self) -> Iterator[str]:
        """The names in display order."""
        return iter(self._figures)

    def __len__(self) -> int:
        """Number of figures."""
        return len(self._figures)

    def __repr__(self) -> str:
        """One figure a line, as people read them."""
        width = max((len(label(name)) for name in self._figures), default=0)
        return "\n".join(f"{label(name):<{width}}  {text(name, value)}" for name, value in self._figures.items())


def label(name: str) -> str:
    """How a figure is called in text."""
    return LABELS.get(name, name.replace("_", " ").capitalize())


def unit(name: str) -> str:
    """The unit of a figure."""
    return UNITS.get(name, "B" if name.endswith("_bytes") else "")


def text(name: str, value: Any) -> str:
    """A figure as people read it."""
    return formatting.number(value, unit(name)) if not isinstance(value, str) else formatting.plain(value)


def total(values: Any) -> int | float | None:
    """The sum of the known values of a column, exact for integers.

    None where none of the rows is known, and where the known ones are all zero but others are not: a model whose
    only layer cannot be counted does not cost nothing.
    """
    missing = np.asarray(_missing(values), dtype=bool)
    found = _sum(np.asarray(values[~missing]))
    return found if found or not missing.any() else None


def _sum(known: np.ndarray) -> int | float:
    """The sum of a column without gaps; integers never wrap."""
    if known.dtype.kind in "iub" and not _overflows(known):
        return int(known.sum())
    if known.dtype.kind == "f":
        return float(known.sum())
    exact: int | float = sum(known.tolist())
    return exact


def _missing(values: Any) -> Any:
    """Which rows are not known."""
    import pandas as pd

    return pd.isna(values)


def _overflows(values: np.ndarray) -> bool:
    """Whether a 64-bit sum of these integers may wrap."""
    return bool(len(values)) and float(np.abs(values.astype(float)).sum()) >= 2.0**62
