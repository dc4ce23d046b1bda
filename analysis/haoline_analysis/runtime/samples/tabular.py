"""Rows of a pandas frame as samples: one column per input, or all columns as the features of the one input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from haoline_analysis.runtime.samples.errors import InputError, listed, reason
from haoline_analysis.runtime.samples.stacks import Stack

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from haoline_analysis.runtime.samples.ports import Port

SUFFIXES = {".csv": ",", ".tsv": "\t"}
"""Tables that are read from files, and what separates their columns."""

MAX_BYTES = 256 << 20
"""Larger tables are refused: read them with pandas and give the rows that matter."""


def read_table(path: Path) -> pd.DataFrame:
    """The frame of a CSV or TSV file.

    Raises:
        InputError: if it is too large or no table.
    """
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"{path.name}: {path.stat().st_size:,} bytes: read it with pandas and give a part of it")
    try:
        return pd.read_csv(path, sep=SUFFIXES[path.suffix.lower()])
    except Exception as error:
        raise InputError(f"{path.name}: not a table that can be read: {reason(error)}") from error


def stack_of_frame(frame: pd.DataFrame, ports: Sequence[Port]) -> tuple[Stack, list[str]]:
    """One sample a row, and notes about which column feeds what.

    Raises:
        InputError: if the columns do not match the model's inputs, or a column holds what no input takes.
    """
    if not len(frame):
        raise InputError("the frame has no rows")
    columns = {str(name): frame.iloc[:, at] for at, name in enumerate(frame.columns)}
    names = [port.name for port in ports]
    if (set(names) <= set(columns) and len(names) > 1) or set(names) == set(columns):
        return _by_name(columns, ports)
    if len(ports) != 1:
        missing = [name for name in names if name not in columns]
        raise InputError(
            f"the model takes {len(ports)} inputs by column name; the frame lacks {listed(missing)} "
            f"(its columns: {listed(columns)})"
        )
    return _as_features(columns, ports[0])


def _by_name(columns: dict[str, pd.Series[Any]], ports: Sequence[Port]) -> tuple[Stack, list[str]]:
    arrays = {}
    for port in ports:
        values = _column(port.name, columns[port.name], port)
        rank = 1 if port.shape is None else len(port.shape)
        arrays[port.name] = values.reshape(len(values), *(1,) * (rank - 1))
    unused = [name for name in columns if name not in arrays]
    notes = ["columns feed the inputs of their names"]
    return Stack(arrays, ports, "row {}"), notes + ([f"unused columns: {listed(unused)}"] if unused else [])


def _as_features(columns: dict[str, pd.Series[Any]], port: Port) -> tuple[Stack, list[str]]:
    features = port.shape[-1] if port.shape and len(port.shape) > 1 else None
    if isinstance(features, int) and features != len(columns):
        raise InputError(
            f"input {port.name!r} takes {features:,} features ({port}), the frame has {len(columns):,} columns: "
            f"{listed(columns)}; choose them with frame[[…]]"
        )
    if port.shape is not None and len(port.shape) != 2:
        raise InputError(f"input {port.name!r} expects {port}: rows of a frame fit inputs of two axes only")
    matrix = np.stack([_column(name, values, port) for name, values in columns.items()], axis=1)
    return Stack({port.name: matrix}, [port], "row {}"), [f"features of {port.name}, in order: {listed(columns)}"]


def _column(name: str, values: pd.Series[Any], port: Port) -> np.ndarray:
    """One column as an array: numbers as they are, missing values as NaN, text for text inputs."""
    if port.dtype == "string":
        return values.astype(str).to_numpy(dtype=np.str_)
    if not (pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype)):
        raise InputError(
            f"column {name!r} holds {values.dtype}, input {port.name!r} expects {port}: encode it as numbers"
        )
    if isinstance(values.dtype, np.dtype):
        return values.to_numpy()
    if values.isna().any():
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    return values.to_numpy(dtype=values.dtype.numpy_dtype if hasattr(values.dtype, "numpy_dtype") else None)
