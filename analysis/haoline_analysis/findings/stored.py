"""Rules about checkpoints: what is stored larger than need be, twice, or unevenly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.findings.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.model import Model
    from haoline_analysis.table import Table

LARGE = 50_000_000
"""Parameters from which on a checkpoint's size is worth a word."""
MOST = 0.9
"""Share of the bytes that makes a type that of the checkpoint."""
HEAVY = 0.3
"""Share of the bytes that unquantized weights of a quantized checkpoint may take without being mentioned."""
_FLOATS = ("float64", "float32", "float16", "bfloat16")


@dataclass(eq=False)
class StoredFacts:
    """What the rules look at."""

    model: Model
    ops: Table  # of weights

    @cached_property
    def types(self) -> list[str | None]:
        """Storage type of each row."""
        return list(self.ops["weight_precision"].values)

    @cached_property
    def roles(self) -> list[str]:
        """Role of each row."""
        return list(self.ops["role"].values)

    @cached_property
    def names(self) -> list[str]:
        """Name of each row."""
        return list(self.ops["name"].values)

    @cached_property
    def sizes(self) -> np.ndarray:
        """Stored bytes of each row."""
        return np.asarray(self.ops["weight_bytes"].values, np.int64)

    @cached_property
    def parameters(self) -> np.ndarray:
        """Parameters of each row."""
        return np.asarray(self.ops["parameters"].values, np.int64)

    @cached_property
    def packed(self) -> np.ndarray:
        """Bool [rows]: whether a weight is quantized."""
        return np.array([isinstance(text, str) for text in self.ops["quantization"].values], bool)

    def rows(self, mask: np.ndarray) -> tuple[int, ...]:
        """The rows of a mask, as a finding lists them."""
        return tuple(np.flatnonzero(mask).tolist())

    def of_type(self, dtype: str) -> np.ndarray:
        """Bool [rows]: which have parameters of that type."""
        return np.array([kind == dtype for kind in self.types], bool) & (self.parameters > 0)


def full_precision(facts: StoredFacts) -> Iterator[Finding]:
    """A large checkpoint in float32."""
    wide = facts.of_type("float32")
    size, whole = int(facts.sizes[wide].sum()), int(facts.sizes.sum())
    if facts.parameters.sum() >= LARGE and size >= MOST * whole:
        yield Finding(
            "float32-checkpoint",
            "info",
            "The weights are stored in float32",
            (),
            f"{size / 1e9:.3g} GB of {whole / 1e9:.3g} GB; half of that in bfloat16 or float16",
            "Store inference weights in bfloat16 or float16 unless training goes on from them.",
        )


def double_precision(facts: StoredFacts) -> Iterator[Finding]:
    """Weights in float64."""
    wide = facts.of_type("float64")
    if wide.any():
        yield Finding(
            "float64-weights",
            "warning",
            "Weights are stored in float64",
            facts.rows(wide),
            f"{int(wide.sum()):,} weights, {int(facts.sizes[wide].sum()) / 1e6:.3g} MB",
            "Convert them to float32 or less: no inference runtime gains from float64 weights.",
        )


def mixed_types(facts: StoredFacts) -> Iterator[Finding]:
    """Matrices of one role in several float types."""
    for role in dict.fromkeys(facts.roles):
        if role in ("norm", "bias", "position", "other", "router"):
            continue  # these are often kept wider, on purpose
        mine = np.array([own == role for own in facts.roles], bool) & (facts.parameters > 0) & ~facts.packed
        counts = {kind: int((mine & facts.of_type(kind)).sum()) for kind in _FLOATS}
        held = {kind: number for kind, number in counts.items() if number}
        if len(held) > 1:
            rarest = min(held, key=lambda kind: held[kind])
            yield Finding(
                "mixed-types",
                "info",
                f"Weights of one kind are stored in several types ({role.replace('_', ' ')})",
                facts.rows(mine & facts.of_type(rarest)),
                ", ".join(f"{number:,} in {kind}" for kind, number in held.items()),
                "Check that this is meant: merged adapters and partial conversions leave such traces.",
            )


def tied_twice(facts: StoredFacts) -> Iterator[Finding]:
    """A head that is tied to the embedding, and stored beside it."""
    card = facts.model.architecture
    told = any(found.id == "tied-weights-stored-twice" for found in facts.model.findings)  # its reader saw it
    if card is None or not card.tied_embeddings or told:
        return
    heads, tables = ([row for row, role in enumerate(facts.roles) if role == kind] for kind in ("head", "embedding"))
    for head in heads:
        for table in tables:
            same = facts.parameters[head] == facts.parameters[table] > 0
            if same and facts.sizes[head] and head != table:
                yield Finding(
                    "tied-weight-stored",
                    "info",
                    "A head that is tied to the embedding is stored again",
                    (head,),
                    f"{facts.names[head]}: {int(facts.sizes[head]) / 1e6:.3g} MB, as {facts.names[table]}",
                    "Leave it out when saving: loaders tie it to the embedding.",
                )
                return


def unquantized_share(facts: StoredFacts) -> Iterator[Finding]:
    """Unquantized weights that take much of a quantized checkpoint."""
    whole, quantized = int(facts.sizes.sum()), facts.packed & (facts.parameters > 0)
    rest = ~quantized & (facts.parameters > 0)
    share = int(facts.sizes[rest].sum()) / whole if whole else 0.0
    if not quantized.any() or 2 * facts.parameters[quantized].sum() < facts.parameters.sum() or share < HEAVY:
        return
    by_role: dict[str, int] = {}
    for row in np.flatnonzero(rest).tolist():
        by_role[facts.roles[row]] = by_role.get(facts.roles[row], 0) + int(facts.sizes[row])
    largest = [role for role in sorted(by_role, key=lambda role: -by_role[role]) if by_role[role] >= whole * 0.01][:3]
    yield Finding(
        "unquantized-share",
        "info",
        "What is not quantized takes much of this quantized checkpoint",
        facts.rows(rest & (facts.sizes >= whole * 0.01)),
        f"{share:.0%} of the bytes: "
        + ", ".join(f"{role.replace('_', ' ')} {by_role[role] / whole:.0%}" for role in largest),
        "Quantize embedding and head to 8 bits where size matters; their error is often small.",
    )


RULES = (full_precision, double_precision, mixed_types, tied_twice, unquantized_share)
