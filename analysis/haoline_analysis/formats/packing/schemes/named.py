"""Schemes that are recognised by their tensors and not dequantized: EXL2, EXL3, AQLM."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.formats.packing.stated import Stated
    from haoline_analysis.formats.packing.stored_tensors import Names, PackedWeight

_EXL2 = {
    "scales": ".q_scale",
    "scale_maximum": ".q_scale_max",
    "groups": ".q_groups",
    "order": ".q_invperm",
    "group_map": ".q_group_map",
}
_EXL3 = {
    "inputs": ".suh",
    "outputs": ".svh",
    "input_signs": ".su",
    "output_signs": ".sv",
    "mcg": ".mcg",
    "mul1": ".mul1",
}
_AQLM = {"codebooks": ".codebooks", "scales": ".scales"}


def find(names: Names, _: Stated) -> Iterator[PackedWeight]:
    """What is recognised."""
    yield from _exl2(names)
    yield from _exl3(names)
    yield from _aqlm(names)


def _exl2(names: Names) -> Iterator[PackedWeight]:
    """ExLlamaV2: ``q_weight`` in widths that differ by row, the inputs' order in ``q_invperm``."""
    for stem, carrier in list(names.ending(".q_weight")):
        order = names.get(f"{stem}.q_invperm", rank=1)
        if order is None or len(carrier.shape) != 2:
            continue
        shape = (carrier.shape[1], order.shape[0])
        parts = names.parts(stem, _EXL2)
        yield names.packed(f"{stem}.weight", carrier, parts, shape, "EXL2", "EXL2, widths differ by row")


def _exl3(names: Names) -> Iterator[PackedWeight]:
    """ExLlamaV3: ``trellis`` of 16×16 tiles, with vectors of signs and scales for both sides."""
    for stem, carrier in list(names.ending(".trellis")):
        if len(carrier.shape) != 3:
            continue
        shape = (16 * carrier.shape[1], 16 * carrier.shape[0])
        text = f"EXL3, {carrier.shape[2] / 16:g} bits"
        yield names.packed(f"{stem}.weight", carrier, names.parts(stem, _EXL3), shape, "EXL3", text)


def _aqlm(names: Names) -> Iterator[PackedWeight]:
    """AQLM: ``codes`` [out/g, in/h, books] into ``codebooks`` [books, entries, g, h]."""
    for stem, carrier in list(names.ending(".codes")):
        books = names.get(f"{stem}.codebooks", rank=4)
        if books is None or len(carrier.shape) != 3 or carrier.shape[2] != books.shape[0]:
            continue
        shape = (carrier.shape[0] * books.shape[2], carrier.shape[1] * books.shape[3])
        text = f"AQLM, {books.shape[0]} codebooks of {books.shape[1]}"
        yield names.packed(f"{stem}.weight", carrier, names.parts(stem, _AQLM), shape, "AQLM", text)
