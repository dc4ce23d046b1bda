"""Samples that a user's function makes: one for an index, or all of them from a generator."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.runtime.samples.errors import InputError, reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from haoline_analysis.runtime.samples.sample import Sample
    from haoline_analysis.runtime.samples.sources import Source

MAX_COUNTED = 100_000
"""A generator that yields more needs a limit: it may never end."""

DEFAULT_INDICES = 32
"""Samples taken of a function of an index where no limit says how many."""


class Indexed:
    """Samples made by a function of their index, or found in a sequence (a data set with ``__getitem__``)."""

    def __init__(self, function: Callable[[int], Any], indices: range, read: Callable[[Any, str], Sample]) -> None:
        """Call ``function`` with each of ``indices``; ``read`` makes a sample of what it returns."""
        self._function = function
        self._indices = indices
        self._read = read

    def __len__(self) -> int:
        """Number of samples."""
        return len(self._indices)

    def sample(self, index: int) -> Sample:
        """Call the function once."""
        number = self._indices[index]
        return self._read(_called(self._function, number), f"sample {number}")

    def label(self, index: int) -> str:
        """Its index."""
        return f"sample {self._indices[index]}"

    def part(self, start: int, stop: int) -> Source:
        """The same function, fewer indices."""
        return Indexed(self._function, self._indices[start:stop], self._read)


class Generated:
    """Samples of a generator function: run through once for each pass, never held together in memory."""

    def __init__(
        self, function: Callable[[], Iterable[Any]], indices: range, read: Callable[[Any, str], Sample]
    ) -> None:
        """Take samples number ``indices`` of what ``function()`` yields."""
        self._function = function
        self._indices = indices
        self._read = read
        self._running: Iterator[Any] | None = None
        self._next = 0

    def __len__(self) -> int:
        """Number of samples."""
        return len(self._indices)

    def sample(self, index: int) -> Sample:
        """Run on to a sample; from the start, if it was passed already."""
        number = self._indices[index]
        if self._running is None or number < self._next:
            self._running, self._next = iter(_called(self._function)), 0
        item = _advanced(self._running, number - self._next)
        self._next = number + 1
        return self._read(item, f"sample {number}")

    def label(self, index: int) -> str:
        """Its index."""
        return f"sample {self._indices[index]}"

    def part(self, start: int, stop: int) -> Source:
        """The same generator, fewer of its samples."""
        return Generated(self._function, self._indices[start:stop], self._read)

    def __getstate__(self) -> dict[str, Any]:
        """A generator that runs cannot be pickled: a copy starts anew."""
        return {**self.__dict__, "_running": None, "_next": 0}


def source_of_function(
    function: Callable[..., Any], limit: int | None, read: Callable[[Any, str], Sample]
) -> tuple[Source, list[str]]:
    """Samples of a function, told by its signature: of an index, or of nothing (a generator, a list, one sample).

    Raises:
        InputError: if it yields nothing, or more than 100,000 samples and no limit is given.
    """
    if _takes_index(function):
        return _source_of_index(function, limit, read)
    made = _called(function)
    if not _is_many(made):
        return Indexed(_Ignoring(function), range(1), read), []
    return Generated(function, range(_count(iter(made), limit)), read), []


def _source_of_index(
    function: Callable[[int], Any], limit: int | None, read: Callable[[Any, str], Sample]
) -> tuple[Source, list[str]]:
    wanted = DEFAULT_INDICES if limit is None else limit
    count = _existing(function, wanted)
    if not count:
        raise InputError(f"{_name(function)} makes no sample: it ends at index 0")
    cut = limit is None and count == wanted
    notes = [f"the first {wanted} samples of {_name(function)}: say how many with limit=…"] if cut else []
    return Indexed(function, range(count), read), notes


def _existing(function: Callable[[int], Any], wanted: int) -> int:
    """How many of the first ``wanted`` indices the function has, found by halving: it ends with IndexError."""
    low, high = 0, wanted
    probe = wanted - 1
    while low < high:
        try:
            function(probe)
            low = probe + 1
        except (IndexError, StopIteration):
            high = probe
        except ModelError:
            raise
        except Exception as error:
            raise _failed(function, error, probe) from error
        probe = (low + high) // 2
    return low


class _Ignoring:
    """A function of nothing as one of an index; a class, so that it can be pickled."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function

    def __call__(self, _: int) -> Any:
        return self._function()


def _takes_index(function: Callable[..., Any]) -> bool:
    return not inspect.isgeneratorfunction(function) and _needed(function) == 1


def _needed(function: Callable[..., Any]) -> int:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 1
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(1 for each in parameters if each.kind in positional and each.default is inspect.Parameter.empty)


def _is_many(made: Any) -> bool:
    """Whether a function returned samples rather than one: a generator or list, but no mapping, tuple or array."""
    one = isinstance(made, Mapping | str | bytes | tuple) or hasattr(made, "shape") or hasattr(made, "feeds")
    return isinstance(made, Iterable) and not one


def _count(made: Iterator[Any], limit: int | None) -> int:
    try:
        count = sum(1 for _ in islice(made, MAX_COUNTED + 1 if limit is None else limit))
    except ModelError:
        raise
    except Exception as error:
        raise InputError(f"the generator failed: {type(error).__name__}: {reason(error)}") from error
    if not count and limit != 0:
        raise InputError("the generator yields no sample")
    if count > MAX_COUNTED and limit is None:
        raise InputError(f"the generator yields more than {MAX_COUNTED:,} samples: say how many with limit=…")
    return count


def _advanced(running: Iterator[Any], steps: int) -> Any:
    try:
        return next(islice(running, steps, None))
    except StopIteration:
        raise InputError("the generator yields fewer samples than when they were counted") from None
    except ModelError:
        raise
    except Exception as error:
        raise InputError(f"the generator failed: {type(error).__name__}: {reason(error)}") from error


def _called(function: Callable[..., Any], *arguments: int) -> Any:
    try:
        return function(*arguments)
    except ModelError:
        raise
    except Exception as error:
        raise _failed(function, error, *arguments) from error


def _failed(function: Callable[..., Any], error: Exception, *arguments: int) -> InputError:
    shown = ", ".join(map(str, arguments))
    return InputError(f"{_name(function)}({shown}) failed: {type(error).__name__}: {reason(error)}")


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", type(function).__name__)
