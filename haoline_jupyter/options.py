"""The options that the magic and the command line share: one parser, one meaning."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any, NoReturn

from haoline_analysis.errors import ModelError
from haoline_analysis.report.naming import offer

if TYPE_CHECKING:
    from collections.abc import Sequence

TIMES = "\N{MULTIPLICATION SIGN}"
VIEWS = ("graph", "layers", "memory", "hardware", "findings")
GRAPHS = ("analytic",)
ROUTES = ("export", "onnx", "hooks")
SOURCE_OPTIONS = ("graph", "route", "keep_onnx", "profile", "timing", "build_metadata")
"""Options that go to the reader of the format as they are."""
OK, REFUSED, USAGE, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses of the command line."""
RESERVED = frozenset({"bench", "capture", "convert", "deploy", "diff", "help", "profile", "run"})
"""Words kept for later commands: a model called so is given as ``./run``."""


class OptionError(ModelError):
    """An option or its value that we refuse, by name."""


class HelpRequested(Exception):  # noqa: N818  not an error
    """``--help`` was given; the text is the message."""


class Parser(argparse.ArgumentParser):
    """An argument parser that neither prints nor exits, and takes no abbreviations."""

    def __init__(self, prog: str, description: str, epilog: str = "") -> None:
        """Options are spelt in full: an abbreviation may mean something else tomorrow."""
        super().__init__(
            prog,
            description=description,
            epilog=epilog,
            add_help=False,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self.add_argument("-h", "--help", action=_Help, nargs=0, help="show this help")

    def parse_args(  # type: ignore[override]  # overloaded there for the types of namespaces
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> Any:
        """The options of some words.

        Raises:
            OptionError: if a word is none of them, or has no meaning; offers the options that it is near to.
        """
        found, rest = self.parse_known_args(args, namespace)
        unknown = next((word.partition("=")[0] for word in rest if word.startswith("-")), None)
        if unknown is not None:
            near = offer(unknown, self._option_string_actions) or "."
            raise OptionError(f"There is no option {unknown}{near} See {self.prog} --help.")
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return found

    def error(self, message: str) -> NoReturn:
        """Raise instead of leaving the process.

        Raises:
            OptionError: always.
        """
        raise OptionError(f"{message}. See {self.prog} --help.")


class _Help(argparse.Action):
    """Raises the help text."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        raise HelpRequested(parser.format_help())


class _Formats(argparse.Action):
    """Raises the list of formats."""

    def __call__(self, *_: object) -> NoReturn:
        from haoline_jupyter.format_list import formats_table

        raise HelpRequested(formats_table())


def add_analysis_options(parser: argparse.ArgumentParser) -> None:
    """Hardware, number of devices, shapes and precision."""
    parser.add_argument(
        "--hardware",
        metavar="NAME",
        help='device to estimate for, such as H100 or "RTX 4090" (default: this machine\'s)',
    )
    parser.add_argument("--gpus", metavar="N", type=number, help="number of such devices (default 1)")
    parser.add_argument(
        "--shape",
        metavar="DIM=N,…",
        type=shapes,
        action="append",
        help="sizes of dims (batch=8,seq=512) or of whole inputs (image=1x3x224x224)",
    )
    parser.add_argument("--precision", metavar="P", help="precision to estimate for: fp32, fp16, bf16, fp8, int8, …")


def add_source_options(parser: argparse.ArgumentParser) -> None:
    """What only some formats know: inputs of a module, the measurements of an engine, ops of a checkpoint."""
    parser.add_argument("--formats", action=_Formats, nargs=0, help="list what can be opened, and what it yields")
    parser.add_argument(
        "--example",
        metavar="X",
        help="what a PyTorch module is called with: a variable, or shapes (1x3x224x224, input_ids=1x128:int64)",
    )
    parser.add_argument("--graph", choices=GRAPHS, help="work out the ops of a checkpoint of a known family")
    parser.add_argument("--route", choices=ROUTES, help="how a PyTorch module becomes a graph (default: what works)")
    parser.add_argument("--keep-onnx", metavar="FILE", help="keep the ONNX model that a module was exported to")
    parser.add_argument(
        "--engine",
        metavar="FILE",
        help="what TensorRT made of this ONNX model: layer JSON or an engine; or the word expected",
    )
    parser.add_argument("--profile", metavar="FILE", help="time of each layer of an engine, as trtexec exports it")
    parser.add_argument("--timing", metavar="FILE", help="time of each run of an engine, as trtexec exports it")
    parser.add_argument("--build-metadata", metavar="FILE", help="how an engine was built, as trtexec logged it")


def number(text: str) -> int:
    """How many of something.

    Raises:
        argparse.ArgumentTypeError: unless it is 1 or more.
    """
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of 1 or more")
    return int(text)


def shapes(text: str) -> dict[str, int | list[int]]:
    """Sizes by dim name, whole shapes by input name: ``batch=8,seq=512`` or ``image=1x3x224x224``.

    Raises:
        argparse.ArgumentTypeError: if a part is no ``name=size``, or a name comes twice.
    """
    found: dict[str, int | list[int]] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, equals, sizes = part.rpartition("=")
        if not equals or not name.strip() or not re.fullmatch(rf"\d+([x{TIMES}]\d+)*", sizes.strip()):
            raise argparse.ArgumentTypeError(f"{part!r} is not NAME=SIZE, such as batch=8 or image=1x3x224x224")
        if name.strip() in found:
            raise argparse.ArgumentTypeError(f"{name.strip()!r} is given twice")
        dims = [int(size) for size in re.split(f"[x{TIMES}]", sizes.strip())]
        found[name.strip()] = dims[0] if len(dims) == 1 else dims
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} names no dim; write batch=8")
    return found


def merged(given: list[dict[str, int | list[int]]] | None) -> dict[str, int | list[int]] | None:
    """Several ``--shape`` options as one.

    Raises:
        OptionError: if two of them name the same dim.
    """
    together: dict[str, int | list[int]] = {}
    for one in given or []:
        if twice := together.keys() & one.keys():
            raise OptionError(f"--shape names {min(twice)!r} twice.")
        together |= one
    return together or None
