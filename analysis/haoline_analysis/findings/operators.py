"""Rules about op types, domains and opsets."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from haoline_analysis.findings.facts import STANDARD, Facts, count, listed
from haoline_analysis.findings.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

ONNXRUNTIME = "com.microsoft"
ATEN = "aten"
PORTABLE = {*STANDARD, "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview.training", ONNXRUNTIME, ATEN}
PER_CHANNEL_OPSET = 13
RUNTIME_ONLY = frozenset(
    {"Affine", "Crop", "ImageScaler", "LayerNormalization", "ParametricSoftplus", "Scale", "ScaledTanh"}
    | {"SimplifiedLayerNormalization"}
)
"""Ops that onnxruntime adds to the standard's own domain."""
MAX_NAMED = 6


@cache
def _standing(kind: str, version: int) -> str:
    """Of an ONNX op at an opset: ok | deprecated | undefined; ok where the opset is newer than the schemas at hand."""
    from onnx import defs

    newest = defs.onnx_opset_version()
    try:
        schema = defs.get_schema(kind, max(0, min(version, newest)))  # a version beyond 32 bits is no SchemaError
    except defs.SchemaError:
        return "undefined" if 0 < version <= newest else "ok"
    return "deprecated" if schema.deprecated else "ok"


def _standings(facts: Facts, standing: str) -> list[tuple[str, int, list[int]]]:
    """Type, opset and rows of the ops of that standing."""
    kinds = [(kind, version, rows) for (domain, kind, version), rows in facts.kinds.items() if domain in STANDARD]
    return [entry for entry in kinds if _standing(entry[0], entry[1]) == standing]


def undefined(facts: Facts) -> Iterator[Finding]:
    """Ops that the standard does not define at the opset the file imports."""
    for kind, version, rows in _standings(facts, "undefined"):
        if kind in RUNTIME_ONLY:
            continue
        yield Finding(
            "undefined-op",
            "error",
            f"{kind} is not an ONNX op at opset {version}",
            listed(rows),
            f"{count(len(rows), 'op')} of type {kind}, domain ai.onnx, opset {version}",
            "Check the domain and the opset import; runtimes will refuse the model.",
        )


def deprecated(facts: Facts) -> Iterator[Finding]:
    """Ops that the standard has withdrawn at this opset."""
    for kind, version, rows in _standings(facts, "deprecated"):
        yield Finding(
            "deprecated-op",
            "warning",
            f"{kind} is deprecated at opset {version}",
            listed(rows),
            f"{count(len(rows), 'op')} of type {kind}",
            "Re-export, or convert with onnx.version_converter; newer runtimes drop deprecated ops.",
        )


def custom_domain(facts: Facts) -> Iterator[Finding]:
    """Ops outside the standard: onnxruntime's own are good to know, others need a custom library."""
    domains: dict[str, list[int]] = {}
    for (domain, _, _), rows in facts.kinds.items():
        if domain not in STANDARD:
            domains.setdefault(domain, []).extend(rows)
    for kind, _, rows in _standings(facts, "undefined"):
        if kind in RUNTIME_ONLY:
            domains.setdefault(ONNXRUNTIME, []).extend(rows)
    for domain, rows in domains.items():
        if domain != ONNXRUNTIME and domain in PORTABLE:
            continue
        own = domain == ONNXRUNTIME
        kinds = sorted({facts.model.ops[index].type for index in rows})
        shown = ", ".join(kinds[:MAX_NAMED]) + (f" and {len(kinds) - MAX_NAMED} more" if len(kinds) > MAX_NAMED else "")
        yield Finding(
            "onnxruntime-ops" if own else "custom-ops",
            "info" if own else "warning",
            "Uses onnxruntime's own ops" if own else f"Uses ops of the custom domain {domain}",
            listed(rows),
            f"{count(len(rows), 'op')}: {shown}",
            "Runs in onnxruntime only; export without its transformer optimiser for TensorRT or OpenVINO."
            if own
            else "Needs the library that implements them, registered with every session that loads the model.",
        )


def training_mode(facts: Facts) -> Iterator[Finding]:
    """Dropout and BatchNormalization that behave as in training."""
    rows = [index for index in facts.of("BatchNormalization") if facts.model.ops[index].attributes.get("training_mode")]
    rows += [index for index in facts.of("Dropout") if facts.scalar(facts.source(index, 2))]
    if rows:
        yield Finding(
            "training-mode",
            "warning",
            "Ops run in training mode",
            listed(rows),
            f"{count(len(rows), 'op')} of Dropout or BatchNormalization with training_mode set",
            "Call model.eval() before the export: results are random or depend on the batch.",
        )


def old_opset(facts: Facts) -> Iterator[Finding]:
    """Opsets before per-channel quantization."""
    opset = facts.model.opsets.get("", facts.model.opsets.get("ai.onnx", 0))
    if 0 < opset < PER_CHANNEL_OPSET and facts.macs.any():
        yield Finding(
            "old-opset",
            "info",
            f"Opset {opset} cannot be quantized per channel",
            (),
            f"opset {opset}; QuantizeLinear and DequantizeLinear take an axis from opset {PER_CHANNEL_OPSET}",
            f"Convert to opset {PER_CHANNEL_OPSET} or later with onnx.version_converter before quantizing.",
        )
