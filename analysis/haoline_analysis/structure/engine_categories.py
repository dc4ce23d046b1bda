"""Categories of an engine's layers, in the words that ops have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haoline_analysis.formats.tensorrt.layers import Layer

_TYPES = {
    "conv": "Convolution Deconvolution CaskConvolution CaskDeconvolution CudnnConvolution FusedConvActConvolution "
    "CudaDepthwiseConvolution CaskFlattenConvolution CaskJitConv",
    "linear": "MatrixMultiply FullyConnected CaskGemmMatrixMultiply CublasGemm CaskGemmConvolution gemm Einsum "
    "CaskFullyConnected CublasLtConvolution",
    "attention": "Attention fmha mha FusedMHA fused_mha",
    "norm": "Normalization LRN Scale RMSNorm LayerNorm",
    "activation": "Activation SoftMax CudaSoftMax ParametricReLU RaggedSoftMax",
    "pool": "Pooling CaskPooling CudaPooling TiledPooling CudnnPooling",
    "reshape": "Shuffle NoOp Identity Padding Squeeze Unsqueeze Resh",
    "slice": "Slice Gather Scatter TopK NonZero OneHot",
    "concat": "Concatenation",
    "reduce": "Reduce CudaReduce CumSum",
    "elementwise": "ElementWise PointWise PointWiseV2 Unary kgen Clip",
    "logic": "Select Assertion",
    "cast": "Cast",
    "quantize": "Quantize Dequantize Scale_quantize DynamicQuantize",
    "control_flow": "Conditional Loop TripLimit Recurrence Iterator LoopOutput ConditionalInput ConditionalOutput",
    "rnn": "RNN",
    "constant": "Constant Fill",
    "shape": "Shape shape_call ShapeHostToDevice ShapeDeviceToHost",
    "image": "Resize GridSample NMS ROIAlign",
    "custom": "PluginV2 PluginV3 Plugin",
    "engine": "Myelin ForeignNode Signal Wait Layer",
}
_CATEGORY = {word.lower(): name for name, words in _TYPES.items() for word in words.split()}
ENGINE = "engine"


def layer_category(layer: Layer, source_kind: str) -> str:
    """The category of a layer; ``engine`` for one whose type says nothing of what it computes."""
    if layer.type == "Reformat" or source_kind == "reformat":
        return _reformat(layer)
    for word in (layer.attributes.get("ParameterType"), layer.type):
        found = _CATEGORY.get(word.lower()) if isinstance(word, str) else None
        if found is not None:
            return found
    return ENGINE


def _reformat(layer: Layer) -> str:
    """Quantizing that the model asks for, a change of type, or one of layout only."""
    if layer.attributes.get("Origin") == "QDQ":
        return "quantize"
    types = {value.layout.dtype for value in (*layer.inputs[:1], *layer.outputs[:1])}
    return "cast" if len(types) > 1 else "reshape"
