"""The float graph that a variant's quantizers are switched on: the one they were put on.

We prepare a model before we quantize it: batch normalisation is merged into convolutions, constants are folded, ops
that do nothing are dropped. What is rounded then may be weights that the user's file does not hold. So the file is
prepared again, also for variants of other tools that round such weights, and the switches go there; ops are told by
their names in the user's model.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.sensitivity.opening import graph_of, named
from haoline_analysis.quantization.sensitivity.sites import Found, sites_of, strangers
from haoline_analysis.runtime.source import source_of

if TYPE_CHECKING:
    from pathlib import Path

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.quantizers.preparing.prepare import Prepared
    from haoline_analysis.quantization.quantizers.recipe import Recipe
    from haoline_analysis.runtime.source import ModelSource
    from haoline_analysis.runtime.stopping import Stop, Tell


@dataclass(frozen=True)
class Ground:
    """A float graph and the quantizers that are placed on it."""

    source: ModelSource
    model: Model
    found: Found


@dataclass(frozen=True)
class Quantizing:
    """How a variant was made, as far as that is known."""

    scheme: str
    recipe: Recipe | None

    @property
    def keep_float(self) -> tuple[str, ...]:
        """Names of ops."""
        return () if self.recipe is None else self.recipe.keep_float

    @property
    def fixes(self) -> tuple[str, ...]:
        """Names of changes to the float model."""
        return () if self.recipe is None else self.recipe.fixes


def ground_of(
    source: ModelSource, model: Model, variant: Any, how: Quantizing, folder: Path, stop: Stop, tell: Tell
) -> Ground:
    """The prepared graph where we made the variant, or where the user's has fewer of the tensors that it rounds.

    Args:
        source: of the float model.
        model: the same, opened.
        variant: a ``ModelProto``.
        how: how the variant was made.
        folder: where the prepared model is written.
        stop: ends it early.
        tell: told the stage and the fraction done.

    Raises:
        ModelError: if the model is refused.
        StoppedError: if it was told to stop.
    """
    graph = named(graph_of(source), model)
    missing = strangers(graph, variant)
    ours = how.recipe is not None
    prepared = _prepared(source, model, how, folder, stop, tell) if ours or missing else None
    if prepared is None or strangers(prepared.proto, variant) > missing:
        return Ground(source, model, sites_of(graph, variant, _quantizable(model, how)))
    found = sites_of(prepared.proto, variant, _quantizable_nodes(prepared, how))
    at, opened, _ = source_of(prepared.path)
    return Ground(at, opened, _by_own_names(found, prepared))


def _prepared(
    source: ModelSource, model: Model, how: Quantizing, folder: Path, stop: Stop, tell: Tell
) -> Prepared | None:
    """The model as quantizing prepares it; None where that is refused."""
    from haoline_analysis.quantization.quantizers.preparing.prepare import prepare

    with suppress(ModelError):
        return prepare(source, model, how.fixes, folder, stop, tell)
    return None


def _quantizable(model: Model, how: Quantizing) -> set[str]:
    """Names of the ops that are quantized."""
    from haoline_analysis.quantization.quantizers.ops import quantizable_ops

    return set(quantizable_ops(model, how.scheme)).difference(how.keep_float)


def _quantizable_nodes(prepared: Prepared, how: Quantizing) -> set[str]:
    """The same by nodes of the prepared model, into which several ops may have been merged."""
    kept = prepared.nodes_for(how.keep_float, "keep_float")
    return set(prepared.quantizable(how.scheme)).difference(kept)


def _by_own_names(found: Found, prepared: Prepared) -> Found:
    """Sites whose ops are called as in the user's model: a node that is new there by what it makes."""
    known = {op.name for op in prepared.model.ops}
    tensors = prepared.model.tensors
    makers = {tensors[at].name: op.name for op in prepared.model.ops for at in op.outputs if at >= 0}
    names = {}
    for tensor, node in prepared.makers.items():
        if node not in known and tensor in makers:
            names[node] = makers[tensor]
    renamed = (replace(site, ops=tuple(dict.fromkeys(names.get(op, op) for op in site.ops))) for site in found.sites)
    return replace(found, sites=tuple(renamed))
