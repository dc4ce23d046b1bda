"""Rules about dynamic and missing dims."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.findings.facts import Facts, count, dims, listed
from haoline_analysis.findings.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA_DEPENDENT = ("NonZero", "Unique", "Compress", "NonMaxSuppression")
IMAGE_RANK = 4
WORTHWHILE_MACS = 1e7


def data_dependent(facts: Facts) -> Iterator[Finding]:
    """Ops whose output shape depends on the data."""
    rows = facts.of(*DATA_DEPENDENT)
    if rows:
        kinds = sorted({facts.model.ops[index].type for index in rows})
        yield Finding(
            "data-dependent-shape",
            "warning",
            "Shapes depend on the data",
            listed(rows),
            f"{count(len(rows), 'op')}: {', '.join(kinds)}",
            "Memory cannot be planned ahead and CUDA graphs cannot be captured; use masks or TopK of fixed size.",
        )


def dynamic_spatial(facts: Facts) -> Iterator[Finding]:
    """Image inputs of free height or width in front of convolutions."""
    if not facts.of("Conv"):
        return
    for tensor in facts.model.inputs:
        declared = facts.model.tensors[tensor].shape
        if declared is None or len(declared) != IMAGE_RANK:
            continue
        free = [str(dim or "?") for dim in declared[2:] if not isinstance(dim, int)]
        if free:
            yield Finding(
                "dynamic-spatial-dims",
                "info",
                "Height or width of the image input is dynamic",
                listed(facts.model.tensors[tensor].consumers),
                f"input {facts.model.tensors[tensor].name}: {dims(declared)}",
                "TensorRT needs an optimisation profile with min, opt and max; fix the size if it never changes.",
            )


def assumed_dims(facts: Facts) -> Iterator[Finding]:
    """Costs that rest on default sizes."""
    assumed = [item for item in facts.evaluation.assumptions if item.what.startswith("dim")]
    if assumed:
        shown = ", ".join(f"{item.what.partition(' ')[2] or item.what} = {item.value}" for item in assumed[:6])
        more = f" and {len(assumed) - 6} more" if len(assumed) > 6 else ""
        yield Finding(
            "assumed-dims",
            "info",
            "Costs rest on default sizes",
            (),
            f"{count(len(assumed), 'unbound dim')}: {shown}{more}",
            "Bind them to what you will run: shapes={...} or --shape name=size.",
        )


def fixed_batch(facts: Facts) -> Iterator[Finding]:
    """A first input whose batch dim a file fixes at 1 while others could be larger; modules take any."""
    inputs = [facts.model.tensors[tensor] for tensor in facts.model.inputs]
    if not inputs or facts.is_pytorch or facts.macs.sum() < WORTHWHILE_MACS:
        return
    first = inputs[0]
    others_dynamic = any(not isinstance(dim, int) for tensor in inputs for dim in (tensor.shape or ())[:1])
    if first.shape and len(first.shape) >= 2 and first.shape[0] == 1 and not others_dynamic:
        yield Finding(
            "fixed-batch",
            "info",
            "The batch size is fixed at 1",
            (),
            f"input {first.name}: {dims(first.shape)}",
            "Export with a dynamic first dim to batch requests: small batches leave most of a GPU idle.",
        )
