"""Runs of one capturing session: feeds in, every captured tensor out, in memory that is used again."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis import dtypes
from haoline_analysis.errors import ModelError
from haoline_analysis.runtime.failures import failed_run, onnxruntime, terminated
from haoline_analysis.runtime.forms import UNKNOWN, signature
from haoline_analysis.runtime.providers import CPU
from haoline_analysis.runtime.views import CODES, array_of, interpret, ort_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from haoline_analysis.runtime.forms import Form, Signature
    from haoline_analysis.runtime.sessions import Session
    from haoline_analysis.runtime.targets import Target

_ALIGNMENT = 64


class StoppedError(Exception):
    """The run was told to stop; not an error of the model."""


@contextmanager
def one_run(where: str) -> Iterator[None]:
    """A run of a session, whose failure is told in our words.

    Raises:
        RuntimeFailure: if the model fails on ``where``.
        StoppedError: if it was told to stop.
    """
    try:
        yield
    except (ModelError, StoppedError):
        raise
    except Exception as error:  # onnxruntime's own exceptions share no base class
        if terminated(error):
            raise StoppedError from error
        raise failed_run(error, where) from error


class _Slot:
    """Memory for the outputs of one run, and how it is bound."""

    def __init__(self) -> None:
        self.bound: tuple[Signature, Any, dict[str, np.ndarray]] | None = None
        self.fed: dict[str, np.ndarray | None] = {}  # arrays that are bound as inputs
        self._pool = np.zeros(0, np.uint8)

    def memory(self, size: int) -> np.ndarray:
        """Aligned bytes: those used before, unless they are too few."""
        self.bound = None
        if len(self._pool) < size:
            self._pool = np.zeros(0, np.uint8)  # let go of the smaller one first
            self._pool = _aligned(size)
        return self._pool


class Runner:
    """Feeds a capturing session; not for several threads at once."""

    def __init__(
        self,
        session: Session,
        targets: Sequence[Target],
        forms: Callable[[Mapping[str, np.ndarray]], Sequence[Form]] | None,
        dtypes_in: Mapping[str, str],
        pools: int = 1,
        *,
        recurring: bool = False,
    ) -> None:
        """Take a session that has the targets among its outputs.

        Args:
            session: the session.
            targets: what to return.
            forms: element type and shape of every tensor for given feeds; None: the run tells.
            dtypes_in: element types of the model's inputs.
            pools: how many runs the arrays of a run outlive, itself included.
            recurring: runs of the same feeds' shapes are likely to give the same shapes: what onnxruntime has allocated
                for one is used again for the next.
        """
        self.session, self.targets, self.pools = session, targets, pools
        self._forms, self._dtypes = forms, dtypes_in
        outputs = {output.name: output.type for output in session.ort.get_outputs()}
        # An optional that turns out to be empty ends the process when onnxruntime hands it out bound.
        self._types = {name: kind for name, kind in outputs.items() if not kind.startswith("optional")}
        # What a model hands on as it was fed is its feeder's memory, which the next run must not write to.
        fed = {port.name for port in session.ort.get_inputs()}
        self._recurring = recurring and fed.isdisjoint(self._types)
        self._by_output = {target.output: target for target in targets}
        self._slots = [_Slot() for _ in range(pools)]
        self._on_cpu = session.ort.get_providers() == [CPU]

    def run(
        self, feeds: Mapping[str, np.ndarray], where: str, options: Any = None, *, keep: bool = False
    ) -> dict[str, np.ndarray]:
        """Outputs by name: those of the model and of the targets, valid until their pool's turn comes again.

        Args:
            feeds: one array per input.
            where: the sample, for messages.
            options: onnxruntime's run options.
            keep: make the arrays valid for good, in memory of their own.

        Raises:
            RuntimeFailure: if the model fails.
            StoppedError: if it was told to stop.
        """
        try:
            return self._run(feeds, options, keep=keep)
        except ModelError:
            raise
        except Exception as error:  # onnxruntime's own exceptions share no base class
            if terminated(error):
                raise StoppedError from error
            if self._forms is None and not self._recurring:
                raise failed_run(error, where) from error
        self._forms, self._recurring = None, False  # a shape may not be what it seemed: let onnxruntime allocate
        self._forget()
        return self.run(feeds, where, options, keep=keep)

    def release(self) -> None:
        """Let go of the memory; arrays returned before stay valid."""
        self._slots = [_Slot() for _ in self._slots]

    def _forget(self) -> None:
        for slot in self._slots:
            slot.bound = None

    def _run(self, feeds: Mapping[str, np.ndarray], options: Any, *, keep: bool) -> dict[str, np.ndarray]:
        if not self._types or any(array.dtype.kind in "OUST" for array in feeds.values()):
            return self._run_unbound(feeds, options)
        slot = _Slot() if keep else self._next_slot()
        io, views = self._binding(feeds, slot)
        self._feed(io, feeds, slot)
        self.session.ort.run_with_iobinding(io, options or onnxruntime().RunOptions())
        io.synchronize_outputs()
        found = dict(views)
        if len(found) < len(self._types):
            slot.bound = None  # onnxruntime would take what it has allocated for given memory next time
            values = dict(zip(self._types, io.get_outputs(), strict=True))
            found |= {name: array_of(value) for name, value in values.items() if name not in views and _numbers(value)}
            if self._recurring and all(_is_in(found.get(name), value) for name, value in values.items()):
                slot.bound, slot.fed = (signature(feeds), self._bound_to(values), dict(found)), {}
        return found

    def _bound_to(self, values: Mapping[str, Any]) -> Any:
        """A binding whose outputs go where they have gone before."""
        io = self.session.ort.io_binding()
        for name, value in values.items():
            io.bind_output(name, "cpu", 0, value.element_type(), list(value.shape()), value.data_ptr())
        return io

    def _feed(self, io: Any, feeds: Mapping[str, np.ndarray], slot: _Slot) -> None:
        """Bind the inputs; on a CPU those that are the very arrays of the run before are bound already."""
        for name, array in feeds.items():
            if slot.fed.get(name) is not array:
                io.bind_ortvalue_input(name, ort_value(array, self._dtypes.get(name, "")))
                shared = self._on_cpu and array.flags.c_contiguous  # onnxruntime reads the array itself
                slot.fed[name] = array if shared else None

    def _run_unbound(self, feeds: Mapping[str, np.ndarray], options: Any) -> dict[str, np.ndarray]:
        """A run with text among its inputs, or without an output, which cannot be bound."""
        names = [name for name, kind in self._types.items() if kind in _NUMPY_TYPES]
        if not names:
            self.session.ort.run(None, dict(feeds), options)
            return {}
        return dict(zip(names, self.session.ort.run(names, dict(feeds), options), strict=True))

    def _next_slot(self) -> _Slot:
        self._slots.append(self._slots.pop(0))
        return self._slots[-1]

    def _binding(self, feeds: Mapping[str, np.ndarray], slot: _Slot) -> tuple[Any, dict[str, np.ndarray]]:
        """Outputs bound to our own memory where their size is known, and to onnxruntime's elsewhere."""
        asked = signature(feeds)
        if slot.bound is not None and slot.bound[0] == asked:
            return slot.bound[1], slot.bound[2]
        forms = self._forms(feeds) if self._forms is not None else ()
        places, size = self._places(forms)
        pool = slot.memory(size)
        io = self.session.ort.io_binding()
        slot.fed = {}
        views: dict[str, np.ndarray] = {}
        for name in self._types:
            if name in places:
                form, start = places[name]
                views[name] = _bind(io, name, form, pool, start)
            else:
                io.bind_output(name, "cpu")
        slot.bound = asked, io, views
        return io, views

    def _places(self, forms: Sequence[Form]) -> tuple[dict[str, tuple[Form, int]], int]:
        """Where in the pool each output of known size goes, those of one form side by side, and the bytes of all."""
        alike: dict[Form, list[str]] = {}
        for name, target in self._by_output.items():
            form = UNKNOWN if target.stacked or not forms else forms[target.tensor]
            if self._types.get(name) == _TYPE_WORDS.get(form.dtype) and _bindable(form):
                alike.setdefault(form, []).append(name)
        found: dict[str, tuple[Form, int]] = {}
        size = 0
        for form, names in alike.items():
            for name in names:
                found[name] = form, size
                size += -(-max(form.nbytes or 0, 1) // _ALIGNMENT) * _ALIGNMENT
        return found, size


_WORDS = {"float32": "float", "float64": "double"} | {
    name: name.replace("float8_", "float8").replace("_", "") for name in dtypes.BITS if name.startswith("float8")
}
_TYPE_WORDS = {name: f"tensor({_WORDS.get(name, name)})" for name in dtypes.BITS}
_NUMPY_TYPES = {
    _TYPE_WORDS[name]
    for name in (
        "float16",
        "float32",
        "float64",
        "bool",
        *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    )
}


def _numbers(value: Any) -> bool:
    """Whether an OrtValue is a tensor of numbers."""
    return bool(value.has_value() and value.is_tensor() and value.data_type() != "tensor(string)")


def _is_in(array: np.ndarray | None, value: Any) -> bool:
    """Whether an array is the memory of an OrtValue, and no copy of it."""
    return array is not None and array.size > 0 and array.__array_interface__["data"][0] == value.data_ptr()


def _bindable(form: Form) -> bool:
    """Whether the size is known, and elements have whole bytes."""
    return form.nbytes is not None and dtypes.BITS[form.dtype] >= 8


def _aligned(size: int) -> np.ndarray:
    raw = np.empty(size + _ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % _ALIGNMENT
    return raw[start : start + size]


def _bind(io: Any, name: str, form: Form, pool: np.ndarray, start: int) -> np.ndarray:
    """Give an output its place in the pool, and return it as an array."""
    assert form.shape is not None
    data = pool[start : start + (form.nbytes or 0)]
    array = interpret(data, form.dtype, form.shape)
    kind = CODES[form.dtype] if array.dtype.kind == "V" else array.dtype.type  # numpy has no word for bfloat16
    io.bind_output(name, "cpu", 0, kind, list(form.shape), pool.ctypes.data + start)
    return array
