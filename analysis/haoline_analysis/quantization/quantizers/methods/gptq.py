"""GPTQ (Frantar, Ashkboos, Hoefler and Alistarh 2022): rounding that makes up for its errors.

One row of weights is rounded after the other, and those still to come are changed so that the outputs on the data stay
as they were, as far as that goes. onnxruntime's tools have one too, which reads the wrong triangle of the inverse
Hessian, so that nothing is made up for and the result is that of rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.quantization.quantizers.methods.packing import pack_blocks, pack_zeros
from haoline_analysis.quantization.quantizers.quiet import tools

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DAMPING = 0.01
"""Share of the mean of the Hessian's diagonal that is added to it; the authors' choice."""


def gptq(
    weight: np.ndarray, hessian: np.ndarray, bits: int, size: int, *, symmetric: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Integers ``[rows, columns]``, scales and zero points ``[blocks, columns]`` of a matrix ``[rows, columns]``.

    Args:
        weight: the matrix, which is multiplied from the left by inputs of ``rows`` features.
        hessian: the sum of products of these inputs, ``[rows, rows]``.
        bits: 4 or 8.
        size: rows that share a scale, in each column.
        symmetric: zero points in the middle.
    """
    rows, columns = weight.shape
    left = weight.astype(np.float64)
    upper = _inverse_root(hessian, left)
    integers = np.zeros((rows, columns), np.uint8)
    scales, zeros = [], []
    for start in range(0, rows, size):
        stop = min(start + size, rows)
        scale, zero = _grid(left[start:stop], bits, symmetric=symmetric)
        scales.append(scale)
        zeros.append(zero)
        errors = np.zeros((stop - start, columns))
        for row in range(start, stop):
            integers[row] = np.clip(np.rint(left[row] / scale) + zero, 0, 2**bits - 1)
            error = (left[row] - (integers[row] - zero) * scale) / upper[row, row]
            left[row + 1 : stop] -= np.outer(upper[row, row + 1 : stop], error)
            errors[row - start] = error
        left[stop:] -= upper[start:stop, stop:].T @ errors
    return integers, np.array(scales), np.array(zeros)


def _inverse_root(hessian: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The upper Cholesky factor of the inverse Hessian; features that never occur get weights of zero."""
    damped = hessian.astype(np.float64)
    dead = np.diag(damped) == 0
    weight[dead] = 0
    damped[dead, dead] = 1
    at = np.arange(len(damped))
    damped[at, at] += DAMPING * float(np.mean(np.diag(damped)))
    return np.asarray(np.linalg.cholesky(np.linalg.inv(damped)).T)


def _grid(block: np.ndarray, bits: int, *, symmetric: bool) -> tuple[np.ndarray, np.ndarray]:
    """Scale and zero point of each column of a block, as onnxruntime's kernels of the same name choose them."""
    top = 2**bits - 1
    low, high = np.minimum(block.min(0), 0), np.maximum(block.max(0), 0)
    if symmetric:
        scale = np.where(high > -low, high, low) / -(2 ** (bits - 1))
        return np.where(scale == 0, 1, scale), np.full(scale.shape, 2 ** (bits - 1))
    scale = (high - low) / top
    scale = np.where(scale == 0, 1, scale)
    return scale, np.clip(np.rint(-low / scale), 0, top)


def gptq_quantizer(config: Any, hessian_of: Callable[[str], np.ndarray | None], inputs: Mapping[str, str]) -> Any:
    """Onnxruntime's blockwise quantizer with this rounding.

    Args:
        config: of that quantizer.
        hessian_of: the Hessian of the inputs of a node that reads a tensor; None: round to nearest.
        inputs: the tensor that each node reads, by its name.
    """
    nbits = tools("matmul_nbits_quantizer")

    class Compensating(nbits.DefaultWeightOnlyQuantizer):  # type: ignore[misc, name-defined]
        hessian: np.ndarray | None = None

        def quantize_matmul(self, node: Any, graph_stack: Any) -> Any:
            self.hessian = hessian_of(inputs.get(node.name, ""))
            return super().quantize_matmul(node, graph_stack)

        def qbits_block_quant(self, fp32weight: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            weight = np.asarray(fp32weight)
            if self.hessian is None or len(self.hessian) != len(weight):
                return super().qbits_block_quant(fp32weight)  # type: ignore[no-any-return]
            bits, size, symmetric = self.config.bits, self.config.block_size, self.config.is_symmetric
            integers, scales, zeros = gptq(weight, self.hessian, bits, size, symmetric=symmetric)
            rows, columns = weight.shape
            count = len(scales)
            padded = np.pad(integers, ((0, count * size - rows), (0, 0)))
            blocks = np.ascontiguousarray(padded.T).reshape(columns, count, size)
            points = np.ascontiguousarray(zeros.T).astype(np.uint8)
            return (
                pack_blocks(blocks, bits),
                np.ascontiguousarray(scales.T).astype(weight.dtype),
                pack_zeros(points, bits),
            )

    return Compensating(config)
