"""onnxruntime's quantizer of MatMul nodes, with a rounding of our choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.quantization.quantizers.methods.packing import pack_blocks, pack_zeros
from haoline_analysis.quantization.quantizers.quiet import tools

if TYPE_CHECKING:
    from collections.abc import Callable

    Rounding = Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray, np.ndarray]]


def blockwise_quantizer(config: Any, rounding: Rounding, *, whole_zeros: bool = True) -> Any:
    """A quantizer that rounds blocks of one column each, rows of ``[n, size]``, by ``rounding(blocks, bits)``.

    Args:
        config: of onnxruntime's quantizer.
        rounding: gives integers ``[n, size]``, scales and zero points ``[n, 1]``.
        whole_zeros: whether zero points are integers.
    """
    nbits = tools("matmul_nbits_quantizer")

    class Blockwise(nbits.DefaultWeightOnlyQuantizer):  # type: ignore[misc, name-defined]
        def qbits_block_quant(self, fp32weight: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            weight = np.asarray(fp32weight)
            bits, size = self.config.bits, self.config.block_size
            rows, columns = weight.shape
            count = -(-rows // size)
            padded = np.pad(weight.astype(np.float32), ((0, count * size - rows), (0, 0)))
            blocks = np.ascontiguousarray(padded.T).reshape(columns * count, size)
            integers, scales, zeros = rounding(blocks, bits)
            points = zeros.reshape(columns, count)
            return (
                pack_blocks(integers.astype(np.uint8).reshape(columns, count, size), bits),
                scales.reshape(columns, count).astype(weight.dtype),
                pack_zeros(points.astype(np.uint8), bits) if whole_zeros else points.astype(weight.dtype),
            )

    return Blockwise(config)


def k_quantizer(config: Any) -> Any:
    """The same with onnxruntime's k-quant.

    Its own loop over the nodes writes 4 bits whatever is asked for, and fails on an odd number of blocks.
    """
    neural = tools("neural_compressor.weight_only")

    def rounding(blocks: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        found: tuple[np.ndarray, np.ndarray, np.ndarray] = neural.quant_tensor_k_quant_cpu(
            blocks, num_bits=bits, group_size=blocks.shape[1]
        )
        return found

    return blockwise_quantizer(config, rounding)
