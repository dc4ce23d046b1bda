"""The ``dynamic_shapes`` option: which dims of the inputs are symbols, and what the user calls them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haoline_analysis.formats.torch.example_inputs import ExampleInputs

Axes = dict[int, str]
"""Names of the dims of one input by axis."""


def for_export(spec: Any) -> Any:
    """What ``torch.export`` takes: names become dims that it may specialise if the module demands it."""
    from torch.export import Dim

    if isinstance(spec, str):
        return Dim.AUTO
    if isinstance(spec, Mapping):
        return {key: for_export(item) for key, item in spec.items()}
    if isinstance(spec, list | tuple):
        return type(spec)(for_export(item) for item in spec)
    return spec


def complete(spec: Any, inputs: ExampleInputs) -> Any:
    """``spec`` with an entry for every input, which ``torch.export`` insists on."""
    if isinstance(spec, Mapping) and not inputs.args:
        return {**dict.fromkeys(inputs.kwargs), **spec}
    return spec


def names_of(spec: Any, label: str, place: int) -> Axes:
    """What the user calls the dims of an input, by its name or else its place among the arguments."""
    if isinstance(spec, Mapping):
        found = spec.get(label)
    elif isinstance(spec, list | tuple):
        found = spec[place] if place < len(spec) else None
    else:
        found = None
    axes: Any = ()
    if isinstance(found, Mapping):
        axes = found.items()
    elif isinstance(found, list | tuple):
        axes = enumerate(found)
    return {axis: name for axis, dim in axes if isinstance(axis, int) and (name := _name(dim))}


def _name(dim: Any) -> str:
    """The name of a ``Dim``, or a plain name; "" for hints, sizes and None."""
    if isinstance(dim, str):
        return dim
    name = getattr(dim, "__name__", "")
    return name if isinstance(name, str) and not isinstance(dim, int) else ""
