"""Element types in onnxruntime's words."""

from __future__ import annotations

from typing import Any


def quant_type(word: str) -> Any:
    """``QuantType.QInt8`` for ``"int8"``."""
    from onnxruntime.quantization import QuantType

    return getattr(QuantType, {"int8": "QInt8", "uint8": "QUInt8", "int16": "QInt16", "uint16": "QUInt16"}[word])


def op_types(kind: str) -> list[str]:
    """Op types that onnxruntime's quantizers of a kind know, the same list that they would take by default."""
    from onnxruntime.quantization import registry

    if kind == "dynamic":
        return sorted(registry.IntegerOpsRegistry)
    return sorted({*registry.QLinearOpsRegistry, *registry.QDQRegistry})
