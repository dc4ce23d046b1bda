"""An engine in rows of text: how it was built, where it was measured, in which precisions it computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.report.formatting import duration

if TYPE_CHECKING:
    from haoline_analysis.report.model_report import ModelReport

CARDS = ("measured_us", "layers", "parameters", "weight_bytes")
"""The headline figures of an engine."""
COLUMNS = ("name", "type", "measured_us", "share", "precision", "output_formats", "source_ops")
"""The columns of its table of layers in text."""


def engine_rows(report: ModelReport) -> list[tuple[str, str]]:
    """What the engine's files state; empty for anything else."""
    engine = report.content.format_facts.get("engine")
    if report.holds != "layers" or not isinstance(engine, dict):
        return []
    device, builder = _mapping(engine, "device"), _mapping(engine, "builder")
    mix = ", ".join(f"{count} {name}" for name, count in _mapping(engine, "precision").items())
    capability = device.get("compute_capability")
    measured = "measured on" if engine.get("profile") else "built for"
    name = device.get("name")
    about = f"{name} (compute capability {capability})" if capability else name
    rows = [
        ("TensorRT", engine.get("version")),
        ("Device", f"{about}, {measured} it" if name else None),
        ("Allowed", builder.get("Precision")),
        ("Layers by precision", mix),
        ("Fused layers", engine.get("fusions")),
        ("Reformats", engine.get("reformats")),
        ("Profile", _profile(_mapping(engine, "profile"))),
        ("Whole run", _timing(_mapping(engine, "timing"))),
    ]
    return [(name, str(value)) for name, value in rows if value not in (None, "")]


def _mapping(facts: dict[str, Any], key: str) -> dict[str, Any]:
    found = facts.get(key)
    return found if isinstance(found, dict) else {}


def _profile(profile: dict[str, Any]) -> str | None:
    if not profile:
        return None
    count = profile.get("count")
    runs = f", mean of {count:,} run{'s'[: count > 1]}" if count else ""
    return f"{duration(profile['total_ms'] * 1e3)} over {profile['layers']:,} layers{runs}"


def _timing(timing: dict[str, Any]) -> str | None:
    compute = timing.get("compute_ms")
    if not isinstance(compute, dict):
        return None
    return f"{duration(compute['median'] * 1e3)} of GPU compute, median of {timing['runs']:,} runs"
