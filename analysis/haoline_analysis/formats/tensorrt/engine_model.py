"""An engine as a :class:`~haoline_analysis.model.Model`: layers in order, the tensors between them, what is stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, NoReturn

from haoline_analysis.errors import ModelError
from haoline_analysis.formats.onnx.reader import link_consumers, name_ops
from haoline_analysis.formats.tensorrt.source_names import KERNEL, SourceNames, source_names, without_profile
from haoline_analysis.model import Model, Op, Tensor, Weight

if TYPE_CHECKING:
    import numpy as np

    from haoline_analysis.formats.tensorrt.layers import Layer, Stored, Value
    from haoline_analysis.formats.tensorrt.profile import LayerTime

FORMAT = "tensorrt"
DOMAIN = "tensorrt"


@dataclass(slots=True, eq=False)
class EngineModel(Model):
    """A model whose ops are layers of an engine."""

    layers: list[Layer] = field(default_factory=list)  # [ops], as stated
    sources: list[SourceNames] = field(default_factory=list)  # [ops], what each was made from
    times: list[LayerTime | None] = field(default_factory=list)  # [ops], measured; None for a layer that did not run
    bindings: list[str] = field(default_factory=list)  # names of inputs and outputs


class CountedElements:
    """Elements of which the layer information states only how many there are."""

    def load(self) -> np.ndarray:
        """Raise.

        Raises:
            ModelError: always.
        """
        self._refuse()

    def rows(self, start: int, stop: int) -> np.ndarray:  # noqa: ARG002
        """Raise.

        Raises:
            ModelError: always.
        """
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise ModelError("the layer information of an engine states how many weights there are, not their values")


def build_model(layers: list[Layer], bindings: list[str], name: str) -> EngineModel:
    """The model of an engine's layers; tensors are joined by name, in execution order."""
    wiring = _Wiring()
    ops = [wiring.add(index, layer) for index, layer in enumerate(layers)]
    name_ops(ops)
    link_consumers(ops, wiring.tensors)
    inputs, outputs = _ports(wiring, bindings)
    return EngineModel(
        name=name,
        format=FORMAT,
        ops=ops,
        tensors=wiring.tensors,
        inputs=inputs,
        outputs=outputs,
        producer="TensorRT",
        holds="layers",
        layers=layers,
        sources=_sources(layers),
        times=[None] * len(layers),
        bindings=bindings,
    )


def _sources(layers: list[Layer]) -> list[SourceNames]:
    """What each layer was made from. Kernels bear no mark of a profile: theirs is that of the layer before."""
    found: list[SourceNames] = []
    for layer in layers:
        names = source_names(layer.name, layer.metadata)
        if found and names.kind == KERNEL and not names.profile:
            names = names._replace(profile=found[-1].profile)
        found.append(names)
    return found


class _Wiring:
    """Tensors by name. Several layers may write parts of one tensor: a concatenation that was optimised away."""

    def __init__(self) -> None:
        self.tensors: list[Tensor] = []
        self.current: dict[str, list[int]] = {}  # tensors that hold a name's value now
        self.read: set[str] = set()  # names read since they were last written
        self.weights: dict[tuple[str, str], int] = {}  # tensors by layer and role; copies for profiles share them
        self._source = CountedElements()

    def add(self, index: int, layer: Layer) -> Op:
        """The op of a layer, its tensors entered."""
        inputs = [tensor for value in layer.inputs for tensor in self._reads(value)]
        inputs += [self._stored(layer, stored) for stored in layer.stored]
        outputs = tuple(self._writes(value, index) for value in layer.outputs)
        return Op(layer.name, layer.type, DOMAIN, 0, tuple(inputs), outputs, layer.attributes, {})

    def _reads(self, value: Value) -> list[int]:
        self.read.add(value.name)
        if value.name not in self.current:
            self.current[value.name] = [self._new(value, -1)]
        return self.current[value.name]

    def _writes(self, value: Value, producer: int) -> int:
        made = self._new(value, producer)
        before = self.current.get(value.name)
        joins = before is not None and value.name not in self.read and self.tensors[before[-1]].producer != producer
        self.current[value.name] = [*before, made] if joins and before is not None else [made]
        self.read.discard(value.name)
        return made

    def _new(self, value: Value, producer: int) -> int:
        self.tensors.append(Tensor(value.name, value.layout.dtype, value.shape, producer=producer))
        return len(self.tensors) - 1

    def _stored(self, layer: Layer, stored: Stored) -> int:
        key = (without_profile(layer.name)[0], stored.role)
        before = self.weights.get(key)
        if before is not None and self._same(before, stored):
            return before
        shape = _weight_shape(layer, stored)
        weight = Weight(stored.dtype or "unknown", shape, self._source)
        self.tensors.append(Tensor(f"{layer.name} ({stored.role.lower()})", stored.dtype, shape, weight))
        self.weights[key] = len(self.tensors) - 1
        return self.weights[key]

    def _same(self, tensor: int, stored: Stored) -> bool:
        weight = self.tensors[tensor].weight
        return weight is not None and weight.elements == stored.count and weight.dtype == stored.dtype


def _weight_shape(layer: Layer, stored: Stored) -> tuple[int, ...]:
    """Output channels × input channels × kernel, where they multiply to the stated count, else the count."""
    stated = layer.attributes
    maps, groups, kernel = stated.get("OutMaps"), stated.get("Groups", 1), stated.get("Kernel")
    dims = layer.inputs[0].shape if layer.inputs else None
    if stored.role != "Weights" or not _sizes(maps, groups) or not isinstance(kernel, list) or not _sizes(*kernel):
        return (stored.count,)
    channels = dims[1] if dims is not None and len(dims) > 1 else None
    if not _sizes(channels):
        return (stored.count,)
    shape = (maps, max(1, channels // groups), *kernel)
    return shape if prod(shape) == stored.count else (stored.count,)


def _sizes(*values: Any) -> bool:
    return all(isinstance(value, int) and not isinstance(value, bool) and value > 0 for value in values)


def _ports(wiring: _Wiring, bindings: list[str]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Tensors that are bound from outside: those nobody makes are inputs. Copies for other profiles are bound too."""
    tensors = wiring.tensors
    ends = {name: held[-1] for name, held in wiring.current.items()}
    names = dict.fromkeys([*bindings, *(name for name in ends if without_profile(name)[0] in set(bindings))])
    if not bindings:  # not stated: what nobody makes, and what nobody reads
        fed = {i for i, tensor in enumerate(tensors) if tensor.producer < 0 and tensor.weight is None}
        left = {i for i, tensor in enumerate(tensors) if tensor.producer >= 0 and not tensor.consumers}
        return tuple(sorted(fed)), tuple(sorted(left))
    bound = [ends[name] for name in names if name in ends]
    inputs = tuple(index for index in bound if tensors[index].producer < 0)
    return inputs, tuple(index for index in bound if tensors[index].producer >= 0)
