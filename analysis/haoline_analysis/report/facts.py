"""What a report says about the model as a whole, free of the model itself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from haoline_analysis.model import Dim, Model
    from haoline_analysis.shapes.value import Evaluation

MAX_METADATA = 4000
"""Characters of one metadata value that a report keeps: tokenizers and sources hide in there."""


class Port(NamedTuple):
    """One input or output of the model."""

    name: str
    dtype: str | None
    shape: tuple[int | None, ...] | None  # under the binding; None: unknown rank
    declared: tuple[Dim, ...] | None  # as the file states it

    def __str__(self) -> str:
        """``input_ids: int64[batch=1, 128]``."""
        if self.shape is None:
            return f"{self.name}: {self.dtype or '?'}"
        declared = self.declared if self.declared and len(self.declared) == len(self.shape) else self.shape
        dims = [_dim_text(stated, size) for stated, size in zip(declared, self.shape, strict=True)]
        return f"{self.name}: {self.dtype or '?'}[{', '.join(dims)}]"


def _dim_text(stated: Dim, size: int | None) -> str:
    """A dim with its symbol, where it has one."""
    shown = "?" if size is None else str(size)
    return f"{stated}={shown}" if isinstance(stated, str) else shown


class Binding(NamedTuple):
    """The size used for a symbolic dim, and who chose it."""

    size: int
    source: str  # "default" or "user"


@dataclass(frozen=True)
class Repeat:
    """A run of neighbouring scopes of one structure, drawn once with a factor."""

    first: str  # path
    last: str
    count: int
    class_name: str | None
    ops: int  # in each


@dataclass(frozen=True)
class ModelFacts:
    """The model's own statements: format, producer, versions, inputs, outputs, metadata."""

    name: str
    format: str
    producer: str = ""
    opsets: dict[str, int] = field(default_factory=dict)
    ir_version: int = 0
    file_bytes: int = 0
    metadata: dict[str, str] = field(default_factory=dict)
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    holds: str = "ops"  # what the rows are: ops of a graph, weights of a checkpoint, layers of an engine


def describe(model: Model, evaluation: Evaluation) -> ModelFacts:
    """The facts of a model under a binding."""
    return replace(
        describe_stored(model),
        inputs=tuple(_port(model, evaluation, index) for index in model.inputs),
        outputs=tuple(_port(model, evaluation, index) for index in model.outputs),
    )


def describe_stored(model: Model) -> ModelFacts:
    """The facts of a model without what goes in and comes out."""
    return ModelFacts(
        name=model.name,
        format=model.format,
        producer=model.producer,
        opsets={domain or "ai.onnx": version for domain, version in model.opsets.items()},
        ir_version=model.ir_version,
        file_bytes=model.file_bytes,
        metadata={key: _cut(str(value)) for key, value in model.metadata.items()},
        holds=model.holds,
    )


def _cut(text: str) -> str:
    """Text of bounded length."""
    return text if len(text) <= MAX_METADATA else f"{text[:MAX_METADATA]}… ({len(text)} characters)"


def _port(model: Model, evaluation: Evaluation, index: int) -> Port:
    """One input or output."""
    tensor = model.tensors[index]
    value = evaluation.value(index)
    dtype = value.dtype if value and value.dtype else tensor.dtype
    return Port(tensor.name, dtype, value.shape if value else None, tensor.shape)
