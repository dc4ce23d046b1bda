"""Tab completion of ``%haoline``: files, variables, options and their values."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

from haoline_jupyter.commands import COMMANDS
from haoline_jupyter.commands.command import DATA, FILES, FOLDERS, JSON, MODELS, TOKENIZERS
from haoline_jupyter.format_list import suffixes
from haoline_jupyter.magic import PROG, parser
from haoline_jupyter.options import GRAPHS, ROUTES, VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from IPython.core.interactiveshell import InteractiveShell

    from haoline_jupyter.commands import Command

BESIDE = (".json",)
"""Reports written as JSON, and what trtexec exports of engines."""
DATA_SUFFIXES = (".npy", ".npz", ".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".txt")
# At the start of a line, or after "name =": what follows is the magic's own line.
_LINE = re.compile(r"^\s*(?:[\w.,\s]+=\s*)?%haoline(?P<rest>\s.*)$", re.DOTALL)
# The last word: an open quote with what follows it, or a run of characters that are no unescaped space.
_WORD = re.compile(r"""(?:"[^"]*|'[^']*|(?:\\.|[^\s\\"'])*)$""")
_MAX = 200


@context_matcher(identifier="haoline", priority=100)
def matcher(context: CompletionContext) -> SimpleMatcherResult:
    """Completions inside a ``%haoline`` line; nothing anywhere else."""
    line = _LINE.match(context.text_until_cursor)
    if line is None:
        return SimpleMatcherResult(completions=[], suppress=False)
    found = _WORD.search(line["rest"])
    word = found.group() if found else ""
    before = line["rest"][: len(line["rest"]) - len(word)].split()
    texts = [text for text in candidates(word, before, _variables()) if text != word][:_MAX]
    return SimpleMatcherResult(
        completions=[SimpleCompletion(text, type="magic") for text in texts],
        matched_fragment=word,
        suppress=bool(texts),
    )


def candidates(word: str, before: list[str], variables: Mapping[str, Any]) -> list[str]:
    """What a word may become, given the words before it.

    Args:
        word: the text under the cursor, maybe with an open quote.
        before: the words between ``%haoline`` and it.
        variables: the user's names.
    """
    if before and before[0] in COMMANDS:
        return of_command(COMMANDS[before[0]], word, before[1:], variables)
    option = before[-1] if before else ""
    if option == "--hardware":
        return hardware_names(word)
    if option in _TAKES:
        return _values(_TAKES[option], word, variables)
    if word.startswith("-"):
        return _starting(word, sorted(parser()._option_string_actions))  # noqa: SLF001  argparse lists them nowhere else
    commands = COMMANDS if not before else ()
    return [*_starting(word, commands), *_starting(word, _models(variables)), *paths(word)]


_TAKES: dict[str, str | Callable[[], Iterable[str]] | None] = {
    "--precision": lambda: precisions(),
    "--view": lambda: VIEWS,
    "--graph": lambda: GRAPHS,
    "--route": lambda: ROUTES,
    "--example": DATA,
    "--engine": MODELS,
    **dict.fromkeys(("--profile", "--timing", "--build-metadata"), JSON),
    **dict.fromkeys(("--gpus", "--shape", "--keep-onnx")),
}
"""What an option of the report takes, as ``Command.values`` says it of a command's."""


def of_command(command: Command, word: str, before: list[str], variables: Mapping[str, Any]) -> list[str]:
    """What a word of a command may become, given the words before it."""
    actions = command.parser(PROG)._option_string_actions  # noqa: SLF001  argparse lists them nowhere else
    last = actions.get(before[-1]) if before else None
    if last is not None and last.nargs != 0:
        return _values(command.values.get(before[-1]), word, variables)
    if word.startswith("-"):
        return _starting(word, sorted(actions))
    return [*_starting(word, _models(variables)), *paths(word)]


def _values(kind: str | Callable[[], Iterable[str]] | None, word: str, variables: Mapping[str, Any]) -> list[str]:
    """What an option takes that begins so."""
    if kind is None:
        return []
    if callable(kind):
        head, comma, last = word.rpartition(",")
        return [head + comma + text for text in _starting(last, kind())]
    return {
        DATA: lambda: [*_starting(word, _data(variables)), *paths(word, DATA_SUFFIXES)],
        FOLDERS: lambda: paths(word, ()),
        TOKENIZERS: lambda: paths(word, (".json",)),
        FILES: lambda: paths(word),
        JSON: lambda: paths(word, (".json",)),
        MODELS: lambda: [*_starting(word, _models(variables)), *paths(word)],
    }[kind]()


def _data(variables: Mapping[str, Any]) -> list[str]:
    """Variables that may be fed to a model."""
    kinds = ("ndarray", "DataFrame", "dict", "list", "function", "Tensor", "Samples")
    return sorted(name for name, value in variables.items() if name[0] != "_" and type(value).__name__ in kinds)


def _starting(word: str, words: Iterable[str]) -> list[str]:
    """Those that begin with the word, in any case."""
    return [text for text in words if text.lower().startswith(word.lower())]


def _models(variables: Mapping[str, Any]) -> list[str]:
    """Variables that hold a model or report."""
    return sorted(name for name, value in variables.items() if name[0] != "_" and _is_model(type(value)))


def _is_model(kind: type) -> bool:
    """Whether a class is of models: by name, as looking at every variable must not import PyTorch."""
    kinds = ("ModelReport", "Model", "ModelProto", "QuantizedModel", "MixedPrecision", "ExportedProgram")
    return kind.__name__ in kinds or any(
        base.__name__ == "Module" and base.__module__.startswith("torch.") for base in kind.__mro__
    )


def hardware_names(word: str) -> list[str]:
    """Profile names that hold what was typed, those that start with it first; quoted where they have spaces."""
    from haoline_analysis import profiles

    typed = word.lstrip("\"'").lower()
    names = sorted({profile.name for profile in profiles()} | {profile.id for profile in profiles()})
    hits = [name for name in names if typed in name.lower()]
    hits.sort(key=lambda name: not name.lower().startswith(typed))
    return [f'"{name}"' if " " in name or word[:1] == '"' else name for name in hits]


def precisions() -> list[str]:
    """The precisions an estimate can be made for."""
    from haoline_analysis.report import placing

    return list(placing.PRECISIONS)


def paths(word: str, kinds: tuple[str, ...] | None = None) -> list[str]:
    """Folders and files of a kind (None: models) that continue a path, quoted as it was or escaped."""
    wanted = {*suffixes(), *BESIDE} if kinds is None else kinds
    quote = word[:1] if word[:1] in ("'", '"') else ""
    typed = word[1:] if quote else re.sub(r"\\(.)", r"\1", word)
    head, tail = os.path.split(typed)
    found = []
    try:
        entries = sorted(Path(head).expanduser().iterdir() if head else Path().iterdir())
    except OSError:
        return []  # a folder that is not there or not ours to read completes to nothing
    for entry in entries:
        if not entry.name.startswith(tail) or (entry.name.startswith(".") and not tail.startswith(".")):
            continue
        folder = entry.is_dir()
        if folder or entry.suffix.lower() in wanted:
            found.append(_written(str(Path(head) / entry.name) if head else entry.name, quote, folder))
    return found


def _written(path: str, quote: str, folder: bool) -> str:
    """A path as it is typed: folders end in a slash and leave the quote open."""
    if quote:
        return f"{quote}{path}/" if folder else f"{quote}{path}{quote}"
    escaped = re.sub(r"([\s\\\"'])", r"\\\1", path)
    return f"{escaped}/" if folder else escaped


def _variables() -> Mapping[str, Any]:
    """The user's names, empty outside of a shell."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return shell.user_ns if shell is not None else {}


def install(shell: InteractiveShell) -> None:
    """Offer completions in this shell."""
    if matcher not in shell.Completer.custom_matchers:
        shell.Completer.custom_matchers.append(matcher)


def remove(shell: InteractiveShell) -> None:
    """Offer none any more."""
    if matcher in shell.Completer.custom_matchers:
        shell.Completer.custom_matchers.remove(matcher)
