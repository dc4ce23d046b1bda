"""What the user gave as inputs, and the samples that it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.runtime.samples.check import fits, lacks_batch
from haoline_analysis.runtime.samples.errors import InputError, reason
from haoline_analysis.runtime.samples.files import files_of, is_file, is_folder, kind_of
from haoline_analysis.runtime.samples.functions import Indexed, source_of_function
from haoline_analysis.runtime.samples.pictured import Picture
from haoline_analysis.runtime.samples.ports import show_shape
from haoline_analysis.runtime.samples.reader import Reader, called
from haoline_analysis.runtime.samples.recipes import Facts
from haoline_analysis.runtime.samples.sample import Sample
from haoline_analysis.runtime.samples.samples import Samples
from haoline_analysis.runtime.samples.sources import Chain, Grouped, Only, Source
from haoline_analysis.runtime.samples.stacks import Stack, fixed_batch
from haoline_analysis.runtime.samples.synthetic import Synthetic
from haoline_analysis.runtime.samples.tabular import read_table, stack_of_frame
from haoline_analysis.runtime.samples.texts import Texts, read_lines
from haoline_analysis.runtime.samples.ways import Ways

if TYPE_CHECKING:
    from haoline_analysis.model import Model

MAX_HELD = 10_000
"""Samples of a generator object (not function), which must be held because it runs only once."""


def samples_of(
    inputs: Any,
    model: Model,
    *,
    preprocess: str | Callable[[Any], Any] | None = None,
    tokenizer: Any = None,
    limit: int | None = None,
    seed: int = 0,
    shapes: Mapping[str, int | Sequence[int]] | None = None,
    batch: int | None = None,
) -> Samples:
    """Checked samples for ``model`` of whatever the user has.

    Args:
        inputs: ``None`` (made up, labelled synthetic); an array, or arrays by input name, or a list of either; a
            ``.npy``, ``.npz``, image, ``.csv`` or text file; a folder of images and arrays; a pandas frame; texts; a
            data set with ``len`` and indices; a function of an index, or one that returns or yields samples.
        model: the model to feed.
        preprocess: a preset for pictures (``"imagenet"``, ``"0-1"``, ``"-1-1"``, ``"clip"``, ``"siglip"``,
            ``"letterbox"``, ``"caffe"``, ``"raw"``; ``"imagenet:384"`` sets the size), or a function that is called
            with each item given (pictures as H×W×3 uint8) and returns what to feed.
        tokenizer: for texts: a ``tokenizer.json``, its folder, or a function of a text that returns ids.
        limit: at most so many samples.
        seed: of what is made up.
        shapes: sizes of open dims for what is made up, as in ``analyze``.
        batch: how many samples to run at a time, where the model leaves that open; None: one.

    Raises:
        ModelError: if the inputs fit nothing that the model takes, or cannot be read; the first sample is made at once.
    """
    _check_number("limit", limit)
    _check_number("batch", batch)
    if isinstance(inputs, Samples):
        return inputs[:limit] if batch in (None, 1) else inputs[:limit].batched(batch)
    facts = Facts(model, dict(shapes or {}))
    made = _Recogniser(Ways(facts, preprocess, tokenizer), limit, seed).recognise(inputs)
    if limit is not None and len(made) > limit:
        total = len(made)
        made = made[:limit]
        made.add_notes([f"the first {limit:,} of {total:,} samples"])
    if batch not in (None, 1):
        made = made.batched(batch)
    if len(made):
        made[0]
    return made


def _check_number(name: str, value: object) -> None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise InputError(f"{name} is a number of samples, at least 1, not {value!r}")


class _Recogniser:
    """One function per kind of input."""

    def __init__(self, ways: Ways, limit: int | None, seed: int) -> None:
        self._ways = ways
        self._facts = ways.facts
        self._limit = limit
        self._seed = seed
        self._notes: list[str] = []

    @property
    def _reader(self) -> Reader:
        return self._ways.reader

    def recognise(self, inputs: Any) -> Samples:
        if inputs is None:
            return self._synthetic()
        source, origin = self._source(inputs)
        batch = fixed_batch(self._facts.ports)
        if batch > 1 and makes_rows(source):
            repeated = ", the last one repeated" if len(source) % batch else ""
            self._notes.append(f"the model takes {batch} samples at a time: they were joined{repeated}")
            source = Grouped(source, batch)
        if isinstance(source, Stack | Chain) and source.taken_apart:
            self._notes.append(source.taken_apart)
        tokenized = self._ways.has_tokenizer
        return Samples(source, self._facts.ports, origin, tokenized=tokenized, notes=self._notes)

    def _synthetic(self) -> Samples:
        recipes = self._facts.recipes(self._ways.preset)
        source = Synthetic(recipes, self._limit or 1, self._seed)
        notes = [f"synthetic input {recipe}" for recipe in recipes]
        notes += [f"{each.what} = {each.value}: {each.why}" for each in self._facts.evaluation.assumptions[:12]]
        return Samples(source, self._facts.ports, "synthetic", synthetic=True, notes=notes)

    def _source(self, inputs: Any) -> tuple[Source, str]:
        if isinstance(inputs, type | bytes | set | frozenset) or (isinstance(inputs, str) and not inputs):
            what = "an empty string" if isinstance(inputs, str) else f"a {type(inputs).__name__}"
            raise InputError(f"{what} is nothing that can be fed: see help(samples_of)")
        if isinstance(inputs, str | Path) and not self._is_one_text(inputs):
            return self._path(Path(inputs).expanduser())
        if hasattr(inputs, "iloc"):
            return self._frame(inputs)
        if isinstance(inputs, str | Sample | Mapping | np.ndarray | np.generic | int | float):
            return self._one(inputs)
        if isinstance(inputs, list | tuple):
            return self._list(inputs)
        if isinstance(inputs, Iterator):
            return self._list(self._held(inputs))
        if hasattr(inputs, "__array__") or hasattr(inputs, "detach") or hasattr(inputs, "convert"):
            return self._one(inputs)
        if hasattr(inputs, "__getitem__") and hasattr(inputs, "__len__"):
            return self._data_set(inputs)
        if callable(inputs):
            return self._function(inputs)
        raise InputError(f"a {type(inputs).__name__} is nothing that can be fed: see help(samples_of)")

    def _is_one_text(self, inputs: str | Path) -> bool:
        """Whether a string is a text rather than a path."""
        if isinstance(inputs, Path) or not (self._ways.has_tokenizer or self._ways.takes_strings):
            return False
        try:
            return not Path(inputs).expanduser().exists()
        except (OSError, ValueError):  # too long for a path
            return True

    def _one(self, inputs: Any) -> tuple[Source, str]:
        if isinstance(inputs, Sample):
            return Only(inputs), inputs.label or "one sample"
        if isinstance(inputs, Mapping):
            origin = f"arrays {', '.join(map(str, inputs))}"
        elif isinstance(inputs, str):
            origin = "one text"
        else:
            shape = getattr(inputs, "shape", None)
            origin = f"array {show_shape(shape)}" if isinstance(shape, tuple) else type(inputs).__name__
        return self._reader.source(inputs), origin

    def _path(self, path: Path) -> tuple[Source, str]:
        if is_folder(path):
            return self._folder(path)
        kind = kind_of(path)
        if kind == "table":
            source, origin = self._frame(read_table(path))
            return source, f"{path.name}, {origin.removeprefix('frame, ')}"
        if kind == "text":
            return self._lines(path)
        return self._reader.source(path, path.name), path.name

    def _lines(self, path: Path) -> tuple[Source, str]:
        if not (self._ways.has_tokenizer or self._ways.takes_strings or self._reader.function):
            raise InputError(
                f"{path.name}: a text file needs a tokenizer: pass tokenizer=… (a tokenizer.json or its folder)"
            )
        source, origin = self._texts(read_lines(path))
        return source, f"{path.name}, {origin}"

    def _folder(self, folder: Path) -> tuple[Source, str]:
        files, others = files_of(folder)
        if self._limit is not None:
            files = files[: self._limit * fixed_batch(self._facts.ports)]
        reader = self._reader
        source = Chain([reader.source(path, str(path.relative_to(folder))) for path in files])
        if others:
            counted = "one file" if others == 1 else f"{others:,} files"
            self._notes.append(f"left out: {counted} of {folder.name} that hold no image or array")
        images = sum(1 for path in files if path.suffix.lower() not in {".npy", ".npz"})
        what = "images" if images == len(files) else "files"
        return source, f"folder {folder.name}/, {len(files):,} {what if len(files) > 1 else what[:-1]}"

    def _frame(self, frame: Any) -> tuple[Source, str]:
        if frame.ndim == 1:
            frame = frame.to_frame().T.infer_objects()
        if self._reader.function is not None:
            made = called(self._reader.function, frame)
            return self._ways.without_function().source(made), "frame, preprocessed"
        source, notes = stack_of_frame(frame, self._facts.ports)
        self._notes += notes
        return source, f"frame, {len(frame):,} row{'s' if len(frame) != 1 else ''}"

    def _list(self, items: Sequence[Any]) -> tuple[Source, str]:
        if not items:
            raise InputError("there are no samples: the list is empty")
        if all(isinstance(each, str) for each in items) and not all(is_file(each) for each in items):
            return self._texts(items)
        if self._is_numbers(items):
            return self._one(_array(items))
        if self._is_one_sample(items):
            return self._reader.source(list(items)), f"{len(items)} arrays, one per input"
        reader = self._reader
        labels = [each.name if isinstance(each, Path) else f"sample {at}" for at, each in enumerate(items)]
        each = [
            Only(item) if isinstance(item, Sample) else reader.source(item, label)
            for item, label in zip(items, labels, strict=True)
        ]
        return Chain(each), f"list of {len(items):,}"

    def _texts(self, texts: Sequence[str]) -> tuple[Source, str]:
        origin = f"{len(texts):,} text{'s' if len(texts) != 1 else ''}"
        way = self._reader.texts
        if way is not None and self._reader.function is None:
            return Texts(texts, way), origin
        return Chain([self._reader.source(text) for text in texts]), origin

    def _is_numbers(self, items: Sequence[Any]) -> bool:
        """Whether a nested list is one array written out."""
        first = items[0]
        while isinstance(first, list) and first:
            first = first[0]
        return isinstance(first, int | float | bool | np.generic) and len(self._facts.ports) == 1

    def _is_one_sample(self, items: Sequence[Any]) -> bool:
        """Whether a list holds one array per input, in order."""
        ports = self._facts.ports
        if (
            len(items) != len(ports)
            or len(ports) < 2
            or isinstance(items[0], list | tuple | Mapping | str | Path | Sample)
        ):
            return False
        arrays = [(np.shape(item), port.shape) for item, port in zip(items, ports, strict=True)]
        return all(fits(shape, declared) or lacks_batch(shape, declared) for shape, declared in arrays)

    def _held(self, running: Iterator[Any]) -> list[Any]:
        held = list(islice(running, self._limit or MAX_HELD + 1))
        if self._limit is None and len(held) > MAX_HELD:
            raise InputError(f"the generator yields more than {MAX_HELD:,} samples: give its function, or a limit")
        self._notes.append(
            f"the {len(held):,} samples of a running generator are held in memory; give its function instead"
        )
        return held

    def _data_set(self, data: Any) -> tuple[Source, str]:
        if not len(data):
            raise InputError("there are no samples: the data set is empty")
        source = Indexed(data.__getitem__, range(len(data)), self._reader.read)
        return source, f"{type(data).__name__}, {len(data):,} samples"

    def _function(self, function: Callable[..., Any]) -> tuple[Source, str]:
        source, notes = source_of_function(function, self._limit, self._reader.read)
        self._notes += notes
        count = len(source)
        return source, f"{getattr(function, '__name__', 'function')}(), {count:,} sample{'s' if count != 1 else ''}"


def makes_rows(source: Source) -> bool:
    """Whether its samples are single pictures or texts, to be joined where the model takes several at a time."""
    parts = source.sources if isinstance(source, Chain) else [source]
    return all(isinstance(part, Picture | Texts) or (isinstance(part, Chain) and makes_rows(part)) for part in parts)


def _array(items: Sequence[Any]) -> np.ndarray:
    try:
        return np.array(items)
    except ValueError as error:
        raise InputError(f"the list is no array: {reason(error)}") from error
