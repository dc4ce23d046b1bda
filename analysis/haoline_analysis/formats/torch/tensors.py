"""From the calls that rebuild tensors to what each is: element type, shape, and the view of a storage it is."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import MalformedModelError
from haoline_analysis.formats.torch.dtypes import ITEM_BYTES, QUANTIZED, STORAGES, TORCH
from haoline_analysis.formats.torch.pickles import Built, Global, Pairs, Persistent
from haoline_analysis.formats.torch.sources import StorageSpan, StridedSource

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_DIMS = 64
MAX_NESTING = 20
MAX_ELEMENTS = 1 << 40
"""Of one tensor; a trillion is more than any there is."""


@dataclass(slots=True, eq=False)
class StoredTensor:
    """One tensor of a checkpoint."""

    torch_type: str  # "float32", "qint8"
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    start: int
    span: StorageSpan
    storage: Any  # identity of the storage; None: it has none
    trained: bool = False  # a Parameter, or asks for gradients
    quantizer: tuple[Any, ...] = ()

    @property
    def dtype(self) -> str:
        """Our name of the stored element type."""
        return TORCH[self.torch_type]

    @property
    def nbytes(self) -> int:
        """Bytes of the elements by themselves."""
        return prod(self.shape) * ITEM_BYTES[self.dtype]

    def source(self, name: str) -> StridedSource:
        """The elements, to be read when somebody asks."""
        return StridedSource(name, self.span, self.dtype, self.shape, self.strides, self.start)


@dataclass(frozen=True, slots=True)
class Odd:
    """A tensor that is no strided view of a storage, or that the file does not describe in full."""

    what: str
    parts: tuple[Any, ...] = ()  # tensors it is made of


class Rebuilder:
    """Rebuilds tensors, each once; ``locate(key, bytes)`` says where a storage lies."""

    def __init__(self, locate: Callable[[str, int], StorageSpan]) -> None:
        """Keep how storages are located."""
        self._locate = locate
        self._done: dict[int, StoredTensor | Odd | None] = {}
        self._spans: dict[str, StorageSpan] = {}
        self._depth = 0
        self._kept: list[Any] = []  # so that no id is used twice
        self.storage_bytes: dict[str, int] = {}

    def rebuild(self, value: Any) -> StoredTensor | Odd | None:
        """The tensor that a call makes; None if it makes something else.

        Raises:
            MalformedModelError: if it contradicts itself or its storage.
        """
        if isinstance(value, Persistent) and isinstance(value.key, tuple) and value.key[:1] == ("tensor",):
            value = value.key[1]
        if not isinstance(value, Built):
            return None
        if id(value) not in self._done:
            self._kept.append(value)
            self._done[id(value)] = None  # a parameter of itself is none
            self._depth += 1
            if self._depth > MAX_NESTING:
                raise MalformedModelError(f"a tensor is made of a tensor more than {MAX_NESTING} times over")
            self._done[id(value)] = self._rebuild(value)
            self._depth -= 1
        return self._done[id(value)]

    def _rebuild(self, value: Built) -> StoredTensor | Odd | None:
        rule = _RULES.get(value.path)
        if rule is None:
            return None
        try:
            return rule(self, value.arguments)
        except (IndexError, TypeError, ValueError, AttributeError) as error:
            message = f"the pickle calls {value.path} with wrong arguments at byte {value.position}"
            raise MalformedModelError(message) from error

    # Rules, by what is called

    def marked(self, arguments: tuple[Any, ...]) -> StoredTensor | Odd:
        """As ``plain``, then marks: a conjugated or negated view stores what it is a view of."""
        marks = arguments[6].named() if len(arguments) > 6 and isinstance(arguments[6], Pairs) else {}
        if True in marks.values():
            return Odd("conjugates or negatives of what is stored")
        return self.plain(arguments)

    def plain(self, arguments: tuple[Any, ...]) -> StoredTensor:
        """``(storage, offset, size, stride, requires_grad, hooks)``."""
        span, key, torch_type = self.storage(arguments[0])
        return self.view(span, key, torch_type, arguments[1:4], bool(arguments[4:5] and arguments[4] is True))

    def typed(self, arguments: tuple[Any, ...]) -> StoredTensor:
        """``(untyped storage, offset, size, stride, requires_grad, hooks, dtype)``."""
        span, key, _ = self.storage(arguments[0])
        return self.view(span, key, torch_dtype(arguments[6]), arguments[1:4], arguments[4] is True)

    def quantized(self, arguments: tuple[Any, ...]) -> StoredTensor:
        """``(storage, offset, size, stride, quantizer, requires_grad, hooks)``."""
        made = self.plain((*arguments[:4], *arguments[5:6]))
        made.quantizer = arguments[4] if isinstance(arguments[4], tuple) else ()
        return made

    def parameter(self, arguments: tuple[Any, ...]) -> StoredTensor | Odd | None:
        """``(data, requires_grad, hooks)``: the tensor itself, as a trained one."""
        made = self.rebuild(arguments[0])
        if isinstance(made, StoredTensor):
            made.trained = True
        return made

    def of_type(self, arguments: tuple[Any, ...]) -> StoredTensor | Odd | None:
        """``(function, type, arguments, state)``: a subclass, or a tensor with attributes."""
        function, inner = arguments[0], arguments[2]
        if isinstance(function, Global) and isinstance(inner, tuple):
            return self.rebuild(self._kept_call(Built(function, inner, 0)))
        return Odd("a tensor subclass")

    def _kept_call(self, call: Built) -> Built:
        self._kept.append(call)
        return call

    def meta(self, arguments: tuple[Any, ...]) -> StoredTensor:
        """``(dtype, size, stride, requires_grad)``: a shape without elements."""
        span = StorageSpan(None, 0, -1, why="the tensor was on the meta device: it has a shape and no elements")
        return self.view(span, None, torch_dtype(arguments[0]), (0, *arguments[1:3]), arguments[3] is True)

    def sparse(self, arguments: tuple[Any, ...]) -> Odd:
        """``(layout, data)``."""
        return Odd("sparse", tuple(item for item in arguments[1] if isinstance(item, Built)))

    def nested(self, arguments: tuple[Any, ...]) -> Odd:
        """``(buffer, sizes, strides, offsets)``."""
        return Odd("nested (a batch of several sizes)", (arguments[0],))

    def elsewhere(self, arguments: tuple[Any, ...]) -> Odd:  # noqa: ARG002 - every rule takes them
        """A tensor that travelled as a numpy array, from a device without storages."""
        return Odd("kept as a numpy array")

    def wrapped(self, arguments: tuple[Any, ...]) -> Odd:  # noqa: ARG002 - every rule takes them
        """A wrapper of other tensors."""
        return Odd("a tensor subclass that wraps others")

    # What they are made of

    def storage(self, value: Any) -> tuple[StorageSpan, str | None, str]:
        """Where a storage is, its key, and the element type its class says.

        Raises:
            MalformedModelError: if it is no storage.
        """
        if isinstance(value, Persistent) and isinstance(value.key, tuple) and value.key[:1] == ("storage",):
            return self._persistent(value.key)
        raise MalformedModelError("a tensor is made of what is no storage")

    def _persistent(self, key: tuple[Any, ...]) -> tuple[StorageSpan, str | None, str]:
        """``("storage", class, key, location, elements)``, and in old files a view of another storage."""
        kind, name, count = key[1], str(key[2]), whole(key[4])
        torch_type = storage_type(kind)
        length = count * ITEM_BYTES[TORCH[torch_type]]
        if name not in self._spans:
            self._spans[name] = self._locate(name, length)
            self.storage_bytes[name] = length
        if self.storage_bytes[name] != length:
            raise MalformedModelError(f"storage {name!r} has two sizes: {self.storage_bytes[name]:,} and {length:,}")
        span = self._spans[name]
        if len(key) > 5 and isinstance(key[5], tuple):
            item = ITEM_BYTES[TORCH[torch_type]]
            span = span.part(whole(key[5][1]) * item, whole(key[5][2]) * item)
        return span, name, torch_type

    @staticmethod
    def view(
        span: StorageSpan, key: str | None, torch_type: str, place: tuple[Any, ...], trained: bool
    ) -> StoredTensor:
        """A strided view, checked against its storage.

        Raises:
            MalformedModelError: if it reaches beyond the storage, or its sizes are absurd.
        """
        start, shape, strides = whole(place[0]), wholes(place[1]), wholes(place[2])
        if len(shape) != len(strides) or len(shape) > MAX_DIMS:
            raise MalformedModelError(f"a tensor has {len(shape)} sizes and {len(strides)} strides")
        if prod(shape) > MAX_ELEMENTS:
            raise MalformedModelError(f"a tensor claims {prod(shape):,} elements")
        if key is not None:
            _check_reach(span, ITEM_BYTES[TORCH[torch_type]], start, shape, strides)
        return StoredTensor(torch_type, shape, strides, start, span, key, trained)


def _check_reach(span: StorageSpan, item: int, start: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
    reach = start + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True)) + 1
    if prod(shape) and reach * item > span.length:
        wanted, there = reach * item, span.length
        raise MalformedModelError(f"a tensor of shape {list(shape)} needs {wanted:,} bytes of a storage of {there:,}")


def storage_type(kind: Any) -> str:
    """The ``torch.<name>`` of the elements of a storage class, or of the dtype that stands for it.

    Raises:
        MalformedModelError: if it is neither.
    """
    name = kind.name if isinstance(kind, Global) else kind
    if isinstance(name, str):
        name = name.rsplit(".", 1)[-1]
        if name in STORAGES:
            return STORAGES[name]
        if name in TORCH:
            return name
    raise MalformedModelError(f"a storage is of the unknown class {name!r}")


def torch_dtype(value: Any) -> str:
    """The name of ``torch.<dtype>``.

    Raises:
        MalformedModelError: if it is no element type.
    """
    if isinstance(value, Global) and value.module == "torch" and value.name in TORCH:
        return value.name
    raise MalformedModelError("a tensor is of an unknown element type")


def whole(value: Any) -> int:
    """A count or size.

    Raises:
        MalformedModelError: if it is none.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63:
        return value
    raise MalformedModelError("a tensor has a size, stride or offset that is no count")


def wholes(value: Any) -> tuple[int, ...]:
    """Sizes or strides: a tuple, list, or ``torch.Size``.

    Raises:
        MalformedModelError: if it is none of them, or longer than ``MAX_DIMS``.
    """
    if isinstance(value, Built) and value.path == "torch.Size" and value.arguments:
        value = value.arguments[0]
    if not isinstance(value, (tuple, list)) or len(value) > MAX_DIMS:
        raise MalformedModelError("a tensor has no shape")
    return tuple(whole(item) for item in value)


def is_quantized(tensor: StoredTensor) -> bool:
    """Whether its elements stand for real numbers by scale and zero point."""
    return tensor.torch_type in QUANTIZED


_UTILS = "torch._utils."
_RULES: dict[str, Callable[[Rebuilder, tuple[Any, ...]], StoredTensor | Odd | None]] = {
    f"{_UTILS}_rebuild_tensor": Rebuilder.plain,
    f"{_UTILS}_rebuild_tensor_v2": Rebuilder.marked,
    f"{_UTILS}_rebuild_tensor_v3": Rebuilder.typed,
    f"{_UTILS}_rebuild_qtensor": Rebuilder.quantized,
    f"{_UTILS}_rebuild_parameter": Rebuilder.parameter,
    f"{_UTILS}_rebuild_parameter_with_state": Rebuilder.parameter,
    f"{_UTILS}_rebuild_meta_tensor_no_storage": Rebuilder.meta,
    f"{_UTILS}_rebuild_sparse_tensor": Rebuilder.sparse,
    f"{_UTILS}_rebuild_sparse_csr_tensor": Rebuilder.sparse,
    f"{_UTILS}_rebuild_nested_tensor": Rebuilder.nested,
    f"{_UTILS}_rebuild_device_tensor_from_numpy": Rebuilder.elsewhere,
    f"{_UTILS}_rebuild_xla_tensor": Rebuilder.elsewhere,
    f"{_UTILS}_rebuild_wrapper_subclass": Rebuilder.wrapped,
    "torch._tensor._rebuild_from_type": Rebuilder.of_type,
    "torch._tensor._rebuild_from_type_v2": Rebuilder.of_type,
    "torch.tensor._rebuild_from_type": Rebuilder.of_type,
    "torch.nn.parameter.Parameter": Rebuilder.parameter,
}

__all__ = ["Odd", "Pairs", "Rebuilder", "StoredTensor", "is_quantized", "storage_type", "torch_dtype"]
