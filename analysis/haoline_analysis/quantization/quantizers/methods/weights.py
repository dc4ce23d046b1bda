"""Weights alone, in blocks of 4 or 8 bits, by onnxruntime's MatMulNBits quantizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import MissingExtraError, ModelError
from haoline_analysis.quantization.quantizers.methods.outcome import Outcome
from haoline_analysis.quantization.quantizers.methods.tables import quantize_tables
from haoline_analysis.quantization.quantizers.preparing.loading import graphs
from haoline_analysis.quantization.quantizers.quiet import progress_hook, quiet, tools
from haoline_analysis.runtime.failures import terminated
from haoline_analysis.runtime.runner import StoppedError
from haoline_analysis.runtime.samples.errors import reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from haoline_analysis.quantization.quantizers.calibration.data import CalibrationData
    from haoline_analysis.quantization.quantizers.methods.outcome import Task
    from haoline_analysis.runtime.stopping import Stop

BITS = {"int4": 4, "int8": 8}


def quantize_weights(task: Task) -> Outcome:
    """Quantize constant matrices of MatMul, and embedding tables round to nearest; activations stay float.

    Raises:
        ModelError: if the data for GPTQ is missing, or onnxruntime's quantizer fails.
        MissingExtraError: if onnx-ir is not installed.
    """
    task.tell("Quantizing weights", 0.3)
    before = list(task.prepared.proto.graph.output)
    try:
        with quiet(), progress_hook(lambda share: _told(task, share)):
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
    """Pass on progress from inside onnxruntime's loops, and end them where they should end."""
    if task.stop.asked:
        raise StoppedError
    task.tell("Quantizing weights", 0.3 + 0.6 * share)


def _quantized(task: Task) -> Any:
    """Run the quantizer that the algorithm names."""
    nbits = tools("matmul_nbits_quantizer")
    options, bits = task.options, BITS[task.options["weights"]]
    common = {"bits": bits, "block_size": options["block_size"], "is_symmetric": options["symmetric"]}
    algorithm = options["algorithm"]
    if algorithm in {"rtn", "hqq"}:
        return _blockwise(task, nbits, common, algorithm)
    config = _gptq(task, nbits) if algorithm == "gptq" else nbits.KQuantWeightOnlyQuantConfig()
    quantizer = nbits.MatMulNBitsQuantizer(task.prepared.proto, algo_config=config, **common)
    _configure(quantizer, task, bits)
    quantizer.process()
    return quantizer.model.model


def _blockwise(task: Task, nbits: Any, common: dict[str, Any], algorithm: str) -> Any:
    """Round to nearest, or HQQ, one node after the other.

    ``process`` is not called: it would declare opset 21 without converting the model.
    """
    from haoline_analysis.quantization.quantizers.methods.hqq import hqq_quantizer

    proto = task.prepared.proto
    quantizer = nbits.MatMulNBitsQuantizer(
        proto,
        nodes_to_exclude=task.keep_float,
        **{**common, "is_symmetric": common["is_symmetric"] and algorithm == "rtn"},
    )
    if algorithm == "hqq":
        quantizer.node_quantizer = hqq_quantizer(quantizer.algo_config)
    plain, total = quantizer.node_quantizer.quantize, max(1, len(proto.graph.node))
    done = 0

    def watched(node: Any, stack: Any) -> Any:
        nonlocal done
        done += 1
        _told(task, done / total)
        return plain(node, stack)

    quantizer.node_quantizer.quantize = watched
    quantizer.model.set_opset_import("com.microsoft", 1)
    quantizer._process_subgraph([proto.graph])  # noqa: SLF001 - what process() calls
    quantizer.model.clean_initializers()
    return quantizer.model.model


class _Reader:
    """A data reader that onnxruntime's GPTQ may copy; it has every sample by itself."""

    def __init__(self, data: CalibrationData, stop: Stop) -> None:
        self._data, self._stop = data, stop

    def __iter__(self) -> Iterator[dict[str, np.ndarray]]:
        for feeds in self._data:
            if self._stop.asked:
                raise StoppedError
            yield feeds

    def __deepcopy__(self, memo: Any) -> _Reader:
        return self


def _gptq(task: Task, nbits: Any) -> Any:
    if task.data is None:
        raise ModelError("GPTQ needs calibration data: pass calibration=… (what activation capture takes).")
    # Scales of a group are taken when its block begins: only with blocks of one group do they know what the error of
    # earlier columns has done to it.
    size = task.options["block_size"]
    return nbits.GPTQWeightOnlyQuantConfig(_Reader(task.data, task.stop), block_size=size)


def _configure(quantizer: Any, task: Task, bits: int) -> None:
    """Say the number of bits and what stays float, which onnxruntime forgets for these algorithms."""
    plain = quantizer._generate_q4_node_config  # noqa: SLF001

    def configured() -> dict[str, Any]:
        config = plain()
        for each in config.values():
            each["bits"] = bits
        config.update(dict.fromkeys(task.keep_float, "fp32"))
        return config  # type: ignore[no-any-return]

    quantizer._generate_q4_node_config = configured  # noqa: SLF001


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
