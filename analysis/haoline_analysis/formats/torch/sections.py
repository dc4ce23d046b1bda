"""Which part of a checkpoint is the model, and what lies beside it: optimizer states, averages, counters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from haoline_analysis.formats.torch.tensors import StoredTensor
from haoline_analysis.formats.torch.walking import MAX_PART, Leaf, entries, is_module, tensors_in

if TYPE_CHECKING:
    from haoline_analysis.formats.torch.tensors import Rebuilder

_MODEL_KEYS = (
    *("state_dict", "model_state_dict", "model_state", "model", "module", "net", "network", "params", "weights"),
    *("state_dict_ema", "model_ema", "params_ema", "ema_state_dict", "ema", "shadow_params"),
)
"""Names under which training scripts keep the weights, the most telling first."""

_OPTIMIZER_WORDS = ("optim", "adam", "momentum", "amp_scaler", "grad_scaler")


@dataclass(slots=True)
class Sections:
    """The tensors of a checkpoint, divided."""

    model: list[Leaf]
    under: str = ""  # the key that the model is kept under; empty: it is the whole file
    optimizer: list[Leaf] = field(default_factory=list)
    others: dict[str, list[Leaf]] = field(default_factory=dict)  # by key
    scalars: dict[str, Any] = field(default_factory=dict)  # small plain values beside: epoch, step, versions
    root: Any = None


def divide(value: Any, rebuilder: Rebuilder) -> Sections:
    """Find the model in a checkpoint.

    A dict with an entry such as ``state_dict`` that holds tensors is divided by its keys; anything else is the model
    as a whole, but for entries that are an optimizer's.
    """
    top = entries(value)
    if top is None:
        return Sections(list(tensors_in(value, rebuilder)), root=value)
    parts = _parts(top, rebuilder)
    optimizer = {key for key, item in top.items() if _is_container(parts[key]) and _is_optimizer(key, item)}
    scalars = {key[:80]: item for key, item in top.items() if _is_scalar(item)}
    made = Sections([], optimizer=[leaf for key in parts if key in optimizer for leaf in parts[key]], scalars=scalars)
    main = next((key for key in _MODEL_KEYS if key in parts and key not in optimizer and _is_container(parts[key])), "")
    if main:
        made.model = [Leaf(leaf.path[1:], leaf.tensor, leaf.role) for leaf in parts[main]]
        made.under, made.root = main, top[main]
        kept = {main, *optimizer}
        made.others = {key: leaves for key, leaves in parts.items() if leaves and key not in kept}
    else:
        made.model = [leaf for key, leaves in parts.items() if key not in optimizer for leaf in leaves]
        made.root = value
    return made


def _parts(top: dict[str, Any], rebuilder: Rebuilder) -> dict[str, list[Leaf]]:
    """Tensors by key; what two keys share counts for the one that is rather the model."""
    seen: set[int] = set()
    found = {key: _leaves(top[key], key, rebuilder, seen) for key in [key for key in _MODEL_KEYS if key in top]}
    return {key: found[key] if key in found else _leaves(item, key, rebuilder, seen) for key, item in top.items()}


def _leaves(value: Any, key: str, rebuilder: Rebuilder, seen: set[int]) -> list[Leaf]:
    found = tensors_in(value, rebuilder, seen)
    return [Leaf((key[:MAX_PART], *leaf.path), leaf.tensor, leaf.role) for leaf in found]


def _is_container(leaves: list[Leaf]) -> bool:
    return bool(leaves) and any(len(leaf.path) > 1 for leaf in leaves)


def _is_optimizer(key: str, value: Any) -> bool:
    """An entry by an optimizer's name, or with an optimizer's two parts."""
    if is_module(value):
        return False
    inner = entries(value) or {}
    told = {"state", "param_groups"} <= inner.keys()
    word = key.lower()
    return told or ("." not in key and any(mark in word for mark in _OPTIMIZER_WORDS))


def _is_scalar(value: Any) -> bool:
    return (
        isinstance(value, (bool, float))
        or (isinstance(value, int) and value.bit_length() <= 64)
        or (isinstance(value, str) and len(value) <= 200)
    )


def stored_bytes(leaves: list[Leaf]) -> int:
    """Bytes that these tensors hold, a shared storage once."""
    storages: dict[str, list[int]] = {}
    for leaf in leaves:
        if not isinstance(leaf.tensor, StoredTensor) or leaf.tensor.storage is None:
            continue
        held = storages.setdefault(leaf.tensor.storage, [0, leaf.tensor.span.length])
        held[0] += leaf.tensor.nbytes
    return sum(min(used, length) for used, length in storages.values())
