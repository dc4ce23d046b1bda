"""An output head that is stored though it is the embedding: seen in a few samples, without reading either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.errors import ModelError
from haoline_analysis.findings.finding import Finding
from haoline_analysis.formats.safetensors.sources import ElementSource

if TYPE_CHECKING:
    from haoline_analysis.model import Model, Weight

_HEADS = ("lm_head.weight", "embed_out.weight", "output.weight", "decoder.weight")
_EMBEDDINGS = ("embed_tokens.weight", "wte.weight", "embeddings.weight", "word_embeddings.weight", "shared.weight")
_SAMPLES = 8
_SAMPLE_BYTES = 4096


def stored_twice(model: Model) -> list[Finding]:
    """A finding for a head with the type, shape and sampled bytes of the embedding."""
    rows = {op.name: row for row, op in enumerate(model.ops)}
    heads = [name for name in rows if name.endswith(_HEADS)]
    tables = [name for name in rows if name.endswith(_EMBEDDINGS)]
    for head in heads:
        for table in tables:
            pair = _weight(model, rows[head]), _weight(model, rows[table])
            if pair[0] is not None and _same(*pair):
                return [_finding(sorted((rows[head], rows[table])), head, table, pair[0])]
    return []


def _weight(model: Model, row: int) -> Weight | None:
    return model.tensors[model.ops[row].inputs[0]].weight


def _same(first: Weight | None, second: Weight | None) -> bool:
    if first is None or second is None or first is second:
        return False
    one, two = first.source, second.source
    if not isinstance(one, ElementSource) or not isinstance(two, ElementSource):
        return False
    if (one.dtype, one.shape, one.length) != (two.dtype, two.shape, two.length) or one.length < _SAMPLE_BYTES:
        return False
    found = False
    for index in range(_SAMPLES):
        at = (one.length - _SAMPLE_BYTES) * index // (_SAMPLES - 1)
        try:
            here = one.storage.read(one.offset + at, _SAMPLE_BYTES)
            there = two.storage.read(two.offset + at, _SAMPLE_BYTES)
        except ModelError:
            return False
        if (here != there).any():
            return False
        found = found or bool(here.any())  # a file of which only the header is true holds zeros
    return found


def _finding(rows: list[int], head: str, table: str, weight: Weight) -> Finding:
    return Finding(
        id="tied-weights-stored-twice",
        severity="info",
        title="The output head is stored though it equals the embedding",
        ops=tuple(rows),
        evidence=f"{head} and {table} agree in type, shape and {_SAMPLES} samples of {_SAMPLE_BYTES} bytes",
        advice=f"tie them (tie_word_embeddings) and save again: the file gets {weight.nbytes or 0:,} bytes smaller",
    )
