"""How long a model takes with some ops kept float: kernels as measured, Q and DQ wherever integers meet reals.

time = Σ ops (integer kernel where the op is quantized to 8 bits and has one, else float kernel) + Σ quantized tensors
(Q where what makes it runs in float, DQ where something that reads it does).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from haoline_analysis.quantization.tradeoffs.naming import by_float_names
from haoline_analysis.quantization.tradeoffs.placing import DEQUANTIZE, QUANTIZE, Placing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.sensitivity.sites import Site
    from haoline_analysis.quantization.tradeoffs.profiling import Kernel

_SMALL = 10
"""A tensor of that many times fewer elements than another says nothing of the time per element."""
_LEAST_US = 0.5
"""A Q or DQ takes no less, and a kernel no less than half of it."""


class Choice(NamedTuple):
    """Ops that are not at 8 bits."""

    floats: frozenset[str] = frozenset()
    wide: frozenset[str] = frozenset()  # at 16 bits

    def with_floats(self, ops: Iterable[str]) -> Choice:
        """The same with more ops kept float."""
        more = frozenset(ops)
        return Choice(self.floats | more, self.wide - more)

    def with_wide(self, ops: Iterable[str]) -> Choice:
        """The same with more ops at 16 bits, but for those kept float."""
        return Choice(self.floats, (self.wide | frozenset(ops)) - self.floats)

    def without(self, ops: Iterable[str]) -> Choice:
        """The same with these ops at 8 bits again."""
        fewer = frozenset(ops)
        return Choice(self.floats - fewer, self.wide - fewer)


NOTHING = Choice()


@dataclass
class _Op:
    """Times of one float op in microseconds."""

    float_us: float = 0.0
    quantized_us: float = 0.0  # its own kernel, without Q and DQ of activations
    weights_us: float = 0.0  # DQ of its weights as it runs
    weight_elements: int = 0
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

    def runs_integer(self, op: str, chosen: Choice) -> bool:
        """Whether an op is quantized to 8 bits and has an integer kernel."""
        return op in self.ops and self.ops[op].integer and op not in chosen.floats and op not in chosen.wide

    def of_op(self, op: str, chosen: Choice) -> float:
        """Microseconds of an op without Q and DQ of activations."""
        times = self.ops.get(op)
        if times is None:
            return 0.0
        if op in chosen.floats:
            return times.float_us
        if op in chosen.wide:  # there are no 16-bit kernels: its weights are decoded as it runs
            return times.float_us + max(times.weights_us, self.rates[1] * times.weight_elements)
        return times.quantized_us if times.integer else min(times.float_us, times.quantized_us) + times.weights_us

    def of_tensor(self, name: str, chosen: Choice) -> float:
        """Microseconds of Q and DQ of a tensor."""
        tensor = self.tensors[name]
        if all(op in chosen.floats for op in tensor.asked):
            return 0.0
        quantize = tensor.producer is None or not self.runs_integer(tensor.producer, chosen)
        dequantize = any(not self.runs_integer(op, chosen) for op in tensor.readers) or not tensor.readers
        both = zip(self.rates, (quantize, dequantize), strict=True)
        return sum(max(_LEAST_US, rate * tensor.elements) for rate, on in both if on)

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

    def total(self, chosen: Choice = NOTHING) -> float:
        """Microseconds of a run."""
        kernels = sum(self.of_op(op, chosen) for op in self.ops)
        moves = sum(self.of_tensor(name, chosen) for name in self.tensors)
        return self.scale * (kernels + moves + max(self.other_us))

    def change(self, before: Choice, after: Choice, ops: Iterable[str]) -> float:
        """By how many microseconds a run gets longer where these ops are chosen otherwise."""
        near, changed = self.near(ops), list(ops)
        kernels = sum(self.of_op(op, after) - self.of_op(op, before) for op in changed)
        moves = sum(self.of_tensor(name, after) - self.of_tensor(name, before) for name in near)
        return self.scale * (kernels + moves)


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
    placing, other = Placing(model, weights), Placing(model, weights)
    times = Times(float_us=runs[0], variant_us=runs[1])
    others = [0.0, 0.0]
    named = (by_float_names(each, model) for each in kernels)
    first, second = (_without_overhead(each, run) for each, run in zip(named, runs, strict=True))
    for kernel in first:
        shares = placing.shares(kernel)
        others[0] += 0.0 if shares else kernel.us
        for op, share in shares.items():
            times.ops.setdefault(op, _Op()).float_us += share * kernel.us
    for kernel in second:
        others[1] += _add_quantized(times, kernel, other)
    times.other_us = others[0], others[1]
    times.rates = _rates(second)
    times.tensors = {
        site.tensor: _Tensor(sizes.get(site.tensor, 0), *placing.around(site.tensor), site.ops)
        for site in sites
        if site.kind == "activation"
    }
    for site in sites:
        for op in site.ops if site.stored is not None else ():
            times.ops.setdefault(op, _Op()).weight_elements += math.prod(site.stored.dims)
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


def _rates(kernels: Sequence[Kernel]) -> tuple[float, float]:
    """Microseconds per element of Q and of DQ, each by its largest tensor.

    A small one takes as long as any kernel takes to start: where there is none but such, both go by the larger tensor.
    """
    largest: dict[str, Kernel] = {}
    for kernel in kernels:
        if kernel.type in {QUANTIZE, DEQUANTIZE} and kernel.elements > 0:
            held = largest.get(kernel.type, kernel)
            largest[kernel.type] = max(held, kernel, key=lambda each: each.elements)
    if not largest:
        return 0.0, 0.0
    best = max(largest.values(), key=lambda each: each.elements)
    own = (largest.get(kind, best) for kind in (QUANTIZE, DEQUANTIZE))
    first, second = (each if _SMALL * each.elements >= best.elements else best for each in own)
    return first.us / first.elements, second.us / second.elements
