"""The part of a report that is not tables, as JSON-like data and back."""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haoline_analysis.architecture import Architecture
    from haoline_analysis.findings import Finding
    from haoline_analysis.model import Gap
    from haoline_analysis.report.content import Content
    from haoline_analysis.report.facts import Binding, ModelFacts, Port

SCHEMA = 1
"""Version of the report schema; raised when a reader of the former version would misread it."""


@lru_cache
def generator() -> str:
    """The name and version of this package."""
    try:
        return f"haoline-jupyter {metadata.version('haoline-jupyter')}"
    except metadata.PackageNotFoundError:
        return "haoline-jupyter"


def header(content: Content) -> dict[str, Any]:
    """The keys of a report besides its tables (docs/architecture.md)."""
    return {
        "id": content.id,
        "generator": generator(),
        "model": _facts(content.facts),
        "totals": dict(content.totals),
        "ranges": {name: list(bounds) for name, bounds in content.ranges.items()},
        "bindings": {name: binding._asdict() for name, binding in content.bindings.items()},
        "assumptions": [assumption._asdict() for assumption in content.assumptions],
        "gaps": [{"what": gap.what, "ops": list(gap.ops)} for gap in content.gaps],
        "findings": findings(content),
        "hardware": content.placed.as_dict() if content.placed else None,
        "architecture": asdict(content.architecture) if content.architecture else None,
        "facts": content.format_facts,
    }


def _facts(facts: ModelFacts) -> dict[str, Any]:
    """The model's own statements."""
    return {
        **asdict(facts),
        "inputs": [_port(port) for port in facts.inputs],
        "outputs": [_port(port) for port in facts.outputs],
    }


def _port(port: Port) -> dict[str, Any]:
    """One input or output."""
    return {
        "name": port.name,
        "dtype": port.dtype,
        "shape": None if port.shape is None else list(port.shape),
        "declared": None if port.declared is None else list(port.declared),
    }


def findings(content: Content) -> list[dict[str, Any]]:
    """The findings as data."""
    return [_finding(finding) for finding in content.findings]


def _finding(finding: Finding) -> dict[str, Any]:
    """One finding."""
    return {**asdict(finding), "ops": list(finding.ops)}


def read_facts(data: dict[str, Any]) -> ModelFacts:
    """The inverse of the ``model`` key."""
    from haoline_analysis.report.facts import ModelFacts

    ports = {side: tuple(_read_port(port) for port in data[side]) for side in ("inputs", "outputs")}
    return ModelFacts(**{**data, **ports})


def _read_port(data: dict[str, Any]) -> Port:
    """One input or output."""
    from haoline_analysis.report.facts import Port

    shape, declared = (None if data[key] is None else tuple(data[key]) for key in ("shape", "declared"))
    return Port(data["name"], data["dtype"], shape, declared)


def read_architecture(data: dict[str, Any] | None) -> Architecture | None:
    """The inverse of the ``architecture`` key."""
    if not data:
        return None
    from haoline_analysis.architecture import Architecture, LayerFacts

    layers = tuple(LayerFacts(**layer) for layer in data["layer_facts"])
    return Architecture(**{**data, "layers": tuple(data["layers"]), "layer_facts": layers})


def read_bindings(data: dict[str, Any]) -> dict[str, Binding]:
    """The inverse of the ``bindings`` key."""
    from haoline_analysis.report.facts import Binding

    return {name: Binding(**binding) for name, binding in data.items()}


def read_gaps(data: list[dict[str, Any]]) -> list[Gap]:
    """The inverse of the ``gaps`` key."""
    from haoline_analysis.model import Gap

    return [Gap(gap["what"], tuple(gap["ops"])) for gap in data]


def read_findings(data: list[dict[str, Any]]) -> list[Finding]:
    """The inverse of the ``findings`` key."""
    from haoline_analysis.findings import Finding

    return [Finding(**{**finding, "ops": tuple(finding["ops"])}) for finding in data]
