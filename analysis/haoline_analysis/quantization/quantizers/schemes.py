"""What can be asked for: schemes, which options each takes, and what is taken where the user leaves one open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.runtime.samples.errors import closest

if TYPE_CHECKING:
    from collections.abc import Mapping

METHODS = ("minmax", "entropy", "percentile")
ALGORITHMS = ("rtn", "hqq", "gptq", "k_quant")
TARGETS = ("cpu", "cpu-vnni", "cuda", "tensorrt")
PERCENTILE = 99.999
"""onnxruntime's default of the percentile method."""


@dataclass(frozen=True)
class Scheme:
    """One way to quantize."""

    name: str
    kind: str  # "static", "dynamic", "half", "weights"
    takes: frozenset[str]  # options that mean something here
    weights: str = ""  # element type of weights
    activations: str = ""
    per_channel: bool | None = None  # default
    label: str = ""

    @property
    def calibrated(self) -> bool:
        """Whether it cannot be done without data."""
        return self.kind == "static"


_STATIC = frozenset({"per_channel", "symmetric", "method", "percentile", "int16", "reduce_range", "calibration"})
_PLAIN_STATIC = _STATIC - {"int16"}
_DYNAMIC = frozenset({"per_channel", "reduce_range"})
_WEIGHTS = frozenset({"algorithm", "block_size", "symmetric", "calibration"})

_ALL = (
    Scheme("dynamic-int8", "dynamic", _DYNAMIC, "int8", "uint8", True, "dynamic INT8"),
    Scheme("static-int8", "static", _STATIC, "int8", "uint8", False, "static INT8 (QDQ)"),
    Scheme("static-int8-qoperator", "static", _PLAIN_STATIC, "int8", "uint8", False, "static INT8 (QOperator)"),
    Scheme("static-int16", "static", _PLAIN_STATIC, "int8", "uint16", False, "static INT16 activations (QDQ)"),
    Scheme("tensorrt-int8", "static", _PLAIN_STATIC, "int8", "int8", True, "static INT8 (QDQ for TensorRT)"),
    Scheme("fp16", "half", frozenset(), "float16", "float16", None, "FP16"),
    Scheme("weights-int8", "weights", _WEIGHTS, "int8", "", None, "INT8 weights"),
    Scheme("weights-int4", "weights", _WEIGHTS, "int4", "", None, "INT4 weights"),
)
SCHEMES = tuple(scheme.name for scheme in _ALL)


def find_scheme(name: Any) -> Scheme:
    """The scheme called ``name``.

    Raises:
        ModelError: if there is none; lists them.
    """
    for scheme in _ALL:
        if scheme.name == name:
            return scheme
    raise ModelError(f"There is no scheme {name!r}: {closest(str(name), SCHEMES)}choose one of {', '.join(SCHEMES)}.")


def needs_data(options: Mapping[str, Any]) -> bool:
    """Whether keyword arguments of ``quantize`` ask for something that is found in data.

    Raises:
        ModelError: if there is no such scheme.
    """
    return find_scheme(options["scheme"]).calibrated or options.get("algorithm") == "gptq"


def resolve(scheme: Scheme, target: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Every option of a recipe, the ones left open (None, empty) filled in for the target.

    Raises:
        ModelError: if an option has a wrong value, or means nothing in this scheme.
    """
    _refuse_foreign(scheme, given)
    chosen = _target(scheme, target)
    options: dict[str, Any] = {"target": chosen, "weights": scheme.weights, "activations": scheme.activations}
    if chosen in {"cuda", "tensorrt"} and scheme.name == "static-int8":
        options["activations"] = "int8"  # their kernels take signed integers with zero point 0
    return {**options, **_switches(scheme, chosen, given), **_static(scheme, given), **_weights(scheme, given)}


def _refuse_foreign(scheme: Scheme, given: Mapping[str, Any]) -> None:
    """An option that the scheme would ignore is refused, never dropped."""
    for name, value in given.items():
        if value not in (None, (), "") and name not in scheme.takes:
            users = ", ".join(each.name for each in _ALL if name in each.takes)
            raise ModelError(f"{scheme.name} takes no {name}={value!r}; it means something to {users}.")


def _target(scheme: Scheme, target: str | None) -> str:
    if target is None:
        if scheme.name == "tensorrt-int8":
            return "tensorrt"
        return "cpu-vnni" if has_dot_product() else "cpu"
    if target not in TARGETS:
        raise ModelError(
            f"There is no target {target!r}: {closest(str(target), TARGETS)}choose one of {', '.join(TARGETS)}."
        )
    return target


def has_dot_product() -> bool:
    """Whether this CPU multiplies bytes without saturating 16 bits in between (VNNI, AMX, ARM's dot product)."""
    from haoline_analysis.hardware.cpu import cpu_flags

    return bool(cpu_flags() & {"avx512_vnni", "avx_vnni", "amx_int8", "asimddp"})


def _switches(scheme: Scheme, target: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are yes or no."""
    integers = scheme.kind in {"static", "dynamic"}
    signed = target in {"cuda", "tensorrt"} and scheme.kind == "static"
    symmetric: bool | None = None
    if "symmetric" in scheme.takes:
        plain_weights = scheme.kind == "weights" and given.get("algorithm") in (None, "rtn", "gptq")
        symmetric = signed or scheme.name == "tensorrt-int8" or plain_weights
        if given.get("symmetric") and scheme.kind == "weights" and not plain_weights:
            raise ModelError(f"algorithm {given['algorithm']!r} has zero points: it is not symmetric.")
    defaults: dict[str, bool | None] = {
        "per_channel": scheme.per_channel,
        "symmetric": symmetric,
        "reduce_range": (target == "cpu" and scheme.activations == "uint8") if integers else None,
    }
    return {name: _switch(name, given.get(name), default) for name, default in defaults.items()}


def _switch(name: str, value: Any, default: bool | None) -> bool | None:
    if value is None:
        return default
    if not isinstance(value, bool):
        raise ModelError(f"{name} is True or False, not {value!r}.")
    return value


def _static(scheme: Scheme, given: Mapping[str, Any]) -> dict[str, Any]:
    """How ranges are found."""
    if scheme.kind != "static":
        return {"method": None, "percentile": None}
    percentile = given.get("percentile")
    method = given.get("method") or ("minmax" if percentile is None else "percentile")
    if method not in METHODS:
        raise ModelError(f"There is no calibration method {method!r}: choose one of {', '.join(METHODS)}.")
    if percentile is None:
        return {"method": method, "percentile": PERCENTILE if method == "percentile" else None}
    if method != "percentile":
        raise ModelError(f"percentile={percentile!r} goes with method='percentile', not {method!r}.")
    if isinstance(percentile, bool) or not isinstance(percentile, int | float) or not 50 < percentile <= 100:
        raise ModelError(f"percentile is a number above 50, at most 100, not {percentile!r}.")
    return {"method": method, "percentile": float(percentile)}


def _weights(scheme: Scheme, given: Mapping[str, Any]) -> dict[str, Any]:
    """How weights alone are quantized."""
    if scheme.kind != "weights":
        return {"algorithm": None, "block_size": None}
    algorithm, block = given.get("algorithm") or "rtn", given.get("block_size")
    if algorithm not in ALGORITHMS:
        raise ModelError(f"There is no algorithm {algorithm!r}: choose one of {', '.join(ALGORITHMS)}.")
    if algorithm != "gptq" and given.get("calibration"):
        raise ModelError(f"algorithm {algorithm!r} takes no calibration data; only 'gptq' does.")
    block = 32 if block is None else block
    if isinstance(block, bool) or not isinstance(block, int) or block < 16 or block > 1024 or block & (block - 1):
        raise ModelError(f"block_size is a power of two from 16 to 1024, not {block!r}.")
    return {"algorithm": algorithm, "block_size": block}
