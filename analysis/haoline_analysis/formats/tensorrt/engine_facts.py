"""What is said of an engine as a whole, JSON-like: ``Model.facts["engine"]``."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from haoline_analysis.formats.tensorrt.layouts import precision
from haoline_analysis.formats.tensorrt.source_names import OPS, REFORMAT

if TYPE_CHECKING:
    from haoline_analysis.formats.tensorrt.engine_model import EngineModel
    from haoline_analysis.formats.tensorrt.layers import Layer
    from haoline_analysis.formats.tensorrt.profile import Profile

REFORMATS = ("Reformat", "NoOp")


def compute_type(layer: Layer) -> str | None:
    """The element type a layer works in: that of its weights, else of its first input, else of its first output."""
    for stored in layer.stored:
        if stored.role in ("Weights", "Constant") and stored.dtype is not None:
            return stored.dtype
    for value in (*layer.inputs[:1], *layer.outputs[:1]):
        if value.layout.dtype is not None:
            return value.layout.dtype
    return None


def is_reformat(layer: Layer, kind: str) -> bool:
    """Whether a layer only changes the layout or type of a tensor; quantizing that the model asks for is not that."""
    return kind == REFORMAT or (layer.type == "Reformat" and layer.attributes.get("Origin") == "REFORMAT")


def engine_facts(
    model: EngineModel,
    *,
    profile: Profile | None,
    version: str | None,
    builder: dict[str, Any],
    device: dict[str, Any],
    memory: dict[str, int],
    timing: dict[str, Any] | None,
    performance: dict[str, Any] | None,
) -> dict[str, Any]:
    """Everything known, what is not left out."""
    kinds = [(layer, names) for layer, names in zip(model.layers, model.sources, strict=True)]
    types = [compute_type(layer) for layer in model.layers]
    streams = {layer.stream for layer in model.layers if layer.stream is not None}
    facts: dict[str, Any] = {
        "version": version,
        "builder": builder,
        "device": device,
        "bindings": bindings(model),
        "layers": len(model.layers),
        "profiles": 1 + max((names.profile for names in model.sources), default=0),
        "memory": memory,
        "memory_bytes": sum(memory[key] for key in memory if "host" not in key) or None,
        "precision": dict(Counter(precision(kind) for kind in types if kind is not None).most_common()),
        "fusions": sum(1 for _, names in kinds if names.kind == OPS and (len(names.names) > 1 or names.regions)),
        "reformats": sum(is_reformat(layer, names.kind) for layer, names in kinds),
        "streams": len(streams) or None,
        "profile": _profile(profile),
        "timing": timing,
        "performance": performance,
    }
    return {key: value for key, value in facts.items() if value not in (None, {}, [])}


def bindings(model: EngineModel) -> list[dict[str, Any]]:
    """Inputs and outputs: name, side, type and shape; -1 for a size chosen at run time."""
    found = []
    for side, indices in (("input", model.inputs), ("output", model.outputs)):
        for index in indices:
            tensor = model.tensors[index]
            shape = None if tensor.shape is None else [-1 if dim is None else dim for dim in tensor.shape]
            found.append({"name": tensor.name, "side": side, "dtype": tensor.dtype, "shape": shape})
    return found


def _profile(profile: Profile | None) -> dict[str, Any] | None:
    if profile is None:
        return None
    return {
        "total_ms": round(profile.average_ms, 9),  # of one run
        "summed_ms": round(profile.total_ms, 9),  # of all runs
        "count": profile.count,
        "layers": len(profile.times),
    }
