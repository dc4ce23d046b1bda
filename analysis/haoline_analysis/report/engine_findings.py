"""What stands out in an engine: time spent on reformatting, layers left in FP32, quantizers that were not fused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.findings.finding import SEVERITIES, Finding
from haoline_analysis.report.engine_columns import is_helper, reformat_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from haoline_analysis.formats.tensorrt.engine_model import EngineModel
    from haoline_analysis.table import Table

DOCS = "https://docs.nvidia.com/deeplearning/tensorrt/latest"
PRACTICES = f"{DOCS}/performance/best-practices.html"
QUANTIZED = f"{DOCS}/inference-library/work-quantized-types.html"

REFORMAT_SHARE = 0.03
FP32_SHARE = 0.02
LONE_SHARE = 0.02
DOMINANT_SHARE = 0.25
SLOWDOWN = 1.15
"""Above these a finding is worth reading."""

LOW = ("float16", "bfloat16", "int8", "float8_e4m3fn", "int4", "float4_e2m1")


def find_in_engine(model: EngineModel, ops: Table) -> list[Finding]:
    """Everything the rules find, and what the reader found, the worst first."""
    rules: tuple[Callable[[EngineModel, _Times], Iterator[Finding]], ...] = (
        _reformatting,
        _left_in_fp32,
        _lone_quantizers,
        _dominant,
        _slowed_down,
    )
    times = _Times(ops)
    found = [*model.findings, *(finding for rule in rules for finding in rule(model, times))]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


class _Times:
    """Microseconds per layer, where they are known."""

    def __init__(self, ops: Table) -> None:
        self.known = "measured_us" in ops
        values = ops["measured_us"].values if self.known else np.zeros(ops.rows)
        self.us: NDArray[np.float64] = np.nan_to_num(np.asarray(values, np.float64))
        self.whole = float(self.us.sum())

    def of(self, rows: Sequence[int]) -> float:
        """Their sum, in microseconds."""
        return float(self.us[list(rows)].sum())

    def share(self, rows: Sequence[int]) -> float | None:
        """Their part of the whole; None without times."""
        return self.of(rows) / self.whole if self.known and self.whole > 0 else None

    def words(self, rows: Sequence[int]) -> str:
        """``, 204 us or 18.6 % of the measured time``; empty without times."""
        share = self.share(rows)
        return "" if share is None else f", {self.of(rows):.0f} us or {share:.1%} of the measured time"


def _reformatting(model: EngineModel, times: _Times) -> Iterator[Finding]:
    rows = reformat_rows(model)
    share = times.share(rows)
    if not rows or (share is not None and share < REFORMAT_SHARE):
        return
    yield Finding(
        "engine-reformatting",
        "warning" if share is not None else "info",
        "Time goes into changing the layout or type of tensors",
        tuple(rows),
        f"{len(rows)} of {len(model.layers)} layers are reformats{times.words(rows)}",
        "Let neighbours use one precision and layout: bind inputs and outputs in the format of the first and last "
        f"layer (--inputIOFormats, --outputIOFormats), and keep islands of a precision small. Source: {PRACTICES}",
    )


def _left_in_fp32(model: EngineModel, times: _Times) -> Iterator[Finding]:
    from haoline_analysis.formats.tensorrt.engine_facts import compute_type

    types = [compute_type(layer) for layer in model.layers]
    own = [row for row in range(len(types)) if not is_helper(model, row) and model.layers[row].type != "Reformat"]
    low = [row for row in own if types[row] in LOW]
    rows = [row for row in own if types[row] == "float32"]
    share = times.share(rows)
    if not low or not rows or (share is not None and share < FP32_SHARE):
        return
    names = ", ".join(model.ops[row].name[:60] for row in rows[:3]) + (", …" if len(rows) > 3 else "")
    yield Finding(
        "engine-left-in-fp32",
        "warning" if share is not None and share >= 2 * FP32_SHARE else "info",
        "Layers run in FP32 though others run in fewer bits",
        tuple(rows),
        f"{len(rows)} of {len(own)} layers compute in FP32 ({names}){times.words(rows)}; {len(low)} in fewer bits",
        "Quantize their inputs too, or allow FP16 for them; a pooling that follows an INT8 convolution runs in INT8 "
        f"if a Q/DQ pair stands on its input. Source: {QUANTIZED}",
    )


def _lone_quantizers(model: EngineModel, times: _Times) -> Iterator[Finding]:
    rows = [row for row, layer in enumerate(model.layers) if _quantizes(layer.attributes, layer.type)]
    share = times.share(rows)
    if not rows or (share is not None and share < LONE_SHARE):
        return
    yield Finding(
        "engine-unfused-quantizers",
        "warning",
        "Q/DQ nodes run as layers of their own",
        tuple(rows),
        f"{len(rows)} quantize or dequantize layers were not fused into their neighbours{times.words(rows)}",
        "Quantize a residual's skip branch as well as its sum, and place Q/DQ where the layer before can write INT8 "
        f"itself. Source: {QUANTIZED}",
    )


def _quantizes(attributes: dict[str, Any], kind: str) -> bool:
    return attributes.get("Origin") == "QDQ" or kind in ("Quantize", "Dequantize")


def _dominant(model: EngineModel, times: _Times) -> Iterator[Finding]:
    if not times.known or len(model.layers) < 4:
        return
    row = int(times.us.argmax())
    share = times.share([row])
    if share is None or share < DOMINANT_SHARE:
        return
    yield Finding(
        "engine-dominant-layer",
        "info",
        "One layer takes much of the time",
        (row,),
        f"{model.ops[row].name}{times.words([row])}",
        f"Start here: its tactic, precision and the shapes it works on. Source: {PRACTICES}",
    )


def _slowed_down(model: EngineModel, times: _Times) -> Iterator[Finding]:
    """Layers timed one by one run longer than the engine as a whole; shares stay comparable."""
    timing = model.facts.get("engine", {}).get("timing", {}).get("compute_ms", {})
    median = timing.get("median")
    if not times.known or not median or times.whole < SLOWDOWN * median * 1e3:
        return
    yield Finding(
        "engine-profile-overhead",
        "info",
        "Timing each layer slowed the engine down",
        (),
        f"the layers sum to {times.whole / 1e3:.3f} ms, the whole runs in {median:.3f} ms (median of GPU compute)",
        f"Compare shares rather than milliseconds, and take latency from a run without a profile. Source: {PRACTICES}",
    )
