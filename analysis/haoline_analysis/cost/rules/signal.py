"""Fourier transforms and windows."""

from __future__ import annotations

from math import ceil, log2
from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import MICROSOFT, Cost, UnknownSizeError, cost_rule
from haoline_analysis.cost.sizes import elements_in, elements_out, integer, scalar_in, shape_in, shape_out

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature


def fft_flops(size: int, real: bool) -> int:
    """Radix-2 FFT (Cooley and Tukey 1965): 5 n log2 n operations, half for real input."""
    full = ceil(5 * size * log2(max(size, 2)))
    return full // 2 if real else full


@cost_rule("DFT")
def fourier(signature: Signature) -> Cost:
    """One transform per element of the other dims; counted as an FFT, not as the defining matrix product."""
    shape = shape_in(signature, 0, 2)
    axis = integer(signature, "axis", 1) if signature.op.version < 20 else scalar_in(signature, 2)
    axis = -2 if axis is None else axis
    size = scalar_in(signature, 1) or shape[axis]
    transforms = elements_in(signature) // max(shape[axis] * shape[-1], 1)
    return Cost(0, transforms * fft_flops(size, real=shape[-1] == 1))


@cost_rule("STFT")
def short_time_fourier(signature: Signature) -> Cost:
    """One windowed FFT per frame: [batch, frames, bins, 2] results."""
    batch, frames, *_ = shape_out(signature, 0, 3)
    size = scalar_in(signature, 3)
    if size is None:
        size = shape_in(signature, 2, 1)[0]
    signal = shape_in(signature, 0, 2)
    real = len(signal) == 2 or signal[-1] == 1
    return Cost(0, batch * frames * (size + fft_flops(size, real)))


@cost_rule("Rfft", "Irfft", domain=MICROSOFT)
def real_fourier(signature: Signature) -> Cost:
    """Real transforms over the last ``signal_ndim`` dims."""
    dims = integer(signature, "signal_ndim", 1)
    real_shape = shape_in(signature, 0) if signature.op.type == "Rfft" else shape_out(signature)
    if len(real_shape) < dims:
        raise UnknownSizeError("signal_ndim")
    flops = 0
    total = elements_in(signature) if signature.op.type == "Rfft" else elements_out(signature)
    for size in real_shape[len(real_shape) - dims :]:
        flops += total // max(size, 1) * fft_flops(size, real=True)
    return Cost(0, flops)


@cost_rule("HannWindow", "HammingWindow", "BlackmanWindow")
def window(signature: Signature) -> Cost:
    """Per element: the angle, one cosine term (Blackman two), scale and add."""
    return Cost(0, (7 if signature.op.type == "BlackmanWindow" else 4) * elements_out(signature))


@cost_rule("MelWeightMatrix")
def mel_weights(signature: Signature) -> Cost:
    """A subtraction and a division per element."""
    return Cost(0, 2 * elements_out(signature))
