"""``activations``: from the words of a magic or a command line to a capture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoline_jupyter import data_options as data
from haoline_jupyter.commands.command import DATA, FOLDERS, TOKENIZERS, Command, Unfinished
from haoline_jupyter.options import INTERRUPTED, REFUSED
from haoline_jupyter.run import resolve

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    from haoline_analysis.runtime import ActivationReport
    from haoline_jupyter.commands.command import Tell
    from haoline_jupyter.options import Parser

MODES = ("statistics", "stored")
EXAMPLES = """\
The result is the capture:
  captured = %haoline activations model.onnx --input images/
  captured.tensors.sort_values("dead_channels")
  captured.load("conv1", sample=3)

Examples:
  %haoline activations model.onnx --input cat.png
  %haoline activations model.onnx --input images/ --preprocess imagenet --limit 100
  %haoline activations bert.onnx --input sentences.txt --tokenizer tokenizer.json
  %haoline activations model.onnx --input ids=ids.npy --input mask=mask.npy
  %haoline activations report --input frame --mode stored --folder captured --budget 2GB
  %haoline activations captured
"""


def add_options(parser: Parser) -> None:
    """Data, what to keep of it, and where to run."""
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a model file, a variable that holds a path, model or report, or the folder of a stored capture",
    )
    data.add_inputs(parser, "--input", "default: made up, and labelled so")
    data.add_reading(parser)
    data.add_running(parser)
    parser.add_argument("--tensors", metavar="NAME,…", action="append", help="capture these alone (default: all)")
    parser.add_argument("--mode", choices=MODES, default=MODES[0], help="figures alone, or the tensors as well")
    parser.add_argument("--folder", metavar="DIR", help="where stored tensors go; given as MODEL later it is reopened")
    parser.add_argument("--budget", metavar="SIZE", type=data.size, help="most bytes to store: 500MB, 2GB, 1.5GiB")


def run(options: argparse.Namespace, variables: Mapping[str, Any], progress: Tell) -> ActivationReport:
    """Run the model, or reopen what an earlier run stored.

    Args:
        options: what :func:`add_options` parsed.
        variables: the user's names, which may stand for a model, inputs, a function or a tokenizer.
        progress: called with a stage and how much of the whole is done.

    Raises:
        ModelError: if the model, an input or an option is refused.
    """
    from haoline_analysis.runtime import capture, reopen

    source = resolve(options.model, variables)
    if isinstance(source, Path) and source.is_dir():
        return reopen(source)
    report = data.report_to_run(source, progress)
    return capture(
        data.model_of(source, report),
        data.inputs_of(options.input, report, variables, options.tokenizer),
        tensors=data.names_of(options.tensors, variables) or None,
        mode=options.mode,
        provider=options.provider,
        preprocess=data.named(options.preprocess, variables),
        tokenizer=data.named(options.tokenizer, variables),
        limit=options.limit,
        batch=options.batch,
        folder=options.folder,
        budget_bytes=options.budget,
        report=report,
        progress=progress,
    )


def presets() -> Iterable[str]:
    """The names of ways in which pictures become input."""
    from haoline_analysis.runtime.samples.presets import PRESETS

    return PRESETS


def _text(captured: ActivationReport) -> str:
    from haoline_analysis.runtime import display

    return display.summary(captured) + "\n"


def _page(captured: ActivationReport) -> str:
    """A page, for which the front end must be built."""
    from haoline_analysis.runtime import display
    from haoline_jupyter import assets

    return display.to_html(captured, assets=assets.views())


def _csv(captured: ActivationReport) -> str:
    """One row per tensor."""
    return str(captured.tensors.to_csv())


def _unfinished(captured: ActivationReport) -> Unfinished | None:
    if captured.complete:
        return None
    status = REFUSED if captured.mode == "stored" else INTERRUPTED
    return Unfinished(status, f"Not finished: {captured.done:,} of {len(captured.samples):,} samples.")


COMMAND = Command(
    word="activations",
    what="what every layer makes of real data",
    usage="MODEL --input X",
    description="Run a model on data and see what every layer makes of it.",
    examples=EXAMPLES,
    add_options=add_options,
    run=run,
    forms={"text": _text, "html": _page, "csv": _csv},
    values={
        "--input": DATA,
        "--tokenizer": TOKENIZERS,
        "--folder": FOLDERS,
        "--mode": lambda: MODES,
        "--preprocess": presets,
        "--provider": lambda: data.PROVIDERS,
    },
    unfinished=_unfinished,
)
