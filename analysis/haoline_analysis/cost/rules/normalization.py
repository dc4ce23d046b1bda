"""Normalisations: operations per element, statistics included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import MICROSOFT, Cost, cost_rule
from haoline_analysis.cost.rules.elementwise import SIGMOID, activation_flops
from haoline_analysis.cost.sizes import attribute, elements_in, elements_out, given, integer, text, wanted

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature

CENTERED = 5  # accumulate mean, subtract, square, accumulate variance, multiply by 1/sigma
SOFTMAX = 5  # find the maximum, subtract, exp, accumulate, divide
ROOT_MEAN_SQUARE = 3  # square, accumulate, multiply by 1/rms


@cost_rule("LayerNormalization", "InstanceNormalization", "GroupNormalization")
@cost_rule("InstanceNormalization", domain="com.ms.internal.nhwc")
def centered(signature: Signature) -> Cost:
    """Statistics and normalisation, then scale and, where given, shift."""
    return Cost(0, (CENTERED + 1 + given(signature, 2)) * elements_in(signature))


@cost_rule("RMSNormalization", "SimplifiedLayerNormalization")
@cost_rule("SimplifiedLayerNormalization", "BranchwiseRMSNorm", domain=MICROSOFT)
def root_mean_square(signature: Signature) -> Cost:
    """Normalisation by the root mean square, then scale."""
    return Cost(0, (ROOT_MEAN_SQUARE + given(signature, 1)) * elements_in(signature))


@cost_rule("GatedRMSNorm", domain=MICROSOFT)
def gated_root_mean_square(signature: Signature) -> Cost:
    """RMS normalisation and scale, times the activated gate."""
    gate = activation_flops(text(signature, "activation", "silu")) + 1
    return Cost(0, (ROOT_MEAN_SQUARE + 1 + gate) * elements_in(signature))


@cost_rule("SkipLayerNormalization", domain=MICROSOFT)
def skip_layer_norm(signature: Signature) -> Cost:
    """Add the skip and an optional bias, then layer normalisation."""
    adds = 1 + given(signature, 4)
    return Cost(0, (adds + CENTERED + 1 + given(signature, 3)) * elements_in(signature))


@cost_rule("SkipSimplifiedLayerNormalization", domain=MICROSOFT)
def skip_root_mean_square(signature: Signature) -> Cost:
    """Add the skip and an optional bias, then RMS normalisation."""
    return Cost(0, (1 + given(signature, 3) + ROOT_MEAN_SQUARE + 1) * elements_in(signature))


@cost_rule("EmbedLayerNormalization", domain=MICROSOFT)
def embed_layer_norm(signature: Signature) -> Cost:
    """Add word, position and optional segment rows, then layer normalisation."""
    adds = 1 + given(signature, 1)
    return Cost(0, (adds + CENTERED + 2) * elements_out(signature))


@cost_rule("QEmbedLayerNormalization", domain=MICROSOFT)
def quantized_embed_layer_norm(signature: Signature) -> Cost:
    """Dequantize and add the rows, then layer normalisation."""
    rows = 2 + given(signature, 1)
    return Cost(0, (2 * rows + rows - 1 + CENTERED + 2) * elements_out(signature))


@cost_rule("QOrderedLayerNormalization", domain=MICROSOFT)
def quantized_layer_norm(signature: Signature) -> Cost:
    """Dequantize, layer normalisation, quantize."""
    return Cost(0, (1 + CENTERED + 1 + given(signature, 3) + 2) * elements_in(signature))


@cost_rule("GroupNorm", "SkipGroupNorm", domain=MICROSOFT)
def group_norm(signature: Signature) -> Cost:
    """Optional skip and bias, group normalisation with scale and shift, optional SiLU."""
    silu = SIGMOID + 1 if integer(signature, "activation", 0) else 0
    adds = given(signature, 3) + given(signature, 4)
    return Cost(0, (adds + CENTERED + 2 + silu) * elements_in(signature))


@cost_rule("BatchNormalization")
@cost_rule("BatchNormalization", domain="com.ms.internal.nhwc")
def batch_norm(signature: Signature) -> Cost:
    """One multiply and one add with statistics folded per channel; training also computes them."""
    training = integer(signature, "training_mode", 0) or (signature.op.version < 14 and wanted(signature, 1))
    return Cost(0, (CENTERED + 2 if training else 2) * elements_in(signature))


@cost_rule("LRN")
@cost_rule("LRN", domain="com.ms.internal.nhwc")
def local_response(signature: Signature) -> Cost:
    """Square, sum over the window, scale, add, power, divide."""
    return Cost(0, (integer(signature, "size") + 5) * elements_in(signature))


@cost_rule("LpNormalization")
def lp_norm(signature: Signature) -> Cost:
    """Magnitude or square, accumulate, divide."""
    return Cost(0, 3 * elements_in(signature))


@cost_rule("MeanVarianceNormalization")
def mean_variance(signature: Signature) -> Cost:
    """Statistics and normalisation, no scale."""
    return Cost(0, CENTERED * elements_in(signature))


@cost_rule("Softmax", "LogSoftmax")
def softmax(signature: Signature) -> Cost:
    """Find the maximum, subtract, exp, accumulate, divide (or subtract the log)."""
    return Cost(0, SOFTMAX * elements_in(signature))


@cost_rule("BiasSoftmax", domain=MICROSOFT)
def bias_softmax(signature: Signature) -> Cost:
    """Add, then softmax."""
    return Cost(0, (SOFTMAX + 1) * elements_in(signature))


@cost_rule("QLinearSoftmax", domain=MICROSOFT)
def quantized_softmax(signature: Signature) -> Cost:
    """Dequantize, softmax, quantize."""
    return Cost(0, (SOFTMAX + 5) * elements_in(signature))


@cost_rule("Hardmax")
def hardmax(signature: Signature) -> Cost:
    """One compare per element."""
    return Cost(0, elements_in(signature))


@cost_rule("SoftmaxCrossEntropyLoss")
def cross_entropy(signature: Signature) -> Cost:
    """Log-softmax of the scores, one pick and one add per label."""
    return Cost(0, SOFTMAX * elements_in(signature) + 2 * elements_in(signature, 1))


@cost_rule("NegativeLogLikelihoodLoss")
def likelihood_loss(signature: Signature) -> Cost:
    """Negate, optionally weigh, and accumulate one score per label."""
    return Cost(0, (2 + given(signature, 2)) * elements_in(signature, 1))


@cost_rule("EngramGate", domain=MICROSOFT)
def engram_gate(signature: Signature) -> Cost:
    """Two scaled RMS norms, their product accumulated, the gate times the value (per element of the key)."""
    normed = ROOT_MEAN_SQUARE + 1 if wanted(signature, 1) else 0
    return Cost(0, (2 * (ROOT_MEAN_SQUARE + 1) + 2 + 1 + normed) * elements_in(signature))


@cost_rule("HyperConnectionPreMix", domain=MICROSOFT)
def premix(signature: Signature) -> Cost:
    """Weigh and accumulate the streams, scale the result."""
    scaled = float(attribute(signature, "reduction_scale", 1.0)) != 1.0
    return Cost(0, 2 * elements_in(signature) + scaled * elements_out(signature))
