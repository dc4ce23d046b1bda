"""``lint``: what will go wrong, or has, when a model is quantized."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoline_jupyter.commands import forms
from haoline_jupyter.commands.command import FOLDERS, Command
from haoline_jupyter.data_options import model_of, named, report_to_run
from haoline_jupyter.options import OptionError
from haoline_jupyter.run import resolve

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    from haoline_analysis.quantization import LintReport
    from haoline_analysis.runtime import ActivationReport
    from haoline_jupyter.commands.command import Tell
    from haoline_jupyter.options import Parser

EXAMPLES = """\
The result is the lint report:
  linted = %haoline lint model.onnx --target cpu-vnni
  linted.findings, linted.score

Examples:
  %haoline lint model.onnx
  %haoline lint model.int8.onnx --target tensorrt
  %haoline lint model.onnx --activations captured     captured is a result of %haoline activations
"""


def add_options(parser: Parser) -> None:
    """A model, where it will run, and what is known of its activations."""
    parser.add_argument("model", metavar="MODEL", help="a float or quantized model: a file or a variable")
    parser.add_argument("--target", metavar="T", help="where it will run: cpu, cpu-vnni, cuda, tensorrt, …")
    parser.add_argument(
        "--activations",
        metavar="C",
        help="a capture, which sharpens some rules: a variable, or the folder of a stored one",
    )


def run(options: argparse.Namespace, variables: Mapping[str, Any], progress: Tell) -> LintReport:
    """Look at a model without running it.

    Raises:
        ModelError: if the model, the target or the capture is refused.
    """
    from haoline_analysis.quantization import lint

    source = resolve(options.model, variables)
    report = report_to_run(source, progress)
    held = capture_of(options.activations, variables)
    return lint(model_of(source, report), target=options.target, activations=held)


def capture_of(word: str | None, variables: Mapping[str, Any]) -> ActivationReport | None:
    """The capture a word names.

    Raises:
        ModelError: if it names none.
    """
    if word is None:
        return None
    from haoline_analysis.runtime import ActivationReport, reopen

    held = named(word, variables)
    if isinstance(held, ActivationReport):
        return held
    if isinstance(held, str | Path):
        return reopen(Path(held).expanduser())
    raise OptionError(f"The variable {word} holds a {type(held).__name__}, not a capture.")


def targets() -> Iterable[str]:
    """The places a model may be checked for."""
    from haoline_analysis.quantization import TARGETS

    return list(TARGETS)


def _json(linted: LintReport) -> str:
    """Score, findings and risk by op."""
    told = {name: getattr(linted, name) for name in ("score", "target", "breakdown", "risk")}
    return forms.as_json({**told, "findings": [asdict(finding) for finding in linted.findings]})


def _csv(linted: LintReport) -> str:
    """One row per op."""
    return str(linted.risk.to_csv())


COMMAND = Command(
    word="lint",
    what="what stands in the way of quantizing a model, or went wrong",
    usage="MODEL",
    description="Check a model for what makes quantization fail, without running it.",
    examples=EXAMPLES,
    add_options=add_options,
    run=run,
    forms={
        "text": lambda linted: forms.lines(str(linted)),
        "markdown": lambda linted: forms.lines(linted.to_markdown()),
        "html": lambda linted: forms.lines(linted.to_html()),
        "json": _json,
        "csv": _csv,
    },
    values={"--target": targets, "--activations": FOLDERS},
)
