"""``compare``: what a variant of a model makes of data that the model itself does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_jupyter import data_options as data
from haoline_jupyter.commands import forms
from haoline_jupyter.commands.activations import presets
from haoline_jupyter.commands.command import DATA, TOKENIZERS, Command, Unfinished
from haoline_jupyter.options import INTERRUPTED
from haoline_jupyter.run import Request, report_of, resolve

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from haoline_analysis.quantization import DivergenceReport
    from haoline_jupyter.commands.command import Tell
    from haoline_jupyter.options import Parser

EXAMPLES = """\
The result is the comparison:
  compared = %haoline compare model.onnx model.int8.onnx --input images/
  compared.ops.nsmallest(10, "local_sqnr_db")
  compared.summary()

Examples:
  %haoline compare model.onnx model.int8.onnx --input images/ --preprocess imagenet --limit 32
  %haoline compare bert.onnx bert.int8.onnx --input sentences.txt --tokenizer tokenizer.json
  %haoline compare model.onnx quantized --input frame        quantized is a result of %haoline quantize
"""


def add_options(parser: Parser) -> None:
    """Two models, data, and how much to measure."""
    parser.add_argument("model", metavar="MODEL", help="the float model: a file, or a variable with a model or report")
    parser.add_argument(
        "variant", metavar="VARIANT", help="what became of it: quantized, pruned, optimised, exported anew"
    )
    data.add_inputs(parser, "--input", "default: made up, and labelled so")
    data.add_reading(parser)
    data.add_running(parser)
    parser.add_argument("--no-local", action="store_true", help="leave out the error that each op makes by itself")
    parser.add_argument("--no-histograms", action="store_true", help="leave out the distributions")


def run(options: argparse.Namespace, variables: Mapping[str, Any], progress: Tell) -> DivergenceReport:
    """Run both models on the same data and compare every tensor.

    Raises:
        ModelError: if a model, an input or an option is refused.
    """
    from haoline_analysis.quantization import compare

    source, other = resolve(options.model, variables), resolve(options.variant, variables)
    report, variant_report = (report_of(one, Request(), progress) for one in (source, other))
    return compare(
        data.model_of(source, report),
        data.model_of(other, variant_report),
        data.inputs_of(options.input, report, variables, options.tokenizer),
        local=not options.no_local,
        histograms=not options.no_histograms,
        provider=options.provider,
        preprocess=data.named(options.preprocess, variables),
        tokenizer=data.named(options.tokenizer, variables),
        limit=options.limit,
        batch=options.batch,
        report=report,
        variant_report=variant_report,
        progress=progress,
    )


def _text(compared: DivergenceReport) -> str:
    from haoline_analysis.quantization.divergence import display

    return forms.lines(display.summary(compared))


def _page(compared: DivergenceReport) -> str:
    """A page, for which the front end must be built."""
    from haoline_analysis.quantization.divergence import display
    from haoline_jupyter import assets

    return str(display.to_html(compared, assets=assets.views()))


def _json(compared: DivergenceReport) -> str:
    """Figures of the whole, of each output and of each op."""
    told = ("provider", "done", "complete", "sizes", "latency", "outputs", "samples_table", "ops", "unmatched", "notes")
    return forms.as_json({"summary": compared.summary(), **{name: getattr(compared, name) for name in told}})


def _unfinished(compared: DivergenceReport) -> Unfinished | None:
    if compared.complete:
        return None
    return Unfinished(INTERRUPTED, f"Not finished: {compared.done:,} of {len(compared.samples):,} samples.")


COMMAND = Command(
    word="compare",
    what="where a quantized model leaves its float one",
    usage="MODEL VARIANT --input X",
    description="Run a model and a variant of it on the same data and see what became of every tensor.",
    examples=EXAMPLES,
    add_options=add_options,
    run=run,
    forms={
        "text": _text,
        "markdown": lambda compared: forms.lines(compared.to_markdown()),
        "html": _page,
        "json": _json,
        "csv": lambda compared: str(compared.ops.to_csv()),
    },
    values={
        "--input": DATA,
        "--tokenizer": TOKENIZERS,
        "--preprocess": presets,
        "--provider": lambda: data.PROVIDERS,
    },
    unfinished=_unfinished,
)
