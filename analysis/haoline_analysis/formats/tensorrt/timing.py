"""Time per inference: what ``trtexec --exportTimes`` writes."""

from __future__ import annotations

from typing import Any

from haoline_analysis.errors import MalformedModelError
from haoline_analysis.formats.tensorrt import bounded_json as checked

MEASURES = {
    "computeMs": "compute_ms",
    "latencyMs": "latency_ms",
    "h2dMs": "host_to_device_ms",
    "d2hMs": "device_to_host_ms",
}
"""Keys of one run that are kept, by our names."""


def read_timing(value: Any) -> dict[str, Any]:
    """``runs``, and per measure ``min``, ``median``, ``mean``, ``p99``, ``max``. Milliseconds.

    Raises:
        MalformedModelError: if it is no list of runs.
    """
    import numpy as np

    runs = checked.listing(value, "the timing")
    if not runs:
        raise MalformedModelError("the timing states no run")
    found: dict[str, Any] = {"runs": len(runs)}
    rows = [checked.mapping(run, f"run {index} of the timing") for index, run in enumerate(runs)]
    for key, name in MEASURES.items():
        if key not in rows[0]:
            continue
        times = np.array(
            [checked.number(row.get(key), f"{key} of run {i} of the timing") for i, row in enumerate(rows)]
        )
        if times.any():
            found[name] = {
                "min": float(times.min()),
                "median": float(np.median(times)),
                "mean": float(times.mean()),
                "p99": float(np.percentile(times, 99)),
                "max": float(times.max()),
            }
    return found
