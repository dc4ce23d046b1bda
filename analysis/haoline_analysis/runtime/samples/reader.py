"""One item of whatever kind to one sample: what lists, folders, generators and data sets are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.runtime.samples.check import as_array, fits
from haoline_analysis.runtime.samples.errors import InputError, reason
from haoline_analysis.runtime.samples.files import is_file, kind_of, read_arrays
from haoline_analysis.runtime.samples.layouts import Layout, layout_of
from haoline_analysis.runtime.samples.pictured import Picture, PictureWay, is_picture
from haoline_analysis.runtime.samples.sample import Sample
from haoline_analysis.runtime.samples.sources import Chain, Source
from haoline_analysis.runtime.samples.stacks import Stack
from haoline_analysis.runtime.samples.texts import Texts, TextWay

if TYPE_CHECKING:
    from haoline_analysis.runtime.samples.ports import Port


@dataclass(frozen=True)
class Reader:
    """Makes samples of items. Holds no model, and pickles where the user's functions do."""

    ports: tuple[Port, ...]
    pictures: PictureWay | None = None  # None: no input takes pictures, ``no_pictures`` says so
    no_pictures: str = ""
    texts: TextWay | None = None  # None: no tokenizer
    function: Callable[[Any], Any] | None = None  # the user's preprocessing
    preset_asked: bool = False  # by the user: arrays are pixels then

    def read(self, item: Any, label: str) -> Sample:
        """One sample of one item; a function's results are taken whole.

        Raises:
            ModelError: if the item is nothing that makes a sample, or cannot be read.
        """
        if isinstance(item, Sample):
            return item if item.label else item.labelled(label)
        if self._is_labelled(item):
            return self.read(item[0], label).noted("of each tuple the first element is fed")
        source = self.source(item, label, whole=True)
        if len(source) != 1:
            raise InputError(f"{label}: one sample is expected, this makes {len(source)}")
        made = source.sample(0)
        return made if made.label else made.labelled(label)

    def _is_labelled(self, item: Any) -> bool:
        """Whether it is a pair of an input and its label, as data sets hold them."""
        return (
            isinstance(item, tuple)
            and len(self.ports) == 1
            and len(item) > 1
            and (hasattr(item[0], "shape") or is_picture(item[0]))
        )

    def source(self, item: Any, label: str = "", *, whole: bool = False) -> Source:
        """The samples of one item: an array may hold many, unless it is taken ``whole``.

        Raises:
            ModelError: if the item is nothing that makes samples, or cannot be read.
        """
        if is_picture(item):
            return self._picture(item, label)
        if isinstance(item, Path) or (isinstance(item, str) and is_file(item)):
            return self._file(Path(item), label or Path(item).name, whole=whole)
        if isinstance(item, str):
            return self._text(item)
        if self.function is not None and not self._is_pixels(item):
            return replace(self, function=None).source(called(self.function, item), label, whole=whole)
        if isinstance(item, np.ndarray) and (self.preset_asked or self._is_pixels(item)):
            return self._pixels(item, label)
        return self._arrays(self.named(item), label, whole=whole)

    def named(self, item: Any) -> dict[str, Any]:
        """Feeds by input name of a mapping, an array, or one array per input in order.

        Raises:
            InputError: if a single array is given to a model of several inputs.
        """
        if isinstance(item, Mapping):
            return {str(name): self._value(str(name), value) for name, value in item.items()}
        if isinstance(item, list | tuple) and len(self.ports) == len(item) > 1:
            return {port.name: self._value(port.name, value) for port, value in zip(self.ports, item, strict=True)}
        if len(self.ports) != 1:
            expected = ", ".join(f"{port.name!r}: {port}" for port in self.ports) or "no inputs at all"
            raise InputError(f"the model takes {len(self.ports)} inputs, give them by name: {{{expected}}}")
        return {self.ports[0].name: item}

    def _value(self, name: str, value: Any) -> Any:
        """A value in a dict of feeds: arrays as they are, files and pictures opened for that input."""
        port = next((port for port in self.ports if port.name == name), None)
        if port is None or not (isinstance(value, str | Path) or is_picture(value)):
            return value
        if port.dtype == "string":
            return np.array(str(value)).reshape((1,) * len(port.shape or ()))
        if not is_picture(value) and kind_of(Path(value)) in {"npy", "npz"}:
            arrays = read_arrays(Path(value))
            return arrays[name] if name in arrays else next(iter(arrays.values()))
        return self._pictured(port, Path(value) if isinstance(value, str) else value)

    def _pictured(self, port: Port, value: Any) -> Any:
        layout = layout_of(port)
        if layout is None or self.pictures is None or self.pictures.preset is None:
            raise InputError(f"input {port.name!r} expects {port}: no picture fits that")
        way = replace(self.pictures, layout=layout)
        return Picture(value, way, self.named).sample(0).feeds[port.name]

    def _file(self, path: Path, label: str, *, whole: bool) -> Source:
        kind = kind_of(path)
        if kind == "image":
            return self._picture(path, label)
        if kind == "text":
            raise InputError(f"{path.name}: text files are given alone, not among other samples")
        arrays = read_arrays(path)
        if self.function is not None:
            loaded = {name: np.asarray(array[()]) for name, array in arrays.items()}
            given = loaded if kind == "npz" else next(iter(loaded.values()))
            return replace(self, function=None).source(called(self.function, given), label, whole=whole)
        return self.source_of_arrays(arrays, label, whole=whole)

    def source_of_arrays(self, arrays: Mapping[str, Any], label: str, *, whole: bool = False) -> Source:
        """The samples of a file of named arrays: by input name, else one input's samples, else inputs in order."""
        names = [port.name for port in self.ports]
        if any(name in names for name in arrays):
            return self._arrays(dict(arrays), label, whole=whole)
        values = list(arrays.values())
        if len(names) == 1:
            each = [self._one(array, label, whole=whole) for array in values]
            return each[0] if len(each) == 1 else Chain(each)
        if len(values) == len(names) and all(name.startswith("arr_") for name in arrays):
            return self._arrays(dict(zip(names, values, strict=True)), label, whole=whole)
        return self._arrays(dict(arrays), label, whole=whole)  # refuses the names, with the closest

    def _one(self, array: Any, label: str, *, whole: bool) -> Source:
        if self.preset_asked or self._is_pixels(array):
            return self._pixels(np.asarray(array[()]), label)
        return self._arrays({self.ports[0].name: array}, label, whole=whole)

    def _arrays(self, feeds: dict[str, Any], label: str, *, whole: bool) -> Source:
        return Stack(feeds, self.ports, label or "sample {}", self._words(), whole=whole)

    def _words(self) -> Callable[[Mapping[str, np.ndarray]], tuple[str, ...] | None] | None:
        return None if self.texts is None else partial(words_of, self.texts)

    def _picture(self, given: Any, label: str) -> Source:
        if self.pictures is None:
            raise InputError(f"{label}: {self.no_pictures}" if label else self.no_pictures)
        return Picture(given, self.pictures, self.named, label)

    def _pixels(self, array: np.ndarray, label: str) -> Source:
        """A picture, or a stack of pictures, given as an array."""
        if array.ndim in (3, 4) and array.shape[-1] not in (1, 3, 4) and array.shape[-3] in (1, 3, 4):
            array = np.moveaxis(array, -3, -1)  # channels first
        if array.ndim == 4:
            labels = [f"{label or 'sample'} {at}" for at in range(len(array))]
            return Chain([self._picture(picture, name) for picture, name in zip(array, labels, strict=True)])
        return self._picture(array, label)

    def _is_pixels(self, item: Any) -> bool:
        """Whether an array is a picture rather than what the model is fed: uint8, and not in the input's shape."""
        layout: Layout | None = None if self.pictures is None else self.pictures.layout
        if layout is None or getattr(item, "dtype", None) != np.uint8:
            return False
        shape = item.shape
        looks = len(shape) == 2 or (len(shape) in (3, 4) and shape[-1] in (1, 3, 4))
        return looks and not (fits(shape, layout.port.shape) or fits((1, *shape), layout.port.shape))

    def _text(self, text: str) -> Source:
        if self.function is not None and not isinstance(made := called(self.function, text), str):
            return replace(self, function=None).source(made, text[:48])
        if self.texts is not None:
            return Texts([text], self.texts)
        strings = [port for port in self.ports if port.dtype == "string"]
        if len(strings) == len(self.ports) == 1:
            rank = max(1, len(strings[0].shape or ()))
            return Stack({strings[0].name: np.array(text).reshape((1,) * rank)}, self.ports, text[:48])
        raise InputError(f"{text[:48]!r} is no file; to read it as text, pass tokenizer=…")


def called(function: Callable[[Any], Any], item: Any) -> Any:
    """What the user's preprocessing makes of an item.

    Raises:
        InputError: if it fails.
    """
    try:
        return function(item)
    except ModelError:
        raise
    except Exception as error:
        name = getattr(function, "__name__", type(function).__name__)
        raise InputError(f"preprocess {name} failed: {type(error).__name__}: {reason(error)}") from error


def words_of(way: TextWay, feeds: Mapping[str, np.ndarray]) -> tuple[str, ...] | None:
    """The words of ids that the user gave as an array."""
    ids = feeds.get(way.ids.name)
    if ids is None or ids.dtype.kind not in "iu" or not ids.size:
        return None
    row = as_array(ids, way.ids).reshape(-1, ids.shape[-1])[0] if ids.ndim else None
    return None if row is None else way.tokenizer.words([int(each) for each in row])
