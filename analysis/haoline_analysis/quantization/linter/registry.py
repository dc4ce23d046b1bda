"""All rules, and the call that runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.findings.finding import SEVERITIES
from haoline_analysis.quantization.linter.rules import (
    biases,
    extent,
    fragile,
    fusing,
    granularity,
    grids,
    joins,
    kernels,
    masks,
    opsets,
    pools,
    ranges,
    training,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from haoline_analysis.quantization.linter.facts import LintFacts
    from haoline_analysis.quantization.linter.finding import LintFinding

RULES: tuple[Callable[[LintFacts], Iterator[LintFinding]], ...] = (
    masks.mask_sentinel,
    ranges.outlier_channels,
    ranges.wide_weights,
    ranges.gain_outliers,
    ranges.activation_outliers,
    fragile.quantized_fragile,
    fragile.fragile,
    granularity.depthwise,
    granularity.shared_initializers,
    granularity.wrong_axis,
    granularity.no_weight_grid,
    granularity.saturation,
    opsets.too_old,
    opsets.before_quantizing,
    opsets.old_kernels,
    biases.overflow,
    biases.wrong_scale,
    biases.integers,
    joins.one_branch,
    joins.scale_mismatch,
    joins.split_activation,
    joins.removed_relu,
    grids.zero_points,
    grids.unsigned,
    grids.activations_per_channel,
    pools.over_the_end,
    kernels.no_kernel,
    kernels.float_work,
    fusing.unfused,
    kernels.ineffective_exclusions,
    kernels.sums,
    extent.ends,
    extent.dynamic_first,
    extent.float_tables,
    extent.missing_shapes,
    extent.unfolded_norms,
    training.missing,
    training.contradictory,
    training.mixed_granularity,
    training.suspicious_ranges,
)


def find(facts: LintFacts) -> list[LintFinding]:
    """Everything the rules find, worst first."""
    found = [finding for rule in RULES for finding in rule(facts)]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))
