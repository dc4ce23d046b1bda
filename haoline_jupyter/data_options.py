"""What the options about data, models and names mean: one meaning in the magic and on the command line."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoline_analysis.model import Model
from haoline_analysis.report import ModelReport
from haoline_jupyter.options import OptionError, Parser, number
from haoline_jupyter.run import Request, format_of, report_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_RUN = "onnx"
PROVIDERS = ("auto", "cpu", "cuda")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_GIVEN = (
    "a .npy or .npz file, an image, a folder of either, a text file; NAME=X for one input of several; may be given "
    "more than once"
)


def add_inputs(parser: Parser, option: str, otherwise: str) -> None:
    """An option that names data, and what happens without it."""
    parser.add_argument(option, metavar="X", action="append", help=f"{_GIVEN} ({otherwise})")


def add_reading(parser: Parser) -> None:
    """How data become inputs, and how many of them."""
    parser.add_argument(
        "--preprocess", metavar="P", help="how pictures become input: imagenet, clip, 0-1, …, or a function"
    )
    parser.add_argument("--tokenizer", metavar="T", help="a tokenizer.json or its folder, for text")
    parser.add_argument("--limit", metavar="N", type=number, help="run no more than N samples")


def add_running(parser: Parser) -> None:
    """How many samples at a time, and where."""
    parser.add_argument("--batch", metavar="N", type=number, help="run N samples at a time (default 1)")
    parser.add_argument("--provider", metavar="P", default="auto", help="auto, cpu, cuda, … (default auto)")


def size(text: str) -> int:
    """Bytes: ``2GB`` is 2·10⁹, ``2GiB`` 2·2³⁰.

    Raises:
        argparse.ArgumentTypeError: if it is no size.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None or not float(found[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write 500MB or 2GB")
    return int(float(found[1]) * (1024 if found[3] else 1000) ** _POWERS[found[2].lower()])


def report_to_run(source: Any, progress: Callable[[str, float], None]) -> ModelReport:
    """The report of a model that onnxruntime can run.

    Raises:
        ModelError: if the model is refused, or is of another format.
    """
    found = format_of(source)
    if found in (None, _RUN):
        report = report_of(source, Request(), progress)
        found = report.facts.format
        if found == _RUN:
            return report
    raise OptionError(
        f"Only ONNX models can be run, quantized and checked, not {found}: export it, as torch.onnx.export does, or "
        "%haoline with --route onnx --keep-onnx model.onnx."
    )


def model_of(source: Any, report: ModelReport) -> Any:
    """What is run: the file or the model in hand."""
    return report if isinstance(source, ModelReport) or (isinstance(source, Model) and source.path) else source


def named(word: str | None, variables: Mapping[str, Any]) -> Any:
    """What an option names: a variable's value, else the word itself."""
    return variables[word] if word is not None and word in variables else word


def names_of(words: Iterable[str] | None, variables: Mapping[str, Any]) -> list[str]:
    """Names with commas between them, or variables that list some; an index of a frame is a list too."""
    found: list[str] = []
    for word in words or ():
        held = named(word, variables)
        found += [part.strip() for part in word.split(",") if part.strip()] if held is word else map(str, held)
    return found


def inputs_of(
    words: list[str] | None, report: ModelReport, variables: Mapping[str, Any], tokenizer: Any, option: str = "--input"
) -> Any:
    """What an option for data names: one thing, a dict by model input, or a list; None where nothing is said.

    Raises:
        OptionError: if an input is named twice, or only some are named.
    """
    names = [port.name for port in report.inputs]
    by_name: dict[str, Any] = {}
    others = []
    for word in words or ():
        name, equals, rest = word.partition("=")
        if not equals or name not in names:
            others.append(_given(word, variables, tokenizer))
        elif name in by_name:
            raise OptionError(f"{option} names {name!r} twice.")
        else:
            by_name[name] = _given(rest, variables, tokenizer)
    if by_name and others:
        raise OptionError(f"Name every {option} as NAME=X, or none of them.")
    if by_name:
        return by_name
    return others if len(others) > 1 else (others[0] if others else None)


def _given(word: str, variables: Mapping[str, Any], tokenizer: Any) -> Any:
    """A variable's value, a text where there is a tokenizer for it, else a path."""
    if word in variables:
        return variables[word]
    path = Path(word).expanduser()
    is_text = tokenizer is not None and " " in word.strip() and not path.exists()
    return [word] if is_text else path
