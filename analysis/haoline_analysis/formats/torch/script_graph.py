"""From the two pickles and the code of a TorchScript archive to weights, classes and a graph."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import LimitError
from haoline_analysis.formats.torch.aten import AtenBuilder
from haoline_analysis.formats.torch.checkpoint import global_facts
from haoline_analysis.formats.torch.content import Content, open_zip
from haoline_analysis.formats.torch.pickles import Built
from haoline_analysis.formats.torch.pickles.verdicts import findings
from haoline_analysis.formats.torch.script_code import Code, read_code
from haoline_analysis.formats.torch.script_values import UNKNOWN, Flow, Module, flows
from haoline_analysis.formats.torch.script_walk import ScriptWalk
from haoline_analysis.formats.torch.tensors import StoredTensor
from haoline_analysis.formats.torch.walking import state
from haoline_analysis.formats.torch.weights import view_weight
from haoline_analysis.model import Gap

if TYPE_CHECKING:
    from haoline_analysis.findings.finding import Finding
    from haoline_analysis.formats.storage import Buffer, Storage
    from haoline_analysis.model import Weight

MAX_MODULES = 500_000
MAX_DEPTH = 100


@dataclass(slots=True, eq=False)
class Script:
    """An archive that has been read."""

    builder: AtenBuilder = field(default_factory=AtenBuilder)
    tensors: list[tuple[str, Weight]] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    classes: Counter[str] = field(default_factory=Counter)
    gaps: list[Gap] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    pickle: dict[str, Any] = field(default_factory=dict)


def read_script(buf: Buffer, storage: Storage) -> Script:
    """Read weights and classes, then follow ``forward``.

    Raises:
        ModelError: if the archive contradicts itself or exceeds a bound.
    """
    content = open_zip(buf, storage)
    constants = open_zip(buf, storage, "constants.pkl", "constants/")
    code = read_code(buf, content.entries, content.root)
    made = Script()
    for part in (content, constants):
        made.findings += findings(_without_code(part), part.where)
    made.pickle = {"layout": "zip", "opcodes": content.pickle.opcodes, "imports": global_facts(content.pickle)}
    if not isinstance(content.pickle.value, Built):
        made.gaps.append(Gap("The archive's main object is no module."))
        return made
    root = Module(content.pickle.value, "")
    shelf = _Shelf(content, made)
    shelf.stock(root, code)
    _follow(root, code, shelf, constants, made)
    return made


def _without_code(content: Content) -> Any:
    """The pickle without the module classes, which are code of the archive itself."""
    content.pickle.globals = [item for item in content.pickle.globals if not item.module.startswith("__torch__")]
    return content.pickle


class _Shelf:
    """Stored tensors as weights, each once."""

    def __init__(self, content: Content, made: Script) -> None:
        self._rebuilder, self._made = content.rebuilder, made
        self._views: dict[Any, Weight] = {}
        self._left: dict[str, int] = {}
        self._indices: dict[int, int] = {}  # of a call that rebuilds a tensor

    def stock(self, root: Module, code: Code) -> None:
        """Take all tensors of the module tree, in its order."""
        waiting, seen, count = [root], {id(root.value)}, 0
        while waiting:
            module = waiting.pop()
            count += 1
            if count > MAX_MODULES or module.path.count(".") > MAX_DEPTH:
                raise LimitError(f"the archive has more than {MAX_MODULES:,} modules, or nests them beyond all measure")
            self._made.classes[module.kind] += 1
            parameters = code.names(module.owner, "__parameters__")
            inside = []
            for name, value in state(module.value).items():
                path = f"{module.path}.{name}" if module.path else name
                if not isinstance(value, Built):
                    continue
                if value.path.startswith("__torch__."):
                    if id(value) not in seen:
                        seen.add(id(value))
                        inside.append(Module(value, path))
                else:
                    self.weight(value, path, "initializer" if name in parameters else "buffer")
            waiting += inside[::-1]

    def weight(self, value: Built, path: str, kind: str = "constant", rebuilder: Any = None) -> Any:
        """The tensor that a call rebuilds, as a value; ``UNKNOWN`` if it rebuilds none."""
        if id(value) in self._indices:
            return Flow(self._indices[id(value)])
        source = rebuilder or self._rebuilder
        tensor = source.rebuild(value)
        if not isinstance(tensor, StoredTensor):
            return UNKNOWN
        views, left = (self._views, self._left) if rebuilder is None else ({}, {})
        if tensor.storage is not None:
            left.setdefault(tensor.storage, source.storage_bytes[tensor.storage])
        weight = view_weight(path, tensor, kind, views, left)
        index = self._made.builder.weight(path, weight)
        self._indices[id(value)] = index
        if kind != "constant":
            self._made.tensors.append((path, weight))
        return Flow(index)


def _follow(root: Module, code: Code, shelf: _Shelf, constants: Content, made: Script) -> None:
    """Follow ``forward``; where that breaks off, what has been followed stays, and it is said."""
    body = code.method(root.owner, "forward")
    if body is None:
        made.gaps.append(Gap(f"The archive has no code of {root.kind}.forward."))
        return
    values = constants.pickle.value if isinstance(constants.pickle.value, (tuple, list)) else ()
    kept = [
        shelf.weight(item, f"constant_{place}", "constant", constants.rebuilder) if isinstance(item, Built) else item
        for place, item in enumerate(values)
    ]
    walk = ScriptWalk(code, made.builder, shelf.weight, kept)
    arguments = [_argument(made.builder, item) for item in body.args.args[1:]]
    wanted = len(body.args.args) - 1 - len(body.args.defaults)
    given = [value for place, value in enumerate(arguments) if place < wanted or isinstance(value, Flow)]
    try:
        made.outputs = flows(walk.call(root, "forward", given, {}))
    except (LimitError, RecursionError) as error:
        made.gaps.append(Gap(f"The code could not be followed to its end: {error}."))
    for why, rows in walk.unfollowed.items():
        made.gaps.append(Gap(f"{why[0].upper()}{why[1:]} ({len(rows)} times).", _rows(rows, made)))


def _rows(rows: list[int], made: Script) -> tuple[int, ...]:
    last = len(made.builder.ops) - 1
    return tuple(sorted({min(row, last) for row in rows})) if last >= 0 else ()


def _argument(builder: AtenBuilder, argument: Any) -> Any:
    """A tensor that the user feeds; other arguments are not known."""
    import ast

    text = ast.unparse(argument.annotation) if argument.annotation is not None else "Tensor"
    return Flow(builder.input(argument.arg, None, None)) if text == "Tensor" else UNKNOWN
