"""Texts as samples: tokenized, padded to what the model fixes, and joined by the inputs that follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.errors import BindingError
from haoline_analysis.runtime.samples.elements import numpy_dtype
from haoline_analysis.runtime.samples.errors import InputError, listed
from haoline_analysis.runtime.samples.sample import Sample
from haoline_analysis.runtime.samples.stacks import batch_axes
from haoline_analysis.runtime.samples.synthetic import Recipe
from haoline_analysis.runtime.samples.tokenizing import DEFAULT_MAX_LENGTH, Encoding, Tokenizer
from haoline_analysis.shapes.bindings import bind
from haoline_analysis.shapes.symbols import Symbols, find_symbols

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from haoline_analysis.runtime.samples.ports import Port
    from haoline_analysis.runtime.samples.recipes import Facts
    from haoline_analysis.runtime.samples.sources import Source

MAX_TEXT_BYTES = 64 << 20
"""Larger text files are refused: a generator of lines has no limit."""

_FOLLOWING = frozenset({"mask", "positions", "token_types", "past", "flag", "lengths", "lengths_less_one", "total"})
_ENCODED = {"mask": "attention_mask", "token_types": "token_type_ids", "ids": "input_ids"}
_LABEL = 48


@dataclass(frozen=True)
class TextWay:
    """How a text becomes feeds. Picklable where the tokenizer is."""

    tokenizer: Tokenizer
    ports: tuple[Port, ...]
    roles: dict[str, str]
    symbols: Symbols
    axes: dict[str, int]  # of each port, the one that counts samples
    ids: Port

    @classmethod
    def of(cls, tokenizer: Tokenizer, facts: Facts) -> TextWay:
        """The way for a model.

        Raises:
            InputError: if no input, or more than one, takes token ids.
        """
        ids = ids_port(facts.ports, facts.roles)
        return cls(tokenizer, facts.ports, facts.roles, find_symbols(facts.model), batch_axes(facts.ports), ids)

    @property
    def length(self) -> int | None:
        """The sequence length that the model fixes, else None."""
        shape = self.ids.shape
        return shape[-1] if shape and isinstance(shape[-1], int) else None

    def sample(self, text: str) -> Sample:
        """Tokenize one text and feed every input that follows from it."""
        encoding = self._sized(self.tokenizer.encode(text))
        lists = {name: np.array(values, np.int64) for name, values in encoding.lists.items()}
        feeds = {self.ids.name: self._row(self.ids, lists["input_ids"])}
        sizes = self._sizes(feeds[self.ids.name])
        for port in self.ports:
            if port.name not in feeds:
                feeds[port.name] = self._follow(port, lists, sizes)
        return Sample(feeds, _label(text), tokens=encoding.words, notes=self._notes())

    def _notes(self) -> tuple[str, ...]:
        """What is done besides tokenizing, as notes."""
        if self.length is not None:
            said = [f"texts are cut and padded to the model's {self.length} tokens"]
        else:
            said = [f"texts are cut to {self.tokenizer.max_length or DEFAULT_MAX_LENGTH} tokens"]
        added = [port.name for port in self.ports if self.roles[port.name] in _FOLLOWING - {"mask", "token_types"}]
        return (*said, f"{', '.join(added)} follow from the length of the text") if added else tuple(said)

    def _sized(self, encoding: Encoding) -> Encoding:
        """Cut to the limit, a token that ends the text being kept; padded where the model fixes the length."""
        limit = self.length or self.tokenizer.max_length or DEFAULT_MAX_LENGTH
        if not len(encoding) and not self.length:
            raise InputError("the text has no tokens")
        if len(encoding) > limit:
            encoding = encoding.cut(limit)
        missing = (self.length or 0) - len(encoding)
        if missing <= 0:
            return encoding
        fill = {"input_ids": self.tokenizer.pad}
        lists = {name: [*values, *[fill.get(name, 0)] * missing] for name, values in encoding.lists.items()}
        words = None if encoding.words is None else (*encoding.words, *["[pad]"] * missing)
        return Encoding(lists, words)

    def _row(self, port: Port, values: np.ndarray) -> np.ndarray:
        """A list of whole numbers in the axes and type of an input."""
        rank = 1 if port.shape is None else max(1, len(port.shape))
        return values.reshape((1,) * (rank - 1) + (-1,)).astype(numpy_dtype(port.dtype))

    def _sizes(self, ids: np.ndarray) -> dict[str, tuple[int, ...] | None]:
        """The shape of each input, the ids' being known."""
        dims = self.symbols.inputs.get(self.ids.name) or ()
        known = {dim: size for dim, size in zip(dims, ids.shape, strict=False) if dim in self.symbols.by_name}
        try:
            binding = bind(self.symbols, known)
        except BindingError as error:
            raise InputError(str(error)) from error
        shapes = {}
        for port in self.ports:
            sizes = [binding.resolve(dim) for dim in self.symbols.inputs.get(port.name) or ()]
            if port.name in self.axes:
                sizes[self.axes[port.name]] = 1  # texts become a batch later, where the model fixes one
            shapes[port.name] = None if None in sizes else tuple(size for size in sizes if size is not None)
        return shapes

    def _follow(self, port: Port, lists: dict[str, np.ndarray], sizes: dict[str, tuple[int, ...] | None]) -> np.ndarray:
        role, shape = self.roles[port.name], sizes[port.name]
        encoded = lists.get(port.name, lists.get(_ENCODED.get(role, "")))
        if encoded is not None and role != "ids" and port.shape is not None and 1 <= len(port.shape) <= 2:
            return self._with_past(port, encoded, shape)
        if role not in _FOLLOWING or shape is None:
            raise InputError(f"input {port.name!r} is missing: the model expects {port}, which no text tells")
        length = len(lists["input_ids"])
        return Recipe(port, shape, role, past=self._past(sizes), length=length).make(np.random.default_rng(0))

    def _with_past(self, port: Port, values: np.ndarray, shape: tuple[int, ...] | None) -> np.ndarray:
        """A mask over past and new positions is longer than the text."""
        more = (shape[-1] if shape else 0) - len(values)
        before = np.ones(more, values.dtype) if more > 0 and self.roles[port.name] == "mask" else values[:0]
        return self._row(port, np.concatenate([before, values]))

    def _past(self, sizes: dict[str, tuple[int, ...] | None]) -> int:
        shapes = [sizes[port.name] or () for port in self.ports if self.roles[port.name] == "past"]
        return max((shape[-2] for shape in shapes if len(shape) >= 4), default=0)


class Texts:
    """Texts, tokenized when they are asked for."""

    def __init__(self, texts: Sequence[str], way: TextWay) -> None:
        """Hold ``texts``."""
        self._texts = list(texts)
        self._way = way

    def __len__(self) -> int:
        """Number of texts."""
        return len(self._texts)

    def sample(self, index: int) -> Sample:
        """Tokenize one."""
        return self._way.sample(self._texts[index])

    def label(self, index: int) -> str:
        """Its beginning."""
        return _label(self._texts[index])

    def part(self, start: int, stop: int) -> Source:
        """Fewer texts."""
        return Texts(self._texts[start:stop], self._way)


def ids_port(ports: Sequence[Port], roles: dict[str, str]) -> Port:
    """The input that takes token ids: the encoder's, where a decoder has one too.

    Raises:
        InputError: if there is none, or several.
    """
    found = [port for port in ports if roles[port.name] == "ids"]
    if len(found) > 1:
        found = [port for port in found if "decoder" not in port.name.lower()] or found
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"several inputs take token ids, {listed(p.name for p in found)}: give a dict of arrays")
    inputs = ", ".join(f"{port.name!r} {port}" for port in ports)
    raise InputError(f"no input of the model takes token ids; its inputs: {inputs or 'none'}")


def read_lines(path: Path) -> list[str]:
    """The lines of a UTF-8 text file that are not empty.

    Raises:
        InputError: if it is too large, not text, or empty.
    """
    try:
        if path.stat().st_size > MAX_TEXT_BYTES:
            raise InputError(f"{path.name}: {path.stat().st_size:,} bytes of text: give a generator of lines instead")
        lines = [line.strip() for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name}: not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise InputError(f"{path.name}: cannot be read: {error.strerror}") from error
    if not lines:
        raise InputError(f"{path.name}: holds no text")
    return lines


def _label(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LABEL else flat[: _LABEL - 1] + "…"
