"""The model of a checkpoint: its packings found, its architecture told, its facts gathered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.architecture import from_config
from haoline_analysis.errors import ModelError
from haoline_analysis.formats.huggingface.copies import stored_twice
from haoline_analysis.formats.huggingface.side_files import trimmed
from haoline_analysis.formats.packing.applying import apply_packings
from haoline_analysis.formats.packing.stated import Stated, stated
from haoline_analysis.formats.stored import stored_model
from haoline_analysis.model import Gap

if TYPE_CHECKING:
    from haoline_analysis.architecture import Architecture
    from haoline_analysis.formats.huggingface.checkpoint import Checkpoint
    from haoline_analysis.formats.stored import Group
    from haoline_analysis.model import Model, Weight

GRAPHS = ("none", "analytic")


def assemble(found: Checkpoint, format_name: str, graph: str | None = None) -> Model:
    """The model; with ``graph="analytic"`` that of the ops its family is known to have.

    Raises:
        ModelError: if the option is not known, or the family's ops are not.
    """
    if graph not in (None, *GRAPHS):
        raise ModelError(f"graph is {graph!r}, expected one of {', '.join(GRAPHS)}")
    told = stated(found.side.config, found.side.quantization)
    groups = apply_packings(found.tensors, told)
    model = stored_model(
        name=found.name,
        format=format_name,
        path=found.path,
        tensors=found.tensors,
        groups=groups,
        producer=_producer(found),
        file_bytes=sum(shard["bytes"] for shard in found.shards),
        metadata=found.metadata,
        gaps=[*found.gaps, *_unpacked(told, groups, found.tensors)],
        findings=list(found.findings),
        architecture=_architecture(found, groups, told),
        facts=_facts(found, told),
    )
    model.findings += stored_twice(model)
    return _analytic(model) if graph == "analytic" else model


def _producer(found: Checkpoint) -> str:
    version = found.side.config.get("transformers_version")
    return f"transformers {version[:40]}" if isinstance(version, str) else ""


def _unpacked(told: Stated, groups: list[Group], tensors: list[tuple[str, Weight]]) -> list[Gap]:
    """Say so where a config states a quantization that the tensors do not show."""
    if not told.method or not tensors:
        return []
    if not groups and not any(weight.packing is not None for _, weight in tensors):
        stated_method = f"The config states {told.method} quantization"
        return [Gap(f"{stated_method}, but no weight is stored in a layout of it known here.")]
    left = [name for name, weight in tensors if _is_not_understood(name, weight)]
    if not left:
        return []
    which = f"{len(left)} tensor{'s' if len(left) > 1 else ''} of whole numbers ({', '.join(left[:3])}"
    return [Gap(f"{which}{', …' if len(left) > 3 else ''}) may be packed weights; they are not counted as parameters.")]


def _is_not_understood(name: str, weight: Weight) -> bool:
    """Whether it is called a weight, and holds whole numbers that no scheme has claimed."""
    whole = weight.dtype.startswith(("int", "uint")) and len(weight.shape) > 1
    return whole and weight.packing is None and name.endswith(("weight", "weight_packed", "qweight", "_blocks"))


def _architecture(found: Checkpoint, groups: list[Group], told: Stated) -> Architecture | None:
    shapes = logical_shapes(found.tensors, groups) if found.complete else None
    cache = "float8_e4m3fn" if told.cache == "FP8" else None
    return from_config(found.side.config, shapes, kv_dtype=cache)


def logical_shapes(tensors: list[tuple[str, Weight]], groups: list[Group]) -> dict[str, tuple[int, ...]]:
    """Shapes of the parameters by name: packed weights under their own names, buffers and parts left out."""
    renamed = {group.members[0]: group.name for group in groups}
    parts = {member for group in groups for member in group.members[1:]}
    return {
        renamed.get(index, name): weight.shape
        for index, (name, weight) in enumerate(tensors)
        if index not in parts and weight.kind != "buffer"
    }


def _facts(found: Checkpoint, told: Stated) -> dict[str, Any]:
    facts: dict[str, Any] = dict(found.facts)
    facts["shards"] = found.shards
    for key, value in (
        ("config", found.side.config),
        ("generation_config", found.side.generation),
        ("quantization_config", told.raw),
        ("metadata", found.metadata),
    ):
        if value:
            facts[key] = trimmed(dict(value))
    if found.tokenizer is not None:
        facts["tokenizer"] = found.tokenizer
    if found.side.chat_template:
        facts["chat_template"] = found.side.chat_template
    return facts


def _analytic(model: Model) -> Model:
    """The ops of the model's family over its weights.

    Raises:
        ModelError: if they are not known.
    """
    from haoline_analysis.formats.families import analytic_model

    made = analytic_model(model)
    if made is None:
        family = model.architecture.family if model.architecture is not None else "unknown"
        raise ModelError(f"the ops of the family {family} are not known; open it without graph='analytic'")
    return made
