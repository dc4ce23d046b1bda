"""The architecture card as rows of text."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from haoline_analysis.report.formatting import TIMES, count, digits, known, nbytes, percent, plain

if TYPE_CHECKING:
    from haoline_analysis.architecture import Architecture
    from haoline_analysis.report.model_report import ModelReport


def architecture(report: ModelReport) -> list[tuple[str, str]]:
    """What is known about the architecture of a language model; empty where nothing is."""
    card = report.architecture
    if card is None:
        return []
    rows = [
        ("Family", card.family),
        ("Layers", layers(card)),
        ("Hidden size", _whole(card.hidden_size)),
        ("Attention heads", _heads(card)),
        ("Head size", _whole(card.head_dim)),
        ("Feed-forward size", _whole(card.feed_forward_size)),
        ("Experts", _experts(card)),
        ("Vocabulary", _whole(card.vocabulary)),
        ("Context", f"{card.context_length:,} tokens" if card.context_length is not None else ""),
        ("Embeddings", {True: "tied to the head", False: "not tied to the head", None: ""}[card.tied_embeddings]),
        ("Parameters", _parameters(card)),
        ("KV cache", _cache(card)),
        ("State", f"{nbytes(card.state_bytes)} a sequence" if card.state_bytes else ""),
        ("Told by", card.source),
    ]
    return [(name, plain(value)) for name, value in rows if value]


HEADINGS = ("Role", "Type", "Quantization", "Tensors", "Parameters", "Weights", "Bits per weight", "Share")


def breakdown(report: ModelReport) -> list[list[str]]:
    """What a checkpoint stores by role and type; empty for graphs and engines, whose ops say more."""
    if report.holds != "weights":
        return []
    rows = []
    for row in report.breakdown.to_dict("records"):
        told = [
            row["role"].replace("_", " "),
            *(row[name] if known(row[name]) else "" for name in ("dtype", "quantization")),
        ]
        bits = digits(row["bits_per_weight"]) if known(row["bits_per_weight"]) else ""
        figures = [
            count(row["tensors"]),
            count(row["parameters"]),
            nbytes(row["weight_bytes"]),
            bits,
            percent(row["share"]),
        ]
        rows.append([*(plain(text) for text in told), *figures])
    return rows


def layers(card: Architecture) -> str:
    """How many layers of which kind: ``32``, or ``48: 40 x sliding_attention, 8 x full_attention``."""
    kinds = Counter(card.layers)
    if not kinds:
        return ""
    listed = ", ".join(f"{number} {TIMES} {kind.replace('_', ' ')}" for kind, number in kinds.most_common())
    return listed if len(kinds) == 1 else f"{len(card.layers)}: {listed}"


def _whole(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _heads(card: Architecture) -> str:
    if card.attention_heads is None:
        return ""
    return f"{card.attention_heads}" + (f", {card.kv_heads} for keys and values" if card.kv_heads is not None else "")


def _experts(card: Architecture) -> str:
    if not card.experts:
        return ""
    active = f", {card.experts_per_token} for each token" if card.experts_per_token is not None else ""
    shared = f", {card.shared_experts} shared" if card.shared_experts else ""
    return f"{card.experts}{active}{shared}"


def _parameters(card: Architecture) -> str:
    if card.total_parameters is None:
        return ""
    active = card.active_parameters
    told = f", {count(active)} active for each token" if active not in (None, card.total_parameters) else ""
    return f"{count(card.total_parameters)}{told}"


def _cache(card: Architecture) -> str:
    if not card.kv_bytes_per_token:
        return ""
    return f"{nbytes(card.kv_bytes_per_token)} a token" + (f" in {card.kv_dtype}" if card.kv_dtype else "")
