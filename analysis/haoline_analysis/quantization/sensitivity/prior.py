"""How much each quantizer changes its own tensor: the SQNR of rounding alone, from one pass of the float model.

A sum of squares per site leaves the session, never the tensors, so that memory does not grow with the model's depth.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.quantization.sensitivity.noise import decibels
from haoline_analysis.quantization.sensitivity.opening import session_of
from haoline_analysis.quantization.sensitivity.switching import Builder, require

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.sensitivity.sites import Site
    from haoline_analysis.runtime.source import ModelSource

_SUMS = "haoline.sums"


def own_sqnr(
    source: ModelSource,
    model: Model,
    sites: Sequence[Site],
    feeds: Iterable[Mapping[str, np.ndarray]],
    provider: str | None = None,
) -> list[float]:
    """SQNR in dB of rounding each site's tensor, all samples together; NaN where it has no finite power.

    Raises:
        ModelError: if onnxruntime refuses the model.
    """
    found = [math.nan] * len(sites)
    running = [at for at, site in enumerate(sites) if site.stored is None]
    if running:
        for at, value in zip(
            running, _of_activations(source, [sites[i] for i in running], feeds, provider), strict=True
        ):
            found[at] = value
    for at, site in enumerate(sites):
        if site.stored is not None:
            found[at] = _of_weight(site, model)
    return found


def _of_activations(
    source: ModelSource, sites: Sequence[Site], feeds: Iterable[Mapping[str, np.ndarray]], provider: str | None
) -> list[float]:
    session = session_of(source, lambda model: _measured(model, sites), provider)
    total = np.zeros((2, len(sites)))
    for each in feeds:
        total += session.run([_SUMS], dict(each))[0].astype(np.float64).reshape(2, len(sites))
    with np.errstate(all="ignore"):
        shares = np.where(total[0] == 0, 0.0, total[0] / total[1])
    return [decibels(share) if math.isfinite(share) else math.nan for share in shares.tolist()]


def _measured(model: Any, sites: Sequence[Site]) -> Any:
    """The model with one more output: errors' sums of squares, then tensors' sums of squares."""
    from onnx import TensorProto, helper

    builder, graph = Builder(), model.graph
    errors, powers = [], []
    for at, site in enumerate(sites):
        nodes = builder.grid(at, site, "narrow", (site.scale, site.zero_point))
        rounded = nodes[-1].output[0]
        name = f"{rounded}.sum"
        graph.node.extend(nodes)
        graph.node.append(helper.make_node("Sub", [rounded, site.tensor], [f"{name}.difference"]))
        graph.node.append(helper.make_node("ReduceSumSquare", [f"{name}.difference"], [f"{name}.error"], keepdims=0))
        graph.node.append(helper.make_node("ReduceSumSquare", [site.tensor], [f"{name}.power"], keepdims=0))
        errors.append(f"{name}.error")
        powers.append(f"{name}.power")
    parts = [builder.constant(f"{_SUMS}.shape", np.array([1], np.int64))]
    listed = []
    for name in (*errors, *powers):
        graph.node.append(helper.make_node("Reshape", [name, parts[0]], [f"{name}.1"]))
        listed.append(f"{name}.1")
    graph.node.append(helper.make_node("Concat", listed, [_SUMS], axis=0))
    graph.initializer.extend(builder.constants)
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(_SUMS, TensorProto.FLOAT, [len(listed)]))
    require(model)
    return model


def _of_weight(site: Site, model: Model) -> float:
    """From the stored integers and the float weight."""
    weight = next((each.weight for each in model.tensors if each.name == site.tensor and each.weight is not None), None)
    if weight is None:
        return math.nan
    real = weight.numpy().astype(np.float64)
    rounded = site.dequantized()
    if rounded.shape != real.shape:
        return math.nan
    power = float(np.square(real).sum())
    return decibels(float(np.square(rounded - real).sum()) / power) if power > 0 else math.nan
