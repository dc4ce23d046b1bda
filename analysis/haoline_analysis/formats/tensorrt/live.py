"""The only module that talks to TensorRT, and a program: ``python live.py PLAN OFFSET ANSWER``.

It runs in a process of its own (:mod:`~haoline_analysis.formats.tensorrt.asking`), because TensorRT's libraries may
bring a process down, and imports nothing of ours. What it uses of the API is listed in ``USED``, which is checked
against the real bindings' names and signatures.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

USED: dict[str, tuple[str, ...]] = {
    "": ("ILogger", "Runtime", "LayerInformationFormat", "TensorIOMode", "init_libnvinfer_plugins", "__version__"),
    "ILogger": ("__init__", "Severity"),
    "ILogger.Severity": ("WARNING",),
    "Runtime": ("__init__", "deserialize_cuda_engine"),
    "LayerInformationFormat": ("JSON",),
    "TensorIOMode": ("INPUT",),
    "ICudaEngine": (
        "create_engine_inspector",
        "device_memory_size_v2",
        "get_tensor_dtype",
        "get_tensor_mode",
        "get_tensor_name",
        "get_tensor_shape",
        "num_aux_streams",
        "num_io_tensors",
        "num_layers",
        "num_optimization_profiles",
    ),
    "EngineInspector": ("get_engine_information",),
}
"""Classes ("" is the package) and what of them is used. Since TensorRT 8.5, but for ``device_memory_size_v2`` (10)."""

OLDEST = (8, 5)
_MESSAGES = 20
_LONGEST = 400


class RefusedError(Exception):
    """TensorRT does not take the engine; the text says why, in its words."""


def inspect(trt: Any, plan: bytes) -> dict[str, Any]:
    """What TensorRT tells of an engine: ``layers`` (JSON text), ``bindings``, and figures of the whole.

    Raises:
        RefusedError: if it does not take the engine.
    """
    version = str(trt.__version__)
    if _number(version) < OLDEST:
        raise RefusedError(f"TensorRT {version} is too old: {OLDEST[0]}.{OLDEST[1]} is the first that tells of layers")
    logger = _logger(trt)
    trt.init_libnvinfer_plugins(logger, "")
    engine = trt.Runtime(logger).deserialize_cuda_engine(plan)
    if engine is None:
        raise RefusedError(" ".join(logger.messages) or "it gives no reason")
    inspector = engine.create_engine_inspector()
    return {
        "version": version,
        "layers": inspector.get_engine_information(trt.LayerInformationFormat.JSON),
        "bindings": [_binding(trt, engine, index) for index in range(engine.num_io_tensors)],
        "num_layers": engine.num_layers,
        "profiles": engine.num_optimization_profiles,
        "aux_streams": getattr(engine, "num_aux_streams", None),
        "memory_bytes": _memory(engine),
    }


def _number(version: str) -> tuple[int, ...]:
    parts = [part for part in version.split(".")[:2] if part.isdigit()]
    return tuple(map(int, parts))


def _logger(trt: Any) -> Any:
    """A logger that keeps what is worse than a warning's worth of words."""

    class Logger(trt.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.messages: list[str] = []

        def log(self, severity: Any, message: str) -> None:
            if int(severity) < int(trt.ILogger.Severity.WARNING) and len(self.messages) < _MESSAGES:
                self.messages.append(str(message)[:_LONGEST])

    return Logger()


def _binding(trt: Any, engine: Any, index: int) -> dict[str, Any]:
    name = engine.get_tensor_name(index)
    return {
        "name": name,
        "side": "input" if engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT else "output",
        "dtype": str(engine.get_tensor_dtype(name)).rpartition(".")[2],
        "shape": [int(dim) for dim in engine.get_tensor_shape(name)],
    }


def _memory(engine: Any) -> int | None:
    """Bytes of device memory that an execution context takes; the older name before TensorRT 10."""
    for name in ("device_memory_size_v2", "device_memory_size"):
        size = getattr(engine, name, None)
        if size is not None:
            return int(size)
    return None


def main(plan: str, offset: str, answer: str) -> None:
    """Inspect the engine in a file from an offset on, and write what is told of it as JSON."""
    try:
        import tensorrt
    except ImportError as error:
        told: dict[str, Any] = {"missing": str(error)}
    else:
        try:
            told = inspect(tensorrt, Path(plan).read_bytes()[int(offset) :])
        except RefusedError as error:
            told = {"refused": str(error), "version": str(tensorrt.__version__)}
    Path(answer).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:4])
