"""The commands of ``%haoline`` and ``jupyter haoline``, one module for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.report.naming import offer
from haoline_jupyter.commands import activations, compare, lint, quantize
from haoline_jupyter.commands.command import Command
from haoline_jupyter.options import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COMMANDS", "Command", "listed", "refuse_misspelt"]

COMMANDS: dict[str, Command] = {
    module.COMMAND.word: module.COMMAND for module in (activations, compare, quantize, lint)
}
"""By the first word of a line; a model called so is given as ``./compare``."""


def refuse_misspelt(words: Sequence[str]) -> None:
    """Tell a command with a slip in it from a model: only a command is followed by a word of its own.

    Raises:
        OptionError: where the first word is nearly a command, naming that.
    """
    first, *rest = [*words, ""]
    near = offer(first, COMMANDS) if first.isalpha() and rest[0] and not rest[0].startswith("-") else ""
    if near:
        raise OptionError(f"There is no command {first!r}{near}")


def listed(prog: str) -> str:
    """A line for each command: how it is called, and what it tells."""
    rows = [(f"{prog} {command.word} {command.usage}", command) for command in COMMANDS.values()]
    width = max(len(line) for line, _ in rows)
    return "".join(f"  {line:<{width}}  {command.what} ({command.word} --help)\n" for line, command in rows)
