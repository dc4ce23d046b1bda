"""PyTorch's Fourier transforms, counted as FFTs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import Cost, cost_rule
from haoline_analysis.cost.rules.signal import fft_flops
from haoline_analysis.cost.sizes import attribute, elements_in, elements_out, integer, shape_in, shape_out

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature

DOMAIN = "aten"

_COMPLEX = [f"fft_{inverse}fft{dims}" for inverse in ("", "i") for dims in ("", "2", "n")]
_REAL = [f"fft_{inverse}{kind}fft{dims}" for inverse in ("", "i") for kind in ("r", "h") for dims in ("", "2", "n")]


@cost_rule(*_COMPLEX, *_REAL, "_fft_c2c", "_fft_r2c", "_fft_c2r", domain=DOMAIN)
def fourier(signature: Signature) -> Cost:
    """Transforms along each of the dims; half for real input or output."""
    kind = signature.op.type
    real = kind in _REAL or kind in ("_fft_r2c", "_fft_c2r")
    shape = max(shape_in(signature, 0, 1), shape_out(signature, 0, 1), key=lambda dims: dims[-1])
    total = max(elements_in(signature), elements_out(signature))
    flops = 0
    for dim in _dims(signature, len(shape)):
        flops += total // max(shape[dim], 1) * fft_flops(shape[dim], real)
    return Cost(0, flops)


def _dims(signature: Signature, rank: int) -> list[int]:
    """The dims that are transformed."""
    given = attribute(signature, "dim", None)
    if isinstance(given, int):
        return [given]
    if given:
        return [int(dim) for dim in given]
    kind = signature.op.type
    return [-2, -1] if kind.endswith("2") else list(range(rank)) if kind.endswith("n") else [-1]


@cost_rule("stft", domain=DOMAIN)
def short_time_fourier(signature: Signature) -> Cost:
    """One windowed FFT per frame; results [..., bins, frames]."""
    size = integer(signature, "n_fft")
    frames = elements_out(signature) // max(size // 2 + 1 if attribute(signature, "onesided", True) else size, 1)
    return Cost(0, frames * (size + fft_flops(size, real=True)))
