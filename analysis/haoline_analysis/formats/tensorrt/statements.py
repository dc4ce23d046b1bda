"""What is stated about an engine beside its layers: how it was built, on which device, how fast it ran as a whole.

TensorRT Engine Explorer keeps these in ``*.build.metadata.json``, ``*.metadata.json`` and ``*.profile.metadata.json``.
"""

from __future__ import annotations

from typing import Any

from haoline_analysis.formats.tensorrt import bounded_json as checked

MAX_ENTRIES = 200
MAX_TEXT = 400

_DEVICE_KEYS = {
    "Name": "name",
    "Selected Device": "name",
    "ComputeCapability": "compute_capability",
    "Compute Capability": "compute_capability",
    "TotalMemory": "memory_bytes",
    "MULTIPROCESSOR_COUNT": "multiprocessors",
    "SMs": "multiprocessors",
    "CUDA_VERSION": "cuda",
}


def read_builder(value: Any) -> dict[str, Any]:
    """The builder's options, from ``model_options`` and ``build_options``.

    Raises:
        MalformedModelError: if it is no object.
    """
    stated = checked.mapping(value, "the build metadata")
    options: dict[str, Any] = {}
    for section in ("model_options", "build_options"):
        found = stated.get(section, {})
        options |= flat(checked.mapping(found, f"{section} of the build metadata"))
    return _without_folders(options)


def _without_folders(options: dict[str, Any]) -> dict[str, Any]:
    """The model's file name without the folders it lay in."""
    model = options.get("Model")
    if isinstance(model, str) and model:
        options["Model"] = model.replace("\\", "/").rsplit("/", 1)[-1]
    return options


def read_device(value: Any) -> dict[str, Any]:
    """Name, compute capability, memory and CUDA version of the device; the first of several.

    Raises:
        MalformedModelError: if it is neither an object nor a list of them.
    """
    first = value[0] if isinstance(value, list) and value else value
    stated = checked.mapping(first, "the device metadata")
    device: dict[str, Any] = {}
    for key, name in _DEVICE_KEYS.items():
        if key in stated and name not in device:
            device[name] = _shown(stated[key])
    capability = device.get("compute_capability")
    if isinstance(capability, list):
        device["compute_capability"] = ".".join(map(str, capability))
    elif capability is not None:
        device["compute_capability"] = str(capability)
    cuda = device.get("cuda")
    if isinstance(cuda, list):
        device["cuda"] = ".".join(map(str, cuda))
    return device


def read_performance(value: Any) -> dict[str, Any]:
    """The summary of a run: throughput, latency and the like, as stated.

    Raises:
        MalformedModelError: if it is no object.
    """
    stated = checked.mapping(value, "the profile metadata")
    return flat(checked.mapping(stated.get("performance_summary", {}), "performance_summary of the profile metadata"))


def flat(value: dict[str, Any]) -> dict[str, Any]:
    """At most ``MAX_ENTRIES`` entries, what nests deeper than a list of numbers as text."""
    return {str(key)[:MAX_TEXT]: _shown(item) for key, item in list(value.items())[:MAX_ENTRIES]}


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 2**63):
        return value
    if isinstance(value, list) and len(value) <= 8 and all(isinstance(item, int | float) for item in value):
        return value
    return str(value)[:MAX_TEXT]
