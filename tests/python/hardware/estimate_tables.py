"""Op tables for the estimate, made by hand."""

import numpy as np

from haoline_analysis.hardware import HardwareProfile, Link
from haoline_analysis.table import Column, Table

DEVICE = HardwareProfile(
    "d", "D", memory_bytes=10**9, bandwidth=1e12, peaks={"fp32": 1e13, "fp16": 1e14}, link=Link("L", 2e11)
)


def table(*rows, **columns):
    """Rows are (type, macs, input bytes, output bytes, weight bytes, precision); FLOPs are 2 per MAC."""
    kinds, macs, incoming, outgoing, weights, precision = (list(column) for column in zip(*rows, strict=True))
    made = Table(len(rows))
    made.add(Column("type", kinds), Column("precision", precision))
    made.add(Column("macs", np.array(macs, float)), Column("flops", 2 * np.array(macs, float)))
    made.add(Column("input_bytes", np.array(incoming, float)), Column("output_bytes", np.array(outgoing, float)))
    made.add(Column("weight_bytes", np.array(weights, float)))
    made.add(*(Column(name, values) for name, values in columns.items()))
    return made


def linear(macs=10**9, incoming=10**4, outgoing=10**4, weights=10**6, precision="fp32"):
    return ("MatMul", macs, incoming, outgoing, weights, precision)


def values(result, name):
    return next(column.values for column in result.columns if column.name == name)
