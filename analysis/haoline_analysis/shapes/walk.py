"""One pass over the ops under one binding: intern values, call a rule only for a signature not seen before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.model import Gap
from haoline_analysis.shapes.constants import MAX_RANK
from haoline_analysis.shapes.dims import ImpossibleShapeError, Shape
from haoline_analysis.shapes.flow import evaluate_flow
from haoline_analysis.shapes.node import UNKNOWN, Node, RuleEntry
from haoline_analysis.shapes.onnx_types import parse_type
from haoline_analysis.shapes.value import Assumption, Signature, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from haoline_analysis.model import Op
    from haoline_analysis.shapes.plan import Declared, Plan

Hit = tuple[int, tuple[int, ...]]
"""A signature and the values it gives the op's outputs."""

Ids = tuple[int, ...]


class Walk:
    """Values, signatures and gaps of a model under one binding, as they are found."""

    def __init__(self, plan: Plan, resolve: Callable[[int | str | None], int | None]) -> None:
        """Start from the weights; ``resolve`` gives declared dims their sizes."""
        self.plan = plan
        self.resolve = resolve
        self.values: list[Value] = []
        self.tensors = [-1] * (len(plan.tensors) + 2)  # then the spare slot for omitted outputs, and -1 for inputs
        self.signatures: list[Signature] = []
        self.op_signatures = [-1] * len(plan.ops)
        self.trip_counts: dict[int, int] = {}
        self.taken: dict[int, str] = {}
        self.assumptions: dict[int, Assumption] = {}  # Loop/Scan op index -> why it counts once
        self.nesting = 0  # bodies being evaluated
        self.loops = 0  # of these, bodies of Loop and Scan
        self.rule_calls = 0
        self.steps = 0  # ops passed over, those of bodies once per pass
        self._ids: dict[object, int] = {}
        self._bare: list[int] = []  # of a value: the same without its elements
        self._hits: dict[tuple[int, Ids], Hit] = {}
        self._signed: dict[tuple[int, Ids, Ids], int] = {}
        self._ruled: dict[tuple[int, Ids], tuple[Ids, str]] = {}
        self._declared: dict[Declared, int] = {}
        self._complaints: dict[int, str] = {}  # of a signature
        self._refused: set[str] = set()  # complaints of rules that refuse their inputs
        for tensor, value in plan.weights:
            self.tensors[tensor] = self.intern(value)

    def intern(self, value: Value | None) -> int:
        """The number of a value, -1 for one of which nothing is known."""
        if value is None or (value.shape is None and not value.dtype):
            return -1
        key = _key(value)
        found = self._ids.get(key)
        if found is None:
            found = self._ids[key] = len(self.values)
            self.values.append(value)
            self._bare.append(found if value.data is None else self.intern(value._replace(data=None)))
        return found

    def value(self, tensor: int) -> Value | None:
        """What is known of a tensor by now."""
        return self.known(self.tensors[tensor])

    def known(self, number: int) -> Value | None:
        """The value of a number, None for -1."""
        return self.values[number] if number >= 0 else None

    def level(self, owner: int, start: int) -> None:
        """Evaluate the ops of one level in order; this loop is why rebinding takes milliseconds."""
        tensors, hits, signatures = self.tensors, self._hits, self.op_signatures
        kinds, inputs, results = self.plan.kinds, self.plan.inputs, self.plan.results
        indices = self.plan.levels[owner, start]
        self.steps += len(indices)
        for index in indices:
            ids = tuple([tensors[tensor] for tensor in inputs[index]])
            hit = hits.get((kinds[index], ids)) or self._miss(index, ids)
            signatures[index] = hit[0]
            for tensor, number in zip(results[index], hit[1], strict=True):
                tensors[tensor] = number

    def _miss(self, index: int, ids: Ids) -> Hit:
        op, kind = self.plan.ops[index], self.plan.kinds[index]
        entry = self.plan.entry(op)
        if op.bodies:
            outputs, complaint = self._checked(op, lambda: evaluate_flow(self, index, entry))
            return self._sign(index, ids, outputs, complaint)
        seen = self._seen(ids, entry)
        ruled = self._ruled.get((self.plan.rule_kind[kind], seen))
        if ruled is None:
            ruled = self._ruled[self.plan.rule_kind[kind], seen] = self._rule(op, seen, entry)
        hit = self._hits[kind, ids] = self._sign(index, seen, *ruled)
        return hit

    def _seen(self, ids: Ids, entry: RuleEntry | None) -> Ids:
        """``ids`` without the elements that the rule does not look at."""
        if entry is None or entry.data == ():
            return tuple([self.bare(number) for number in ids])
        if entry.data == "any":
            return ids
        if entry.data == "all":
            full = all(number >= 0 and self.values[number].data is not None for number in ids)
            return ids if full else tuple([self.bare(number) for number in ids])
        return tuple([number if slot in entry.data else self.bare(number) for slot, number in enumerate(ids)])

    def bare(self, number: int) -> int:
        """A value without its elements."""
        return self._bare[number] if number >= 0 else -1

    def _rule(self, op: Op, ids: Ids, entry: RuleEntry | None) -> tuple[Ids, str]:
        if entry is None:
            name = f"{op.domain or 'ai.onnx'}::{op.type}"
            return (-1,) * len(op.outputs), f"{_NO_RULE}{name}; shapes after it are unknown"
        self.rule_calls += 1
        return self._checked(op, lambda: entry.rule(Node(op, [self.known(number) for number in ids])))

    def _checked(self, op: Op, compute: Callable[[], Sequence[Value]]) -> tuple[Ids, str]:
        """Outputs of a rule as values; one that refuses its inputs leaves them unknown and says why."""
        count = len(op.outputs)
        try:
            outputs = [_sane(value) for value in list(compute())[:count]]
        except (ImpossibleShapeError, ModelError) as error:
            return (-1,) * count, f"{op.type}: {error}"
        except (ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError) as error:
            return (-1,) * count, f"{op.type}: its attributes or inputs make no sense ({error})"
        return tuple([self.intern(value) for value in outputs]) + (-1,) * (count - len(outputs)), ""

    def _sign(self, index: int, ids: Ids, outputs: Ids, complaint: str) -> Hit:
        """The signature of an op, its outputs completed by what the file declares."""
        op, kind = self.plan.ops[index], self.plan.kinds[index]
        told = self.plan.declared[kind]
        merged = tuple([self.complete(number, told[slot]) for slot, number in enumerate(outputs)])
        key = (self.plan.rule_kind[kind], ids, merged)
        signature = self._signed.get(key)
        if signature is None:
            signature = self._signed[key] = len(self.signatures)
            values = [tuple([self.known(number) for number in numbers]) for numbers in (ids, merged)]
            self.signatures.append(Signature(op, values[0], values[1]))
            self._note(signature, op, complaint)
        return signature, merged

    def _note(self, signature: int, op: Op, complaint: str) -> None:
        """Remember what a signature leaves open, where the op itself is the cause."""
        _, inputs, outputs = self.signatures[signature]
        opened = any(t >= 0 and not complete(value) for t, value in zip(op.outputs, outputs, strict=True))
        if complaint and not complaint.startswith(_NO_RULE):
            self._refused.add(complaint)
        if complaint and (opened or not complaint.startswith(_NO_RULE)):
            self._complaints[signature] = complaint
        elif opened and all(t < 0 or complete(value) for t, value in zip(op.inputs, inputs, strict=True)):
            self._complaints[signature] = f"{op.type}: the shape of its output depends on the data"

    def complete(self, number: int, declared: Declared) -> int:
        """A value with its unknown parts filled in from what the file declares."""
        if declared == ("", None) or (number >= 0 and complete(self.values[number])):
            return number
        told = self.declared(declared)
        if number < 0 or told < 0:
            return max(number, told)
        return self.intern(_filled(self.values[number], self.values[told]))

    def declared(self, declared: Declared) -> int:
        """What the file declares, under the binding."""
        found = self._declared.get(declared)
        if found is None:
            dtype, dims = declared
            shape = None if dims is None else tuple([self.resolve(dim) for dim in dims])
            found = self._declared[declared] = self.intern(parse_type(dtype, shape))
        return found

    def gaps(self) -> list[Gap]:
        """One gap per complaint, with all ops it concerns."""
        rows: dict[str, list[int]] = {}
        signed = np.array(self.op_signatures, np.int32)
        for owner, branch in self.taken.items():
            for body in self.plan.ops[owner].bodies:
                if body.attribute != branch:  # what cannot run may well be impossible
                    signed[body.start : body.stop] = -1
        for signature, complaint in self._complaints.items():
            rows.setdefault(complaint, []).extend(np.flatnonzero(signed == signature).tolist())
        return [Gap(complaint, tuple(sorted(ops))) for complaint, ops in rows.items() if ops]

    def refusals(self) -> int:
        """Number of ops that cannot run on the inputs they get."""
        return sum(len(gap.ops) for gap in self.gaps() if gap.what in self._refused)

    def sign_unseen(self) -> None:
        """Give ops that were never reached a signature of which nothing is known."""
        for index, signature in enumerate(self.op_signatures):
            if signature < 0:
                op = self.plan.ops[index]
                self.op_signatures[index] = self._sign(index, (-1,) * len(op.inputs), (-1,) * len(op.outputs), "")[0]


_NO_RULE = "no shape rule for "


def complete(value: Value | None) -> bool:
    """Whether the type and every dim are known; what containers hold counts for them."""
    if value is None:
        return False
    if value.element is not None:
        return value.shape == (0,) or complete(value.element)
    if value.dtype.startswith(("map(", "sequence", "optional")):
        return True
    return bool(value.dtype) and value.shape is not None and None not in value.shape


def _filled(value: Value, told: Value) -> Value:
    if value.element is not None or told.element is not None:
        return value if value.element is not None and complete(value) else told._replace(shape=value.shape)
    shape: Shape | None = value.shape
    if shape is None:
        shape = told.shape
    elif told.shape is not None and len(told.shape) == len(shape):
        shape = tuple([b if a is None else a for a, b in zip(shape, told.shape, strict=True)])
    return Value(value.dtype or told.dtype, shape, value.data)


def _key(value: Value) -> object:
    data = value.data
    elements = None if data is None else (data.tobytes(), data.dtype.str)
    return value.dtype, value.shape, elements, None if value.element is None else _key(value.element)


def _sane(value: Value) -> Value:
    """A rule's output with plain, possible dims.

    Raises:
        ImpossibleShapeError: if a dim is negative or beyond 63 bits, or there are too many.
    """
    if value is UNKNOWN or value.shape is None:
        return value
    if len(value.shape) > MAX_RANK:
        raise ImpossibleShapeError(f"the output would have {len(value.shape)} dimensions")
    shape = tuple([None if dim is None else int(dim) for dim in value.shape])
    for dim in shape:
        if dim is not None and not 0 <= dim < 1 << 63:
            raise ImpossibleShapeError(f"an output dimension would be {dim}")
    return value._replace(shape=shape)
