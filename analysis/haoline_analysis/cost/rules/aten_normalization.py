"""PyTorch's normalisations and softmaxes: operations per element, statistics included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import Cost, cost_rule
from haoline_analysis.cost.rules.normalization import CENTERED, ROOT_MEAN_SQUARE, SOFTMAX
from haoline_analysis.cost.sizes import attribute, elements_in, given

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature

DOMAIN = "aten"


@cost_rule("layer_norm", "native_layer_norm", "group_norm", "native_group_norm", "instance_norm", domain=DOMAIN)
def centered(signature: Signature) -> Cost:
    """Statistics and normalisation; a scale and a shift where given."""
    return Cost(0, (CENTERED + given(signature, 1) + given(signature, 2)) * elements_in(signature))


@cost_rule("rms_norm", "_fused_rms_norm", domain=DOMAIN)
def root_mean_square(signature: Signature) -> Cost:
    """Normalisation by the root mean square; a scale where given."""
    return Cost(0, (ROOT_MEAN_SQUARE + given(signature, 1)) * elements_in(signature))


@cost_rule(
    "batch_norm", "native_batch_norm", "cudnn_batch_norm", "_native_batch_norm_legit",
    "_native_batch_norm_legit_no_training", "_batch_norm_with_update", "_batch_norm_no_update", domain=DOMAIN,
)  # fmt: skip
def batch_norm(signature: Signature) -> Cost:
    """One multiply and one add with statistics folded per channel; training also computes them."""
    training = bool(attribute(signature, "training", attribute(signature, "train", False)))
    return Cost(0, (CENTERED + 2 if training else 2) * elements_in(signature))


@cost_rule("softmax", "_softmax", "log_softmax", "_log_softmax", "_safe_softmax", domain=DOMAIN)
def softmax(signature: Signature) -> Cost:
    """Find the maximum, subtract, exp, accumulate, divide (or subtract the log)."""
    return Cost(0, SOFTMAX * elements_in(signature))


@cost_rule("cross_entropy_loss", domain=DOMAIN)
def cross_entropy(signature: Signature) -> Cost:
    """Log-softmax of the scores, one pick and one add per label."""
    return Cost(0, SOFTMAX * elements_in(signature) + 2 * elements_in(signature, 1))


@cost_rule("nll_loss", "nll_loss_nd", "nll_loss2d", "nll_loss_forward", "nll_loss2d_forward", domain=DOMAIN)
def likelihood_loss(signature: Signature) -> Cost:
    """Negate, optionally weigh, and accumulate one score per label."""
    return Cost(0, (2 + given(signature, 2)) * elements_in(signature, 1))


@cost_rule("cosine_similarity", "pairwise_distance", domain=DOMAIN)
def similarity(signature: Signature) -> Cost:
    """Products and squares of both, accumulated (or differences, squared)."""
    per_element = 6 if signature.op.type == "cosine_similarity" else 3
    return Cost(0, per_element * elements_in(signature))
