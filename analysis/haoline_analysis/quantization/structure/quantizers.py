"""The places of a graph where values become integers and reals again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from haoline_analysis.quantization.structure.forms import forms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from haoline_analysis.model import Model, Op
    from haoline_analysis.quantization.structure.form import Form

_CONTRACTIONS = ("Conv", "ConvTranspose", "Gemm")
"""Ops whose third operand is a bias."""


@dataclass(frozen=True, eq=False)
class Quantizer:
    """One Q/DQ site of a raw graph."""

    tensor: int  # row of the float tensor that is quantized; of a stored weight, what its DequantizeLinear makes
    kind: str  # "activation" | "weight" | "bias"
    form: Form
    quantize: int | None  # op row of the QuantizeLinear; None: the integers are stored, or fed
    dequantizes: tuple[int, ...]  # op rows
    integers: int = -1  # tensor row of the integers


def quantizers(model: Model, found: Mapping[int, Form] | None = None) -> list[Quantizer]:
    """Every QuantizeLinear with what reads it, and every DequantizeLinear of stored or fed integers.

    In execution order of their first op. Sites whose scale is computed at run time are left out.

    Args:
        model: the graph.
        found: its forms, if they are known already.
    """
    known = forms(model) if found is None else found
    sites: list[Quantizer] = []
    seen: set[int] = set()
    for row, op in enumerate(model.ops):
        if op.type == "QuantizeLinear" and op.outputs[:1] and op.outputs[0] in known and _reads(op):
            integers = op.outputs[0]
            rows = _dequantizes(model, integers)
            kind = _kind(model, op.inputs[0], rows, known[integers])
            sites.append(Quantizer(op.inputs[0], kind, known[integers], row, rows, integers))
        elif op.type == "DequantizeLinear" and op.outputs[:1] and op.inputs[:1] and op.inputs[0] in known:
            integers = op.inputs[0]
            if integers not in seen and _starts(model, integers):
                rows = _dequantizes(model, integers)
                kind = _kind(model, integers, rows, known[integers])
                sites.append(Quantizer(op.outputs[0], kind, known[integers], None, rows, integers))
            seen.add(integers)
    return sites


def _reads(op: Op) -> bool:
    return bool(op.inputs) and op.inputs[0] >= 0


def _starts(model: Model, tensor: int) -> bool:
    """Whether integers are stored or fed rather than made by an op."""
    return model.tensors[tensor].producer < 0 or model.tensors[tensor].weight is not None


def _dequantizes(model: Model, integers: int) -> tuple[int, ...]:
    return tuple(row for row in model.tensors[integers].consumers if model.ops[row].type == "DequantizeLinear")


def _kind(model: Model, source: int, dequantizes: tuple[int, ...], form: Form) -> str:
    if model.tensors[source].weight is None:
        return "activation"
    biases = [form.dtype == "int32" or _is_bias(model, model.ops[row]) for row in dequantizes]
    return "bias" if biases and all(biases) else "weight"


def _is_bias(model: Model, dequantize: Op) -> bool:
    """Whether all that read the reals take them as what is added to each channel."""
    reals = dequantize.outputs[0] if dequantize.outputs else -1
    if reals < 0:
        return False
    readers = [model.ops[row] for row in model.tensors[reals].consumers]
    return bool(readers) and all(op.type in _CONTRACTIONS and op.inputs[2:3] == (reals,) for op in readers)
