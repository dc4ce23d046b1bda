"""What numpy says of whole data, to hold running statistics against; and data that is hard on them."""

from __future__ import annotations

import ml_dtypes
import numpy as np

DTYPES = {
    "float32": np.float32,
    "float64": np.float64,
    "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
    "float8_e4m3fn": ml_dtypes.float8_e4m3fn,
    "int8": np.int8,
    "uint8": np.uint8,
    "int16": np.int16,
    "int32": np.int32,
    "int64": np.int64,
    "uint64": np.uint64,
    "bool": np.bool_,
}
SHARES = {"q001": 0.001, "q01": 0.01, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q99": 0.99, "q999": 0.999}

_TINY = 1e-300
"""Where the smallest numbers there are get rounded, everybody may round as they like."""


def lined_up(arrays, axis):
    """All elements as float64, [channels, elements]; one channel where there is no axis."""
    if axis is None:
        return np.concatenate([np.asarray(array, np.float64).reshape(-1) for array in arrays])[None]
    lines = [np.moveaxis(np.asarray(array, np.float64), axis, 0) for array in arrays]
    return np.concatenate([line.reshape(line.shape[0], -1) for line in lines], axis=1)


def check_row(row, arrays):
    """The row's figures are those of the whole data."""
    every = lined_up(arrays, None)[0]
    finite = every[np.isfinite(every)]
    assert row["samples"] == len(arrays)
    assert row["count"] == every.size
    assert row["nan"] == np.isnan(every).sum()
    assert row["inf"] == np.isinf(every).sum()
    assert row["zeros"] == (finite == 0).sum()
    if not finite.size:
        assert all(np.isnan(row[name]) for name in ("min", "max", "mean", "std", "sparsity", "q50", "effective_range"))
        return
    assert (row["min"], row["max"]) == (finite.min(), finite.max())
    assert row["sparsity"] == (finite == 0).mean()
    scale = np.abs(finite / max(np.abs(finite).max(), 1e-300)).mean() * np.abs(finite).max()
    np.testing.assert_allclose(row["mean"], finite.mean(), rtol=1e-7, atol=3e-6 * scale + _TINY)
    np.testing.assert_allclose(row["std"], finite.std(), rtol=3e-5, atol=1e-12 * scale + _TINY)
    if row["quantiles"] == "exact":
        expected = np.quantile(finite, list(SHARES.values()))
        np.testing.assert_allclose([row[name] for name in SHARES], expected, rtol=1e-12, atol=1e-12 * scale + _TINY)


def check_channels(channels, arrays, axis):
    """The channels' figures are those of the whole data."""
    lines = lined_up(arrays, axis)
    known = [line[np.isfinite(line)] for line in lines]
    for index, line in enumerate(known):
        found = {name: values[index] for name, values in channels.items()}
        assert found["dead"] == (lines.shape[1] > 0 and bool((lines[index] == 0).all()))
        if not line.size:
            assert all(np.isnan(found[name]) for name in ("min", "max", "mean", "std", "sparsity"))
            continue
        assert (found["min"], found["max"]) == (line.min(), line.max())
        scale = np.abs(line).max()
        np.testing.assert_allclose(found["mean"], line.mean(), rtol=1e-7, atol=3e-6 * scale + _TINY)
        np.testing.assert_allclose(found["std"], line.std(), rtol=3e-5, atol=1e-12 * scale + _TINY)
        assert found["sparsity"] == (line == 0).mean()
    check_outliers(channels, known)


def check_outliers(channels, known):
    largest = np.array([np.abs(line).max() if line.size else np.nan for line in known])
    median = np.nanmedian(largest) if not np.isnan(largest).all() else 0
    with np.errstate(invalid="ignore"):
        expected = largest > 8 * median if median > 0 else np.zeros(len(known), bool)
    assert (channels["outlier"] == expected).all()


def hard_data(shape, dtype, seed, *, scale=1.0, offset=0.0, zeros=0.0, lost=0.0):
    """Random elements: ``offset`` and ``scale`` differ by channel; shares of zeros and of NaN and infinities."""
    random = np.random.default_rng(seed)
    values = random.standard_normal(shape) * scale + offset
    values = np.where(random.random(shape) < zeros, 0, values)
    kind = np.dtype(dtype)
    if kind.kind in "iub":
        low, high = (0, 1) if kind.kind == "b" else (np.iinfo(kind).min, np.iinfo(kind).max)
        return np.clip(np.rint(values), max(low, -(2.0**52)), min(high, 2.0**52)).astype(dtype)
    top = float(ml_dtypes.finfo(kind).max)
    values = np.clip(values, -top, top)
    odd = np.array([np.nan] if kind.name.endswith("fn") else [np.nan, np.inf, -np.inf])
    values = np.where(random.random(shape) < lost, random.choice(odd, shape), values)
    with np.errstate(all="ignore"):
        return np.asarray(values).astype(dtype)
