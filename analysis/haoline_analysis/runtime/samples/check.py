"""Whether arrays fit a model's inputs, and one clear sentence where they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.runtime.samples.elements import cast, word_of
from haoline_analysis.runtime.samples.errors import InputError, closest, listed, reason
from haoline_analysis.runtime.samples.ports import Port, show_shape
from haoline_analysis.shapes.roles import role_of_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from haoline_analysis.model import Dim


def check_feeds(
    feeds: Mapping[str, Any], ports: Sequence[Port], note: Callable[[str], None] | None = None
) -> dict[str, np.ndarray]:
    """The arrays to feed, one C-ordered array per port, in the ports' order.

    Element types are converted where nothing is lost, and a missing batch axis of 1 is added; ``note`` hears of both,
    and of NaN and infinite values, which are allowed.

    Raises:
        InputError: if a name is unknown, an input is missing, or a type or shape does not fit.
    """
    refuse_unknown(feeds, ports)
    for port in ports:
        if port.name not in feeds:
            given = f"; given: {listed(feeds)}" if feeds else ""
            raise InputError(f"input {port.name!r} is missing: the model expects {port}{given}")
    fed = {port.name: fit(feeds[port.name], port, note or _unheard) for port in ports}
    if note is not None:
        _note_disagreement(fed, ports, note)
    return fed


def _note_disagreement(fed: Mapping[str, np.ndarray], ports: Sequence[Port], note: Callable[[str], None]) -> None:
    """One named dim with two sizes: allowed, since exporters reuse names, but a likely cause of what fails later."""
    seen: dict[str, tuple[int, str]] = {}
    for port in ports:
        for dim, size in zip(port.shape or (), fed[port.name].shape, strict=False):
            if isinstance(dim, str) and role_of_name(dim, 2) is not None:
                first, name = seen.setdefault(dim, (size, port.name))
                if first != size:
                    note(f"dimension {dim!r} is {first} in {name!r} but {size} in {port.name!r}")


def refuse_unknown(feeds: Mapping[str, Any], ports: Sequence[Port]) -> None:
    """Refuse names that the model does not have.

    Raises:
        InputError: naming the closest input.
    """
    names = [port.name for port in ports]
    for name in feeds:
        if name not in names:
            raise InputError(f"the model has no input {name!r}: {closest(str(name), names)}its inputs: {listed(names)}")


def fit(value: Any, port: Port, note: Callable[[str], None]) -> np.ndarray:
    """One array in the port's type and shape.

    Raises:
        InputError: if it does not fit.
    """
    if not port.is_tensor:
        raise InputError(f"input {port.name!r} is a {port.dtype}, which cannot be fed: only tensors can")
    array = as_array(value, port)
    shaped = _with_batch(array, port, note)
    if not fits(shaped.shape, port.shape):
        came = f"{word_of(array.dtype)} {show_shape(array.shape)}"
        raise InputError(f"input {port.name!r} expects {port}, got {came}{_hint(array.shape, port.shape)}")
    converted, change = cast(shaped, port)
    if change:
        note(change)
    _note_special(converted, port, note)
    return converted if converted.flags.c_contiguous else np.ascontiguousarray(converted)


def as_array(value: Any, port: Port) -> np.ndarray:
    """An array of whatever holds numbers: numpy, nested lists, torch tensors (through ``__array__``).

    Raises:
        InputError: if it holds none.
    """
    if isinstance(value, np.ndarray):
        return value
    detach = getattr(value, "detach", None)  # a torch tensor that requires a gradient refuses __array__
    try:
        array = np.asarray(detach().cpu() if callable(detach) else value)
    except Exception as error:
        came = f"got a {type(value).__name__}: {reason(error)}"
        raise InputError(f"input {port.name!r} expects {port}, {came}") from error
    if array.dtype.hasobject and port.dtype != "string":
        raise InputError(f"input {port.name!r} expects {port}, got a {type(value).__name__}")
    return array


def fits(shape: Sequence[int], declared: Sequence[Dim] | None) -> bool:
    """Whether a shape has the declared rank and fixed sizes."""
    if declared is None:
        return True
    if len(shape) != len(declared):
        return False
    return all(not isinstance(dim, int) or dim == size for dim, size in zip(declared, shape, strict=True))


def lacks_batch(shape: Sequence[int], declared: Sequence[Dim] | None) -> bool:
    """Whether a shape fits once an axis of 1 stands before it."""
    if declared is None or not declared or len(shape) != len(declared) - 1:
        return False
    return not (isinstance(declared[0], int) and declared[0] != 1) and fits(shape, declared[1:])


def _with_batch(array: np.ndarray, port: Port, note: Callable[[str], None]) -> np.ndarray:
    if not lacks_batch(array.shape, port.shape):
        return array
    note(f"input {port.name!r}: a batch axis of 1 was added")
    return array[None]


def _hint(shape: tuple[int, ...], declared: Sequence[Dim] | None) -> str:
    """What is probably wrong: the other image layout."""
    if declared is None:
        return ""
    for order, name in (((0, 3, 1, 2), "channels last"), ((0, 2, 3, 1), "channels first")):
        full = shape if len(shape) == 4 else (1, *shape)
        if len(full) == 4 and fits([full[axis] for axis in order], declared):
            return f": it has its {name}, move them with .transpose"
    return ""


def _note_special(array: np.ndarray, port: Port, note: Callable[[str], None]) -> None:
    if not port.is_float or not array.size:
        return
    if array.dtype.kind != "f":
        array = array.astype(np.float32)  # numpy knows the small floats of ml_dtypes only in part
    with np.errstate(all="ignore"):
        if np.isfinite(array.sum(dtype=np.float64)):
            return
    nan = int(np.isnan(array).sum())
    infinite = int(np.isinf(array).sum())
    if nan or infinite:
        note(f"input {port.name!r} has {nan:,} NaN and {infinite:,} infinite values")


def _unheard(_: str) -> None:
    """What nobody asked to hear."""
