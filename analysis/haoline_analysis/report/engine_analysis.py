"""From an engine's layers to its report: what is stated, what was measured, what stands out."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis import dtypes
from haoline_analysis.errors import BindingError, ModelError
from haoline_analysis.formats.tensorrt.engine_model import EngineModel
from haoline_analysis.report import engine_columns
from haoline_analysis.report.breakdown import Part
from haoline_analysis.report.breakdown import table as broken_down
from haoline_analysis.report.content import Content
from haoline_analysis.report.facts import Port, describe_stored
from haoline_analysis.report.format_facts import trimmed
from haoline_analysis.report.model_report import ModelReport
from haoline_analysis.report.scopes_table import scope_table
from haoline_analysis.report.tables import Tables
from haoline_analysis.report.tensor_table import edge_tables, feed_table, shape_text, yield_table
from haoline_analysis.report.totals import Totals, total
from haoline_analysis.structure import build_scopes
from haoline_analysis.structure.roles import role_of_op
from haoline_analysis.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from haoline_analysis.findings import Finding
    from haoline_analysis.formats.tensorrt.source_names import SourceNames
    from haoline_analysis.model import Model
    from haoline_analysis.report.placing import Choice
    from haoline_analysis.structure import Scopes


class EngineAnalysis:
    """One opened engine."""

    def __init__(self, model: Model) -> None:
        """Keep the model.

        Raises:
            ModelError: if its layers were not read by our reader.
        """
        if not isinstance(model, EngineModel):
            raise ModelError("a model that holds layers is expected to be an EngineModel")
        self.model = model

    @cached_property
    def scopes(self) -> Scopes:
        """The module tree, from the names of the ONNX nodes that the layers were made from."""
        named = [
            replace(op, name=scoped_name(names) or op.name)
            for op, names in zip(self.model.ops, self.model.sources, strict=True)
        ]
        return build_scopes(replace(self.model, ops=named))

    def report(
        self,
        shapes: Mapping[str, Any],
        choice: Choice | None,  # noqa: ARG002
        tell: Callable[[str, float], None],
    ) -> ModelReport:
        """The report; ``choice`` is left aside: an engine runs on the device it was built for.

        Raises:
            BindingError: if shapes are given: those of an engine were chosen when it was built.
        """
        if shapes:
            raise BindingError(f"{self.model.name}: the shapes of an engine were chosen when it was built")
        tell("Reading layers", 0.5)
        ops = engine_columns.op_table(self.model, self.scopes.op_scope)
        content = Content(
            facts=replace(describe_stored(self.model), **_ports(self.model)),
            totals=_totals(self.model, ops),
            tables=self._tables(ops),
            gaps=list(self.model.gaps),
            format_facts=trimmed(self.model.facts),
        )
        content.find = self._find
        tell("Done", 1.0)
        return ModelReport(content, self.model)

    def _find(self, ops: Table) -> list[Finding]:
        from haoline_analysis.report.engine_findings import find_in_engine  # only when somebody looks at them

        return find_in_engine(self.model, ops)

    def _tables(self, ops: Table) -> Tables:
        """The op table now, the others when somebody looks at them."""
        scopes = self.scopes
        made = Tables(
            {
                "tensors": lambda: _tensors(self.model),
                "scopes": lambda: scope_table(
                    scopes.path, scopes.name, scopes.parent.tolist(), scopes.class_name, scopes.structure.tolist(), ops
                ),
                "uses": lambda: edge_tables(self.model)[0],
                "makes": lambda: edge_tables(self.model)[1],
                "feeds": lambda: feed_table(self.model),
                "yields": lambda: yield_table(self.model),
                "memory": _no_memory,
                "breakdown": lambda: _breakdown(self.model, ops, scopes.path),
            }
        )
        return made.replaced("ops", ops)


def scoped_name(names: SourceNames) -> str | None:
    """The name that says best where a layer belongs: one with a path, else the first."""
    ends = [*names.names, *(first for first, _ in names.regions)]
    with_path = (name for name in ends if "/" in name)
    dotted = (name for name in ends if "." in name)
    return next(with_path, None) or next(dotted, None) or next(iter(ends), None)


def _ports(model: EngineModel) -> dict[str, Any]:
    def port(index: int) -> Port:
        tensor = model.tensors[index]
        shape = tensor.shape
        sizes = None if shape is None else tuple(dim if isinstance(dim, int) else None for dim in shape)
        return Port(tensor.name, tensor.dtype, sizes, shape)

    return {"inputs": tuple(map(port, model.inputs)), "outputs": tuple(map(port, model.outputs))}


def _totals(model: EngineModel, ops: Table) -> Totals:
    """Sums over layers; MACs only where no layer leaves them open."""
    macs = ops["macs"].values
    counted = not bool(macs.isna().any())
    figures: dict[str, Any] = {
        "parameters": total(ops["parameters"].values),
        "macs": total(macs) if counted else None,
        "flops": total(ops["flops"].values) if counted else None,
        "weight_bytes": total(ops["weight_bytes"].values),
        "peak_activation_bytes": None,
        "measured_us": total(ops["measured_us"].values) if "measured_us" in ops else None,
        "ops": len(model.ops),
        "layers": len(model.ops),
        "tensors": len(model.tensors),
    }
    return Totals(figures)


def _breakdown(model: EngineModel, ops: Table, paths: list[str]) -> Table:
    """What is stored, by what it is for and in which type; layers that state nothing are left out."""
    counts, sizes = (ops[name].values for name in ("parameters", "weight_bytes"))
    scopes, kinds = ops["scope"].values.tolist(), ops["weight_precision"].values
    known = ~np.asarray(sizes.isna(), bool)
    parts = []
    for row, op in enumerate(model.ops):
        held = [i for i in op.inputs if model.tensors[i].weight is not None and model.tensors[i].consumers[0] == row]
        if held and known[row]:
            role = role_of_op(ops["category"].values[row], paths[scopes[row]] or op.name, model.tensors[held[0]].name)
            parts.append(Part(role, kinds[row], None, len(held), int(counts[row]), int(sizes[row])))
    return broken_down(parts)


def _tensors(model: EngineModel) -> Table:
    """One row per tensor: type, shape, layout in memory, bytes where all sizes are stated."""
    import pandas as pd

    formats = _formats(model)
    sizes = [None if t.weight is None else t.weight.nbytes for t in model.tensors]
    for row, tensor in enumerate(model.tensors):
        if tensor.weight is None and tensor.dtype and tensor.shape and all(isinstance(d, int) for d in tensor.shape):
            sizes[row] = dtypes.nbytes(tensor.dtype, tensor.shape)  # type: ignore[arg-type]
    kept = [size if size is not None and size < 2**63 else None for size in sizes]
    table = Table(len(model.tensors))
    table.add(
        Column("name", [tensor.name for tensor in model.tensors], "Tensor", provenance="declared"),
        Column("kind", _kinds(model), "Kind"),
        Column("dtype", [tensor.dtype for tensor in model.tensors], "Type", provenance="declared"),
        Column("shape", [shape_text(tensor.shape) for tensor in model.tensors], "Shape", provenance="declared"),
        Column("nbytes", pd.array(kept, dtype="Int64"), "Size", "B", aggregate="sum"),
        Column("producer", np.array([t.producer for t in model.tensors], dtype=np.int32), "Producer"),
        Column("consumers", np.array([len(t.consumers) for t in model.tensors], dtype=np.int32), "Consumers"),
        Column("quantization", [None] * len(model.tensors), "Quantization"),
        Column("format", formats, "Format", provenance="declared", description="type and order in memory, as written"),
    )
    change = engine_columns.precision_change(model)
    if change is not None:
        table.add(change)
    return table


def _formats(model: EngineModel) -> list[str | None]:
    """What the layer that makes a tensor, else the first that reads it, states of its layout."""
    found: list[str | None] = [None] * len(model.tensors)
    for op, layer in zip(model.ops, model.layers, strict=True):
        for index, value in (
            *zip(op.outputs, layer.outputs, strict=False),
            *zip(op.inputs, layer.inputs, strict=False),
        ):
            if model.tensors[index].name == value.name:
                found[index] = found[index] or value.words or None
    return found


def _kinds(model: EngineModel) -> list[str]:
    kinds = ["activation" if tensor.weight is None else "initializer" for tensor in model.tensors]
    for index in model.inputs:
        kinds[index] = "input"
    for index in model.outputs:
        kinds[index] = "output"
    return kinds


def _no_memory() -> Table:
    """A liveness curve without rows: where an engine keeps its tensors is not stated."""
    table = Table(0)
    table.add(
        Column("op", np.zeros(0, np.int32), "Op"),
        Column("live_bytes", np.zeros(0), "Live activations", "B", aggregate="max"),
    )
    return table
