"""Quantized variants for the benchmark, made with onnxruntime's defaults from the models of ``activation_models``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import activation_models

if TYPE_CHECKING:
    from pathlib import Path


def paths(case: str, folder: Path) -> tuple[Path, Path]:
    """The float model and the variant of a case such as ``minilm-qdq``."""
    name, kind = case.split("-")
    return folder / f"{name}.onnx", folder / f"{name}.{kind}.onnx"


def make(case: str, folder: Path) -> None:
    """Write the variant if it is not there yet."""
    model, variant = paths(case, folder)
    if variant.exists():
        return
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = folder / f"{model.stem}.prepared.onnx"
    if not prepared.exists():
        quant_pre_process(model, prepared, skip_symbolic_shape=True)
    {"qdq": _static, "qoperator": _static, "dynamic": _dynamic, "nbits": _nbits}[case.split("-")[1]](prepared, variant)


def _static(prepared: Path, variant: Path) -> None:
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self.left = iter(activation_models.samples(str(prepared), 4))

        def get_next(self) -> object:
            return next(self.left, None)

    way = QuantFormat.QDQ if ".qdq." in variant.name else QuantFormat.QOperator
    quantize_static(prepared, variant, Reader(), quant_format=way)


def _dynamic(prepared: Path, variant: Path) -> None:
    from onnxruntime.quantization import quantize_dynamic

    quantize_dynamic(prepared, variant)


def _nbits(prepared: Path, variant: Path) -> None:
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    made = MatMulNBitsQuantizer(onnx.load(prepared), block_size=32, is_symmetric=True)
    made.process()
    made.model.save_model_to_file(str(variant), False)
