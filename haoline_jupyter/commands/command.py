"""What a command of ``%haoline`` and ``jupyter haoline`` is: options, work, forms of its result, completions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from haoline_jupyter.options import Parser

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Mapping

    Tell = Callable[[str, float], None]

DATA, MODELS, FOLDERS, TOKENIZERS, FILES, JSON = "data", "models", "folders", "tokenizers", "files", "json"
"""Kinds of things that an option takes, for completion."""


@dataclass(frozen=True)
class Unfinished:
    """Work that ended early and kept what was done."""

    status: int
    """Exit status on the command line."""
    said: str


def _finished(_: Any) -> Unfinished | None:
    return None


def _as_given(_: argparse.Namespace) -> None:
    pass


@dataclass(frozen=True)
class Command:
    """One command; the same in the magic and on the command line."""

    word: str
    what: str
    """In a few words, for the list of commands."""
    usage: str
    """Its first line there: what follows the word."""
    description: str
    examples: str
    """What is below the options in the magic."""
    add_options: Callable[[Parser], None]
    run: Callable[[argparse.Namespace, Mapping[str, Any], Tell], Any]
    """From options, the user's names and a callback for progress to the result."""
    forms: Mapping[str, Callable[[Any], str]]
    """Forms on the command line by name, the default first."""
    values: Mapping[str, str | Callable[[], Iterable[str]]] = field(default_factory=dict)
    """What an option takes: a kind of thing, or its words."""
    unfinished: Callable[[Any], Unfinished | None] = _finished
    prepare: Callable[[argparse.Namespace], None] = _as_given
    """Fills in what the command line cannot leave open, as what is not written is gone when it ends."""
    writes: str = "--output"
    """The option of the command line for the file that the form goes to."""

    def parser(self, prog: str, examples: str = "") -> Parser:
        """The options of the magic, which the command line adds its own to."""
        made = Parser(f"{prog} {self.word}", self.description, examples)
        self.add_options(made)
        return made
