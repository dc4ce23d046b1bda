"""The format-neutral model: ops, tensors and weights, as a reader returns them.

Ops are one flat list in execution order. The bodies of If, Loop and Scan follow their
owner in the same list (``Body.start:stop``), and calls of model-local functions are
expanded in place, so that every analysis is a walk over one table. Ops refer to tensors
by index, which settles scoping, shadowing and duplicate names once, in the reader.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from haoline_analysis import dtypes
from haoline_analysis.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from haoline_analysis.architecture import Architecture
    from haoline_analysis.findings import Finding
    from haoline_analysis.shapes.value import Assumption

OMITTED = -1
"""Tensor index of an optional input or output that the op leaves out."""

Dim = int | str | None
"""A declared dimension: a size, a symbol such as ``"batch"``, or unknown."""


HOLDS = ("ops", "weights", "layers")
"""What the rows of ``Model.ops`` are: ops of a graph, weights of a checkpoint without a graph, layers of an engine."""


CONTAINERS = frozenset({"int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"})
"""Types that packed weights are kept in and that say nothing about them."""


class WeightSource(Protocol):
    """Where a weight's bytes are and how to decode them; made by a reader."""

    def load(self) -> np.ndarray:
        """Decode the stored elements, in C order; sub-byte types one element per int8/uint8.

        Raises:
            ModelError: if the bytes are missing or too short.
        """


@runtime_checkable
class RowSource(Protocol):
    """A source that can give part of the real numbers a weight stands for, without reading the rest."""

    def rows(self, start: int, stop: int) -> np.ndarray:
        """Float32 values of rows ``start:stop`` of the weight's first axis, dequantized, in its logical shape.

        Raises:
            ModelError: if the bytes are missing, or the scheme cannot be dequantized here.
        """


@runtime_checkable
class SpanSource(Protocol):
    """A source of elements stored one after the other, that can decode part of them without reading the rest."""

    def span(self, start: int, stop: int) -> np.ndarray:
        """Stored elements ``start:stop`` of the flat tensor.

        Raises:
            ModelError: if the bytes are missing.
        """


@runtime_checkable
class PickSource(Protocol):
    """A source that can decode single elements without reading the rest."""

    def pick(self, places: NDArray[np.intp]) -> np.ndarray:
        """Stored elements at places of the flat tensor, of the shape of ``places``.

        Raises:
            ModelError: if the bytes are missing.
        """


@dataclass(frozen=True, slots=True)
class Packing:
    """How stored elements stand for a weight: quantized in blocks, packed into larger integers, with scales beside."""

    scheme: str  # "GPTQ", "AWQ", "bitsandbytes NF4", "FP8 block", "Q4_K", …
    text: str  # one line for people: "GPTQ int4, groups of 128"
    part: str = "weight"  # "weight": the tensor that carries it; else what it is to it: "scales", "zeros", …
    dtype: str | None = None  # element type of the weight: "int4", "float4_e2m1"; None where it has no name
    bits: float | None = None  # per weight, its scales and zeros counted; None for the other parts


@dataclass(slots=True, eq=False)
class Weight:
    """Constant elements that stay in their file until somebody asks for them."""

    dtype: str  # as stored: "float16", "int32" (packed), "q4_k"
    shape: tuple[int, ...]  # of the weight it stands for: the logical one, where elements are packed
    source: WeightSource
    kind: str = "initializer"  # or "constant" (a Constant node), "sparse", "buffer" (a statistic, a table)
    location: Path | None = None  # external file, None when inside the model file
    stored_bytes: int | None = None  # where storage is not dense (sparse, strings, blocks)
    packing: Packing | None = None  # None: the elements are what they say
    stored_shape: tuple[int, ...] | None = None  # of the stored elements, where it differs from ``shape``

    @property
    def elements(self) -> int:
        """Number of logical elements."""
        total = 1
        for dim in self.shape:
            total *= dim
        return total

    @property
    def nbytes(self) -> int | None:
        """Bytes of true storage (int4: half a byte an element); None where unknown."""
        if self.stored_bytes is not None:
            return self.stored_bytes
        return dtypes.nbytes(self.dtype, self.shape)

    @property
    def element_type(self) -> str:
        """The type to call it by: of what is packed rather than of the integers it is packed in."""
        if self.packing is not None and self.packing.dtype and self.dtype in CONTAINERS:
            return self.packing.dtype
        return self.dtype

    @property
    def bits(self) -> float | None:
        """Stored bits per logical element, of a packed weight with its scales and zeros; None where unknown."""
        if self.packing is not None and (self.packing.bits is not None or self.packing.part != "weight"):
            return self.packing.bits
        size, elements = self.nbytes, self.elements
        return None if size is None or not elements else 8 * size / elements

    def numpy(self) -> np.ndarray:
        """Load the stored elements, shape ``self.stored_shape`` where there is one, else ``self.shape``.

        Raises:
            ModelError: if the bytes are missing or too short.
        """
        return self.source.load().reshape(self.shape if self.stored_shape is None else self.stored_shape)

    def pick(self, places: NDArray[np.intp]) -> np.ndarray:
        """Some of the stored elements, by their places in the flat tensor; the rest is not read where that can be.

        Raises:
            ModelError: if the bytes are missing or too short.
        """
        if isinstance(self.source, PickSource):
            return self.source.pick(places)
        picked: np.ndarray = self.source.load().reshape(-1)[places]
        return picked

    def values(self, start: int = 0, stop: int | None = None) -> np.ndarray:
        """The real numbers it stands for, float32, dequantized: rows ``start:stop`` of the first axis.

        Raises:
            ModelError: if the bytes are missing or too short, or its scheme cannot be dequantized here.
        """
        import numpy as np

        count = self.shape[0] if self.shape else 1
        start, stop, _ = slice(start, stop).indices(count)
        if isinstance(self.source, RowSource):
            return self.source.rows(start, stop)
        if self.packing is not None:
            raise ModelError(f"{self.packing.scheme} weights cannot be dequantized here")
        if isinstance(self.source, SpanSource) and count:
            row = self.elements // count
            part = self.source.span(start * row, max(start, stop) * row)
            return part.reshape(-1, *self.shape[1:]).astype(np.float32)
        elements: np.ndarray = self.numpy().reshape(count, *self.shape[1:])[start:stop].astype(np.float32)
        return elements


@dataclass(slots=True, eq=False)
class Tensor:
    """One value that flows between ops, with what the file declares about it."""

    name: str
    dtype: str | None = None  # None: not declared; "sequence(float32)" and the like exist
    shape: tuple[Dim, ...] | None = None  # as declared; None: unknown rank
    weight: Weight | None = None
    producer: int = -1  # op index; -1 for inputs and initializers
    consumers: list[int] = field(default_factory=list)  # op indices, ascending, unique


@dataclass(slots=True, eq=False)
class Body:
    """A subgraph of an If, Loop or Scan: ops ``start:stop`` of the model's flat list."""

    attribute: str  # "then_branch", "else_branch", "body"
    start: int
    stop: int
    inputs: tuple[int, ...]  # tensor indices that the owner fills
    outputs: tuple[int, ...]


@dataclass(slots=True, eq=False)
class Op:
    """One node. ``attributes`` is one shared object for ops whose attributes are equal."""

    name: str  # unique in the model; made up from type and index where the file has none
    type: str
    domain: str  # "" is ai.onnx
    version: int  # opset of the domain in force here; 0 where the file imports none
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    attributes: Mapping[str, Any]
    metadata: Mapping[str, str]  # the exporter's per-node properties (scopes, classes)
    bodies: tuple[Body, ...] = ()
    parent: int = -1  # op that owns the body this op is in
    call_path: tuple[str, ...] = ()  # names of the function calls it was expanded from

    def integer(self, name: str, default: int = 0) -> int:
        """An integer attribute; the default where it is absent or, in a wrong file, no integer."""
        value = self.attributes.get(name, default)
        return value if isinstance(value, int) else default


@dataclass(slots=True, eq=False)
class Gap:
    """Something the report cannot tell, named rather than guessed."""

    what: str  # one sentence
    ops: tuple[int, ...] = ()  # rows it concerns; empty: the whole model


@dataclass(slots=True, eq=False)
class Model:
    """A model opened once. Costs memory for the graph, not for the weights."""

    name: str
    format: str  # name of its FormatInfo: "onnx", "gguf"
    ops: list[Op]
    tensors: list[Tensor]
    inputs: tuple[int, ...]  # tensors the user feeds (initializers with defaults excluded)
    outputs: tuple[int, ...]
    path: Path | None = None
    producer: str = ""
    opsets: dict[str, int] = field(default_factory=dict)  # "" is ai.onnx
    ir_version: int = 0
    file_bytes: int = 0  # the model file and its external data
    metadata: dict[str, str] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)  # what the reader had to leave out
    holds: str = "ops"  # one of HOLDS: what the rows of ``ops`` are
    architecture: Architecture | None = None  # of a language model, where config, metadata or tensors tell
    findings: list[Finding] = field(default_factory=list)  # what the reader itself found: code in a pickle, …
    assumptions: list[Assumption] = field(default_factory=list)  # what the reader took for granted
    sizes: dict[str, int] = field(default_factory=dict)  # of symbols, in the example that it was traced with
    facts: dict[str, Any] = field(default_factory=dict)  # JSON-like, what only this format states (docs/formats.md)
