"""Classical models of ai.onnx.ml."""

from __future__ import annotations

from math import ceil, log2, prod
from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import Cost, UnknownSizeError, cost_rule
from haoline_analysis.cost.sizes import attribute, elements_in, shape_in

if TYPE_CHECKING:
    from collections.abc import Sized

    from haoline_analysis.shapes.value import Signature

ML = "ai.onnx.ml"


def _list(signature: Signature, *names: str) -> Sized:
    """The first of these list attributes that the op has."""
    for name in names:
        value = attribute(signature, name, None)
        if value is not None:
            return value  # type: ignore[no-any-return]
    raise UnknownSizeError(names[0])


def _samples(signature: Signature) -> tuple[int, int]:
    """(samples, features); a 1-D input is one sample."""
    shape = shape_in(signature, 0, 1)
    return (1, shape[0]) if len(shape) == 1 else (shape[0], prod(shape[1:]))


@cost_rule("LinearClassifier", "LinearRegressor", domain=ML)
def linear(signature: Signature) -> Cost:
    """Samples x coefficients MACs, an intercept per score."""
    samples, features = _samples(signature)
    coefficients = len(_list(signature, "coefficients"))
    macs = samples * coefficients
    return Cost(macs, 2 * macs + macs // max(features, 1))


@cost_rule("SVMClassifier", "SVMRegressor", domain=ML)
def support_vectors(signature: Signature) -> Cost:
    """A kernel product of each sample with each support vector, then their weighted sum."""
    samples, _ = _samples(signature)
    coefficients = len(_list(signature, "coefficients"))
    vectors = len(attribute(signature, "support_vectors", ()))
    macs = samples * (vectors + coefficients)
    return Cost(macs, 2 * macs)


@cost_rule("TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor", domain=ML)
def trees(signature: Signature) -> Cost:
    """An estimate: each sample walks every tree, taken as balanced, one compare a level and one add a tree."""
    samples, _ = _samples(signature)
    if signature.op.type == "TreeEnsemble":
        count, nodes = len(_list(signature, "tree_roots")), len(_list(signature, "nodes_featureids"))
    else:
        identifiers = _list(signature, "nodes_treeids")
        count, nodes = len(set(identifiers)), len(identifiers)  # type: ignore[call-overload]
    depth = ceil(log2(nodes / max(count, 1) + 1))
    return Cost(0, samples * count * (depth + 1))


@cost_rule("Scaler", "Normalizer", "Binarizer", "Imputer", domain=ML)
def features(signature: Signature) -> Cost:
    """Operations per feature: subtract and multiply; square, accumulate and divide; one compare."""
    per_element = {"Scaler": 2, "Normalizer": 3}.get(signature.op.type, 1)
    return Cost(0, per_element * elements_in(signature))
