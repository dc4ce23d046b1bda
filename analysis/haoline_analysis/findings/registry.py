"""All rules, and the call that runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.findings import fusion, graph, operators, performance, precision, shapes, stored, weights
from haoline_analysis.findings.facts import Facts
from haoline_analysis.findings.finding import SEVERITIES, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from haoline_analysis.model import Model
    from haoline_analysis.shapes.value import Evaluation
    from haoline_analysis.structure.scopes import Scopes
    from haoline_analysis.table import Table

RULES: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    operators.undefined,
    operators.deprecated,
    operators.custom_domain,
    operators.training_mode,
    operators.old_opset,
    shapes.data_dependent,
    shapes.dynamic_spatial,
    shapes.assumed_dims,
    shapes.fixed_batch,
    graph.deep_without_skips,
    graph.unused_inputs,
    graph.unused_outputs,
    graph.inverse_pairs,
    weights.oversized_layer,
    weights.rearranged_weights,
    weights.unused_initializers,
    weights.double_precision,
    weights.large_constants,
    precision.partly_quantized,
    precision.many_casts,
    precision.mask_sentinel,
    precision.unstable_softmax,
    performance.misaligned_channels,
    performance.quadratic_attention,
    performance.large_activations,
    performance.memory_bound_op,
    fusion.unfused_attention,
    fusion.decomposed_layer_norm,
    fusion.decomposed_gelu,
)


def find(
    model: Model,
    evaluation: Evaluation,
    ops: Table,
    scopes: Scopes | None = None,
    *,
    peak_activation_bytes: float | None = None,
) -> list[Finding]:
    """Everything the rules find, worst first; ``ops`` holds the cost columns and, where chosen, the estimate."""
    facts = Facts(model, evaluation, ops, scopes, peak_activation_bytes)
    found = [finding for rule in RULES for finding in rule(facts)]
    return ranked(found)


def find_stored(model: Model, ops: Table) -> list[Finding]:
    """What is to be said of a checkpoint, worst first: what its reader found, and what the rules find."""
    facts = stored.StoredFacts(model, ops)
    return ranked([*model.findings, *(finding for rule in stored.RULES for finding in rule(facts))])


def ranked(found: Iterable[Finding]) -> list[Finding]:
    """Findings, worst first, else in their order."""
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))
