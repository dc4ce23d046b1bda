"""The op columns of an engine: one row per layer, what is stated and what was measured."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.cost.precision import short_name
from haoline_analysis.formats.tensorrt.engine_facts import compute_type, is_reformat
from haoline_analysis.formats.tensorrt.source_names import REFORMAT
from haoline_analysis.report.attributes import attribute_texts
from haoline_analysis.structure.engine_categories import layer_category
from haoline_analysis.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from haoline_analysis.formats.tensorrt.engine_model import EngineModel
    from haoline_analysis.formats.tensorrt.layers import Layer, Value
    from haoline_analysis.formats.tensorrt.source_names import SourceNames

MOST_SOURCES = 40
_NO_MACS = frozenset({"Reformat", "NoOp", "Pooling", "Shuffle", "Slice", "Concatenation", "Constant", "shape_call"})


def op_table(model: EngineModel, op_scope: np.ndarray) -> Table:
    """One row per layer, in execution order."""
    ops, layers = model.ops, model.layers
    macs = [_macs(layer) for layer in layers]
    elements, sizes = _stored(model)
    table = Table(len(ops))
    table.add(
        Column("name", [op.name for op in ops], "Layer", provenance="declared"),
        Column("type", [op.type for op in ops], "Type", provenance="declared"),
        Column("domain", [op.domain for op in ops], "Domain", provenance="declared"),
        Column("category", _categories(model), "Category"),
        Column("scope", np.asarray(op_scope, np.int32), "Scope"),
        Column("parent", np.full(len(ops), -1, np.int32), "Inside"),
        Column("attributes", attribute_texts(ops), "Attributes", provenance="declared"),
        *_measured(model),
        Column("precision", _short(map(compute_type, layers)), "Precision", description="In which the layer computes"),
        Column(
            "activation_precision",
            _short(map(_activation_type, layers)),
            "Activation type",
            provenance="declared",
            description="of the first input of layers with weights",
        ),
        Column("weight_precision", _short(map(_weight_type, layers)), "Weight type", provenance="declared"),
        Column("input_formats", [_formats(layer.inputs) for layer in layers], "Reads", provenance="declared"),
        Column("output_formats", [_formats(layer.outputs) for layer in layers], "Writes", provenance="declared"),
        Column("tactic", [layer.tactic for layer in layers], "Tactic", provenance="declared"),
        Column("parameters", _integers(elements), "Parameters", "", "declared", "sum", "Stored elements"),
        Column("weight_bytes", _integers(sizes), "Weights", "B", "declared", "sum", "Stored elements"),
        Column("macs", _integers(macs), "MACs", "MAC", "counted", "sum", "Of layers that state their kernel"),
        Column("flops", _integers([_twice(value) for value in macs]), "FLOPs", "FLOP", "counted", "sum"),
        Column("source_ops", [source_text(names) for names in model.sources], "Made from", provenance="declared"),
    )
    streams = [layer.stream for layer in layers]
    if any(stream is not None for stream in streams):
        table.add(Column("stream", _integers(streams), "Stream", provenance="declared"))
    if any(names.profile for names in model.sources):
        numbers = np.array([names.profile for names in model.sources], np.int32)
        words = "optimization profile that the layer is the copy for"
        table.add(Column("profile", numbers, "Profile", "", "declared", description=words))
    return table


def _categories(model: EngineModel) -> list[str]:
    return [layer_category(layer, names.kind) for layer, names in zip(model.layers, model.sources, strict=True)]


def _measured(model: EngineModel) -> list[Column]:
    """Microseconds of one run and the share of the whole; no columns without a profile."""
    if not any(model.times):
        return []
    times = np.array([np.nan if time is None else time.average_ms * 1e3 for time in model.times])
    whole = np.nansum(times)
    share = times / whole if whole > 0 else np.full(len(times), np.nan)
    columns = [
        Column("measured_us", times, "Measured", "us", "measured", "sum", "mean of one run, by the profile"),
        Column("share", share, "Share", "%", "measured", "sum", "of the sum over layers"),
    ]
    medians = np.array([np.nan if t is None or t.median_ms is None else t.median_ms * 1e3 for t in model.times])
    if not np.isnan(medians).all():
        columns.append(Column("median_us", medians, "Median", "us", "measured", None, "median of one run"))
    return columns


def source_text(names: SourceNames) -> str | None:
    """``Conv_0, Relu_1``; a region as ``a … b``; None where nothing is named."""
    parts = [*names.names, *(f"{first} … {last}" for first, last in names.regions)]
    if not parts:
        return None
    more = f", … ({len(parts):,} in all)" if len(parts) > MOST_SOURCES else ""
    return ", ".join(parts[:MOST_SOURCES]) + more


def _formats(values: Sequence[Value]) -> str | None:
    """The distinct types and layouts, in order: ``FP16 HWC8``."""
    return ", ".join(dict.fromkeys(str(value.layout) or value.words for value in values if value.words)) or None


def _weight_type(layer: Layer) -> str | None:
    return next((stored.dtype for stored in layer.stored if stored.role == "Weights"), None)


def _activation_type(layer: Layer) -> str | None:
    return layer.inputs[0].layout.dtype if layer.inputs and _weight_type(layer) is not None else None


def precision_change(model: EngineModel) -> Column | None:
    """``fp32 → int8`` on the results of layers that write another type than they read; None where no layer does."""
    texts: list[str | None] = [None] * len(model.tensors)
    for op, layer in zip(model.ops, model.layers, strict=True):
        read = layer.inputs[0].layout.dtype if layer.inputs else None
        for made, value in zip(op.outputs, layer.outputs, strict=True):
            if read and value.layout.dtype and read != value.layout.dtype:
                texts[made] = f"{short_name(read)} → {short_name(value.layout.dtype)}"
    if not any(texts):
        return None
    words = "from what its layer reads to what it writes"
    return Column("precision_change", np.array(texts, object), "Precision changes", description=words)


def _stored(model: EngineModel) -> tuple[list[int | None], list[int | None]]:
    """Elements and bytes that each layer stores; those that copies for other profiles share, at the first.

    0 where a layer states its parameters and no weights among them, None where it states no parameters at all.
    """
    counts: list[int | None] = []
    sizes: list[int | None] = []
    owned: set[int] = set()
    for op, layer in zip(model.ops, model.layers, strict=True):
        own = {index for index in op.inputs if model.tensors[index].weight is not None}
        stated = bool(own) or "ParameterType" in layer.attributes or layer.type in _NO_MACS
        weights = [weight for index in own - owned if (weight := model.tensors[index].weight) is not None]
        owned |= own
        counts.append(sum(weight.elements for weight in weights) if stated else None)
        known = [weight.nbytes for weight in weights]
        sizes.append(sum(size or 0 for size in known) if stated and None not in known else None)
    return counts, sizes


def _macs(layer: Layer) -> int | None:
    """Each stored weight of a convolution or matrix product works once per result of its channel."""
    if layer.type in _NO_MACS or layer.attributes.get("ParameterType") in _NO_MACS:
        return 0
    weights = next((stored.count for stored in layer.stored if stored.role == "Weights"), None)
    kind = layer.attributes.get("ParameterType")
    values = layer.outputs if kind == "Convolution" else layer.inputs if kind == "Deconvolution" else ()
    shape = values[0].shape if values else None
    if weights is None or shape is None or len(shape) < 2:
        return None
    positions = [dim for dim in (shape[0], *shape[2:]) if dim is not None]
    return weights * prod(positions) if len(positions) == len(shape) - 1 else None


def _twice(value: int | None) -> int | None:
    return None if value is None else 2 * value


def _short(values: Iterable[str | None]) -> Any:
    """Precisions as the other reports name them: fp16, int8."""
    return np.array([None if value is None else short_name(value) for value in values], dtype=object)


def _integers(values: Sequence[int | None]) -> Any:
    import pandas as pd

    return pd.array([None if value is None or value >= 2**63 else value for value in values], dtype="Int64")


def reformat_rows(model: EngineModel) -> list[int]:
    """Rows that only change the layout or type of a tensor."""
    pairs = zip(model.layers, model.sources, strict=True)
    return [row for row, (layer, names) in enumerate(pairs) if is_reformat(layer, names.kind)]


def is_helper(model: EngineModel, row: int) -> bool:
    """Whether a layer is the builder's own rather than of the model."""
    return model.sources[row].kind == REFORMAT or model.layers[row].type == "NoOp"
