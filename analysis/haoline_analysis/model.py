"""The format-neutral model: ops, tensors and weights, as a reader returns them.

Ops are one flat list in execution order. The bodies of If, Loop and Scan follow their
owner in the same list (``Body.start:stop``), and calls of model-local functions are
expanded in place, so that every analysis is a walk over one table. Ops refer to tensors
by index, which settles scoping, shadowing and duplicate names once, in the reader.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from haoline_analysis import dtypes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np

OMITTED = -1
"""Tensor index of an optional input or output that the op leaves out."""

Dim = int | str | None
"""A declared dimension: a size, a symbol such as ``"batch"``, or unknown."""


class WeightSource(Protocol):
    """Where a weight's bytes are and how to decode them; made by a reader."""

    def load(self) -> np.ndarray:
        """Decode the elements, in C order; sub-byte types one element per int8/uint8.

        Raises:
            ModelError: if the bytes are missing or too short.
        """


@dataclass(slots=True, eq=False)
class Weight:
    """Constant elements that stay in their file until somebody asks for them."""

    dtype: str
    shape: tuple[int, ...]
    source: WeightSource
    kind: str = "initializer"  # or "constant" (a Constant node), "sparse"
    location: Path | None = None  # external file, None when inside the model file
    stored_bytes: int | None = None  # where storage is not dense (sparse, strings)

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

    def numpy(self) -> np.ndarray:
        """Load the elements, shape ``self.shape``.

        Raises:
            ModelError: if the bytes are missing or too short.
        """
        return self.source.load().reshape(self.shape)


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
    format: str  # "onnx"
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
