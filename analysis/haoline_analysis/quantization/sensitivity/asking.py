"""Which ops ask for a tensor to be quantized, so that it stays float when none of them is quantized."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

# Ops that onnxruntime's QDQ quantizer lets follow their input: they quantize their output where the input is quantized
# and ask for nothing themselves.
_FOLLOWERS = frozenset(
    {
        "Resize",
        "Reshape",
        "Clip",
        "Gather",
        "Unsqueeze",
        "Slice",
        "Squeeze",
        "TopK",
        "Flatten",
        "Transpose",
        "GatherElements",
        "Where",
        "MaxPool",
        "AveragePool",
        "Relu",
    }
)
_LOOKUPS = frozenset({"Gather", "GatherElements"})  # these ask for a table of constants


def consumers(nodes: Iterable[Any]) -> dict[str, list[Any]]:
    """The nodes that read each tensor."""
    found: dict[str, list[Any]] = {}
    for node in nodes:
        for name in dict.fromkeys(node.input):
            if name:
                found.setdefault(name, []).append(node)
    return found


class Asking:
    """Answers for the tensors of one float graph under one quantization of it."""

    def __init__(self, graph: Any, placed: Collection[str], quantizable: Collection[str] | None) -> None:
        """Take a ``GraphProto``, its quantized tensors, and the ops that may be quantized (None: by their type)."""
        self._placed = placed
        self._quantizable = quantizable
        self._producers = {name: node for node in graph.node for name in node.output if name}
        self._consumers = consumers(graph.node)
        constants = {name for node in graph.node if node.op_type == "Constant" for name in node.output}
        self._constants = {*constants, *(each.name for each in graph.initializer)}
        self._known: dict[str, tuple[str, ...]] = {}

    def ops(self, tensor: str, *, consumers_only: bool = False) -> tuple[str, ...]:
        """Names of the ops; where none seems to ask its neighbours, if possible without those that are float anyway."""
        readers = self._consumers.get(tensor, ())
        asked = tuple(dict.fromkeys(node.name for node in readers if self._asks(node, tensor)))
        asked = asked if consumers_only else self._asked(tensor)
        if asked:
            return asked
        around = [*filter(None, [None if consumers_only else self._producers.get(tensor)]), *readers]
        near = [node for node in around if self._may(node)] or around
        return tuple(dict.fromkeys(node.name for node in near))

    def _asked(self, tensor: str) -> tuple[str, ...]:
        """Those that ask, looking through producers that follow their input."""
        names: dict[str, None] = {}
        waiting = [tensor]
        while waiting:
            at = waiting.pop()
            if at in self._known:
                names.update(dict.fromkeys(self._known[at]))
                continue
            names.update(dict.fromkeys(node.name for node in self._consumers.get(at, ()) if self._asks(node, at)))
            waiting += self._before(at, names)
        found = tuple(names)
        self._known[tensor] = found
        return found

    def _before(self, tensor: str, names: dict[str, None]) -> list[str]:
        """Quantized tensors that the producer follows; where it leads, it asks itself."""
        producer = self._producers.get(tensor)
        if producer is None or producer.op_type == "Constant":
            return []
        if producer.op_type in _FOLLOWERS:
            return [name for name in producer.input if name in self._placed or self._folded(name)]
        if self._may(producer):
            names[producer.name] = None
        return []

    def _folded(self, tensor: str) -> bool:
        """Whether a tensor went into the quantizer behind the activation that alone reads it."""
        readers = self._consumers.get(tensor, ())
        return len(readers) == 1 and readers[0].op_type in {"Relu", "Clip"} and tensor not in self._constants

    def _asks(self, node: Any, tensor: str) -> bool:
        if node.op_type in _FOLLOWERS and not (node.op_type in _LOOKUPS and tensor in self._constants):
            return False
        return self._may(node)

    def _may(self, node: Any) -> bool:
        """Whether the scheme quantizes an op, as far as can be told."""
        if self._quantizable is not None:
            return node.name in self._quantizable
        from onnxruntime.quantization.registry import QDQRegistry, QLinearOpsRegistry

        return node.op_type in QDQRegistry or node.op_type in QLinearOpsRegistry
