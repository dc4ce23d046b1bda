"""The ``%haoline`` line magic."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class
from IPython.utils.process import arg_split

from haoline_analysis.errors import ModelError
from haoline_jupyter.commands import COMMANDS, listed, refuse_misspelt
from haoline_jupyter.options import (
    VIEWS,
    HelpRequested,
    OptionError,
    Parser,
    add_analysis_options,
    add_source_options,
)
from haoline_jupyter.progress import NotebookSink, Progress
from haoline_jupyter.run import answer, message

if TYPE_CHECKING:
    import argparse

    from haoline_analysis import ModelReport
    from haoline_jupyter.commands import Command

DESCRIPTION = "Show what is in a model, what it costs and where it will run."
EPILOG = """\
The result is the report:
  report = %haoline model.onnx
  report.ops.sort_values("flops")
  report.bind(batch=8)

Examples:
  %haoline model.onnx
  %haoline model.onnx --shape batch=8,seq=512 --hardware H100
  %haoline "my models/bert.onnx" --precision int8 --view layers
  %haoline report --hardware "RTX 4090" --gpus 2
  %haoline checkpoint/ --graph analytic                      safetensors or GGUF: weights, and the ops of the family
  %haoline module --example images                           a PyTorch module and what it is called with
  %haoline model.onnx --engine engine.graph.json --profile engine.profile.json

Commands:
"""
PROG = "%haoline"
MODEL = "a model file or folder (see --formats), or a variable that holds a path, a model, a PyTorch module or a report"


def parser() -> argparse.ArgumentParser:
    """The options of the magic."""
    made = Parser(PROG, DESCRIPTION, EPILOG + listed(PROG))
    made.add_argument("model", metavar="MODEL", help=MODEL)
    add_analysis_options(made)
    add_source_options(made)
    made.add_argument("--view", choices=VIEWS, help="tab to open first (default graph)")
    return made


class RefusedError(Exception):
    """What the magic was asked cannot be done: fails the cell, so that "Run All" stops, and shows as one line."""

    def _render_traceback_(self) -> list[str]:
        """The lines IPython shows in place of a traceback."""
        return [str(self)]


@magics_class
class HaolineMagics(Magics):
    """``%haoline MODEL [options]``, ``%haoline COMMAND …``; ``--help`` lists them."""

    @line_magic
    def haoline(self, line: str) -> Any:
        """Show what is in a model, what it costs and where it will run; ``%haoline --help`` lists the options.

        ``%haoline activations MODEL --input X`` runs it on data and shows what every layer makes of it; ``compare``,
        ``quantize`` and ``lint`` tell what fewer bits do to it.
        """
        try:
            words = split(line)
            command = COMMANDS.get(words[0]) if words else None
            return self._command(command, words[1:]) if command else self._report(words)
        except HelpRequested as text:
            sys.stdout.write(str(text))
        except ModelError as error:
            raise RefusedError(message(error)) from None
        return None

    def _command(self, command: Command, words: list[str]) -> Any:
        """What a command makes."""
        options = command.parser(PROG, command.examples).parse_args(words)
        variables: dict[str, Any] = self.shell.user_ns
        with Progress(NotebookSink()) as progress:
            return command.run(options, variables, progress)

    def _report(self, words: list[str]) -> ModelReport:
        """The report a line asks for."""
        refuse_misspelt(words)
        options = parser().parse_args(words)
        with Progress(NotebookSink()) as progress:
            report = answer(options, self.shell.user_ns, progress)
        if options.view:
            report.view = options.view
        return report


def split(line: str) -> list[str]:
    """The words of a line; quotes and backslashes keep spaces.

    Raises:
        OptionError: if a quote is left open.
    """
    try:
        return list(arg_split(line, posix=True))
    except ValueError as error:
        raise OptionError(f"A quote is left open in: %haoline {line.strip()}") from error
