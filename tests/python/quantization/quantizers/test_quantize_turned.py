"""A transposition, a cast and a product at which onnxruntime's optimizers end the process: nothing of ours does."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

QUANTIZE = """
import sys
import numpy as np
from haoline_analysis.quantization import compare, quantize

path, scheme = sys.argv[1:]
samples = [{"x": np.random.default_rng(at).integers(-9, 9, (2, 3, 8)).astype(np.int32)} for at in range(3)]
made = quantize(path, scheme=scheme, calibration=samples if scheme.startswith("static") else None)
compared = compare(path, made, samples)
print("least", compared.outputs["sqnr_db"].min())
if scheme != "fp16":
    from haoline_analysis.quantization import measure_sensitivity

    print("units", len(measure_sensitivity(path, samples, variant=made.path).units))
"""


def turned(order: list[int]) -> onnx.ModelProto:
    """Integers whose batch is exchanged with another axis before they become floats, as behind a table of ids."""
    rng, size = np.random.default_rng(4), 8 if order[-1] == 2 else 2
    weights = {
        "w": rng.standard_normal((size, 8)).astype(np.float32),
        "v": rng.standard_normal((8, 4)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], name="turn", perm=order),
        helper.make_node("Cast", ["t"], ["u"], name="cast", to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["u", "w"], ["a"], name="first"),
        helper.make_node("MatMul", ["a", "v"], ["y"], name="second"),
    ]
    ports = (
        [helper.make_tensor_value_info("x", TensorProto.INT32, [2, 3, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    graph = helper.make_graph(
        nodes, "g", *ports, [numpy_helper.from_array(array, name) for name, array in weights.items()]
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize("scheme", ["static-int8", "dynamic-int8", "weights-int4", "fp16"])
@pytest.mark.parametrize("order", [[1, 0, 2], [1, 2, 0]])
def test_it_is_quantized_compared_and_measured(order: list[int], scheme: str, tmp_path) -> None:
    onnx.save(turned(order), tmp_path / "model.onnx")
    ran = subprocess.run(
        [sys.executable, "-c", QUANTIZE, tmp_path / "model.onnx", scheme], capture_output=True, check=False, text=True
    )
    assert ran.returncode == 0, ran.stderr[-800:]
    assert float(ran.stdout.split("least")[1].split()[0]) > 10
