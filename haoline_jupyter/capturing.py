"""``activations``: from the words of a magic or a command line to a capture."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoline_analysis.model import Model
from haoline_analysis.report import ModelReport
from haoline_jupyter.options import OptionError, Parser, devices
from haoline_jupyter.run import Request, report_of, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from haoline_analysis.runtime import ActivationReport

WORD = "activations"
MODES = ("statistics", "stored")
PROVIDERS = ("auto", "cpu", "cuda")
DESCRIPTION = "Run a model on data and see what every layer makes of it."
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def add_options(parser: Parser) -> None:
    """Data, what to keep of it, and where to run."""
    parser.add_argument(
        "--input",
        metavar="X",
        action="append",
        help="a .npy or .npz file, an image, a folder of either, a text file; NAME=X for one input of several; may be "
        "given more than once (default: made up, and labelled so)",
    )
    parser.add_argument(
        "--preprocess", metavar="P", help="how pictures become input: imagenet, clip, 0-1, …, or a function"
    )
    parser.add_argument("--tokenizer", metavar="T", help="a tokenizer.json or its folder, for text")
    parser.add_argument("--limit", metavar="N", type=devices, help="run no more than N samples")
    parser.add_argument("--batch", metavar="N", type=devices, help="run N samples at a time (default 1)")
    parser.add_argument("--tensors", metavar="NAME,…", action="append", help="capture these alone (default: all)")
    parser.add_argument("--mode", choices=MODES, default=MODES[0], help="figures alone, or the tensors as well")
    parser.add_argument("--folder", metavar="DIR", help="where stored tensors go; given as MODEL later it is reopened")
    parser.add_argument("--budget", metavar="SIZE", type=size, help="most bytes to store: 500MB, 2GB, 1.5GiB")
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


def capture_of(
    options: argparse.Namespace, variables: Mapping[str, Any], progress: Callable[[str, float], None]
) -> ActivationReport:
    """Run the model, or reopen what an earlier run stored.

    Args:
        options: what :func:`add_options` parsed, and ``model``.
        variables: the user's names, which may stand for a model, inputs, a function or a tokenizer.
        progress: called with a stage and how much of the whole is done.

    Raises:
        ModelError: if the model, an input or an option is refused.
    """
    from haoline_analysis.runtime import capture, reopen

    source = resolve(options.model, variables)
    if isinstance(source, Path) and source.is_dir():
        return reopen(source)
    report = report_of(source, Request(), progress)
    return capture(
        _model_of(source, report),
        inputs_of(options, report, variables),
        tensors=tensors_of(options.tensors, variables),
        mode=options.mode,
        provider=options.provider,
        preprocess=named(options.preprocess, variables),
        tokenizer=named(options.tokenizer, variables),
        limit=options.limit,
        batch=options.batch,
        folder=options.folder,
        budget_bytes=options.budget,
        report=report,
        progress=progress,
    )


def _model_of(source: Any, report: ModelReport) -> Any:
    """What is run: the file or the model in hand."""
    return report if isinstance(source, ModelReport) or (isinstance(source, Model) and source.path) else source


def named(word: str | None, variables: Mapping[str, Any]) -> Any:
    """What an option names: a variable's value, else the word itself."""
    return variables[word] if word is not None and word in variables else word


def tensors_of(words: list[str] | None, variables: Mapping[str, Any]) -> list[str] | None:
    """The tensors to capture: names with commas between them, or a variable that lists some."""
    if not words:
        return None
    found: list[str] = []
    for word in words:
        held = named(word, variables)
        found += [part.strip() for part in word.split(",") if part.strip()] if held is word else map(str, held)
    return found


def inputs_of(options: argparse.Namespace, report: ModelReport, variables: Mapping[str, Any]) -> Any:
    """What ``--input`` names: one thing, a dict by model input, or a list; None where nothing is said.

    Raises:
        OptionError: if an input is named twice, or only some are named.
    """
    words: list[str] = options.input or []
    names = [port.name for port in report.inputs]
    by_name: dict[str, Any] = {}
    others = []
    for word in words:
        name, equals, rest = word.partition("=")
        if not equals or name not in names:
            others.append(_given(word, variables, options.tokenizer))
        elif name in by_name:
            raise OptionError(f"--input names {name!r} twice.")
        else:
            by_name[name] = _given(rest, variables, options.tokenizer)
    if by_name and others:
        raise OptionError("Name every --input as NAME=X, or none of them.")
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
