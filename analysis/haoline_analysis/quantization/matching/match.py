"""Which tensor of a running variant holds which tensor of the float model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.matching import origin, pairing
from haoline_analysis.quantization.matching.choosing import choose
from haoline_analysis.quantization.matching.comparable import comparable
from haoline_analysis.quantization.matching.engine import Engine
from haoline_analysis.quantization.matching.graph import Graph
from haoline_analysis.quantization.matching.layouts import Layouts, fitting, to_last
from haoline_analysis.quantization.matching.reasons import HELD, NONE, follow, fused_away
from haoline_analysis.quantization.matching.result import Match, Matching, Unmatched
from haoline_analysis.quantization.matching.vote import vote
from haoline_analysis.quantization.structure import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.deployed import Deployed
    from haoline_analysis.quantization.matching.choosing import Choice
    from haoline_analysis.runtime.source import ModelSource
    from haoline_analysis.shapes import Evaluation

_FEW = 0.5
"""Share of the tensors below which a result says that the models may not belong together."""


def match(
    float_model: Model,
    deployed: Deployed,
    *,
    feeds: Sequence[Mapping[str, np.ndarray]] = (),
    float_values: Sequence[Mapping[str, np.ndarray]] | None = None,
    evaluation: Evaluation | None = None,
    source: ModelSource | None = None,
) -> Matching:
    """Match every comparable tensor of a float model, or say why the variant has none.

    Args:
        float_model: the model that the variant was made of.
        deployed: the variant.
        feeds: one or two samples, by the float model's input names, for a numeric vote; none: no vote.
        float_values: the float model's tensors on these samples, by name, if they are known already.
        evaluation: the float model's shapes and types, if they are known already.
        source: where the float model's bytes are, if it was not opened from a file.

    Raises:
        ModelError: if the models have different inputs or outputs, or nothing in common.
    """
    matcher = _Matcher(float_model, deployed, evaluation)
    return matcher.run(feeds, float_values, source)


class _Matcher:
    def __init__(self, float_model: Model, deployed: Deployed, evaluation: Evaluation | None) -> None:
        self.model, self.deployed = float_model, deployed
        self.names_in, self.names_out = pairing.ports(float_model, deployed.raw)
        self.floats = Graph(Reading(float_model, evaluation))
        self.turned = Layouts(float_model, self.floats.shapes, own=True)
        self.comparable = comparable(float_model, self.floats.types)

    def run(
        self,
        feeds: Sequence[Mapping[str, np.ndarray]],
        values: Sequence[Mapping[str, np.ndarray]] | None,
        source: ModelSource | None,
    ) -> Matching:
        raw = Engine(self.floats, Graph(self.deployed.given))
        raw.ports(self.names_in, self.names_out)
        raw.run()
        if origin.recall(raw):
            raw.run(anchored=False)
        running = Engine(self.floats, Graph(self.deployed.running))
        running.ports(self.names_in, self.names_out)
        pairing.hand_over(raw, running)
        running.run(anchored=False)
        if self._missing(raw, running):
            running.run()
        missing = self._missing(raw, running)
        if missing and feeds and vote(running, self.deployed, self.names_in, missing, feeds, values, source):
            running.run(anchored=False)
            pairing.share(running, raw)
            raw.run(anchored=False)
            missing = self._missing(raw, running)
        if missing and feeds:  # last, for nothing that is inferred minds the order of axes
            vote(running, self.deployed, self.names_in, missing, feeds, values, source, turned=True)
        raw.results()
        running.results()
        result = self._result(raw, running)
        self._judge(result)
        return result

    def _judge(self, result: Matching) -> None:
        """Refuse what has nothing in common, and say where little is.

        Raises:
            ModelError: if no tensor but the outputs corresponds.
        """
        inner = set(self.comparable).difference(self.model.outputs)
        found = sum(one.tensor in inner for one in result.matches) + sum(one.fused for one in result.unmatched)
        count = len(self.comparable)
        if not found and count > len(result.matches):
            raise ModelError(
                f"The models have nothing in common: of the float model's {count} tensors the variant has none, "
                "neither by name nor by weights nor by structure."
            )
        if found < _FEW * len(inner):
            result.notes.append(
                f"Only {found} of {len(inner)} tensors inside of the float model are found in the variant: "
                "it may be another model, or one that was changed beyond quantization."
            )

    def _missing(self, raw: Engine, running: Engine) -> list[int]:
        """Tensors that are neither matched nor inside of what the variant does in one op."""
        known = set(running.means.values()) | set(self._reasons(raw, running))
        return [tensor for tensor in self.comparable if self.floats.of[tensor] not in known]

    @staticmethod
    def _reasons(raw: Engine, running: Engine) -> dict[int, str]:
        """What is fused away: in the variant's file, or of what the file has when it runs."""
        found = fused_away(raw)
        there = set(raw.means.values()) | set(found)
        return {value: why for value, why in fused_away(running).items() if value in there} | found

    def _result(self, raw: Engine, running: Engine) -> Matching:
        origins = origin.Origins(raw, running)
        holders = pairing.holders(running)
        reasons = self._reasons(raw, running)
        follow(running, reasons)
        result = Matching(inputs=self.names_in, outputs=self.names_out)
        for tensor in self.comparable:
            found = self._match(tensor, holders, origins)
            if found is not None:
                result.matches.append(found)
            else:
                value = self.floats.of[tensor]
                why = HELD if value in holders else NONE
                result.unmatched.append(Unmatched(tensor, reasons.get(value, why), value in reasons))
        result.ops = dict(sorted((row, mine) for mine, row in running.pairs.items()))
        result.weights = pairing.weights(raw)
        return result

    def _match(self, tensor: int, holders: Mapping[int, list[int]], origins: origin.Origins) -> Match | None:
        values = holders.get(self.floats.of[tensor], [])
        shape = self.floats.shapes[tensor]
        choice = choose(origins.running.v, values, None if shape is None else len(shape))
        if choice is None:
            return None
        captured = choice.tensor
        if choice.blocked:
            channels = shape[1] if shape is not None and len(shape) > 2 else None
            if channels is None:
                return None
            captured = self.deployed.copies.plain(captured, channels)
        place = origins.of(values)
        how = origins.how(tensor, values)
        return Match(tensor, captured, choice.form, place[0], place[1], how, self._order(tensor, choice, origins))

    def _order(self, tensor: int, choice: Choice, origins: origin.Origins) -> tuple[int, ...] | None:
        """The axes that bring what is captured into a float tensor's, which may be channels last itself."""
        if choice.blocked:
            return None  # the copy is in the graph's own layout
        variant, expected = origins.running.v, choice.transpose
        turned = origins.running.turned.get(variant.of[choice.tensor])
        if turned is not None:
            return turned if expected is None else tuple(expected[axis] for axis in turned)
        if self.turned.order(tensor) is not None:
            members = variant.values[variant.of[choice.tensor]].members
            ranks = [len(order) for order in map(variant.layouts.order, members) if order is not None]
            expected = to_last(ranks[0]) if ranks and choice.transpose is None else None
        return fitting(expected, variant.shapes[choice.tensor], self.floats.shapes[tensor])
