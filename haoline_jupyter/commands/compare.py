"""``compare``: two models, on data where both can run, else by their weights, layers or ops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_jupyter import data_options as data
from haoline_jupyter.commands import compared_forms
from haoline_jupyter.commands.activations import presets
from haoline_jupyter.commands.command import DATA, JSON, TOKENIZERS, Command
from haoline_jupyter.options import OptionError
from haoline_jupyter.run import Request, report_of, resolve

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from haoline_analysis import ModelReport
    from haoline_analysis.quantization import DivergenceReport
    from haoline_jupyter.commands.command import Tell
    from haoline_jupyter.options import Parser

VALUES, WEIGHTS, GRAPHS, ENGINE = "values", "weights", "graphs", "engine"
KINDS = (VALUES, WEIGHTS, GRAPHS, ENGINE)
EXAMPLES = """\
The result is the comparison:
  compared = %haoline compare model.onnx model.int8.onnx --input images/
  compared.ops.nsmallest(10, "local_sqnr_db")
  compared.summary()

Examples:
  %haoline compare model.onnx model.int8.onnx --input images/ --preprocess imagenet --limit 32
  %haoline compare bert.onnx bert.int8.onnx --input sentences.txt --tokenizer tokenizer.json
  %haoline compare model.onnx quantized --input frame        quantized is a result of %haoline quantize
  %haoline compare checkpoint/ model.Q4_K_M.gguf             weights: parameters, bytes and types by scope
  %haoline compare module model.onnx --example images        a PyTorch module and its export
  %haoline compare model.onnx engine.graph.json --profile engine.profile.json
  %haoline compare model.onnx other.onnx --by graphs         which ops were added, removed and changed
"""


def add_options(parser: Parser) -> None:
    """Two models, data, and how much to measure."""
    parser.add_argument(
        "model", metavar="MODEL", help="the first model: a file, a folder, or a variable with a model or report"
    )
    parser.add_argument(
        "variant", metavar="OTHER", help="what became of it: quantized, pruned, exported, built into an engine"
    )
    parser.add_argument(
        "--by",
        choices=KINDS,
        help="what to compare (default: values with --input or of two ONNX models; engine where one is an engine; "
        "else weights, or graphs of two models of one kind)",
    )
    parser.add_argument("--example", metavar="X", help="what a PyTorch module is called with: a variable, or shapes")
    parser.add_argument(
        "--profile", metavar="FILE", action="append", help="time of each layer of an engine; once for each of two"
    )
    data.add_inputs(parser, "--input", "default: made up, and labelled so")
    data.add_reading(parser)
    data.add_running(parser)
    parser.add_argument("--no-local", action="store_true", help="leave out the error that each op makes by itself")
    parser.add_argument("--no-histograms", action="store_true", help="leave out the distributions")


def run(options: argparse.Namespace, variables: Mapping[str, Any], progress: Tell) -> Any:
    """Compare two models in the way that suits them, or that ``--by`` names.

    Raises:
        ModelError: if a model, an input or an option is refused.
    """
    sources = resolve(options.model, variables), resolve(options.variant, variables)
    given = iter(options.profile or ())
    reports = [_report(source, options, variables, given, progress) for source in sources]
    first, second = reports
    kind = options.by or kind_of(first, second, options.input is not None)
    if kind == VALUES:
        return _on_data(options, variables, sources, (first, second), progress)
    if options.input is not None:
        raise OptionError(f"--input is for models that run: --by {kind} looks at the files alone.")
    progress("Comparing", 0.9)
    if kind == ENGINE:
        return _engines(first, second)
    from haoline_analysis import comparison

    compared = comparison.compare if kind == GRAPHS else comparison.compare_weights
    return compared(first, second)


def kind_of(first: ModelReport, second: ModelReport, has_data: bool) -> str:
    """What two models can be compared by: what both of them know.

    Raises:
        OptionError: if there are data, but not two models that run.
    """
    formats = {first.facts.format, second.facts.format}
    if has_data and formats != {"onnx"}:
        other = ", ".join(sorted(formats - {"onnx"}))
        raise OptionError(f"--input needs two ONNX models to run, not {other}; without it their files are compared.")
    if formats == {"onnx"}:
        return VALUES
    holds = {first.holds, second.holds}
    if "layers" in holds and "weights" not in holds:
        return ENGINE
    return GRAPHS if holds == {"ops"} and len(formats) == 1 else WEIGHTS


def _report(
    source: Any, options: argparse.Namespace, variables: Mapping[str, Any], profiles: Any, progress: Tell
) -> ModelReport:
    """The report of one side, with the options that its format knows."""
    from haoline_jupyter.run import is_readable

    known: dict[str, Any] = {}
    if options.example is not None and is_readable(source):
        from haoline_jupyter.example_inputs import example_of

        known["example_inputs"] = example_of(options.example, variables, source)
    elif _is_engine(source) and (profile := next(profiles, None)) is not None:
        known["profile"] = profile
    return report_of(source, Request(options=known), progress)


def _is_engine(source: Any) -> bool:
    """Whether a path leads to an engine or its layers."""
    return str(getattr(source, "suffix", "")).lower() in (".json", ".engine", ".plan", ".trt")


def _engines(first: ModelReport, second: ModelReport) -> Any:
    """An engine with the model it was built from, or two engines.

    Raises:
        OptionError: if neither is an engine.
    """
    from haoline_analysis.comparison import engines

    layers = [report.holds == "layers" for report in (first, second)]
    if all(layers):
        return engines.compare_engines(first, second)
    if not any(layers):
        raise OptionError("--by engine needs an engine: its layer JSON, or an .engine or .plan file.")
    return engines.map_engine(second, first) if layers[0] else engines.map_engine(first, second)


def _on_data(
    options: argparse.Namespace,
    variables: Mapping[str, Any],
    sources: tuple[Any, Any],
    reports: tuple[ModelReport, ModelReport],
    progress: Tell,
) -> DivergenceReport:
    """Run both models on the same data and compare every tensor."""
    from haoline_analysis.quantization import compare

    report, variant_report = reports
    return compare(
        data.model_of(sources[0], report),
        data.model_of(sources[1], variant_report),
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


COMMAND = Command(
    word="compare",
    what="where a quantized model leaves its float one; what became of weights, ops and layers",
    usage="MODEL OTHER [--input X]",
    description="Compare two models: what both make of the same data, or their weights, ops or layers.",
    examples=EXAMPLES,
    add_options=add_options,
    run=run,
    forms=compared_forms.FORMS,
    values={
        "--input": DATA,
        "--tokenizer": TOKENIZERS,
        "--preprocess": presets,
        "--provider": lambda: data.PROVIDERS,
        "--by": lambda: KINDS,
        "--example": DATA,
        "--profile": JSON,
    },
    unfinished=compared_forms.unfinished,
)
