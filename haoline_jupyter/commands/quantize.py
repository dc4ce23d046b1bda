"""``quantize``: a model in fewer bits; several at once, or as few as a target of accuracy allows."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoline_jupyter import data_options as data
from haoline_jupyter.commands import quantized_forms
from haoline_jupyter.commands.activations import presets
from haoline_jupyter.commands.command import DATA, FILES, TOKENIZERS, Command
from haoline_jupyter.commands.lint import targets
from haoline_jupyter.options import OptionError, number
from haoline_jupyter.run import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from haoline_analysis import ModelReport
    from haoline_analysis.quantization import MixedPrecision, QuantizedModel, Variants
    from haoline_jupyter.commands.command import Tell
    from haoline_jupyter.options import Parser

METHODS = ("minmax", "entropy", "percentile")
ALGORITHMS = ("rtn", "hqq", "gptq", "k_quant")
FROM_LINT = "lint"
"""In place of the name of a fix: those of all that lint warns of."""
SWITCHES = ("per_channel", "symmetric", "reduce_range")
SETTINGS = ("method", "percentile", "algorithm", "block_size", *SWITCHES)
EXAMPLES = """\
The result is the quantized model, several of them in a table, or one with as little float as a target allows:
  quantized = %haoline quantize model.onnx --calibrate images/ --preprocess imagenet
  quantized.path, quantized.recipe, quantized.save("model.int8.onnx")
  made = %haoline quantize model.onnx --calibrate images/ --variants --constraint "cosine >= 0.99, size <= 30%"
  made.table, made.recommended
  mixed = %haoline quantize model.onnx --calibrate images/ --until "cosine >= 0.99"

Examples:
  %haoline quantize model.onnx --scheme dynamic-int8
  %haoline quantize bert.onnx --calibrate texts.txt --tokenizer tokenizer.json --fix lint --target cpu-vnni
  %haoline quantize llm.onnx --scheme weights-int4 --algorithm hqq --block-size 32 --output llm.int4.onnx
  %haoline quantize model.onnx --calibrate images/ --keep-float conv1,fc --method entropy
"""


def add_options(parser: Parser) -> None:
    """A model, data to calibrate with, and how to quantize."""
    parser.add_argument("model", metavar="MODEL", help="a float model: a file, or a variable with a model or report")
    data.add_inputs(parser, "--calibrate", "needed by static schemes and GPTQ")
    data.add_reading(parser)
    parser.add_argument("--scheme", metavar="S", help="how: static-int8 (default), dynamic-int8, weights-int4, fp16, …")
    parser.add_argument("--target", metavar="T", help="where it will run: cpu, cpu-vnni, cuda, tensorrt")
    for option, what in _SWITCHES.items():
        parser.add_argument(option, action=argparse.BooleanOptionalAction, default=None, help=what)
    parser.add_argument("--method", choices=METHODS, help="how ranges come from the data")
    parser.add_argument(
        "--percentile", metavar="P", type=float, help="share of values in the range, 99.99 for instance"
    )
    parser.add_argument("--algorithm", choices=ALGORITHMS, help="how weights are rounded in weight-only schemes")
    parser.add_argument("--block-size", metavar="N", type=number, help="weights that share a scale in those")
    parser.add_argument("--keep-float", metavar="OP,…", action="append", help="ops that stay float")
    parser.add_argument("--int16", metavar="OP,…", action="append", help="ops whose activations get 16 bits")
    parser.add_argument(
        "--fix",
        metavar="NAME,…",
        action="append",
        help="repairs before quantizing; lint: those of what lint warns of",
    )
    parser.add_argument("--output", metavar="PATH", help="the file to write, or with --variants the folder")
    parser.add_argument("--variants", action="store_true", help="make several and compare them")
    parser.add_argument("--schemes", metavar="S,…", action="append", help="which ones (default: all that fit)")
    parser.add_argument(
        "--constraint", metavar="C", help='what the recommended one keeps: "cosine >= 0.99, size <= 30%%"'
    )
    parser.add_argument("--until", metavar="C", help='keep as little float as this allows: "cosine >= 0.99"')
    data.add_inputs(parser, "--input", "to judge by, with --variants and --until; default: the data to calibrate with")


_SWITCHES = {
    "--per-channel": "a scale for each channel of the weights",
    "--symmetric": "zero is code zero, as TensorRT wants it",
    "--reduce-range": "7 bits of weights, for CPUs without VNNI",
}


def run(
    options: argparse.Namespace, variables: Mapping[str, Any], progress: Tell
) -> QuantizedModel | Variants | MixedPrecision:
    """Quantize as the options say.

    Raises:
        ModelError: if the model, the data or an option is refused.
    """
    _check(options)
    source = resolve(options.model, variables)
    report = data.report_to_run(source, progress)
    model = data.model_of(source, report)
    if options.variants:
        return _variants(model, report, options, variables, progress)
    if options.until is not None:
        return _until(model, report, options, variables, progress)
    return _one(model, report, options, variables, progress)


def _check(options: argparse.Namespace) -> None:
    """Refuse options that would have no effect.

    Raises:
        OptionError: naming one.
    """
    if options.variants and options.until is not None:
        raise OptionError("--variants and --until exclude each other.")
    many = {"--constraint": options.constraint, "--schemes": options.schemes}
    for option, value in many.items():
        if value is not None and not options.variants:
            raise OptionError(f"{option} goes with --variants.")
    if options.input and not (options.variants or options.until is not None):
        raise OptionError("--input is to judge by: it goes with --variants or --until. For calibration: --calibrate.")
    if options.variants and options.scheme:
        raise OptionError("With --variants, name schemes by --schemes.")
    _check_settings(options)


def _check_settings(options: argparse.Namespace) -> None:
    """Refuse settings of one model where several are made, or one is searched for."""
    if not options.variants and options.until is None:
        return
    given = [name for name in (*SETTINGS, "keep_float", "int16", "fix") if getattr(options, name) is not None]
    if given:
        way = "--variants" if options.variants else "--until"
        raise OptionError(f"--{given[0].replace('_', '-')} is for one model: {way} finds out by itself.")


def _one(
    model: Any, report: ModelReport, options: argparse.Namespace, variables: Mapping[str, Any], progress: Tell
) -> QuantizedModel:
    """One model, as told."""
    from haoline_analysis.quantization import quantize

    return quantize(
        model,
        calibration=_fed(options, report, variables, "calibrate"),
        **_reading(options, variables),
        **settings_of(options, model, variables),
        output=_path(options.output),
        progress=progress,
    )


def settings_of(options: argparse.Namespace, model: Any, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What is said about how to quantize, the fixes of lint among it; nothing where nothing is said."""
    told = {name: getattr(options, name) for name in ("scheme", "target", *SETTINGS)}
    told = {name: value for name, value in told.items() if value is not None}
    fixes = data.names_of(options.fix, variables)
    lists = {"keep_float": options.keep_float, "int16": options.int16}
    named = {name: data.names_of(words, variables) for name, words in lists.items()}
    named["fixes"] = [fix for fix in fixes if fix != FROM_LINT]
    suggested = _suggested(model, options.target) if FROM_LINT in fixes else {}
    merged = {**suggested, **told}
    for name, own in named.items():
        merged[name] = list(dict.fromkeys([*suggested.get(name, ()), *own]))
    return {name: value for name, value in merged.items() if value not in ([], None)}


def _suggested(model: Any, target: str | None) -> dict[str, Any]:
    """The options that the fixes of what lint warns of come down to."""
    from haoline_analysis.quantization import lint, options_of

    return dict(options_of(lint(model, target=target).findings))


def _variants(
    model: Any, report: ModelReport, options: argparse.Namespace, variables: Mapping[str, Any], progress: Tell
) -> Variants:
    """Several models in a table."""
    from haoline_analysis.quantization import variants

    calibration = _fed(options, report, variables, "calibrate")
    judged = _fed(options, report, variables, "input")
    told = {"target": options.target, "constraint": options.constraint, "folder": _path(options.output)}
    told["schemes"] = data.names_of(options.schemes, variables) or None
    return variants(
        model,
        calibration if judged is None else judged,
        calibration=calibration,
        **{name: value for name, value in told.items() if value is not None},
        **_reading(options, variables),
        progress=progress,
    )


def _until(
    model: Any, report: ModelReport, options: argparse.Namespace, variables: Mapping[str, Any], progress: Tell
) -> MixedPrecision:
    """As little float as a target allows."""
    from haoline_analysis.quantization import mixed_precision

    scheme = {"scheme": options.scheme} if options.scheme else {}
    mixed = mixed_precision(
        model,
        _fed(options, report, variables, "calibrate"),
        target=options.until,
        inputs=_fed(options, report, variables, "input"),
        **scheme,
        **_reading(options, variables),
        progress=progress,
    )
    if options.output:
        mixed.model.save(_path(options.output))
    return mixed


def _fed(options: argparse.Namespace, report: ModelReport, variables: Mapping[str, Any], name: str) -> Any:
    """The data that an option names."""
    return data.inputs_of(getattr(options, name), report, variables, options.tokenizer, f"--{name}")


def _reading(options: argparse.Namespace, variables: Mapping[str, Any]) -> dict[str, Any]:
    """How data become inputs, where that is said."""
    words = {"preprocess": options.preprocess, "tokenizer": options.tokenizer}
    told = {name: data.named(word, variables) for name, word in words.items()} | {"limit": options.limit}
    return {name: value for name, value in told.items() if value is not None}


def _path(word: str | None) -> Path | None:
    return None if word is None else Path(word).expanduser()


def prepare(options: argparse.Namespace) -> None:
    """Write the model beside the one it is made of, where nothing else is said; tables need no files."""
    if options.output is None and not options.variants:
        source = Path(options.model).expanduser()
        word = options.scheme or ("mixed" if options.until else "static-int8")
        options.output = str(source.with_name(f"{source.stem}.{word}.onnx"))


def schemes() -> Iterable[str]:
    """The ways to quantize."""
    from haoline_analysis.quantization import SCHEMES

    return list(SCHEMES)


COMMAND = Command(
    word="quantize",
    what="a model in fewer bits, or several to choose from",
    usage="MODEL --calibrate X",
    description="Quantize a model: by one scheme, by several to choose from, or as far as a target allows.",
    examples=EXAMPLES,
    add_options=add_options,
    run=run,
    forms=quantized_forms.FORMS,
    values={
        "--calibrate": DATA,
        "--input": DATA,
        "--tokenizer": TOKENIZERS,
        "--preprocess": presets,
        "--scheme": schemes,
        "--schemes": schemes,
        "--target": targets,
        "--method": lambda: METHODS,
        "--algorithm": lambda: ALGORITHMS,
        "--output": FILES,
    },
    prepare=prepare,
    writes="--report",
)
