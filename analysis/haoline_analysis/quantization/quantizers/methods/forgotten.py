"""Reads of quantized tensors that onnxruntime's quantizer of integer operators forgets."""

from __future__ import annotations

from functools import lru_cache

from haoline_analysis.quantization.quantizers.methods.bodies import read_in_bodies


@lru_cache
def dequantizes_for_all(quantizer: type) -> type:
    """A subclass of a quantizer that leaves no node without what it reads.

    Theirs does not look into bodies of control flow, and takes a Where over as it stands: what these read and is
    quantized would be made by nobody.
    """

    class DequantizesForAll(quantizer):  # type: ignore[misc]
        def _dequantize_outputs(self) -> None:
            super()._dequantize_outputs()
            read = [name for node in self.new_nodes for name in node.input]
            for name in (*read, *sorted(read_in_bodies(self.model.model.graph))):
                found = self._dequantize_value(name)
                if found is not None:
                    self.add_new_nodes([found])

    return DequantizesForAll
