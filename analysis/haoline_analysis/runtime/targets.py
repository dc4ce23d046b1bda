"""Which tensors of a model a run can hand out, and why not the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from haoline_analysis.errors import ModelError
from haoline_analysis.formats.onnx.protobuf import name_text
from haoline_analysis.model import OMITTED, Gap
from haoline_analysis.report.naming import offer
from haoline_analysis.runtime.wire import BodyOutputs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from haoline_analysis.model import Body, Model, Op
    from haoline_analysis.runtime.wire import MainGraph

LOOPS = ("Loop", "Scan")
_CONTAINERS = ("sequence", "optional", "map", "sparse_tensor", "opaque", "string")
_MOST_NAMED = 5

SUBGRAPH = "onnxruntime gives nothing out of the branches of an If, nor out of a loop inside another body"
FUNCTION = "onnxruntime gives nothing out of a model-local function"
CONTAINER = "a sequence, an optional, a map or text is no tensor of numbers"
COMPLEX = "complex numbers have no order"
FIXED = "what follows from the weights alone is the same for every sample"
NAMELESS = "onnxruntime takes no name that is not text"


@dataclass(frozen=True, slots=True)
class Target:
    """One tensor that is captured."""

    name: str  # unique among targets
    tensor: int  # index in Model.tensors
    op: int  # row of the op that makes it
    output: str  # the graph output that holds it
    node: str = ""  # a Loop or Scan that stacks it over its iterations: one of that node's outputs
    value: str = ""  # … and what its body calls it
    fixed: bool = False  # it follows from the weights alone

    @property
    def stacked(self) -> bool:
        """Whether the leading axis is the iterations of a loop."""
        return bool(self.node)


class Refusals:
    """Tensors that cannot be captured, by reason."""

    def __init__(self) -> None:
        """Start with none."""
        self._found: dict[str, list[tuple[str, int]]] = {}

    def add(self, why: str, name: str, op: int) -> None:
        """Note a tensor, and the op that makes it."""
        self._found.setdefault(why, []).append((name, op))

    def gaps(self) -> list[Gap]:
        """One gap per reason, naming the first tensors."""
        return [_gap(why, found) for why, found in self._found.items()]


def _gap(why: str, found: list[tuple[str, int]]) -> Gap:
    names = ", ".join(repr(name) for name, _ in found[:_MOST_NAMED]) + (", …" if len(found) > _MOST_NAMED else "")
    count = f"{len(found)} tensors are" if len(found) > 1 else "One tensor is"
    return Gap(f"{count} not captured, because {why}: {names}.", tuple(sorted({op for _, op in found if op >= 0})))


def find_targets(model: Model, graph: MainGraph, dtypes: Mapping[int, str]) -> tuple[list[Target], Refusals]:
    """Every tensor that an op makes and a run can hand out, in execution order; constants are weights and left out.

    Args:
        model: the opened model.
        graph: its main graph's spans.
        dtypes: element types of tensors, by index, where they are known.
    """
    finder = _Finder(model, graph, dtypes)
    for row, op in enumerate(model.ops):
        finder.visit(row, op)
    return finder.targets, finder.refused


class _Finder:
    def __init__(self, model: Model, graph: MainGraph, dtypes: Mapping[int, str]) -> None:
        self.model, self.dtypes = model, dtypes
        self.raw = {name_text(raw): raw for raw in graph.producers}
        self.main = _main_tensors(model, self.raw)
        self.varying = _varying(model)
        self.targets: list[Target] = []
        self.refused = Refusals()
        self.names: set[str] = set()

    def visit(self, row: int, op: Op) -> None:
        for tensor in op.outputs:
            if tensor == OMITTED or self.model.tensors[tensor].weight is not None:
                continue
            why = self._unfit(tensor)
            if why is None:
                why = self._take(row, op, tensor)
            if why:
                self.refused.add(why, self.model.tensors[tensor].name, row)

    def _unfit(self, tensor: int) -> str | None:
        dtype = self.dtypes.get(tensor) or self.model.tensors[tensor].dtype or ""
        if dtype.startswith(_CONTAINERS):
            return CONTAINER
        return COMPLEX if dtype.startswith("complex") else None

    def _take(self, row: int, op: Op, tensor: int) -> str:
        """Make a target of the tensor, or say why not."""
        name = self.model.tensors[tensor].name
        if tensor in self.main:
            output = _decoded(self.raw[name])
            fixed = tensor not in self.varying
            made = Target(self._unique(name, op), tensor, row, output or "", fixed=fixed)
            return NAMELESS if output is None else self._add(made)
        if op.call_path:
            return FUNCTION
        owner = self.model.ops[op.parent]
        if op.parent < 0 or owner.parent >= 0 or owner.type not in LOOPS or owner.call_path:
            return SUBGRAPH
        return self._take_stacked(row, op, tensor, owner)

    def _take_stacked(self, row: int, op: Op, tensor: int, owner: Op) -> str:
        name = self.model.tensors[tensor].name
        nodes = [self.model.tensors[index].name for index in owner.outputs if index in self.main]
        node = _decoded(self.raw[nodes[0]]) if nodes else None
        if node is None or name != name_text(name.encode()):
            return NAMELESS
        return self._add(Target(self._unique(name, op), tensor, row, f"haoline/{tensor}", node, name))

    def _add(self, target: Target) -> str:
        self.names.add(target.name)
        self.targets.append(target)
        return ""

    def _unique(self, name: str, op: Op) -> str:
        """The name, with its op's where two bodies use one name."""
        return f"{op.name}/{name}" if name in self.names else name


_RANDOM = ("RandomNormal", "RandomUniform", "Multinomial", "Bernoulli", "RandomNormalLike", "RandomUniformLike")


def random_ops(model: Model) -> list[str]:
    """Types of the ops that draw anew at every run, in execution order."""
    return [kind for kind in dict.fromkeys(op.type for op in model.ops) if kind in _RANDOM]


def _varying(model: Model) -> set[int]:
    """Tensors that may differ from run to run: all that follow from inputs, chance or control flow."""
    found = {index for index, tensor in enumerate(model.tensors) if tensor.producer < 0 and tensor.weight is None}
    for op in model.ops:
        if op.bodies or op.type in _RANDOM or not found.isdisjoint(op.inputs):
            found.update(op.outputs)
    return found


def _main_tensors(model: Model, raw: Mapping[str, bytes]) -> set[int]:
    """Tensors of the main graph: made by its nodes, or by functions that its nodes call."""
    found: dict[str, int] = {}
    for calls in (False, True):
        for op in model.ops:
            if op.parent < 0 and bool(op.call_path) == calls:
                for tensor in op.outputs:
                    if tensor != OMITTED and model.tensors[tensor].name in raw:
                        found.setdefault(model.tensors[tensor].name, tensor)
    return set(found.values())


def _decoded(raw: bytes) -> str | None:
    """A name as onnxruntime's Python face takes it; None where it is no UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def body_outputs(model: Model, targets: Iterable[Target]) -> list[BodyOutputs]:
    """What the loops among the owners of ``targets`` have to hand out in addition."""
    by_node: dict[str, list[Target]] = {}
    for target in targets:
        if target.stacked:
            by_node.setdefault(target.node, []).append(target)
    return [_of_node(model, node, group) for node, group in by_node.items()]


def _of_node(model: Model, node: str, group: Sequence[Target]) -> BodyOutputs:
    owner = model.ops[model.ops[group[0].op].parent]
    body = owner.bodies[0]
    missing = max(0, _handed_out(owner, body) - len(owner.outputs))
    values = tuple(target.value.encode() for target in group)
    return BodyOutputs(node.encode(), values, tuple(target.output.encode() for target in group), missing)


def _handed_out(owner: Op, body: Body) -> int:
    """How many outputs the node has when it leaves none out; a Loop keeps its condition to itself."""
    return len(body.outputs) - (1 if owner.type == "Loop" else 0)


def select(
    model: Model, targets: Sequence[Target], asked: str | Iterable[str] | None, refused: Refusals
) -> list[Target]:
    """The targets asked for: by tensor name, by op name for all its outputs, or by a pattern such as ``*add*``.

    Where nothing is asked for, all but those that follow from the weights alone, which are noted as refused.

    Raises:
        ModelError: if a word fits none of them.
    """
    if asked is None:
        for target in targets:
            if target.fixed:
                refused.add(FIXED, target.name, target.op)
        return [target for target in targets if not target.fixed]
    if not isinstance(asked, Iterable):
        raise ModelError(f"tensors are names of tensors or ops, or patterns, not {asked!r}.")
    chosen: set[int] = set()
    for word in [asked] if isinstance(asked, str) else asked:
        found = set(_matching(model, targets, word))
        if not found:
            names = [target.name for target in targets]
            raise ModelError(f"There is no tensor or op {word!r} that can be captured{offer(word, names)}")
        chosen |= found
    return [target for target in targets if target.tensor in chosen]


def _matching(model: Model, targets: Sequence[Target], word: str) -> Iterator[int]:
    exact = [target.tensor for target in targets if word in (target.name, model.ops[target.op].name)]
    if exact or not isinstance(word, str):
        return iter(exact)
    return (target.tensor for target in targets if fnmatchcase(target.name, word))
