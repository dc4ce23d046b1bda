"""From a model to what stands in the way of quantizing it, or went wrong when it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.linter import score
from haoline_analysis.quantization.linter.facts import LintFacts
from haoline_analysis.quantization.linter.registry import find
from haoline_analysis.quantization.linter.report import LintReport
from haoline_analysis.quantization.linter.targets import Target, find_target
from haoline_analysis.report.model_report import ModelReport

if TYPE_CHECKING:
    from haoline_analysis.model import Model
    from haoline_analysis.report.analysis import Analysis
    from haoline_analysis.runtime.activation_report import ActivationReport
    from haoline_analysis.runtime.findings.facts import ActivationFacts


def lint(model: Any, *, target: str | Target | None = None, activations: ActivationReport | None = None) -> LintReport:
    """What stands in the way of quantizing a model, or went wrong when it was, without running it.

    Args:
        model: a path, bytes, an ``onnx.ModelProto``, an opened ``Model``, a ``ModelReport`` or a ``QuantizedModel``;
            in float (how ready it is) or quantized (what is wrong with it).
        target: where it shall run, one of ``TARGETS``; None: onnxruntime on whichever CPU.
        activations: a capture of the same model, which lets some rules judge activations too.

    Raises:
        ModelError: if the model cannot be opened or has no graph, or the target is unknown.
    """
    from haoline_analysis.report.analysis import Analysis

    chosen = find_target(target)
    opened = _opened(model)
    if opened.holds != "ops":
        raise ModelError(f"{opened.name}: holds {opened.holds} and no graph of ops to look at; lint the ONNX model.")
    analysis = Analysis(opened)
    report = model if isinstance(model, ModelReport) else analysis.report({}, None, _silent)
    facts = _facts(analysis, report, chosen, activations)
    findings = find(facts)
    risk, reasons = score.risks(findings, len(facts.model.ops), facts.served)
    return LintReport(
        findings=findings,
        score=score.score(findings, facts.quantizable, facts.served),
        breakdown=score.breakdown(findings, facts.quantizable, facts.served),
        target=chosen,
        report=report,
        risks=risk,
        reasons=reasons,
        quantized=facts.quantized,
        gaps=[*facts.gaps],
    )


def _silent(stage: str, fraction: float) -> None:
    """Nobody asked."""


def _opened(model: Any) -> Model:
    """The model behind whatever was given."""
    from haoline_analysis.formats import open_model

    if isinstance(model, ModelReport):
        if model.model is None:
            raise ModelError("This report was restored without its model: lint the model file.")
        return model.model
    path = getattr(model, "path", None) if hasattr(model, "recipe") else None
    return open_model(model if path is None else path)


def _facts(analysis: Analysis, report: ModelReport, target: Target, activations: ActivationReport | None) -> LintFacts:
    """A model prepared for the rules."""
    bound = {name: size for name, (size, source) in report.bindings.items() if source == "user"}
    evaluation = analysis.evaluator.evaluate(bound)
    captured = _captured(activations, analysis.model) if activations is not None else None
    return LintFacts(analysis.model, evaluation, report.tables["ops"], target=target, captured=captured)


def _captured(activations: ActivationReport, model: Model) -> ActivationFacts:
    """Statistics beside the model they are of.

    Raises:
        ModelError: if they are of another model, or no capture.
    """
    from haoline_analysis.runtime.activation_report import ActivationReport
    from haoline_analysis.runtime.findings.facts import ActivationFacts

    if not isinstance(activations, ActivationReport):
        raise ModelError(f"activations is what a capture returned, not {type(activations).__name__}.")
    ops = {op.name for op in model.ops}
    named = [name for name in activations.tensors["op"] if isinstance(name, str)]
    if named and not ops.intersection(named):
        raise ModelError("The activations are of another model: none of the ops they name is in this one.")
    return ActivationFacts(activations.tensors, model, synthetic=bool(activations.samples.synthetic))
