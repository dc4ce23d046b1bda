"""The commands of ``%haoline`` and ``jupyter haoline``, one module for each."""

from __future__ import annotations

from haoline_jupyter.commands import activations, compare, lint, quantize
from haoline_jupyter.commands.command import Command

__all__ = ["COMMANDS", "Command", "listed"]

COMMANDS: dict[str, Command] = {
    module.COMMAND.word: module.COMMAND for module in (activations, compare, quantize, lint)
}
"""By the first word of a line; a model called so is given as ``./compare``."""


def listed(prog: str) -> str:
    """A line for each command: how it is called, and what it tells."""
    rows = [(f"{prog} {command.word} {command.usage}", command) for command in COMMANDS.values()]
    width = max(len(line) for line, _ in rows)
    return "".join(f"  {line:<{width}}  {command.what} ({command.word} --help)\n" for line, command in rows)
