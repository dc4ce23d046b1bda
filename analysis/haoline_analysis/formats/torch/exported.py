"""``torch.export`` of a module, and the model that an exported program describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.formats.torch import dynamic
from haoline_analysis.formats.torch.aten import AtenBuilder
from haoline_analysis.formats.torch.fx_graph import GraphWriter
from haoline_analysis.formats.torch.live_weights import LiveWeights, dtype_name
from haoline_analysis.formats.torch.settled import settled
from haoline_analysis.formats.torch.symbol_names import SymbolNames
from haoline_analysis.model import Gap

if TYPE_CHECKING:
    from haoline_analysis.formats.torch.example_inputs import ExampleInputs
    from haoline_analysis.model import Model

FORMAT = "torch"


class ExportFailedError(ModelError):
    """``torch.export`` cannot trace the module; the message says why, in one line."""


def export_module(module: Any, inputs: ExampleInputs, dynamic_shapes: Any = None) -> Model:
    """The ATen graph of a module as ``torch.export`` traces it, on fake tensors: nothing is computed or copied.

    Raises:
        ExportFailedError: if the module cannot be traced.
    """
    import torch

    spec = dynamic.complete(dynamic_shapes, inputs)
    with settled(module) as assumed:
        try:
            program = torch.export.export(
                module, inputs.args, inputs.kwargs, dynamic_shapes=dynamic.for_export(spec), strict=False
            )
        except Exception as error:  # whatever the user's code raises while it is traced
            raise ExportFailedError(f"torch.export cannot trace it: {_reason(error)}") from error
    model = read_program(program, type(module).__name__, spec)
    model.assumptions = [*inputs.assumptions, *assumed]
    return model


def _reason(error: Exception) -> str:
    """The first line of a message that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {(lines or ['no message'])[0][:300]}"


def read_program(program: Any, name: str = "", dynamic_shapes: Any = None) -> Model:
    """The model of a ``torch.export.ExportedProgram``."""
    import torch

    reading = _Reading(program, dynamic_shapes)
    model = reading.model(name or _class_of(program))
    model.producer = f"PyTorch {torch.__version__}"
    model.facts["export"] = {"route": "torch.export", "torch": str(torch.__version__)}
    return model


def _class_of(program: Any) -> str:
    """The class of the exported module, from the outermost scope of its ops."""
    for node in program.graph.nodes:
        for _, kind in (node.meta.get("nn_module_stack") or {}).values():
            return (kind if isinstance(kind, str) else kind.__name__).rpartition(".")[2]
    return "program"


class _Reading:
    """One pass over an exported program."""

    def __init__(self, program: Any, dynamic_shapes: Any) -> None:
        self.program = program
        self.spec = dynamic_shapes
        self.builder = AtenBuilder()
        self.names = SymbolNames()
        held = {**program.constants, **program.state_dict}
        self.held = {name: tensor for name, tensor in held.items() if hasattr(tensor, "untyped_storage")}
        self.weights = LiveWeights(self.held.values())
        self.indices: dict[int, int] = {}  # id of a Weight to its tensor
        self.gaps: list[Gap] = []
        self.writer = GraphWriter(self.builder, self.names, self._constant)

    def model(self, name: str) -> Model:
        places = [node for node in self.program.graph.nodes if node.op == "placeholder"]
        specs = self.program.graph_signature.input_specs
        fed = [node for node, spec in zip(places, specs, strict=True) if spec.kind.name == "USER_INPUT"]
        for place, node in enumerate(fed):
            self._name_dims(node, place)
        for node, spec in zip(places, specs, strict=True):
            self.writer.bind(node, self._input(node) if spec.kind.name == "USER_INPUT" else self._stored(node, spec))
        results = self.writer.write(self.program.graph, self.program.graph_module)
        return self.builder.finish(name=name, format=FORMAT, outputs=results, sizes=self.names.sizes, gaps=self.gaps)

    def _name_dims(self, node: Any, place: int) -> None:
        value = node.meta.get("val")
        if hasattr(value, "untyped_storage"):
            wanted = dynamic.names_of(self.spec, node.name, place)
            self.names.name_input(node.name, value.shape, wanted)
            self._note_fixed(node.name, value.shape, wanted)

    def _note_fixed(self, label: str, shape: Any, wanted: dynamic.Axes) -> None:
        """Say of dims that were to be symbols that they are not."""
        for axis, name in wanted.items():
            if axis < len(shape) and isinstance(shape[axis], int):
                why = "the module takes no other size, or the example has 0 or 1 there"
                self.gaps.append(Gap(f"dimension {name} of {label} is fixed at {shape[axis]}: {why}"))

    def _input(self, node: Any) -> int | None:
        value = node.meta.get("val")
        if not hasattr(value, "untyped_storage"):
            return None
        return self.builder.input(node.name, dtype_name(value.dtype), [self.names.dim(size) for size in value.shape])

    def _stored(self, node: Any, spec: Any) -> int | None:
        """A parameter; a buffer or constant only if something reads it."""
        tensor = self.held.get(spec.target)
        kind = {"PARAMETER": "initializer", "BUFFER": "buffer"}.get(spec.kind.name, "constant")
        if tensor is None or (kind != "initializer" and not node.users):
            return None
        return self._tensor(spec.target, tensor, kind)

    def _constant(self, name: str, tensor: Any) -> int:
        return self._tensor(name, tensor, "constant")

    def _tensor(self, name: str, tensor: Any, kind: str) -> int:
        """The tensor of a weight: one for all names of the same storage."""
        weight = self.weights.weight(name, tensor, kind)
        if id(weight) not in self.indices:
            self.indices[id(weight)] = self.builder.weight(name, weight)
        return self.indices[id(weight)]
