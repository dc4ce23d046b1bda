"""What a quantized model says of where it comes from, in its own metadata."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.structure.recorded import PROVENANCE

if TYPE_CHECKING:
    from haoline_analysis.model import Model
    from haoline_analysis.quantization.quantizers.recipe import Recipe
    from haoline_analysis.runtime.source import ModelSource

MAX_BYTES = 16 << 20
_SUFFIXES = ("_quantized", "_QuantizeLinear_Output", "_DequantizeLinear_Output", "_QuantizeLinear_Input")
_NODE_SUFFIXES = ("_quant", "_quantized", "_Q4", "_Q8", "_matmul_Q4", "_matmul_Q8")


def write_provenance(proto: Any, recipe: Recipe, folded: dict[str, str]) -> None:
    """Write recipe, source and what was folded into the metadata of a model, without touching other entries."""
    plain = {name: value for name, value in recipe.as_dict().items() if value not in (None, (), {}, "")}
    record = {"schema": 1, "recipe": plain, "source_sha256": recipe.source_sha256, "folded": folded}
    for entry in proto.metadata_props:
        if entry.key == PROVENANCE:
            break
    else:
        entry = proto.metadata_props.add()
        entry.key = PROVENANCE
    entry.value = json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def recipe_of(model: Any) -> Recipe | None:
    """The recipe in the metadata of a model that :func:`quantize` made; None where there is none that can be read.

    Args:
        model: a path, bytes, a ``ModelProto``, an opened ``Model`` or a ``ModelReport``.

    Raises:
        ModelError: if the model itself is refused.
    """
    from haoline_analysis.formats import open_model
    from haoline_analysis.quantization.quantizers.recipe import Recipe
    from haoline_analysis.report import ModelReport

    opened = model.model if isinstance(model, ModelReport) and model.model is not None else model
    text = open_model(opened).metadata.get(PROVENANCE, "")
    if not text or len(text) > MAX_BYTES:
        return None
    try:
        return Recipe.from_json(json.dumps(json.loads(text)["recipe"]))
    except (ModelError, ValueError, KeyError, TypeError, RecursionError):  # a file may hold anything
        return None


def folded_tensors(model: Model, proto: Any) -> dict[str, str]:
    """Tensors of the float model that are gone, since the op that made them now makes another one at once.

    A convolution whose ReLU was folded into its quantizer makes what the ReLU made; one that took in its batch
    normalisation makes what that made. Found by name of the node: ``{"conv_out": "relu_out"}``.
    """
    made = {node_name(node.name): _stem(node.output[0]) for node in proto.graph.node if node.output}
    floats = {tensor.name for tensor in model.tensors}
    gone: dict[str, str] = {}
    for op in model.ops:
        if op.parent >= 0 or not op.outputs or op.outputs[0] < 0:
            continue
        was, now = model.tensors[op.outputs[0]].name, made.get(op.name)
        if now is not None and now != was and now in floats:
            gone[was] = now
    return gone


def node_name(name: str) -> str:
    """The name of the float node that a quantized one was made of."""
    for suffix in sorted(_NODE_SUFFIXES, key=len, reverse=True):
        if name.endswith(suffix):
            return name[: -len(suffix)]
    return name


def _stem(name: str) -> str:
    for suffix in _SUFFIXES:
        if name.endswith(suffix):
            return name[: -len(suffix)]
    return name


def source_sha256(source: ModelSource, model: Model) -> str:
    """SHA-256 of the model file, followed by its external files in the order of their names."""
    found = hashlib.sha256()
    with source.buffer() as data:
        found.update(data)
    files = {weight.location for tensor in model.tensors if (weight := tensor.weight) and weight.location}
    for path in sorted(files):
        with path.open("rb") as file:
            while chunk := file.read(1 << 22):
                found.update(chunk)
    return found.hexdigest()
