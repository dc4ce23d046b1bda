"""Estimated time and memory of a model on a device: the roofline, op by op."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.hardware.efficiency import (
    ALL_REDUCE_US,
    DEFAULT_LINK,
    EFFICIENCY,
    HOST_US,
)
from haoline_analysis.hardware.memory import MemoryNeed, memory_need
from haoline_analysis.hardware.precisions import FALLBACKS, canonical, usable
from haoline_analysis.hardware.work import activation_precision, read_work
from haoline_analysis.table import Column

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from haoline_analysis.hardware.profile import HardwareProfile
    from haoline_analysis.hardware.work import Work
    from haoline_analysis.table import Table

    F64 = NDArray[np.float64]

US = 1e6
BOUNDS = ("compute", "memory", "overhead", None)


@dataclass(eq=False)
class HardwareEstimate:
    """One model on one kind of device; every figure is estimated. Microseconds, bytes, shares 0 to 1; None: unknown."""

    profile: HardwareProfile
    count: int
    precision: str | None
    columns: list[Column]  # estimated_us, bound, utilisation
    time_us: float | None
    compute_us: float
    memory_us: float
    overhead_us: float
    communication_us: float
    bound: str | None  # compute | memory | overhead: where most of the time goes
    utilisation: float | None  # of the peak compute of all devices
    memory: MemoryNeed
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The ``hardware.estimate`` of the document."""
        names = ("time_us", "compute_us", "memory_us", "overhead_us", "communication_us", "bound", "utilisation")
        return {**{name: getattr(self, name) for name in names}, **self.memory.as_dict(), "notes": list(self.notes)}


@dataclass(slots=True)
class _Times:
    """Seconds per op."""

    compute: F64
    memory: F64
    overhead: F64
    exchange: F64
    total: F64
    peak: F64  # FLOP/s that utilisation is measured by


def estimate(
    ops: Table,
    profile: HardwareProfile,
    *,
    count: int = 1,
    precision: str | None = None,
    fused: NDArray[np.bool_] | None = None,
    weight_bytes: float | None = None,
    peak_activation_bytes: float | None = None,
    free_bytes: float | None = None,
) -> HardwareEstimate:
    """Estimate each op as max(compute, memory traffic) + overhead, and the model as their sum.

    Args:
        ops: columns type, precision, macs, flops, input_bytes, output_bytes, weight_bytes; optional
            executions, weight_precision and bytes_moved. ``macs``, ``flops`` and ``bytes_moved`` are per run of
            the model, the other bytes per execution.
        profile: the device.
        count: devices, over which the model is split by tensor parallelism.
        precision: compute and store float ops in this precision; None: as the model has it.
        fused: ops merged into the one before (``fused_ops``); they cost only what they read besides.
        weight_bytes: of the model, shared weights once; None: the sum over ops.
        peak_activation_bytes: from liveness; None: not known, and so is whether the model fits.
        free_bytes: free memory of each live device.

    Returns:
        Per-op columns, totals, memory need and the assumptions in words.

    Raises:
        ValueError: if the count is less than one or the precision unknown.
    """
    chosen = canonical(precision)
    if count < 1:
        raise ValueError(f"count is {count}, expected at least 1")
    if precision and chosen is None:
        raise ValueError(f"precision {precision!r} is unknown, expected one of {', '.join(FALLBACKS)}")
    work = read_work(ops, chosen)
    times = _times(work, profile, count, fused)
    need = memory_need(
        profile,
        count=count,
        weights=(_known(work.weights) if weight_bytes is None else weight_bytes * work.weight_scale),
        activations=None if peak_activation_bytes is None else peak_activation_bytes * work.activation_scale,
        free=free_bytes,
    )
    result = _summary(work, times, profile, count, chosen, need)
    result.notes += _notes(work, times, profile, count, chosen, fused)
    return result


def _known(values: F64) -> float:
    return float(np.nansum(values))


def _times(work: Work, profile: HardwareProfile, count: int, fused: NDArray[np.bool_] | None) -> _Times:
    rates = EFFICIENCY[profile.kind]
    matrix = work.macs > 0
    peak = _peaks(work, profile)
    vector = profile.peaks.get("fp32", np.inf)
    compute = np.where(matrix, 2 * work.macs / peak, 0.0) / rates.compute
    compute = compute + np.maximum(work.flops - 2 * work.macs, 0.0) / (vector * rates.compute)
    merged = np.zeros(len(matrix), bool) if fused is None else fused & ~matrix
    moved = np.where(merged, np.maximum(work.moved - 2 * work.written, 0.0), work.moved)
    memory = moved / ((profile.bandwidth or np.nan) * rates.bandwidth)
    overhead = (rates.launch_us + rates.ramp_us * matrix) / US * work.executions
    overhead = np.where(merged, 0.0, np.where(work.host, HOST_US / US * work.executions, overhead))
    memory = np.where(work.host, 0.0, memory)
    exchange = _exchange(work, matrix, profile, count)
    compute, memory, overhead, exchange = (
        np.where(work.free, 0.0, part) for part in (compute / count, memory / count, overhead, exchange)
    )
    total = np.maximum(compute, memory) + overhead + exchange
    return _Times(compute, memory, overhead, exchange, total, np.where(matrix, peak, vector))


def _peaks(work: Work, profile: HardwareProfile) -> F64:
    """Peak of each op's precision on this device; NaN where the device has none that could stand for it."""
    out = np.full(len(work.macs), np.nan)
    for name in set(work.precision.tolist()) - {None}:
        rate = rate_name(profile, name)
        if rate:
            out[work.precision == name] = profile.peaks[rate]
    return out


def rate_name(profile: HardwareProfile, precision: str) -> str | None:
    """The peak that counts for matrix work in a precision: TF32 stands in for FP32 where the device has it."""
    if precision == "fp32" and "tf32" in profile.peaks:
        return "tf32"
    return usable(profile, precision)


def _exchange(work: Work, matrix: NDArray[np.bool_], profile: HardwareProfile, count: int) -> F64:
    """Ring all-reduce after every second matrix op, spread evenly over them.

    Megatron-LM (Shoeybi et al., 2019) splits pairs of matrix products by columns, then rows,
    and adds up the partial results once per pair: 2 (n - 1) / n of the bytes, one direction.
    """
    if count == 1:
        return np.zeros(len(matrix))
    one_way = (profile.link.bytes_per_s if profile.link else DEFAULT_LINK) / 2
    each = work.written * 2 * (count - 1) / count / one_way + ALL_REDUCE_US / US * work.executions
    return np.where(matrix, each / 2, 0.0)


def _summary(
    work: Work, times: _Times, profile: HardwareProfile, count: int, precision: str | None, need: MemoryNeed
) -> HardwareEstimate:
    bound = _bounds(times)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = work.flops / (times.total * times.peak * count)
    share = np.where(np.isfinite(share) & (times.total > 0), share, np.nan)
    shares = [_known(times.total[bound == kind]) for kind in range(3)]
    total = _known(times.total) * US
    return HardwareEstimate(
        profile=profile,
        count=count,
        precision=precision,
        columns=_columns(times, bound, share),
        time_us=total if np.isfinite(times.total).any() and not _lacks_rate(work, times) else None,
        compute_us=_known(times.compute) * US,
        memory_us=_known(times.memory) * US,
        overhead_us=_known(times.overhead) * US,
        communication_us=_known(times.exchange) * US,
        bound=BOUNDS[int(np.argmax(shares))] if total > 0 else None,
        utilisation=_whole_utilisation(work, times, count),
        memory=need,
    )


def _lacks_rate(work: Work, times: _Times) -> bool:
    """Whether matrix work has no peak on this device: the sum of the other ops is then no time of the model."""
    return bool(np.any((work.macs > 0) & np.isnan(times.peak) & ~work.free))


def _bounds(times: _Times) -> NDArray[np.int64]:
    """Index into ``BOUNDS`` of the largest part; 3, None, where the time is zero or unknown."""
    extra = times.overhead + times.exchange
    codes = np.where(times.compute >= times.memory, 0, 1)
    codes[extra > np.maximum(times.compute, times.memory)] = 2
    codes[~(times.total > 0)] = 3
    return codes


def _whole_utilisation(work: Work, times: _Times, count: int) -> float | None:
    """Operations done over those the devices could do in that time, at the peak of each op's precision."""
    known = np.isfinite(times.peak) & np.isfinite(work.flops) & ~work.free
    ideal, total = _known(work.flops[known] / times.peak[known]), _known(times.total)
    return ideal / (total * count) if total > 0 else None


def _columns(times: _Times, bound: NDArray[np.int64], share: F64) -> list[Column]:
    words = np.array(BOUNDS, object)[bound]
    roofline = "max(compute, memory traffic) + overhead, at stated shares of the device's peaks"
    return [
        Column("estimated_us", times.total * US, "Estimated time", "us", "estimated", "sum", roofline),
        Column(
            "bound",
            words,
            "Bound by",
            "",
            "estimated",
            None,
            "what most of the estimated time goes into",
        ),
        Column("utilisation", share, "Utilisation", "%", "estimated", "mean", "share of the device's peak compute"),
    ]


def _notes(
    work: Work,
    times: _Times,
    profile: HardwareProfile,
    count: int,
    precision: str | None,
    fused: NDArray[np.bool_] | None,
) -> list[str]:
    """The assumptions behind the figures, in words."""
    rates = EFFICIENCY[profile.kind]
    shares = f"{rates.compute:.0%} of peak compute and {rates.bandwidth:.0%} of peak bandwidth"
    notes = [f"Roofline at {shares}, {rates.launch_us:g} us per op and {rates.ramp_us:g} us more per matrix op."]
    if fused is not None and fused.any():
        notes.append(f"{int(fused.sum()):,} elementwise ops are taken to be fused into the op before them.")
    used = {name for name in set(work.precision[work.macs > 0].tolist()) if name}
    for name in sorted(used):
        rate = rate_name(profile, name)
        if rate and rate != name:
            reason = "the default of onnxruntime and TensorRT" if rate == "tf32" else "the device has no such rate"
            notes.append(f"{name} matrix work is taken at the {rate} rate ({reason}).")
        elif rate is None:
            notes.append(f"No peak rate is known for {name} on this device: those ops have no estimate.")
    if precision and activation_precision(precision) != precision:
        notes.append(f"{precision} weights with fp16 activations and arithmetic.")
    unknown = int(np.isnan(times.total).sum())
    if unknown:
        notes.append(f"{unknown:,} ops of unknown size or rate are not in the total.")
    if count > 1:
        link = profile.link.name if profile.link else "PCIe 4.0 x16, assumed"
        notes.append(
            f"{count} devices: work and weights split evenly (tensor parallel), activations on each, "
            f"one ring all-reduce per two matrix ops over {link}."
        )
    return notes
