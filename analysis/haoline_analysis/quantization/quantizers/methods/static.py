"""Ranges from calibration data: QDQ or QOperator, 8 or 16 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.quantizers.calibration.masks import hold_masks
from haoline_analysis.quantization.quantizers.calibration.ranges import Calibrating, find_ranges
from haoline_analysis.quantization.quantizers.methods.clamps import clamps_by_grid, needed_clamps
from haoline_analysis.quantization.quantizers.methods.forgotten import dequantizes_for_all
from haoline_analysis.quantization.quantizers.methods.guard import guard_float
from haoline_analysis.quantization.quantizers.methods.indices import index_arithmetic
from haoline_analysis.quantization.quantizers.methods.onnx_types import op_types, quant_type
from haoline_analysis.quantization.quantizers.methods.outcome import Outcome
from haoline_analysis.quantization.quantizers.methods.per_channel import matrices_per_channel
from haoline_analysis.quantization.quantizers.methods.stopping import stoppable
from haoline_analysis.quantization.quantizers.methods.wide import tables, wide_tensors
from haoline_analysis.quantization.quantizers.preparing.loading import INSIDE_BYTES
from haoline_analysis.quantization.quantizers.preparing.rewriting import rewrite
from haoline_analysis.quantization.quantizers.preparing.shapes import mark
from haoline_analysis.quantization.quantizers.quiet import quiet
from haoline_analysis.runtime.runner import StoppedError
from haoline_analysis.runtime.samples.errors import reason

if TYPE_CHECKING:
    from haoline_analysis.quantization.quantizers.methods.outcome import Task

TENSORRT_OPS = ("Conv", "ConvTranspose", "Gemm", "MatMul", "AveragePool", "GlobalAveragePool", "MaxPool", "Add")


def quantize_static(task: Task) -> Outcome:
    """Quantize weights and activations; ``task.data`` is fed to find the ranges.

    Raises:
        ModelError: if calibration fails, or onnxruntime's quantizer does.
    """
    options = task.options
    if task.data is None:
        raise ModelError("A static scheme needs calibration data: pass calibration=… (what activation capture takes).")
    types = _types(options)
    graph = task.prepared.proto.graph
    kept = [*task.keep_float, *index_arithmetic(graph), *needed_clamps(graph)]
    wanted = Calibrating(
        path=task.prepared.path,
        method=options["method"],
        op_types=types,
        spared=frozenset(kept),
        symmetric=options["symmetric"],
        percentile=options["percentile"],
        external=task.prepared.size > INSIDE_BYTES,
    )
    ranges = find_ranges(wanted, task.data, task.stop, task.tell)
    masks = hold_masks(graph, ranges.data)
    notes = [*task.data.notes(), *ranges.notes, *masks]
    if _pairs_on_weights(options):
        notes.append("Weights stay float in the file, behind their quantizers: TensorRT rounds them when it builds.")
    task.tell("Quantizing", 0.65)
    proto = task.prepared.proto
    rewrite(proto, operators=_operators(options))
    mark(proto)
    made = _quantized(task, proto, ranges.data, types, kept)
    guard_float(made, kept)
    return Outcome(made, notes)


def _types(options: dict[str, Any]) -> list[str]:
    return list(TENSORRT_OPS) if options["scheme"] == "tensorrt-int8" else op_types("static")


def _quantized(task: Task, proto: Any, ranges: Any, types: list[str], kept: list[str]) -> Any:
    """Run onnxruntime's quantizer.

    Raises:
        ModelError: if it fails.
    """
    try:
        with quiet():
            quantizer = _quantizer(task, proto, ranges, types, kept)
            quantizer.task = task
            quantizer.quantize_model()
            return quantizer.model.model
    except (StoppedError, ModelError):
        raise
    except Exception as error:
        raise ModelError(f"onnxruntime cannot quantize this model: {reason(error)}") from error


def _quantizer(task: Task, proto: Any, ranges: Any, types: list[str], kept: list[str]) -> Any:
    from onnxruntime.quantization.onnx_quantizer import ONNXQuantizer
    from onnxruntime.quantization.qdq_quantizer import QDQQuantizer
    from onnxruntime.quantization.quant_utils import QuantizationMode

    options = task.options
    shared = (options["per_channel"], options["reduce_range"])
    kinds = (quant_type(options["weights"]), quant_type(options["activations"]))
    rest: tuple[Any, ...] = (ranges, [], kept, types, _extra(task))
    if _operators(options):
        amended = clamps_by_grid(dequantizes_for_all(matrices_per_channel(ONNXQuantizer)))
        made = stoppable(amended)(proto, *shared, QuantizationMode.QLinearOps, True, *kinds, *rest)
    else:
        made = stoppable(matrices_per_channel(QDQQuantizer))(proto, *shared, *kinds, *rest)
    return made


def _operators(options: dict[str, Any]) -> bool:
    """Whether ops become integer operators, in place of pairs around them."""
    return bool(options["scheme"] == "static-int8-qoperator")


def _pairs_on_weights(options: dict[str, Any]) -> bool:
    """Whether the model is shaped for TensorRT."""
    return bool(options["scheme"] == "tensorrt-int8" or options["target"] == "tensorrt")


def _extra(task: Task) -> dict[str, Any]:
    """The options that onnxruntime's quantizers take by name."""
    options = task.options
    extra: dict[str, Any] = {"ActivationSymmetric": options["symmetric"]}
    if _pairs_on_weights(options):
        # TensorRT fuses pairs around each op, weights included, and adds biases in float.
        extra |= {
            "AddQDQPairToWeight": True,
            "DedicatedQDQPair": True,
            "OpTypesToExcludeOutputQuantization": list(TENSORRT_OPS),
            "QDQOpTypePerChannelSupportToAxis": {"MatMul": 1},
            "QuantizeBias": False,
        }
    kind = quant_type("int16" if options["activations"] == "int8" else "uint16")
    overrides = {name: [{"quant_type": kind}] for name in wide_tensors(task)}
    if options["activations"] in {"int16", "uint16"}:  # tables of embeddings would get 16 bits as well
        overrides |= {name: [{"quant_type": quant_type(options["weights"])}] for name in tables(task)}
    if overrides:
        extra["TensorQuantOverrides"] = overrides
    return extra
