"""What a shape rule sees of an op, and the registry of rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.dtypes import ONNX_CODES
from haoline_analysis.shapes.dims import ImpossibleShapeError, Shape, axis_of, show
from haoline_analysis.shapes.value import Value

if TYPE_CHECKING:
    from haoline_analysis.model import Op

UNKNOWN = Value("", None)
"""Nothing is known."""

Rule = Callable[["Node"], Sequence[Value]]
"""From an op with its inputs to its outputs, in order; trailing ones may be left out where unknown.

Raises :class:`ImpossibleShapeError` where the op cannot run on these inputs.
"""


class RuleEntry:
    """A rule and the inputs whose constant data it looks at."""

    __slots__ = ("data", "rule")

    def __init__(self, rule: Rule, data: tuple[int, ...] | str) -> None:
        """Keep ``data``: input slots, ``"any"``, or ``"all"`` where the rule folds only when all are known."""
        self.rule = rule
        self.data = data


RULES: dict[tuple[str, str], RuleEntry] = {}
"""By (domain, op type)."""


def shape_rule(*types: str, domain: str = "", data: tuple[int, ...] | str = ()) -> Callable[[Rule], Rule]:
    """Register a rule for op types of a domain, ``data`` naming the inputs whose elements matter."""

    def register(rule: Rule) -> Rule:
        for name in types:
            RULES[domain, name] = RuleEntry(rule, data)
        return rule

    return register


class Node:
    """An op, its inputs' values and its attributes, with checks that turn nonsense into gaps."""

    __slots__ = ("attributes", "inputs", "op", "outputs", "version")

    def __init__(self, op: Op, inputs: Sequence[Value | None]) -> None:
        """See ``op`` with ``inputs``, None being omitted or unknown."""
        self.op = op
        self.inputs = inputs
        self.outputs = len(op.outputs)
        self.attributes: Mapping[str, Any] = op.attributes
        self.version = op.version or 1 << 30

    def has(self, slot: int) -> bool:
        """Whether the op is given this input, known or not."""
        return slot < len(self.op.inputs) and self.op.inputs[slot] >= 0

    def value(self, slot: int = 0) -> Value:
        """The input's value, ``UNKNOWN`` where it is omitted."""
        value = self.inputs[slot] if slot < len(self.inputs) else None
        return UNKNOWN if value is None else value

    def require(self, slot: int) -> None:
        """Refuse an op that lacks a mandatory input."""
        if not self.has(slot):
            raise ImpossibleShapeError(f"input {slot} is missing")

    def dtype(self, slot: int = 0) -> str:
        """The input's element type, "" where unknown."""
        return self.value(slot).dtype

    def shape(self, slot: int = 0) -> Shape | None:
        """The input's shape, None where its rank is unknown."""
        self.require(slot)
        return self.value(slot).shape

    def ranked(self, slot: int, rank: int) -> Shape | None:
        """The input's shape, refused where its rank is not ``rank``."""
        shape = self.shape(slot)
        if shape is not None and len(shape) != rank:
            raise ImpossibleShapeError(f"input {slot} is {show(shape)}, expected rank {rank}")
        return shape

    def data(self, slot: int) -> np.ndarray | None:
        """The input's elements where they are known."""
        return self.value(slot).data

    def int_list(self, slot: int) -> list[int] | None:
        """The elements of an integer input, flattened, where they are known."""
        data = self.data(slot)
        if data is None:
            return None
        if data.dtype.kind not in "iub":
            raise ImpossibleShapeError(f"input {slot} holds {data.dtype}, expected integers")
        return [int(item) for item in data.ravel()]

    def scalar(self, slot: int) -> int | None:
        """The only element of an integer input, where it is known."""
        items = self.int_list(slot)
        if items is not None and len(items) != 1:
            raise ImpossibleShapeError(f"input {slot} has {len(items)} elements, expected one")
        return None if items is None else items[0]

    def length(self, slot: int) -> int | None:
        """Number of elements of a 1-D input, where it is known."""
        shape = self.shape(slot)
        return shape[0] if shape is not None and len(shape) == 1 else None

    def given(self, name: str) -> bool:
        """Whether the op has this attribute."""
        return self.attributes.get(name) is not None

    def integer(self, name: str, default: int = 0) -> int:
        """An integer attribute."""
        value = self.attributes.get(name, default)
        if not isinstance(value, int | np.integer):
            raise ImpossibleShapeError(f"attribute {name} is not an integer")
        return int(value)

    def integers(self, name: str) -> tuple[int, ...] | None:
        """A list of integers, None where the op lacks it."""
        value = self.attributes.get(name)
        if value is None:
            return None
        items = value.tolist() if isinstance(value, np.ndarray) else value
        if isinstance(items, str | bytes) or not isinstance(items, Iterable):
            raise ImpossibleShapeError(f"attribute {name} is not a list of integers")
        result = tuple(items)
        if not all(isinstance(item, int) for item in result):
            raise ImpossibleShapeError(f"attribute {name} is not a list of integers")
        return result

    def numbers(self, name: str) -> int:
        """Number of entries of a list attribute, 0 where the op lacks it."""
        value = self.attributes.get(name)
        if value is not None and not hasattr(value, "__len__"):
            raise ImpossibleShapeError(f"attribute {name} is not a list")
        return 0 if value is None else len(value)

    def string(self, name: str, default: str = "") -> str:
        """A string attribute."""
        value = self.attributes.get(name, default)
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        if not isinstance(value, str):
            raise ImpossibleShapeError(f"attribute {name} is not a string")
        return value

    def type_attribute(self, name: str, default: str = "") -> str:
        """An element type given as ``TensorProto.DataType`` (as text in the oldest opsets)."""
        value = self.attributes.get(name)
        if value is None:
            return default
        if isinstance(value, str | bytes):
            return _NAMES.get(self.string(name).upper(), "")
        code = self.integer(name)
        if code == 0:
            return default
        if code not in ONNX_CODES:
            raise ImpossibleShapeError(f"attribute {name} names the unknown element type {code}")
        return ONNX_CODES[code]

    def axis(self, rank: int, default: int = 0, name: str = "axis") -> int:
        """The ``axis`` attribute as an index into ``rank`` dims."""
        return axis_of(self.integer(name, default), rank)

    def same(self, slot: int = 0, dtype: str | None = None) -> Value:
        """A value shaped like an input, of its element type unless another is given."""
        return Value(self.dtype(slot) if dtype is None else dtype, self.shape(slot))


_NAMES = {"FLOAT": "float32", "DOUBLE": "float64"} | {name.upper(): name for name in ONNX_CODES.values()}
