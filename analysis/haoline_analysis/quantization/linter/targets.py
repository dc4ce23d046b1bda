"""What runs the model: which ops have integer kernels there, and what their operands must be."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Target:
    """A runtime on a kind of device; ``sources`` says where each fact is from."""

    id: str
    name: str
    fused: frozenset[str]  # op types that run on integers when between DequantizeLinear and QuantizeLinear
    integer: frozenset[str]  # op types whose operands are integers
    types: frozenset[str]  # of activations for which the fused kernels exist
    symmetric: bool  # zero points must be zero
    signed_only: bool
    turns_unsigned: bool  # int8 activations with one reader become uint8
    saturates: bool | None  # uint8 × int8 sums may be cut off at 16 bits; None: depends on the device
    aliases: tuple[str, ...]
    sources: Mapping[str, str]

    def __str__(self) -> str:
        """The id."""
        return self.id

    @property
    def is_tensorrt(self) -> bool:
        """Whether the rules of TensorRT's explicit quantization hold."""
        return self.id == "tensorrt"

    @property
    def is_cpu(self) -> bool:
        """Whether onnxruntime's CPU provider runs the model."""
        return "cpu" in self.id

    def runs_quantized(self, kind: str) -> bool:
        """Whether an op type can run on integers."""
        return kind in self.fused or kind in self.integer


def _load() -> dict[str, Target]:
    """The targets that are shipped, by id."""
    data = json.loads(files(__package__).joinpath("targets.json").read_text(encoding="utf-8"))
    return {entry["id"]: _target(entry, data["lists"]) for entry in data["targets"]}


def _target(entry: Mapping[str, Any], lists: Mapping[str, list[str]]) -> Target:
    """One target of the file."""
    return Target(
        id=entry["id"],
        name=entry["name"],
        fused=frozenset(lists[entry["fused"]] if entry["fused"] else ()),
        integer=frozenset(lists[entry["integer"]] if entry["integer"] else ()),
        types=frozenset(entry["types"]),
        symmetric=entry["symmetric"],
        signed_only=entry["signed_only"],
        turns_unsigned=entry["turns_unsigned"],
        saturates=entry["saturates"],
        aliases=tuple(entry["aliases"]),
        sources=entry["sources"],
    )


TARGETS: Mapping[str, Target] = _load()
DEFAULT = "any-cpu"


def find_target(target: str | Target | None) -> Target:
    """The target of a name or alias, case aside; None: onnxruntime on whichever CPU.

    Raises:
        ModelError: if there is none of that name.
    """
    if isinstance(target, Target):
        return target
    if target is None:
        return TARGETS[DEFAULT]
    wanted = target.strip().lower().replace("_", "-") if isinstance(target, str) else ""
    for candidate in TARGETS.values():
        if wanted == candidate.id or wanted in candidate.aliases:
            return candidate
    raise ModelError(f"Unknown target {target!r}; choose one of {', '.join(TARGETS)}.")
