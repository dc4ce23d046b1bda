"""onnxruntime's quantizers, which give channels scales of their own where its kernels read these."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

_LAST = -1  # the axis of MatMul's channels, as these quantizers call it


@lru_cache
def matrices_per_channel(quantizer: type) -> type:
    """A subclass of a quantizer that gives a weight of MatMul one scale where it is no matrix.

    Theirs take the channels of a stack of matrices, or of a vector, to lie where those of a matrix do; integer kernels
    then refuse to run.
    """

    class MatricesPerChannel(quantizer):  # type: ignore[misc]
        def is_tensor_per_channel(self, tensor_name: str, default_axis: int, op_type: str | None = None) -> Any:
            if op_type == "MatMul" and not self._is_matrix(tensor_name):
                return False, None
            return super().is_tensor_per_channel(tensor_name, default_axis, op_type)

        def quantize_weight_per_channel(
            self, weight_name: str, kind: Any, axis: int, reduce_range: bool = True, *rest: Any
        ) -> Any:
            if axis == _LAST and not self._is_matrix(weight_name):
                return self.quantize_initializer(self.model.get_initializer(weight_name), kind, reduce_range)
            return super().quantize_weight_per_channel(weight_name, kind, axis, reduce_range, *rest)

        def _is_matrix(self, name: str) -> bool:
            return len(self.model.get_initializer(name).dims) == 2

    return MatricesPerChannel
