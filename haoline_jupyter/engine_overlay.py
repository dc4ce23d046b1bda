"""``--engine``: what TensorRT made of an ONNX model, as columns of the model's own report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from haoline_jupyter.options import OptionError
from haoline_jupyter.run import Request, report_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from haoline_analysis.report import ModelReport

EXPECTED = "expected"
"""In place of an engine: what documented patterns of TensorRT would make of the model."""
OF_ENGINES = ("profile", "timing", "build_metadata")
"""Options that tell about the engine, not about the model it was built from."""


def with_engine(source: Any, engine: Any, request: Request, progress: Callable[[str, float], None]) -> ModelReport:
    """The report of a model with a column for each thing that its engine says about an op.

    Args:
        source: the ONNX model, or its report, which then gets the columns.
        engine: an engine, its layer JSON, or its report.
        request: options of the line; those of engines go to the engine.
        progress: called with a stage and how much of the whole is done.

    Raises:
        ModelError: if a model or an option is refused, or there is no engine.
    """
    from haoline_analysis.comparison.engines import map_engine
    from haoline_analysis.runtime.columns import add_columns

    said = {name: value for name, value in request.options.items() if name in OF_ENGINES}
    own = {name: value for name, value in request.options.items() if name not in OF_ENGINES}
    report = _of_ops(source, replace(request, options=own), progress)
    built = report_of(engine, Request(options=said), progress)
    if built.holds != "layers":
        raise OptionError(f"--engine names {built.name}, which is no engine and no layer JSON of one.")
    add_columns(report, map_engine(report, built).columns())
    return report


def with_expected(source: Any, request: Request, progress: Callable[[str, float], None]) -> ModelReport:
    """The report of a model with the layers that TensorRT is expected to fuse its ops into.

    Raises:
        ModelError: if the model or an option is refused.
    """
    from haoline_analysis.comparison.engines import expected_engine
    from haoline_analysis.runtime.columns import add_columns

    report = _of_ops(source, request, progress)
    add_columns(report, expected_engine(report).columns())
    return report


def _of_ops(source: Any, request: Request, progress: Callable[[str, float], None]) -> ModelReport:
    """The report of a model that has ops.

    Raises:
        ModelError: if it is refused or has none.
    """
    report = report_of(source, request, progress)
    if report.holds != "ops":
        raise OptionError(
            "--engine tells about the ops of a model, such as the ONNX model that the engine was built from."
        )
    return report
