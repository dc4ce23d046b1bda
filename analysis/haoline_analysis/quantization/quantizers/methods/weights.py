"""Weights alone, in blocks of 4 or 8 bits, by onnxruntime's MatMulNBits quantizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.quantizers.methods.outcome import Outcome
from haoline_analysis.quantization.quantizers.quiet import quiet
from haoline_analysis.runtime.runner import StoppedError
from haoline_analysis.runtime.samples.errors import reason

if TYPE_CHECKING:
    from haoline_analysis.quantization.quantizers.methods.outcome import Task


def quantize_weights(task: Task) -> Outcome:
    """Quantize constant weights of MatMul; activations stay float.

    Raises:
        ModelError: if onnxruntime's quantizer fails.
    """
    task.tell("Quantizing weights", 0.3)
    bits = {"int4": 4, "int8": 8}[task.options["weights"]]
    try:
        with quiet():
            from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

            quantizer = MatMulNBitsQuantizer(
                task.prepared.proto,
                bits=bits,
                block_size=task.options["block_size"],
                is_symmetric=task.options["symmetric"],
                nodes_to_exclude=task.keep_float,
            )
            quantizer.process()
            return Outcome(quantizer.model.model)
    except (StoppedError, ModelError):
        raise
    except Exception as error:
        raise ModelError(f"onnxruntime cannot quantize the weights of this model: {reason(error)}") from error
