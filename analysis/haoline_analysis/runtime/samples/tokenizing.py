"""Tokenizers of several makes behind one call: text in, ids and the words they stand for out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from haoline_analysis.runtime.samples.errors import InputError, missing_extra, reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_FILE_BYTES = 256 << 20
"""Tokenizer files beyond this are refused."""

DEFAULT_MAX_LENGTH = 512
"""Longest sequence where neither the model nor the tokenizer sets a limit."""

_PADS = ("[PAD]", "<pad>", "<|endoftext|>", "</s>", "<unk>")
_MAX_SANE_LENGTH = 1_000_000  # files that mean "no limit" hold 1e30


@dataclass
class Encoding:
    """One tokenized text: lists of equal length by the tokenizer's names (``input_ids``, ``attention_mask``, …)."""

    lists: dict[str, list[int]]
    words: tuple[str, ...] | None = None
    ends: bool = False  # whether the last token marks the end of the text

    def cut(self, limit: int) -> Encoding:
        """The first ``limit`` tokens; a token that ends the text stays the last."""
        kept = [*range(limit - 1), len(self) - 1 if self.ends else limit - 1]
        lists = {name: [values[at] for at in kept] for name, values in self.lists.items()}
        return Encoding(lists, None if self.words is None else tuple(self.words[at] for at in kept), self.ends)

    def __len__(self) -> int:
        """Number of tokens."""
        return len(self.lists["input_ids"])


class Tokenizer(Protocol):
    """What all makes come down to."""

    pad: int
    max_length: int | None

    def encode(self, text: str) -> Encoding:
        """Tokenize one text, with the special tokens that the model was trained with.

        Raises:
            InputError: if the tokenizer fails on it.
        """

    def words(self, ids: list[int]) -> tuple[str, ...] | None:
        """The words of ids; None where the tokenizer cannot say."""


class FileTokenizer:
    """A ``tokenizers.Tokenizer``."""

    def __init__(self, tokenizer: Any, pad: int | None = None, max_length: int | None = None) -> None:
        """Wrap it; its own padding and truncation are taken over as a pad id and a limit."""
        own = tokenizer.padding or {}
        self.pad = pad if pad is not None else int(own.get("pad_id", -1))
        if self.pad < 0:
            self.pad = next((at for word in _PADS if (at := tokenizer.token_to_id(word)) is not None), 0)
        limits = [max_length, (tokenizer.truncation or {}).get("max_length")]
        self.max_length = min((limit for limit in limits if limit), default=None)
        self._tokenizer = tokenizer

    def encode(self, text: str) -> Encoding:
        """See :class:`Tokenizer`."""
        try:
            encoded = self._tokenizer.encode(text)
        except Exception as error:
            raise InputError(f"the tokenizer cannot encode {text[:40]!r}: {reason(error)}") from error
        kept = [at for at, real in enumerate(encoded.attention_mask) if real]  # padding of the file is left out
        lists = {
            "input_ids": [encoded.ids[at] for at in kept],
            "attention_mask": [1] * len(kept),
            "token_type_ids": [encoded.type_ids[at] for at in kept],
        }
        ends = bool(kept) and bool(encoded.special_tokens_mask[kept[-1]])
        return Encoding(lists, tuple(_word(encoded, text, at) for at in kept), ends)

    def words(self, ids: list[int]) -> tuple[str, ...] | None:
        """See :class:`Tokenizer`."""
        return tuple(self._tokenizer.id_to_token(each) or f"[{each}]" for each in ids)


def _word(encoded: Any, text: str, at: int) -> str:
    """What the token stands for in the text (byte-level vocabularies spell otherwise), else the token itself."""
    start, stop = encoded.offsets[at]
    return text[start:stop] or str(encoded.tokens[at])


class CallableTokenizer:
    """A function of a text, or a tokenizer of transformers: returns ids, or a mapping with ``input_ids``."""

    def __init__(self, function: Callable[[str], Any]) -> None:
        """Wrap it; ``pad_token_id`` and ``model_max_length`` are taken over where it has them."""
        pad = getattr(function, "pad_token_id", None)
        self.pad = pad if isinstance(pad, int) else 0
        limit = getattr(function, "model_max_length", None)
        self.max_length = limit if isinstance(limit, int) and 0 < limit < _MAX_SANE_LENGTH else None
        self._function = function

    def encode(self, text: str) -> Encoding:
        """See :class:`Tokenizer`."""
        try:
            made = self._function(text)
        except Exception as error:
            raise InputError(
                f"the tokenizer failed on {text[:40]!r}: {type(error).__name__}: {reason(error)}"
            ) from error
        lists = _lists(made)
        lists.setdefault("attention_mask", [1] * len(lists["input_ids"]))
        ids = lists["input_ids"]
        marks = [getattr(self._function, name, None) for name in ("sep_token_id", "eos_token_id")]
        return Encoding(lists, self.words(ids), bool(ids) and ids[-1] in marks)

    def words(self, ids: list[int]) -> tuple[str, ...] | None:
        """See :class:`Tokenizer`."""
        convert = getattr(self._function, "convert_ids_to_tokens", None)
        return tuple(map(str, convert(ids))) if callable(convert) else None


def _lists(made: Any) -> dict[str, list[int]]:
    """The lists of whatever a tokenizer returned, batch axes of 1 taken off."""
    if hasattr(made, "ids") and hasattr(made, "attention_mask"):  # an Encoding of the tokenizers package
        made = {"input_ids": made.ids, "attention_mask": made.attention_mask, "token_type_ids": made.type_ids}
    mapping: Mapping[str, Any] = made if hasattr(made, "keys") else {"input_ids": made}
    lists = {str(name): _flat(str(name), mapping[name]) for name in mapping.keys()}  # noqa: SIM118  not every mapping iterates
    if "input_ids" not in lists:
        ids = next((name for name in lists if "ids" in name or "token" in name), None)
        if ids is None:
            raise InputError(f"the tokenizer returned {', '.join(lists) or 'nothing'}, but no 'input_ids'")
        lists["input_ids"] = lists[ids]
    count = len(lists["input_ids"])
    return {name: values for name, values in lists.items() if len(values) == count}


def _flat(name: str, values: Any) -> list[int]:
    array = np.asarray(values)
    if array.dtype.kind not in "iub" or array.ndim > 2 or (array.ndim == 2 and len(array) != 1):
        raise InputError(f"the tokenizer returned for {name!r} no list of whole numbers but {type(values).__name__}")
    return [int(each) for each in array.reshape(-1)]


def tokenizer_of(given: Any) -> Tokenizer:
    """A tokenizer of a ``tokenizer.json``, a folder that holds one (or a BERT ``vocab.txt``), or an object.

    Raises:
        InputError: if it is none of these.
        MissingExtraError: if the tokenizers package is needed and not installed.
    """
    if isinstance(given, str | Path):
        path = Path(given).expanduser()
        if not path.exists():
            raise InputError(
                f"there is no tokenizer at {str(given)!r}: give a tokenizer.json, its folder, or a function"
            )
        return _of_folder(path) if path.is_dir() else FileTokenizer(_load(path))
    if type(given).__module__.split(".", 1)[0] == "tokenizers" and hasattr(given, "token_to_id"):
        return FileTokenizer(getattr(given, "_tokenizer", given))
    if callable(given):
        return CallableTokenizer(given)
    raise InputError(
        f"a tokenizer is a tokenizer.json, its folder, or a function of a text, not {type(given).__name__}"
    )


def _of_folder(folder: Path) -> Tokenizer:
    config = _json(folder / "tokenizer_config.json")
    limit = config.get("model_max_length")
    limit = limit if isinstance(limit, int) and 0 < limit < _MAX_SANE_LENGTH else None
    if (folder / "tokenizer.json").is_file():
        tokenizer = _load(folder / "tokenizer.json")
    elif (folder / "vocab.txt").is_file():
        tokenizer = _bert(folder / "vocab.txt", lowercase=config.get("do_lower_case") is not False)
    else:
        raise InputError(f"{folder.name}: holds no tokenizer.json; save one with the tokenizer's save_pretrained")
    word = config.get("pad_token")
    word = word.get("content") if isinstance(word, dict) else word
    return FileTokenizer(tokenizer, tokenizer.token_to_id(word) if isinstance(word, str) else None, limit)


def _load(path: Path) -> Any:
    _refuse_large(path)
    package = _package()
    try:
        return package.Tokenizer.from_file(str(path))
    except Exception as error:
        raise InputError(f"{path.name}: not a tokenizer that can be read: {reason(error)}") from error


def _bert(path: Path, *, lowercase: bool) -> Any:
    _refuse_large(path)
    _package()
    from tokenizers.implementations import BertWordPieceTokenizer

    try:
        made = BertWordPieceTokenizer(str(path), lowercase=lowercase)
    except Exception as error:
        raise InputError(f"{path.name}: not a BERT vocabulary: {reason(error)}") from error
    return made._tokenizer  # noqa: SLF001  the implementations only wrap it


def _package() -> Any:
    try:
        import tokenizers
    except ImportError as error:
        raise missing_extra("reading tokenizer files", "text") from error
    return tokenizers


def _refuse_large(path: Path) -> None:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise InputError(f"{path.name}: {path.stat().st_size:,} bytes are no tokenizer")


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    _refuse_large(path)
    try:
        read = json.loads(path.read_text("utf-8"))
    except (ValueError, OSError) as error:
        raise InputError(f"{path.name}: not readable JSON: {reason(error)}") from error
    return read if isinstance(read, dict) else {}
