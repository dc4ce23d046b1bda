"""``jupyter haoline``: reports, profiles and notebook export from a terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from haoline_analysis.errors import ModelError
from haoline_jupyter.commands import COMMANDS, listed, refuse_misspelt
from haoline_jupyter.options import (
    INTERRUPTED,
    OK,
    REFUSED,
    USAGE,
    HelpRequested,
    OptionError,
    Parser,
    add_analysis_options,
    add_source_options,
)
from haoline_jupyter.progress import Progress, TerminalSink

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from haoline_analysis import ModelReport
    from haoline_jupyter.commands import Command

FORMATS = ("text", "markdown", "html", "json")
PROG = "jupyter haoline"
EPILOG = """\
Commands:
  jupyter haoline MODEL                            the report of a model (see the options above)
  jupyter haoline profiles [WORD …]                the hardware profiles, all or those that match
  jupyter haoline export NOTEBOOK                  a notebook as one HTML page with live reports
"""
EXAMPLES = """
Examples:
  jupyter haoline model.onnx --shape batch=8
  jupyter haoline model.onnx --hardware H100 --format html -o report.html
  jupyter haoline checkpoint/ --graph analytic
  jupyter haoline engine.graph.json --profile engine.profile.json
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status (0 done, 1 refused, 2 wrong usage, 130 interrupted)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _dispatch(words)
    except HelpRequested as text:
        sys.stdout.write(str(text))
        return OK
    except OptionError as error:
        return _fail(error, USAGE)
    except ModelError as error:
        return _fail(error, REFUSED)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        return INTERRUPTED
    except BrokenPipeError:  # the reader, such as head, has enough
        sys.stderr.close()
        return OK


def _fail(error: ModelError, status: int) -> int:
    """One line that says what is wrong."""
    from haoline_jupyter.run import message

    sys.stderr.write(f"{message(error)}\n")
    return status


def _dispatch(words: list[str]) -> int:
    """Run the command that the first word names."""
    first = words[0] if words else ""
    if first in COMMANDS:
        return run_command(COMMANDS[first], words[1:])
    own = {"profiles": list_profiles, "export": export}.get(first)
    return own(words[1:]) if own else report(words)


def report(words: list[str]) -> int:
    """Write the report of one model.

    Raises:
        ModelError: if the model or an option is refused.
    """
    refuse_misspelt(words)
    options = _report_parser().parse_args(words)
    from haoline_jupyter.run import answer

    with Progress(TerminalSink()) as progress:
        made = answer(options, {}, progress)
    _write(rendered(made, options.format), options.output)
    return OK


def _report_parser() -> argparse.ArgumentParser:
    """The options of a report."""
    parser = Parser(
        PROG, "Show what is in a model, what it costs and where it will run.", EPILOG + listed(PROG) + EXAMPLES
    )
    parser.add_argument("model", metavar="MODEL", help="a model file or folder (see --formats)")
    add_analysis_options(parser)
    add_source_options(parser)
    parser.add_argument("--format", choices=FORMATS, default="text", help="form of the report (default text)")
    parser.add_argument("-o", "--output", metavar="FILE", help="write to a file instead of the terminal")
    return parser


def rendered(made: ModelReport, form: str) -> str:
    """The report in a form; HTML is interactive, for which the front end must be built."""
    if form == "html":
        from haoline_jupyter import assets

        return made.to_html(assets=assets.views())
    if form == "text":
        return made.summary() + "\n"
    return made.to_json() + "\n" if form == "json" else made.to_markdown()


def _write(text: str, output: str | None) -> None:
    """To the file, else to the terminal.

    Raises:
        ModelError: if the file cannot be written.
    """
    if output is None:
        sys.stdout.write(text)
        return
    try:
        Path(output).expanduser().write_text(text, encoding="utf-8")
    except OSError as error:
        raise ModelError(f"Cannot write {output}: {error.strerror}.") from error


def run_command(command: Command, words: list[str]) -> int:
    """Do what a command says and write its result.

    Raises:
        ModelError: if a model, an input or an option is refused.
    """
    parser, names = command.parser(PROG), tuple(command.forms)
    parser.add_argument("--format", choices=names, default=names[0], help=f"form of the result (default {names[0]})")
    short = ["-o"] if command.writes == "--output" else []
    parser.add_argument(*short, command.writes, dest="form_file", metavar="FILE", help="where it goes (default: here)")
    options = parser.parse_args(words)
    command.prepare(options)
    with Progress(TerminalSink()) as progress:
        made = command.run(options, {}, progress)
    _write(command.forms[options.format](made), options.form_file)
    unfinished = command.unfinished(made)
    if unfinished is None:
        return OK
    sys.stderr.write(f"{unfinished.said}\n")
    return unfinished.status


def list_profiles(words: list[str]) -> int:
    """Print the profiles whose name holds every given word.

    Raises:
        ModelError: if none does.
    """
    parser = Parser(f"{PROG} profiles", "List the hardware profiles.")
    parser.add_argument("words", metavar="WORD", nargs="*", help="part of a name, vendor or architecture")
    wanted = [word.lower() for word in parser.parse_args(words).words]
    from haoline_analysis import profiles

    found = [profile for profile in profiles() if all(word in _searched(profile) for word in wanted)]
    if not found:
        raise ModelError(f"No hardware profile matches {' '.join(wanted)!r}.")
    sys.stdout.write(_profile_table(found))
    return OK


def _searched(profile: object) -> str:
    """The text a profile is found by."""
    names = ("id", "name", "vendor", "architecture")
    return " ".join(str(getattr(profile, name, "") or "") for name in names).lower()


def _profile_table(found: Sequence[object]) -> str:
    """Profiles with memory, bandwidth and half-precision peak."""
    from haoline_analysis.report.formatting import count, nbytes

    rows = [["Name", "Vendor", "Memory", "Bandwidth", "FP16 peak"]]
    for profile in found:
        memory, bandwidth, peaks = (getattr(profile, name) for name in ("memory_bytes", "bandwidth", "peaks"))
        figures = [nbytes(memory), count(bandwidth, "B/s"), count(peaks.get("fp16"), "FLOP/s")]
        rows.append([str(getattr(profile, "name", "")), str(getattr(profile, "vendor", "")), *figures])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "".join("  ".join(map(str.ljust, row, widths)).rstrip() + "\n" for row in rows)


def export(words: list[str]) -> int:
    """Write a notebook as one HTML page.

    Raises:
        ModelError: if the notebook cannot be read or the page not be written.
    """
    parser = Parser(f"{PROG} export", "Export a notebook with its reports as one HTML page that needs no network.")
    parser.add_argument("notebook", metavar="NOTEBOOK", help="an .ipynb file whose cells have been run")
    parser.add_argument("-o", "--output", metavar="FILE", help="the page to write (default: beside the notebook)")
    options = parser.parse_args(words)
    from haoline_jupyter.export import page_of

    output = options.output or str(Path(options.notebook).with_suffix(".html"))
    _write(page_of(Path(options.notebook).expanduser()), output)
    sys.stderr.write(f"Wrote {output}\n")
    return OK


if __name__ == "__main__":
    sys.exit(main())
