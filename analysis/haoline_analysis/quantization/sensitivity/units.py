"""What is switched together: single quantizers, or all those that the same ops ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from haoline_analysis.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from haoline_analysis.quantization.sensitivity.sites import Site

KINDS = ("op", "quantizer")


@dataclass(frozen=True)
class Unit:
    """One or more sites; it goes float when every op of ``ops`` is kept float."""

    id: str
    sites: tuple[int, ...]
    ops: tuple[str, ...]
    tensors: tuple[str, ...]
    kind: str  # "activation", "weight", "bias", or several joined by " + "
    label: str

    def floats(self, keep_float: Collection[str]) -> bool:
        """Whether it is not quantized where these ops are kept float."""
        return all(op in keep_float for op in self.ops)

    def wide(self, keep_float: Collection[str], int16: Collection[str]) -> bool:
        """Whether it is at 16 bits: all its ops are, but for those kept float."""
        return not self.floats(keep_float) and all(op in keep_float or op in int16 for op in self.ops)


def units_of(sites: Sequence[Site], unit: str = "op") -> list[Unit]:
    """Units in the order of their first sites.

    Args:
        sites: the quantizers.
        unit: ``"quantizer"`` for one unit each; ``"op"`` for one per set of ops that ask, the finest that choosing
            ops can tell apart.

    Raises:
        ModelError: for another word.
    """
    if unit not in KINDS:
        raise ModelError(f"Unknown unit {unit!r}; choose one of {', '.join(KINDS)}.")
    groups: dict[object, list[int]] = {}
    for at, site in enumerate(sites):
        groups.setdefault(at if unit == "quantizer" else frozenset(site.ops), []).append(at)
    return [_unit(members, sites) for members in groups.values()]


def _unit(members: Sequence[int], sites: Sequence[Site]) -> Unit:
    tensors = tuple(sites[at].tensor for at in members)
    kinds = " + ".join(dict.fromkeys(sites[at].kind for at in members))
    ops = sites[members[0]].ops
    more = f" and {len(tensors) - 1} more" if len(tensors) > 1 else ""
    return Unit(tensors[0], tuple(members), ops, tensors, kinds, f"{tensors[0]}{more}")
