"""The estimate against published and measured times: within a factor of two."""

import json
from math import prod

import numpy as np
import pytest
from estimate_tables import table

from haoline_analysis.hardware import estimate, find_profile

LLAMA_3_8B = [(4096, 4096), (4096, 1024), (4096, 1024), (4096, 4096), (4096, 14336), (4096, 14336), (14336, 4096)]
VOCABULARY = 128_256


def llama(tokens, weight_bits):
    """Linear layers of Llama 3 8B for so many tokens, FP16 activations."""
    shapes = LLAMA_3_8B * 32 + [(4096, VOCABULARY)]
    return table(
        *[
            ("MatMul", tokens * k * n, tokens * k * 2, tokens * n * 2, k * n * weight_bits // 8, "fp16")
            for k, n in shapes
        ]
    )


@pytest.mark.parametrize(
    ("device", "tokens_per_second"),
    [  # llama.cpp, F16, batch 1 (XiongjieDai, GPU-Benchmarks-on-LLM-Inference, May 2024)
        ("rtx-4090", 54.34),
        ("rtx-3090", 46.51),
        ("rtx-4080", 40.29),
        ("l40s", 43.42),
        ("a100-sxm-80", 53.18),
        ("h100-pcie", 67.79),
        ("m2-ultra", 36.25),
        ("m3-max", 22.39),
    ],
)
def test_decoding_an_8b_model(device, tokens_per_second):
    result = estimate(llama(1, 16), find_profile(device))
    assert result.bound == "memory"
    assert 0.5 <= 1e6 / result.time_us / tokens_per_second <= 2


@pytest.mark.parametrize(
    ("device", "tokens_per_second"),
    [  # the same source, prompt of 1,024 tokens; its kernels leave most of an H100 idle, so GPUs it is tuned for
        ("rtx-4090", 6898.71),
        ("m2-ultra", 1023.89),
    ],
)
def test_reading_a_prompt_of_an_8b_model(device, tokens_per_second):
    result = estimate(llama(1024, 16), find_profile(device))
    assert result.bound == "compute"
    assert 0.5 <= 1024e6 / result.time_us / tokens_per_second <= 2


BYTES = {"FP32": 4, "FP16": 2, "INT8": 1, "Int8": 1, "Half": 2, "Float": 4}


def layer_bytes(tensor):
    kind = next((size for name, size in BYTES.items() if name in tensor["Format/Datatype"]), 1)
    return prod(tensor["Dimensions"]) * kind


def layer_row(layer, precision):
    incoming = sum(map(layer_bytes, layer["Inputs"]))
    outgoing = sum(map(layer_bytes, layer["Outputs"]))
    macs = weights = 0
    if "Kernel" in layer and "Weights" in layer:
        channels = layer["Inputs"][0]["Dimensions"][1]
        macs = prod(layer["Outputs"][0]["Dimensions"]) * channels * prod(layer["Kernel"])
        weights = layer["Weights"]["Count"] * BYTES.get(layer["Weights"]["Type"], 4)
    return (layer["LayerType"], macs, incoming, outgoing, weights, precision)


@pytest.mark.parametrize(
    ("folder", "name", "precision", "measured_ms"),
    [  # trtexec latency on an A100 80GB PCIe, batch 32 (NVIDIA TensorRT, trt-engine-explorer)
        ("fp32", "resnet", "fp32", 2.0),
        ("fp16", "resnet", "fp16", 0.863),
        ("qat", "resnet-qat", "int8", 0.882),
    ],
)
def test_resnet18_in_tensorrt(material, folder, name, precision, measured_ms):
    engine = json.loads((material / "trex" / f"resnet18-a100-{folder}" / f"{name}.onnx.engine.graph.json").read_text())
    rows = [layer_row(layer, precision) for layer in engine["Layers"]]
    assert 1.7e9 < sum(row[1] for row in rows) / 32 < 1.9e9  # ResNet-18 has 1.81 GMACs
    result = estimate(table(*rows), find_profile("a100-pcie-80"))
    assert 0.5 <= result.time_us / 1000 / measured_ms <= 2


def test_resnet50_throughput(light_resnet50):
    """NVIDIA's published TensorRT INT8 figures at batch 128: about 31,000 images/s on A100, 5,000 on T4."""
    made, fused = light_resnet50(batch=128)
    for device, images_per_second in (("a100-sxm-80", 31_000), ("t4", 5_000)):
        result = estimate(made, find_profile(device), precision="int8", fused=fused)
        assert 0.5 <= 128e6 / result.time_us / images_per_second <= 2


@pytest.fixture
def light_resnet50():
    """Table and fusion mask of the onnx wheel's ResNet-50, activations and work multiplied by the batch."""
    from pathlib import Path

    import onnx

    from haoline_analysis.cost import op_columns
    from haoline_analysis.formats import open_model
    from haoline_analysis.hardware import fused_ops
    from haoline_analysis.hardware.work import numbers
    from haoline_analysis.shapes import evaluate
    from haoline_analysis.table import Column, Table

    def make(batch):
        model = open_model(Path(onnx.__file__).parent / "backend/test/data/light/light_resnet50.onnx")
        made = Table(len(model.ops))
        made.add(Column("type", [op.type for op in model.ops]), *op_columns(model, evaluate(model)))
        activations = np.nan_to_num(numbers(made, "input_bytes") + numbers(made, "output_bytes"))
        made.add(Column("bytes_moved", numbers(made, "bytes_moved") + (batch - 1) * activations))
        for name in ("macs", "flops", "input_bytes", "output_bytes"):
            made.add(Column(name, numbers(made, name) * batch))
        return made, fused_ops(model)

    return make
