"""Small ONNX models in the text format, and engines of them, for the tests of mapping."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx.parser
from onnx import helper, numpy_helper

from haoline_analysis import analyze

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
ENGINES = EXAMPLES / "engines"


def model(body: str, inputs: str = "float[1,8,16,16] x", outputs: str = "float y", initializers: str = ""):
    """The report of a model; each node's name is the word before its outputs, as in ``[conv] t = Conv(x, w)``."""
    weights = f"<{initializers}>" if initializers else ""
    text = f'<ir_version: 8, opset_import: ["" : 17]> g ({inputs}) => ({outputs}) {weights} {{ {body} }}'
    proto = onnx.parser.parse_model(text)
    for info in proto.graph.value_info:  # those declared without values: zeros
        kind = info.type.tensor_type
        shape = [dim.dim_value for dim in kind.shape.dim]
        zeros = np.zeros(shape, helper.tensor_dtype_to_np_dtype(kind.elem_type))
        proto.graph.initializer.append(numpy_helper.from_array(zeros, info.name))
    return analyze(proto)


def layer(name: str, reads: list[str], makes: list[str], kind: str = "CaskConvolution", **more: Any) -> dict[str, Any]:
    def value(tensor: str) -> dict[str, Any]:
        return {"Name": tensor, "Dimensions": [1, 8, 16, 16], "Format/Datatype": more.pop("dtype", "Half")}

    ports = {"Inputs": list(map(value, reads)), "Outputs": list(map(value, makes))}
    return {"Name": name, "LayerType": kind, **ports, **more}


def engine(*layers: dict[str, Any] | str, times: list[float] | None = None):
    """The report of an engine; ``times`` in milliseconds, one per layer."""
    names = [item if isinstance(item, str) else item["Name"] for item in layers]
    profile = None
    if times is not None:
        rows = [{"name": name, "timeMs": time, "averageMs": time} for name, time in zip(names, times, strict=True)]
        profile = json.dumps([{"count": 1}, *rows]).encode()
    return analyze(json.dumps({"Layers": list(layers), "Bindings": []}).encode(), profile=profile)


def resnet18(folder: Path, *, quantized: bool = False) -> Path:
    """ResNet-18 with the node names of the example engines."""
    sys.path.insert(0, str(EXAMPLES))
    from make_resnet18 import resnet18 as make

    return make(folder / f"resnet18{'-qat' if quantized else ''}.onnx", quantized=quantized)
