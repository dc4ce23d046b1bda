"""Fourier transforms, windows and random tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.shapes.dims import Dim, ImpossibleShapeError, axis_of
from haoline_analysis.shapes.node import Node, shape_rule
from haoline_analysis.shapes.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence


@shape_rule("DFT", data=(1, 2))
def dft(node: Node) -> Sequence[Value]:
    """A transform along one axis; the last dim holds real and imaginary parts."""
    dims = node.shape(0)
    if dims is None:
        return [Value(node.dtype(), None)]
    if node.version < 20:
        axis: int | None = node.integer("axis", 1)
    else:
        axis = node.scalar(2) if node.has(2) else -2
    onesided, inverse = bool(node.integer("onesided")), bool(node.integer("inverse"))
    parts = 1 if onesided and inverse else 2
    if axis is None:
        return [Value(node.dtype(), (*(None,) * (len(dims) - 1), parts))]
    place = axis_of(axis, len(dims))
    length = _transformed(node, dims[place], onesided=onesided, inverse=inverse)
    return [Value(node.dtype(), (*dims[:place], length, *dims[place + 1 : -1], parts))]


def _transformed(node: Node, dim: Dim, *, onesided: bool, inverse: bool) -> Dim:
    if node.has(1):
        length = node.scalar(1)
    elif onesided and inverse:
        length = None if dim is None else 2 * (dim - 1)
    else:
        length = dim
    if length is None:
        return None
    return length // 2 + 1 if onesided and not inverse else length


@shape_rule("STFT", data=(1, 3))
def stft(node: Node) -> Sequence[Value]:
    """(batch, frames, frequencies, 2)."""
    dims, step = node.ranked(0, 3) or (None,) * 3, node.scalar(1)
    length = node.scalar(3) if node.has(3) else node.length(2) if node.has(2) else dims[1]
    if (step is not None and step < 1) or (length is not None and length < 1):
        raise ImpossibleShapeError(f"frames of {length} every {step}")
    frames = None
    if dims[1] is not None and length is not None and step is not None:
        frames = (dims[1] - length) // step + 1
    bins = None if length is None else length // 2 + 1 if node.integer("onesided", 1) else length
    return [Value(node.dtype(), (dims[0], frames, bins, 2))]


@shape_rule("BlackmanWindow", "HammingWindow", "HannWindow", data=(0,))
def window(node: Node) -> Sequence[Value]:
    """A window of the size that the input holds."""
    return [Value(node.type_attribute("output_datatype", "float32"), (node.scalar(0),))]


@shape_rule("MelWeightMatrix", data=(0, 1))
def mel_weights(node: Node) -> Sequence[Value]:
    """(frequencies, mel bins)."""
    length = node.scalar(1)
    bins = None if length is None else length // 2 + 1
    return [Value(node.type_attribute("output_datatype", "float32"), (bins, node.scalar(0)))]


@shape_rule("RandomNormal", "RandomUniform")
def random(node: Node) -> Sequence[Value]:
    """Random numbers of a stated shape."""
    return [Value(node.type_attribute("dtype", "float32"), node.integers("shape"))]


@shape_rule("Multinomial")
def multinomial(node: Node) -> Sequence[Value]:
    """(batch, samples)."""
    batch = (node.ranked(0, 2) or (None, None))[0]
    return [Value(node.type_attribute("dtype", "int32"), (batch, node.integer("sample_size", 1)))]


@shape_rule("Rfft", "Irfft", domain="com.microsoft")
def real_fft(node: Node) -> Sequence[Value]:
    """Real to complex pairs, one-sided, and back."""
    dims = node.shape(0)
    if dims is None:
        return [Value(node.dtype(), None)]
    if node.op.type == "Rfft":
        if not dims:
            raise ImpossibleShapeError("the transform of a scalar")
        bins = None if dims[-1] is None else dims[-1] // 2 + 1
        return [Value(node.dtype(), (*dims[:-1], bins, 2))]
    if len(dims) < 2:
        raise ImpossibleShapeError("the inverse transform needs complex pairs")
    length = None if dims[-2] is None else 2 * (dims[-2] - 1)
    return [Value(node.dtype(), (*dims[:-2], length))]
