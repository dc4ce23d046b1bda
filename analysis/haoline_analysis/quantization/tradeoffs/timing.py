"""How long a model takes with some ops kept float: kernels as measured, Q and DQ wherever integers meet reals.

time = Σ ops (float kernel, or integer kernel where there is one and the op is quantized) + Σ quantized tensors (Q where
what makes it runs in float, DQ where something that reads it does).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from haoline_analysis.quantization.tradeoffs.placing import DEQUANTIZE, QUANTIZE, Placing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.sensitivity.sites import Site
    from haoline_analysis.quantization.tradeoffs.profiling import Kernel

_LEAST_US = 0.5
"""A Q or DQ takes no less, and a kernel no less than half of it."""


@dataclass
class _Op:
    """Times of one float op in microseconds."""

    float_us: float = 0.0
    quantized_us: float = 0.0  # its own kernel, without Q and DQ of activations
    weights_us: float = 0.0  # DQ of its weights as it runs
    integer: bool = False
    kernel: str = ""


@dataclass
class Times:
    """The time model of one float model and its quantized variant."""

    ops: dict[str, _Op] = field(default_factory=dict)
    other_us: tuple[float, float] = (0.0, 0.0)  # of kernels that are no op of the float model, in both
    float_us: float = 0.0  # medians of whole runs
    variant_us: float = 0.0
    scale: float = 1.0  # of sums of kernels, to give whole runs
    tensors: dict[str, _Tensor] = field(default_factory=dict)  # quantized activations
    rates: tuple[float, float] = (0.0, 0.0)  # microseconds per element of Q and of DQ

    def runs_integer(self, op: str, kept: Collection[str]) -> bool:
        """Whether an op is quantized and has an integer kernel."""
        return op not in kept and op in self.ops and self.ops[op].integer

    def of_op(self, op: str, kept: Collection[str]) -> float:
        """Microseconds of an op without Q and DQ of activations."""
        times = self.ops.get(op)
        if times is None:
            return 0.0
        if op in kept:
            return times.float_us
        return times.quantized_us if times.integer else min(times.float_us, times.quantized_us) + times.weights_us

    def of_tensor(self, name: str, kept: Collection[str]) -> float:
        """Microseconds of Q and DQ of a tensor."""
        tensor = self.tensors[name]
        if all(op in kept for op in tensor.asked):
            return 0.0
        quantize = tensor.producer is None or not self.runs_integer(tensor.producer, kept)
        dequantize = any(not self.runs_integer(op, kept) for op in tensor.readers) or not tensor.readers
        rates = (quantize, dequantize)
        return sum(max(_LEAST_US, rate * tensor.elements) for rate, on in zip(self.rates, rates, strict=True) if on)

    def near(self, ops: Iterable[str]) -> set[str]:
        """Quantized tensors whose Q and DQ may depend on these ops."""
        return {name for op in ops for name in self._by_op.get(op, ())}

    def producer(self, tensor: str) -> str | None:
        """The op that makes a quantized tensor; None for inputs."""
        return self.tensors[tensor].producer

    def around(self, tensor: str) -> set[str]:
        """The ops that make, read or ask for a quantized tensor."""
        own = self.tensors[tensor]
        return {*own.asked, *own.readers, *filter(None, [own.producer])}

    @cached_property
    def _by_op(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for name in self.tensors:
            for op in self.around(name):
                found.setdefault(op, []).append(name)
        return found

    def total(self, kept: Collection[str] = ()) -> float:
        """Microseconds of a run."""
        kernels = sum(self.of_op(op, kept) for op in self.ops)
        moves = sum(self.of_tensor(name, kept) for name in self.tensors)
        return self.scale * (kernels + moves + max(self.other_us))

    def change(self, kept: set[str], more: Collection[str]) -> float:
        """By how many microseconds a run gets longer where ``more`` ops are kept float too."""
        new = kept | set(more)
        near = self.near(more)
        ops = sum(self.of_op(op, new) - self.of_op(op, kept) for op in more)
        return self.scale * (ops + sum(self.of_tensor(name, new) - self.of_tensor(name, kept) for name in near))


@dataclass(frozen=True)
class _Tensor:
    elements: int
    producer: str | None
    readers: tuple[str, ...]
    asked: tuple[str, ...]


def times_of(
    model: Model,
    sites: Sequence[Site],
    sizes: Mapping[str, int],
    weights: Mapping[str, float],
    kernels: tuple[Sequence[Kernel], Sequence[Kernel]],
    runs: tuple[float, float],
) -> Times:
    """A time model.

    Args:
        model: the float model.
        sites: its quantizers.
        sizes: elements of each tensor for the samples that were run.
        weights: how the time of a fused kernel is shared among the ops it covers.
        kernels: of the float model and of the variant.
        runs: microseconds of whole runs of both.
    """
    placing = Placing(model, weights)
    times = Times(float_us=runs[0], variant_us=runs[1])
    others = [0.0, 0.0]
    first, second = (_without_overhead(each, run) for each, run in zip(kernels, runs, strict=True))
    for kernel in first:
        shares = placing.shares(kernel)
        others[0] += 0.0 if shares else kernel.us
        for op, share in shares.items():
            times.ops.setdefault(op, _Op()).float_us += share * kernel.us
    for kernel in second:
        others[1] += _add_quantized(times, kernel, placing)
    times.other_us = others[0], others[1]
    times.rates = _rate(second, QUANTIZE), _rate(second, DEQUANTIZE)
    times.tensors = {
        site.tensor: _Tensor(sizes.get(site.tensor, 0), *placing.around(site.tensor), site.ops)
        for site in sites
        if site.kind == "activation"
    }
    total = times.total()
    times.scale = runs[1] / total if total > 0 and runs[1] > 0 else 1.0
    return times


def _without_overhead(kernels: Sequence[Kernel], run_us: float) -> list[Kernel]:
    """Kernels that add up to a run without profiling, which costs every kernel about the same."""
    total = sum(kernel.us for kernel in kernels)
    if not total > 0 or not run_us > 0:
        return list(kernels)
    each = max(0.0, total - run_us) / len(kernels)
    less = [max(_LEAST_US / 2, kernel.us - each) for kernel in kernels]
    scale = run_us / sum(less)
    return [replace(kernel, us=us * scale) for kernel, us in zip(kernels, less, strict=True)]


def _add_quantized(times: Times, kernel: Kernel, placing: Placing) -> float:
    """Count a kernel of the variant; returns its time where it belongs to no op."""
    if kernel.type in {QUANTIZE, DEQUANTIZE}:
        readers = placing.weight_readers(kernel)
        for op in readers:
            times.ops.setdefault(op, _Op()).weights_us += kernel.us / len(readers)
        return 0.0
    shares = placing.shares(kernel)
    for op, share in shares.items():
        own = times.ops.setdefault(op, _Op())
        own.quantized_us += share * kernel.us
        own.integer = own.integer or kernel.integer
        own.kernel = kernel.type
    return 0.0 if shares else kernel.us


def _rate(kernels: Sequence[Kernel], kind: str) -> float:
    """Microseconds per element of Q or DQ of activations."""
    found = [kernel for kernel in kernels if kernel.type == kind and kernel.elements > 0]
    elements = sum(kernel.elements for kernel in found)
    return sum(kernel.us for kernel in found) / elements if elements else 0.0
