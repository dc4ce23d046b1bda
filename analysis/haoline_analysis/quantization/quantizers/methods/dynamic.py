"""Weights in 8 bits, activations quantized by what each run brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.quantizers.methods.onnx_types import op_types, quant_type
from haoline_analysis.quantization.quantizers.methods.outcome import Outcome
from haoline_analysis.quantization.quantizers.methods.per_channel import matrices_per_channel
from haoline_analysis.quantization.quantizers.methods.stopping import stoppable
from haoline_analysis.quantization.quantizers.preparing.rewriting import split_gemms
from haoline_analysis.quantization.quantizers.preparing.shapes import mark
from haoline_analysis.quantization.quantizers.quiet import quiet
from haoline_analysis.runtime.runner import StoppedError
from haoline_analysis.runtime.samples.errors import reason

if TYPE_CHECKING:
    from haoline_analysis.quantization.quantizers.methods.outcome import Task


def quantize_dynamic(task: Task) -> Outcome:
    """Quantize weights of MatMul, Gemm, Conv, LSTM, Attention and embeddings.

    Raises:
        ModelError: if onnxruntime's quantizer fails.
    """
    from onnxruntime.quantization.onnx_quantizer import ONNXQuantizer
    from onnxruntime.quantization.quant_utils import QuantizationMode

    options, proto = task.options, task.prepared.proto
    task.tell("Quantizing", 0.3)
    split_gemms(proto)
    mark(proto)
    try:
        with quiet():
            quantizer = stoppable(matrices_per_channel(ONNXQuantizer))(
                proto,
                options["per_channel"],
                options["reduce_range"],
                QuantizationMode.IntegerOps,
                False,
                quant_type(options["weights"]),
                quant_type("uint8"),
                None,
                [],
                task.keep_float,
                op_types("dynamic"),
                {"MatMulConstBOnly": True},
            )
            quantizer.task = task
            quantizer.quantize_model()
            return Outcome(quantizer.model.model)
    except StoppedError:
        raise
    except Exception as error:
        raise ModelError(f"onnxruntime cannot quantize this model: {reason(error)}") from error
