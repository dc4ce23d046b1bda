"""Models run by onnxruntime with every tensor as an output, and plain numpy's statistics of them."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pandas as pd
from onnx import TensorProto, helper, numpy_helper

from haoline_analysis.formats import open_model

F = TensorProto.FLOAT


def node(kind, inputs, outputs, name="", **attributes):
    made = [outputs] if isinstance(outputs, str) else outputs
    return helper.make_node(kind, inputs, made, name=name or f"{kind}_{made[0]}", **attributes)


def proto(nodes, weights=None, inputs=None, outputs=None):
    """A ModelProto; inputs are name -> (shape, type), x of one row of 8 by default."""
    infos = [
        helper.make_tensor_value_info(name, kind, shape)
        for name, (shape, kind) in (inputs or {"x": ([1, 8], F)}).items()
    ]
    stored = [numpy_helper.from_array(np.asarray(value), name) for name, value in (weights or {}).items()]
    ends = [onnx.ValueInfoProto(name=name) for name in outputs or nodes[-1].output[:1]]
    graph = helper.make_graph(nodes, "g", infos, ends, stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def run(model, feeds):
    """The arrays of every tensor that an op makes, one list entry per sample, in execution order."""
    wide = onnx.ModelProto()
    wide.CopyFrom(model)
    names = [name for made in model.graph.node for name in made.output if name]
    del wide.graph.output[:]
    wide.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    session = onnxruntime.InferenceSession(wide.SerializeToString(), providers=["CPUExecutionProvider"])
    ran = [session.run(names, sample) for sample in feeds]
    return {name: [arrays[at] for arrays in ran] for at, name in enumerate(names)}


LIMITS = {"float16": 65504.0, "int8": (-128, 127), "uint8": (0, 255)}


def frames(model, feeds, axis=1):
    """The tensor frame, the channel frame and the opened model."""
    opened = open_model(model)
    maker = {opened.tensors[tensor].name: op for op in opened.ops for tensor in op.outputs if tensor >= 0}
    rows, channels = {}, []
    for name, arrays in run(model, feeds).items():
        op = maker[name]
        rows[name] = {"op": op.name, "op_type": op.type, "dtype": str(arrays[0].dtype)} | _row(arrays)
        if arrays[0].ndim > axis and arrays[0].shape[axis] > 1 and arrays[0].dtype.kind == "f":
            held = pd.DataFrame(_channels(arrays, axis)).assign(tensor=name)
            channels.append(held.assign(channel=range(len(held))))
            rows[name] |= _outliers(held)
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table, pd.concat(channels) if channels else None, opened


def _row(arrays):
    values = np.concatenate([array.reshape(-1) for array in arrays]).astype(np.float64)
    finite = values[np.isfinite(values)]
    levels = [0.001, 0.01, 0.99, 0.999]
    low, q01, q99, high = np.quantile(finite, levels) if len(finite) else (np.nan,) * 4
    limits = LIMITS.get(str(arrays[0].dtype), ())
    ends = (limits, -limits) if isinstance(limits, float) else limits
    return {
        "samples": len(arrays),
        "count": len(values),
        "min": finite.min(initial=np.inf) if len(finite) else np.nan,
        "max": finite.max(initial=-np.inf) if len(finite) else np.nan,
        "mean": finite.mean() if len(finite) else np.nan,
        "std": finite.std() if len(finite) else np.nan,
        "q001": low,
        "q01": q01,
        "q99": q99,
        "q999": high,
        "sparsity": (values == 0).mean(),
        "nan": np.isnan(values).sum(),
        "inf": np.isinf(values).sum(),
        "saturation": np.isin(values, ends).mean() if ends else np.nan,
        "effective_range": (high - low) / np.ptp(finite) if len(finite) and np.ptp(finite) else np.nan,
    }


def _channels(arrays, axis):
    moved = [np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1) for array in arrays]
    every = np.concatenate(moved, axis=1).astype(np.float64)
    return {"min": every.min(1), "max": every.max(1), "dead": (every == 0).all(1)}


def _outliers(held):
    largest = np.maximum(held["max"].abs(), held["min"].abs()).to_numpy()
    median = np.median(largest)
    return {
        "channels": len(held),
        "dead_channels": int(held["dead"].sum()),
        "outlier_channels": int((largest > 6 * median).sum()),
        "outlier_ratio": largest.max() / median if 0 < median < np.inf else np.nan,
    }
