"""Where in the variant's own file a value of the running graph is computed, and how it was recognised."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from haoline_analysis.comparison.side import canonical
from haoline_analysis.quantization.matching.families import ACTIVATIONS
from haoline_analysis.quantization.matching.pairing import holders
from haoline_analysis.quantization.structure.recorded import PROVENANCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from haoline_analysis.quantization.matching.engine import Engine


class Origins:
    """Looks up values of the running graph in the raw one."""

    def __init__(self, raw: Engine, running: Engine) -> None:
        """Take what both graphs' values mean."""
        self.raw, self.running = raw, running
        self._holders = holders(raw)
        self._ours = is_ours(raw.v.model.metadata)

    def of(self, values: Sequence[int]) -> tuple[int | None, int | None]:
        """Tensor and op of the raw variant that compute what some values mean; None where it has none such."""
        meaning = self.running.means[values[0]]
        for value in self._holders.get(meaning, []):
            held = self.raw.v.values[value]
            if held.op < 0:
                continue
            op = self.raw.v.model.ops[held.op]
            tensor = op.outputs[held.slot] if held.slot < len(op.outputs) else -1
            if tensor in self.raw.v.unscaled:
                tensor = next((one for one in held.members if one not in self.raw.v.unscaled), tensor)
            return (tensor if tensor >= 0 else None), held.op
        return None, None

    def how(self, tensor: int, values: Sequence[int]) -> str:
        """The strongest sign that a tensor of the float model was recognised by."""
        name = canonical(self.running.f.model.tensors[tensor].name)
        meaning = self.running.means[values[0]]
        named = any(name in map(canonical, self.raw.v.names(value)) for value in self._holders.get(meaning, []))
        named = named or any(name in map(canonical, self.running.v.names(value)) for value in values)
        if named:
            return "provenance" if self._ours else "name"
        found = {self.running.how[value] for value in values}
        return next((how for how in ("weights", "structure", "values", "name") if how in found), "structure")


def recall(raw: Engine) -> bool:
    """State what our own quantizer noted of tensors that it folded, where that is not known yet; whether it is news.

    An op that took in a batch normalization makes what that made; one that took in an activation makes it by its
    quantizer.
    """
    folded = _provenance(raw.v.model.metadata).get("folded")
    if not isinstance(folded, dict) or not is_ours(raw.v.model.metadata):
        return False
    floats = {tensor.name: raw.f.of[row] for row, tensor in enumerate(raw.f.model.tensors)}
    rectified = {held.rectified: value for value, held in enumerate(raw.v.values) if held.rectified >= 0}
    news = False
    for was, now in folded.items():
        before, after = floats.get(was, -1), floats.get(now, -1)
        made = raw.f.producer(after)
        for value in [value for value, meaning in raw.means.items() if meaning == before] if made is not None else ():
            if made is not None and made.family in ACTIVATIONS and value in rectified:
                news |= raw.state(rectified[value], after, "provenance")
    return news


def is_ours(metadata: Mapping[str, str]) -> bool:
    """Whether our own quantizer made a model, which keeps the names of the float model's tensors."""
    return "recipe" in _provenance(metadata)


def _provenance(metadata: Mapping[str, str]) -> dict[str, Any]:
    try:
        found = json.loads(metadata.get(PROVENANCE, "null"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
