"""The work itself: prepare, quantize, say how, try it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from haoline_analysis.quantization.quantizers.calibration.data import CalibrationData
from haoline_analysis.quantization.quantizers.leftover import check_something, left_float
from haoline_analysis.quantization.quantizers.methods import find_method
from haoline_analysis.quantization.quantizers.methods.outcome import Task
from haoline_analysis.quantization.quantizers.ordering import sort_nodes
from haoline_analysis.quantization.quantizers.preparing.folding import forget_unused_opsets
from haoline_analysis.quantization.quantizers.preparing.loading import save
from haoline_analysis.quantization.quantizers.preparing.prepare import prepare
from haoline_analysis.quantization.quantizers.preparing.shapes import unmark
from haoline_analysis.quantization.quantizers.provenance import folded_tensors, write_provenance
from haoline_analysis.quantization.quantizers.recipe import Calibration, Recipe
from haoline_analysis.quantization.quantizers.schemes import find_scheme
from haoline_analysis.quantization.quantizers.trying import Trial, try_model

if TYPE_CHECKING:
    from pathlib import Path

    from haoline_analysis.model import Model
    from haoline_analysis.runtime.samples import Samples
    from haoline_analysis.runtime.source import ModelSource
    from haoline_analysis.runtime.stopping import Stop, Tell

_PACKAGES = ("haoline-jupyter", "numpy", "onnx", "onnxruntime", "onnxruntime-gpu")


@dataclass
class Making:
    """Everything that is known before the work."""

    source: ModelSource
    opened: Model
    samples: Samples | None
    recipe: Recipe
    folder: Path
    name: str

    @property
    def result(self) -> Path:
        """Where the finished model lies, before it is put into its place."""
        return self.folder / "result" / self.name


def make(making: Making, stop: Stop, tell: Tell) -> tuple[Recipe, list[str]]:
    """Leave a finished model at ``making.result``; the full recipe and notes.

    Raises:
        ModelError: if anything is refused.
        StoppedError: if it was told to stop.
    """
    recipe, scheme = making.recipe, find_scheme(making.recipe.scheme)
    prepared = prepare(making.source, making.opened, recipe.fixes, making.folder, stop, tell)
    data = None if making.samples is None else CalibrationData(making.samples)
    task = Task(
        prepared,
        {**recipe.as_dict(), "scheme": recipe.scheme},
        prepared.nodes_for(recipe.keep_float, "keep_float"),
        prepared.nodes_for(recipe.int16, "int16"),
        data,
        stop,
        tell,
    )
    check_something(task, scheme)
    outcome = find_method(scheme.kind)(task)
    tell("Writing the model", 0.9)
    notes = [*prepared.notes, *outcome.notes, *left_float(task, outcome.proto, scheme)]
    recipe = _completed(recipe, data)
    _finish(outcome.proto, recipe, making)
    tell("Trying the model", 0.95)
    trial = Trial(making.source.label, making.opened, prepared.path, making.result, prepared.size, making.samples)
    return recipe, notes + try_model(trial, stop)


def _completed(recipe: Recipe, data: CalibrationData | None) -> Recipe:
    """The recipe with what is known only now."""
    used = None if data is None or not data.count else Calibration(data.count, data.sha256, data.samples.origin)
    return recipe.changed(calibration=used, versions=_versions())


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _finish(proto: Any, recipe: Recipe, making: Making) -> None:
    """Write the model with its provenance, without the traces of onnxruntime's tools."""
    unmark(proto)
    sort_nodes(proto.graph)
    forget_unused_opsets(proto)
    write_provenance(proto, recipe, folded_tensors(making.opened, proto))
    making.result.parent.mkdir()
    save(proto, making.result, keep=False)
