"""What the walk needs of a model and no binding changes, worked out once per model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.errors import ModelError
from haoline_analysis.model import Gap
from haoline_analysis.shapes.constants import constant, keeps
from haoline_analysis.shapes.expressions import free_names
from haoline_analysis.shapes.node import RULES, RuleEntry
from haoline_analysis.shapes.rules.aten import DECLARED
from haoline_analysis.shapes.value import Value

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from haoline_analysis.model import Model, Op, Tensor

Declared = tuple[str, tuple[int | str | None, ...] | None]
"""A declared dtype and shape, symbols that no binding reaches being None."""

_SOURCES = frozenset(
    {"Shape", "Size", "Constant", "ConstantOfShape", "If", "Loop", "Scan", "SequenceLength", "EyeLike"}
)


class Plan:
    """Interned op kinds, the levels of control flow, and the small constants of a model."""

    def __init__(self, model: Model, symbols: Collection[str]) -> None:
        """Read what is needed of ``model``; its small weights are loaded here, once."""
        self.ops = model.ops
        self.tensors = model.tensors
        self.model_inputs = model.inputs
        self.gaps: list[Gap] = []
        self.inputs = [op.inputs for op in model.ops]
        spare = len(model.tensors)  # where omitted outputs are written, so that the loop need not ask
        self.results = [tuple([spare if t < 0 else t for t in op.outputs]) for op in model.ops]
        self._intern_kinds(symbols)
        self._split_levels()
        self._load_weights()

    def _intern_kinds(self, symbols: Collection[str]) -> None:
        """Number ops by what decides their outputs besides their inputs' values."""
        declared = _DeclaredTypes(symbols)
        rules: dict[tuple[object, ...], int] = {}
        kinds: dict[tuple[object, ...], int] = {}
        self.kinds: list[int] = []
        self.rule_kind: list[int] = []  # of a kind: the same without what is declared
        self.declared: list[tuple[Declared, ...]] = []  # of a kind, one per output
        tensors, undeclared = self.tensors, ("", None)
        for index, op in enumerate(self.ops):
            # equal attributes are one object for as long as the model lives, so that its id stands for them
            rule_key = (op.type, op.domain, op.version, id(op.attributes), len(op.outputs), index if op.bodies else -1)
            rule = rules.setdefault(rule_key, len(rules))
            told = tuple([declared.of(tensors[t]) if t >= 0 else undeclared for t in op.outputs])
            kind = kinds.setdefault((rule, told), len(kinds))
            if kind == len(self.declared):
                self.declared.append(told)
                self.rule_kind.append(rule)
            self.kinds.append(kind)

    def _split_levels(self) -> None:
        """List the ops of each level: of the graph (key (-1, 0)) and of each body (owner, start)."""
        self.levels: dict[tuple[int, int], list[int]] = {(-1, 0): []}
        starts: dict[int, list[tuple[int, int]]] = {}
        for owner, op in enumerate(self.ops):
            for body in op.bodies:
                self.levels.setdefault((owner, body.start), [])
                starts.setdefault(owner, []).append((body.start, body.stop))
        top = self.levels[-1, 0]
        for index, op in enumerate(self.ops):
            if op.parent < 0:
                top.append(index)
                continue
            start = next((a for a, b in starts.get(op.parent, ()) if a <= index < b), -1)
            self.levels.setdefault((op.parent, start), []).append(index)

    def _load_weights(self) -> None:
        """Make a value of every weight; load the elements of those that shapes may depend on."""
        wanted = _wanted_weights(self.ops, self.tensors)
        self.weights: list[tuple[int, Value]] = []
        unread: list[str] = []
        for index, tensor in enumerate(self.tensors):
            weight = tensor.weight
            if weight is None:
                continue
            value = Value(weight.dtype, tuple(weight.shape))
            if index in wanted:
                try:
                    value = constant(weight.numpy(), weight.dtype)
                except ModelError as error:
                    unread.append(f"{tensor.name} ({error})")
            self.weights.append((index, value))
        if unread:
            self.gaps.append(Gap("constants that shapes may depend on cannot be read: " + ", ".join(unread[:8])))

    def entry(self, op: Op) -> RuleEntry | None:
        """The shape rule of an op."""
        return rule_of(op)


def rule_of(op: Op) -> RuleEntry | None:
    """The shape rule of an op; results of ATen ops are declared."""
    return DECLARED if op.domain == "aten" else RULES.get((op.domain, op.type))


class _DeclaredTypes:
    """Declared types with the symbols that bindings cannot reach taken out."""

    def __init__(self, symbols: Collection[str]) -> None:
        self._symbols = symbols
        self._reachable: dict[str, bool] = {}
        self._seen: dict[object, Declared] = {}

    def of(self, tensor: Tensor) -> Declared:
        key = tensor.dtype, tensor.shape
        found = self._seen.get(key)
        if found is None:
            shape = tensor.shape
            if shape is not None:
                shape = tuple([dim if self._known(dim) else None for dim in shape])
            found = self._seen[key] = (tensor.dtype or "", shape)
        return found

    def _known(self, dim: int | str | None) -> bool:
        if not isinstance(dim, str):
            return True
        if dim not in self._reachable:
            names = free_names(dim)
            self._reachable[dim] = dim in self._symbols or (bool(names) and all(n in self._symbols for n in names))
        return self._reachable[dim]


def _wanted_weights(ops: list[Op], tensors: list[Tensor]) -> set[int]:
    """Small weights that some rule may look into; scales and zero points stay unread."""
    small = {
        index
        for index, tensor in enumerate(tensors)
        if tensor.weight is not None and keeps(tensor.weight.dtype, tensor.weight.shape)
    }
    maybe = {-1, *small}  # tensors whose elements may turn out to be known; an omitted input hinders nothing
    wanted: set[int] = set()
    for op in ops:
        foldable = maybe.issuperset(op.inputs)
        if foldable or op.type in _SOURCES:
            maybe.update(op.outputs)
        for tensor in _read_slots(op, foldable):
            if tensor in small:
                wanted.add(tensor)
        for body in op.bodies:
            maybe.update(body.inputs)
            wanted.update(small.intersection(body.outputs))
    return wanted


def _read_slots(op: Op, foldable: bool) -> Sequence[int]:
    entry = rule_of(op)
    if op.bodies:
        return op.inputs
    if entry is None or not entry.data:
        return ()
    if isinstance(entry.data, str):
        return op.inputs if entry.data == "any" or foldable else ()
    return [op.inputs[slot] for slot in entry.data if slot < len(op.inputs)]
