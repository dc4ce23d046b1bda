"""A checkpoint of a known family to the graph of its ops, for a whole sequence at once and without a cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.errors import ModelError
from haoline_analysis.formats.families.decoder import Decoder
from haoline_analysis.formats.families.known import FAMILIES, TRANSPOSED
from haoline_analysis.formats.families.naming import name_weights
from haoline_analysis.formats.families.sizes import NotThisFamilyError, find_sizes
from haoline_analysis.formats.families.weights import Weights
from haoline_analysis.model import Gap
from haoline_analysis.shapes.value import Assumption

if TYPE_CHECKING:
    from haoline_analysis.formats.families.known import Family
    from haoline_analysis.model import Model

_SHOWN = 4


def analytic_model(model: Model) -> Model | None:
    """The model with the ops of its family; None where the family is not known or the weights are not its.

    ``model`` is a checkpoint (``holds`` is "weights") whose architecture is known. The ops are those of one pass over
    ``input_ids`` [batch, seq].
    """
    card = model.architecture
    if card is None or model.holds != "weights":
        return None
    family = _family(model, card.family)
    if family is None:
        return None
    weights = Weights(model)
    named = name_weights([op.name for op in model.ops])
    try:
        sizes = find_sizes(card, named, weights, model.facts)
        decoder = Decoder(family, sizes, named, weights)
        logits = decoder.write()
    except NotThisFamilyError:
        return None
    return decoder.builder.finish(
        name=model.name,
        format=model.format,
        outputs=(logits,),
        path=model.path,
        producer=model.producer,
        ir_version=model.ir_version,
        file_bytes=model.file_bytes,
        metadata=model.metadata,
        gaps=[*model.gaps, *_gaps(model, decoder)],
        architecture=card,
        findings=[],
        assumptions=[*model.assumptions, *_assumptions(card.family, decoder)],
        facts=model.facts,
    )


def graph_of(model: Model, graph: str | None) -> Model:
    """The model as the option ``graph`` asks for it.

    Raises:
        ModelError: if the option is not known, or the ops of the family are not.
    """
    if graph in (None, "none"):
        return model
    if graph != "analytic":
        raise ModelError(f"graph is {graph!r}, expected 'analytic' or 'none'")
    made = analytic_model(model)
    if made is None:
        family = f"family {model.architecture.family}" if model.architecture is not None else "model"
        raise ModelError(f"the ops of the {family} are not known; open it without graph='analytic'")
    return made


def _family(model: Model, name: str) -> Family | None:
    published = any(op.name.endswith("attn.c_attn.weight") for op in model.ops)
    return TRANSPOSED if name == "gpt2" and published else FAMILIES.get(name)


def _gaps(model: Model, decoder: Decoder) -> list[Gap]:
    family = decoder.sizes.family
    gaps = [Gap(f"the ops are those of the family {family}, not read from the file")]
    left = [model.ops[row].name for row in decoder.unused() if model.ops[row].type != "Buffer"]
    if left:
        some = ", ".join(left[:_SHOWN]) + (", …" if len(left) > _SHOWN else "")
        gaps.append(Gap(f"{len(left)} stored weights are not read by these ops: {some}"))
    return gaps


def _assumptions(family: str, decoder: Decoder) -> list[Assumption]:
    return [
        Assumption("ops", family, "the family's, for the whole sequence at once and without a cache"),
        Assumption(
            "dtype of activations",
            decoder.sizes.dtype,
            "the type of the embedding, where it is a float of 16 or 32 bits",
        ),
    ]
