"""How every input of a model would be made up: its role, its size under the default bindings, its range."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from haoline_analysis.runtime.samples.caches import cache_sizes
from haoline_analysis.runtime.samples.errors import InputError
from haoline_analysis.runtime.samples.guess import guess_preset
from haoline_analysis.runtime.samples.layouts import Layout, layout_of, role_of
from haoline_analysis.runtime.samples.ports import Port, ports_of
from haoline_analysis.runtime.samples.positions import most_positions
from haoline_analysis.runtime.samples.roles import role_of_port
from haoline_analysis.runtime.samples.synthetic import Recipe
from haoline_analysis.runtime.samples.vocabulary import Table, table_of
from haoline_analysis.shapes import evaluate
from haoline_analysis.shapes.hints import forced_role
from haoline_analysis.shapes.roles import SEQUENCE

if TYPE_CHECKING:
    from haoline_analysis.model import Model
    from haoline_analysis.runtime.samples.presets import Preset
    from haoline_analysis.shapes import Evaluation

_FALLBACK_IDS = 100
"""Ids stay below this where no table tells the size of the vocabulary."""


@dataclass
class Facts:
    """What is known of a model's inputs; worked out when it is first asked for."""

    model: Model
    shapes: dict[str, Any] = field(default_factory=dict)  # bindings by the user

    @cached_property
    def ports(self) -> tuple[Port, ...]:
        """The model's inputs."""
        return ports_of(self.model)

    @cached_property
    def evaluation(self) -> Evaluation:
        """Shapes of all tensors under the defaults, fitted to what the model's weights demand."""
        first = evaluate(self.model, self.shapes)
        sizes = {**self._within_positions(first), **cache_sizes(self.model, first)}
        return evaluate(self.model, {**sizes, **self.shapes}) if sizes else first

    def _within_positions(self, first: Evaluation) -> dict[str, int]:
        """Sequences no longer than the table of positions that reads along them."""
        most = most_positions(self.model, first)
        dims = {str(dim) for port in self.ports for dim in port.shape or () if role_of(dim) is SEQUENCE}
        return {dim: most for dim in sorted(dims) if most is not None and first.bindings.get(dim, 0) > most}

    @cached_property
    def indices(self) -> dict[str, int]:
        """Tensor index of each port."""
        return {self.model.tensors[index].name: index for index in self.model.inputs}

    @cached_property
    def tables(self) -> dict[str, Table | None]:
        """What each whole-number input indexes."""
        whole = [port for port in self.ports if port.is_integer]
        return {port.name: table_of(self.model, self.evaluation, self.indices[port.name]) for port in whole}

    @cached_property
    def roles(self) -> dict[str, str]:
        """What each input is for."""
        return {port.name: role_of_port(port, indexes=self.tables.get(port.name) is not None) for port in self.ports}

    @cached_property
    def channels(self) -> dict[str, int | None]:
        """Channels that a convolution demands of inputs that leave them open."""
        return {port.name: self._channels(port) for port in self.ports}

    def size_of(self, layout: Layout) -> tuple[int, int]:
        """Height and width of a picture input under the defaults."""
        shape = self.shape(layout.port)
        return shape[-3:-1] if layout.order.endswith("HWC") else shape[-2:]  # type: ignore[return-value]

    def shape(self, port: Port) -> tuple[int, ...]:
        """The size of an input under the defaults.

        Raises:
            InputError: if the model does not tell even its rank.
        """
        value = self.evaluation.value(self.indices[port.name])
        if value is None or value.shape is None or None in value.shape:
            raise InputError(f"input {port.name!r} is {port}: the model does not tell enough to make it up; give it")
        return value.shape  # type: ignore[return-value]

    def layout(self, port: Port) -> Layout | None:
        """How a picture lies in the input, None if it takes none."""
        return layout_of(port, self.channels[port.name])

    def recipes(self, preset: Preset | None = None) -> list[Recipe]:
        """How to make up every input; ``preset``: instead of the one guessed for pictures."""
        return [self._recipe(port, preset) for port in self.ports]

    def _recipe(self, port: Port, preset: Preset | None) -> Recipe:
        if not port.is_tensor:
            return Recipe(port, (), "numbers")
        role, table = self.roles[port.name], self.tables.get(port.name)
        layout = self.layout(port) if role == "picture" else None
        chosen = preset or guess_preset(self.model, layout)[0] if layout else None
        below, name = (table.rows, table.name) if table else (_FALLBACK_IDS, "")
        past, length = self._lengths
        return Recipe(port, self.shape(port), role, below, name, past, length, layout, chosen)

    @cached_property
    def _lengths(self) -> tuple[int, int]:
        """Positions in the key/value cache, and new ones."""
        past = [self._past_length(port) for port in self.ports if self.roles[port.name] == "past" and port.is_float]
        new = [self.shape(port)[-1] for port in self.ports if self._is_tokens(port)]
        return max(past, default=0), max(new or self._sequences(), default=1)

    def _sequences(self) -> list[int]:
        """Sizes of the dims that are called sequences: of embeddings, where no input takes ids."""
        dims = {dim for port in self.ports for dim in port.shape or () if role_of(dim) is SEQUENCE}
        return [size for dim, size in self.evaluation.bindings.items() if dim in dims]

    def _past_length(self, port: Port) -> int:
        """Keys are (batch, heads, length, size), or (2, batch, heads, length, size) with their values."""
        shape = self.shape(port)
        return shape[-2] if len(shape) >= 4 else 0

    def _is_tokens(self, port: Port) -> bool:
        return self.roles[port.name] == "ids" and port.shape is not None and len(port.shape) > 0

    def _channels(self, port: Port) -> int | None:
        shape = port.shape or ()
        if len(shape) != 4 or isinstance(shape[1], int):
            return None
        role = forced_role(self.model, self.indices[port.name], 1, 4)
        return role.size if role is not None and role.name == "channels" else None
