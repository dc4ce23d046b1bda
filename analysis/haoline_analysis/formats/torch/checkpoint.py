"""A checkpoint as a model: its weights as rows, what its pickle would do as findings, what lies beside as facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import UnsupportedFormatError
from haoline_analysis.findings.finding import Finding
from haoline_analysis.formats.torch.content import Content, open_content
from haoline_analysis.formats.torch.pickles.verdicts import DANGEROUS, UNKNOWN, findings, judge
from haoline_analysis.formats.torch.sections import Sections, divide, stored_bytes
from haoline_analysis.formats.torch.walking import is_module
from haoline_analysis.formats.torch.weights import Weights, make_weights
from haoline_analysis.model import Gap

if TYPE_CHECKING:
    from haoline_analysis.formats.storage import FileStorage, MemoryStorage
    from haoline_analysis.formats.torch.pickles import Pickle
    from haoline_analysis.model import Weight

_UNUSED_BYTES = 1 << 20
_LISTED = 40


@dataclass(slots=True)
class Checkpoint:
    """What one file holds; a folder of shards has several."""

    tensors: list[tuple[str, Weight]]
    findings: list[Finding] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)  # under "pickle" in ``Model.facts``


def read_checkpoint(storage: FileStorage | MemoryStorage) -> Checkpoint:
    """Read a checkpoint of any layout: nothing in it runs, and its storages stay in the file.

    Raises:
        ModelError: if it is none, contradicts itself, or exceeds a bound.
    """
    with storage.buffer() as buf:
        content = open_content(buf, storage)
        parts = divide(content.pickle.value, content.rebuilder)
        made = make_weights(parts.model, content.rebuilder)
    found = findings(content.pickle, content.where)
    if not made.tensors and not parts.optimizer:
        raise UnsupportedFormatError(f"the checkpoint holds no tensors{_worst(found)}")
    return Checkpoint(made.tensors, [*found, *_oversized(made)], [*made.gaps, *_beside(parts)], _facts(content, parts))


def _worst(found: list[Finding]) -> str:
    return f"; {found[0].title[0].lower()}{found[0].title[1:]}: {found[0].evidence}" if found else ""


def _oversized(made: Weights) -> list[Finding]:
    """Storages that are larger than the tensors they are kept for."""
    used = sum(weight.stored_bytes or 0 for _, weight in made.tensors)
    if made.unused < max(_UNUSED_BYTES, used // 100):
        return []
    return [
        Finding(
            "checkpoint-keeps-whole-storages",
            "warning",
            "The file keeps elements that no tensor shows",
            (),
            f"{made.unused:,} bytes beside {used:,} that are used: a slice was saved with the whole it was cut from",
            "Clone the tensors before saving them.",
        )
    ]


def _beside(parts: Sections) -> list[Gap]:
    gaps = []
    if parts.others:
        words = ", ".join(f"{key} ({stored_bytes(leaves):,} bytes)" for key, leaves in list(parts.others.items())[:6])
        gaps.append(Gap(f"Shown are the weights under {parts.under!r}; the checkpoint holds tensors beside: {words}."))
    if parts.optimizer:
        count, nbytes = len(parts.optimizer), stored_bytes(parts.optimizer)
        gaps.append(Gap(f"Optimizer states are not counted as weights: {count} tensors, {nbytes:,} bytes."))
    return gaps


def _facts(content: Content, parts: Sections) -> dict[str, Any]:
    pickle = content.pickle
    facts: dict[str, Any] = {
        "layout": content.layout,
        "protocol": pickle.protocol,
        "opcodes": pickle.opcodes,
        "imports": global_facts(pickle),
        "holds": "a whole module" if is_module(parts.root) else "a state dict",
    }
    if parts.under:
        facts["weights_under"] = parts.under
    if parts.optimizer:
        facts["optimizer"] = {"tensors": len(parts.optimizer), "bytes": stored_bytes(parts.optimizer)}
    if parts.others:
        others = list(parts.others.items())[:_LISTED]
        facts["beside"] = {key[:80]: {"tensors": len(item), "bytes": stored_bytes(item)} for key, item in others}
    if parts.scalars:
        facts["values"] = dict(list(parts.scalars.items())[:_LISTED])
    return facts


def global_facts(pickle: Pickle) -> dict[str, str]:
    """Every global the pickle names, with what importing it means."""
    words = {DANGEROUS: "runs code", UNKNOWN: "unknown"}
    named = {item.path[:160]: words.get(judge(item), "part of checkpoints") for item in pickle.globals}
    return dict(sorted(named.items(), key=lambda pair: (pair[1] != "runs code", pair[1] != "unknown"))[:_LISTED])
