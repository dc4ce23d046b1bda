"""Weights alone, in blocks of 4 or 8 bits, by onnxruntime's MatMulNBits quantizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import MissingExtraError, ModelError
from haoline_analysis.quantization.quantizers.calibration.hessians import hessians, passes
from haoline_analysis.quantization.quantizers.methods.blockwise import k_quantizer
from haoline_analysis.quantization.quantizers.methods.gptq import gptq_quantizer
from haoline_analysis.quantization.quantizers.methods.hqq import hqq_quantizer
from haoline_analysis.quantization.quantizers.methods.outcome import Outcome
from haoline_analysis.quantization.quantizers.methods.tables import quantize_tables
from haoline_analysis.quantization.quantizers.preparing.loading import graphs
from haoline_analysis.quantization.quantizers.preparing.rewriting import split_gemms
from haoline_analysis.quantization.quantizers.quiet import quiet, tools
from haoline_analysis.runtime.failures import terminated
from haoline_analysis.runtime.runner import StoppedError
from haoline_analysis.runtime.samples.errors import reason

if TYPE_CHECKING:
    import numpy as np

    from haoline_analysis.quantization.quantizers.methods.outcome import Task

BITS = {"int4": 4, "int8": 8}


def quantize_weights(task: Task) -> Outcome:
    """Quantize constant matrices of MatMul and Gemm, and embedding tables round to nearest; activations stay float.

    Raises:
        ModelError: if the data for GPTQ is missing, or onnxruntime's quantizer fails.
        MissingExtraError: if onnx-ir is not installed.
    """
    task.tell("Quantizing weights", 0.3)
    before = list(task.prepared.proto.graph.output)
    try:
        with quiet():
            made = _quantized(task)
            bits = BITS[task.options["weights"]]
            notes = quantize_tables(made, task.keep_float, bits, task.options["block_size"])
    except (StoppedError, ModelError):
        raise
    except ImportError as error:
        raise MissingExtraError(
            'Weight-only schemes need onnx-ir: pip install "haoline-jupyter[cpu,quantize]"'
        ) from error
    except Exception as error:
        if task.stop.asked or terminated(error):
            raise StoppedError from None
        raise ModelError(f"onnxruntime cannot quantize the weights of this model: {reason(error)}") from error
    _tidy(made, before)
    return Outcome(made, [*notes, *_notes(task)])


def _notes(task: Task) -> list[str]:
    """What a reader should know of the algorithm's data and kernels."""
    if task.options["algorithm"] == "gptq" and task.data is not None:
        return task.data.notes()
    if task.options["algorithm"] == "hqq" and task.options["weights"] == "int4":
        return ["HQQ's zero points are real numbers, for which onnxruntime's CPU has no fast kernel."]
    return []


def _told(task: Task, share: float) -> None:
    """Say how far it is, and end it where it should end."""
    if task.stop.asked:
        raise StoppedError
    task.tell("Quantizing weights", 0.3 + 0.6 * share)


def _quantized(task: Task) -> Any:
    """Run onnxruntime's quantizer over the nodes, with the rounding that the algorithm names.

    Its ``process`` is not called: it would declare opset 21 without converting the model.
    """
    nbits = tools("matmul_nbits_quantizer")
    options, proto = task.options, task.prepared.proto
    split_gemms(proto)
    quantizer = nbits.MatMulNBitsQuantizer(
        proto,
        bits=BITS[options["weights"]],
        block_size=options["block_size"],
        is_symmetric=options["symmetric"],
        nodes_to_exclude=task.keep_float,
    )
    chosen = _rounding(task, quantizer.algo_config) or quantizer.node_quantizer
    plain, total = chosen.quantize, max(1, len(proto.graph.node))
    done = 0

    def watched(node: Any, stack: Any) -> Any:
        nonlocal done
        done += 1
        _told(task, done / total)
        return plain(node, stack)

    chosen.quantize = watched
    quantizer.node_quantizer = chosen
    quantizer.model.set_opset_import("com.microsoft", 1)
    quantizer._process_subgraph([proto.graph])  # noqa: SLF001 - what process() calls
    quantizer.model.clean_initializers()
    return quantizer.model.model


def _rounding(task: Task, config: Any) -> Any:
    """What quantizes one node; None for onnxruntime's own."""
    algorithm = task.options["algorithm"]
    if algorithm == "rtn":
        return None
    if algorithm != "gptq":
        return {"hqq": hqq_quantizer, "k_quant": k_quantizer}[algorithm](config)
    if task.data is None:
        raise ModelError("GPTQ needs calibration data: pass calibration=… (what activation capture takes).")
    inputs, widths = _matrices(task)
    waiting = passes(widths)
    held: dict[str, np.ndarray] = {}
    data, proto, folder = task.data, task.prepared.proto, task.prepared.path.parent

    def hessian_of(name: str) -> np.ndarray | None:
        """Of the tensor ``name``; the data is fed once more for each pass."""
        if name not in held:
            names = next((names for names in waiting if name in names), None)
            if names is None:
                return None
            held.clear()
            held.update(hessians(proto, names, data, folder, task.stop))
        return held[name]

    return gptq_quantizer(config, hessian_of, inputs)


def _matrices(task: Task) -> tuple[dict[str, str], dict[str, int]]:
    """What each MatMul of a constant matrix reads, and the widths of that, in execution order."""
    graph = task.prepared.proto.graph
    rows = {each.name: each.dims[-2] for each in graph.initializer if each.data_type in {1, 10} and len(each.dims) > 1}
    inputs: dict[str, str] = {}
    widths: dict[str, int] = {}
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in rows and node.name not in task.keep_float:
            inputs[node.name] = node.input[0]
            widths[node.input[0]] = rows[node.input[1]]
    return inputs, widths


def _tidy(proto: Any, outputs: list[Any]) -> None:
    """Drop what nobody reads or is there twice (a weight of two ops), and put the outputs back in order."""
    read = {name for graph in graphs(proto.graph) for node in graph.node for name in node.input}
    seen = {tensor.name for tensor in proto.graph.initializer} - read - {output.name for output in outputs}
    kept = [tensor for tensor in proto.graph.initializer if not (tensor.name in seen or seen.add(tensor.name))]  # type: ignore[func-returns-value]
    if len(kept) < len(proto.graph.initializer):
        copies = [type(tensor).FromString(tensor.SerializeToString()) for tensor in kept]
        del proto.graph.initializer[:]
        proto.graph.initializer.extend(copies)
    names = [output.name for output in outputs]
    if [output.name for output in proto.graph.output] != names:
        del proto.graph.output[:]
        proto.graph.output.extend(outputs)
    proto.ir_version = max(proto.ir_version, 10)  # 4-bit elements
