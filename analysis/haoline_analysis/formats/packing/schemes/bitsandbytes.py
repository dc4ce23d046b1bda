"""bitsandbytes: 4-bit codes of a table (NF4, FP4) with a maximum per block, and int8 with a maximum per row.

The true shape of 4-bit weights is only in a JSON blob, ``quant_state``. The code table is stored beside each weight.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.formats.packing.bits import nibbles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.formats.packing.parts import Part, Parts
    from haoline_analysis.formats.packing.stated import Stated
    from haoline_analysis.formats.packing.stored_tensors import Names, PackedWeight, StoredTensor

_FOUR = {
    "scales": ".absmax",
    "table": ".quant_map",
    "nested_scales": ".nested_absmax",
    "nested_table": ".nested_quant_map",
}
_STATE = ".quant_state.bitsandbytes__"


def find(names: Names, stated: Stated) -> Iterator[PackedWeight]:
    """Weights with ``absmax`` and ``quant_map`` (4 bits), or ``SCB`` (8 bits) beside them."""
    for stem, absmax in list(names.ending(".absmax")):
        carrier = names.get(stem, ("uint8", "int8", "bfloat16", "float16", "float32"))
        if carrier is not None and names.get(f"{stem}.quant_map") is not None:
            yield _four_bits(names, stem, carrier, absmax, stated)
    for stem, _ in list(names.ending(".SCB")):
        carrier = names.get(f"{stem}.weight", ("int8",), rank=2)
        if carrier is not None:
            parts = names.parts(stem, {"scales": ".SCB", "format": ".weight_format"})
            text = "bitsandbytes int8, one scale per row"
            yield names.packed(
                carrier.name, carrier, parts, carrier.shape, "bitsandbytes int8", text, "int8", _eight_bit_rows
            )


def _four_bits(names: Names, stem: str, carrier: StoredTensor, absmax: StoredTensor, stated: Stated) -> PackedWeight:
    parts = names.parts(stem, _FOUR)
    kind = str(stated.raw.get("bnb_4bit_quant_type", "nf4"))
    state: dict[str, Any] = {}
    for known in ("nf4", "fp4"):
        label = f"{stem}{_STATE}{known}"
        if names.get(label) is not None:
            parts["state"], kind = label, known
            state = _state(names.read(label))
    codes = 2 * carrier.nbytes
    shape = _shape(state.get("shape"), codes) or (codes,)
    block = _size(state.get("blocksize")) or _block(codes, absmax.shape)
    nested = "nested_scales" in parts
    text = f"bitsandbytes {kind.upper()[:8]}, blocks of {block}" + (", scales quantized too" if nested else "")
    offset = state.get("nested_offset", 0.0 if not nested else None)
    each = _size(state.get("nested_blocksize")) or 256
    decoder = None
    if block is not None and isinstance(offset, (int, float)) and carrier.dtype in ("uint8", "int8"):
        decoder = partial(_four_bit_rows, block=block, nested=each, offset=float(offset))
    dtype = "fp4" if kind == "fp4" else "nf4"  # its FP4 is not that of OCP
    return names.packed(stem, carrier, parts, shape, f"bitsandbytes {kind.upper()[:8]}", text, dtype, decoder)


def _state(data: np.ndarray | None) -> dict[str, Any]:
    """The state of a weight; empty where it is no JSON object (a file of which only the header is true)."""
    if data is None or data.dtype != np.uint8:
        return {}
    try:
        found = json.loads(data.tobytes())
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _shape(value: Any, codes: int) -> tuple[int, ...] | None:
    """The stated shape, if it has as many elements as there are codes (one more where those are odd)."""
    if not isinstance(value, list) or not 0 < len(value) <= 8 or not all(_size(dim) for dim in value):
        return None
    total = 1
    for dim in value:
        total *= dim
    return tuple(value) if total in (codes, codes - 1) else None


def _size(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 48 else None


def _block(codes: int, shape: tuple[int, ...]) -> int | None:
    """Codes of a block, where they come out as a power of two, as they always are."""
    count = shape[0] if len(shape) == 1 else 0
    return next((size for size in (64, 128, 256, 512, 1024, 2048, 4096) if count and -(-codes // size) == count), None)


def _four_bit_rows(parts: Parts, start: int, stop: int, *, block: int, nested: int, offset: float) -> np.ndarray:
    """table[code] · absmax of the block; of two codes in a byte the higher one is first.

    Where maxima are quantized themselves: nested_table[absmax] · nested_absmax of 256 blocks + offset.
    """
    inner = 1
    for dim in parts.shape[1:]:
        inner *= dim
    first, last = start * inner, stop * inner
    stored = _run(parts["weight"], first // 2, -(-last // 2))
    codes = nibbles(stored, high_first=True)[first % 2 :][: last - first]
    blocks = np.arange(first, last) // block
    low = int(blocks[0])
    scales = parts["scales"].all().reshape(-1)[low : int(blocks[-1]) + 1]
    if "nested_scales" in parts:
        outer = parts.floats("nested_scales").reshape(-1)[np.arange(low, low + len(scales)) // nested]
        scales = parts.floats("nested_table").reshape(-1)[scales] * outer + np.float32(offset)
    made: np.ndarray = parts.floats("table").reshape(-1)[codes] * scales.astype(np.float32)[blocks - low]
    return made


def _run(part: Part, start: int, stop: int) -> np.ndarray:
    """Bytes ``start:stop`` of a tensor, which is stored with one byte in a row."""
    found = part.rows(start, stop) if part.shape[1:] in ((), (1,)) else part.all().reshape(-1)[start:stop]
    return np.ascontiguousarray(found).reshape(-1)


def _eight_bit_rows(parts: Parts, start: int, stop: int) -> np.ndarray:
    """Q · SCB / 127, where SCB is the largest magnitude of the row (LLM.int8(), equation 4)."""
    made: np.ndarray = parts.float_rows("weight", start, stop) * (parts.floats("scales")[start:stop, None] / 127)
    return made
