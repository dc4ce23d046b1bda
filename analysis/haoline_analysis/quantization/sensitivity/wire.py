"""Sensitivity as a view reads it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haoline_analysis.quantization.sensitivity.sensitivity import OpLatency, Sensitivity
    from haoline_analysis.report import ModelReport


def what_if(found: Sensitivity, report: ModelReport) -> dict[str, Any]:
    """Units, base, check, sizes and latencies; null for what is not known.

    A unit is float when every op of ``ops`` is; one without noise may only carry the latency of its op.
    """
    rows = {str(name): row for row, name in enumerate(_op_names(report))}
    latency = found.latency or {}
    asking = {op for unit in found.additive.units for op in unit.ops}
    waiting = {op: times for op, times in latency.items() if op in asking}  # others are float whatever is chosen
    units = []
    for name, row in found.units.iterrows():
        ops = [rows[op] for op in row["ops"] if op in rows]
        if len(ops) < len(row["ops"]) or not ops:
            continue
        times = waiting.pop(row["ops"][0], None) if len(row["ops"]) == 1 else None
        units.append(_unit(str(name), ops, str(row["tensor"]), row, times))
    units += [_carrier(op, rows[op], times) for op, times in waiting.items() if op in rows]
    totals = found.totals
    return {
        "units": units,
        "base": {"sqnr_db": _known(found.base.sqnr_db), "cosine": _known(found.base.cosine)},
        "check": " ".join([found.check, *found.notes]),
        "size": {"float": found.sizes[0] or None, "variant": found.sizes[1] or None},
        "latency": None if totals is None else {"float_us": _known(totals[0]), "variant_us": _known(totals[1])},
    }


def _op_names(report: ModelReport) -> list[str]:
    return [str(name) for name in report.tables["ops"]["name"].values]


def _unit(name: str, ops: list[int], label: str, row: Any, times: OpLatency | None) -> dict[str, Any]:
    more = int(row["tensors"]) - 1
    return {
        "id": name,
        "ops": ops,
        "label": f"{label} and {more} more" if more else label,
        "noise": _known(row["noise"]),
        "noise_int16": _known(row["noise_int16"]),
        "bytes_float": int(row["bytes_float"]),
        "bytes": int(row["bytes"]),
        **_latency(times),
    }


def _carrier(name: str, op: int, times: OpLatency) -> dict[str, Any]:
    return {
        "id": f"{name} (time)",
        "ops": [op],
        "label": name,
        "noise": 0.0,
        "noise_int16": 0.0,
        "bytes_float": 0,
        "bytes": 0,
        **_latency(times),
    }


def _latency(times: OpLatency | None) -> dict[str, float | None]:
    names = ("latency_float_us", "latency_us", "latency_int16_us")
    return dict.fromkeys(names) if times is None else dict(zip(names, map(_known, times), strict=True))


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
