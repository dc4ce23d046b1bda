"""PyTorch's pooling, resampling and boxes: operations per output element."""

from __future__ import annotations

from math import ceil, log2, prod
from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import Cost, UnknownSizeError, cost_rule
from haoline_analysis.cost.rules.image import OVERLAP, TAPS
from haoline_analysis.cost.sizes import attribute, elements_in, elements_out, integer, shape_in, shape_out

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature

DOMAIN = "aten"

POOLS = {
    **{f"{kind}_pool{rank}d": (rank, kind == "avg") for rank in (1, 2, 3) for kind in ("max", "avg")},
    **{f"max_pool{rank}d_with_indices": (rank, False) for rank in (1, 2, 3)},
}


@cost_rule(*POOLS, domain=DOMAIN)
def pool(signature: Signature) -> Cost:
    """Each output element reads one window; an average adds a division."""
    rank, average = POOLS[signature.op.type]
    kernel = attribute(signature, "kernel_size", None)
    if not kernel:
        raise UnknownSizeError("kernel_size")
    sizes = [int(size) for size in kernel] if isinstance(kernel, list | tuple) else [int(kernel)]
    window = prod(sizes * rank if len(sizes) == 1 else sizes)
    return Cost(0, (window + average) * elements_out(signature))


@cost_rule(*(f"adaptive_{kind}_pool{rank}d" for kind in ("avg", "max") for rank in (1, 2, 3)), domain=DOMAIN)
@cost_rule("_adaptive_avg_pool2d", "_adaptive_avg_pool3d", domain=DOMAIN)
def adaptive_pool(signature: Signature) -> Cost:
    """Every input element once, or the window of each result where windows overlap."""
    before, after = shape_in(signature, 0), shape_out(signature)
    windows = prod(ceil(a / b) for a, b in zip(before, after, strict=True) if b)
    return Cost(0, max(elements_in(signature), windows * elements_out(signature)))


_MODES = {
    "upsample_nearest1d": "nearest", "upsample_nearest2d": "nearest", "upsample_nearest3d": "nearest",
    "_upsample_nearest_exact1d": "nearest", "_upsample_nearest_exact2d": "nearest",
    "_upsample_nearest_exact3d": "nearest", "upsample_linear1d": "linear", "upsample_bilinear2d": "linear",
    "_upsample_bilinear2d_aa": "linear", "upsample_trilinear3d": "linear", "upsample_bicubic2d": "cubic",
    "_upsample_bicubic2d_aa": "cubic",
}  # fmt: skip


@cost_rule(*_MODES, domain=DOMAIN)
def upsample(signature: Signature) -> Cost:
    """A weighted sum of the neighbours over the dims that change size; nearest is free."""
    before, after = shape_in(signature, 0), shape_out(signature)
    dims = sum(a != b for a, b in zip(before, after, strict=True))
    return Cost(0, _neighbours(_MODES[signature.op.type], dims) * elements_out(signature))


def _neighbours(mode: str, dims: int) -> int:
    """Operations of a weighted sum of taps^dims neighbours."""
    taps = TAPS[mode]
    return 2 * taps**dims - 1 if taps and dims else 0


@cost_rule("grid_sampler", "grid_sampler_2d", "grid_sampler_3d", domain=DOMAIN)
def grid_sample(signature: Signature) -> Cost:
    """Interpolation over the spatial dims at given places: mode 0 linear, 1 nearest, 2 cubic."""
    mode = ("linear", "nearest", "cubic")[integer(signature, "interpolation_mode", 0)]
    return Cost(0, _neighbours(mode, len(shape_in(signature, 0, 3)) - 2) * elements_out(signature))


@cost_rule("affine_grid_generator", domain=DOMAIN)
def affine_grid(signature: Signature) -> Cost:
    """A product of each place's homogeneous coordinates with the batch element's matrix."""
    macs = elements_out(signature) * shape_in(signature, 0, 3)[-1]
    return Cost(macs, 2 * macs)


@cost_rule("col2im", domain=DOMAIN)
def column_to_image(signature: Signature) -> Cost:
    """One add per input element."""
    return Cost(0, elements_in(signature))


@cost_rule("torchvision.roi_align", domain=DOMAIN)
def roi_align(signature: Signature) -> Cost:
    """Bilinear samples per output element, accumulated; an adaptive ratio is taken as 2 x 2 samples."""
    ratio = integer(signature, "sampling_ratio", 0)
    return Cost(0, (ratio if ratio > 0 else 2) ** 2 * (_neighbours("linear", 2) + 1) * elements_out(signature))


@cost_rule("torchvision.nms", domain=DOMAIN)
def non_max_suppression(signature: Signature) -> Cost:
    """An upper bound: a sort of the scores, every box compared with every other."""
    boxes = shape_in(signature, 0, 2)[0]
    return Cost(0, boxes * (ceil(log2(max(boxes, 2))) + boxes * OVERLAP))
