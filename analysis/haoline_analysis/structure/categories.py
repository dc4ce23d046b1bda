"""Op categories: the visual vocabulary by which views colour and group ops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.structure.aten_categories import aten_category

if TYPE_CHECKING:
    from haoline_analysis.model import Model, Op

CATEGORIES: dict[str, str] = {
    "conv": "CausalConvWithState Conv ConvInteger ConvTranspose DeformConv QLinearConv",
    "linear": "AffineGrid Det Einsum Gemm MatMul MatMulInteger QLinearMatMul",
    "attention": "Attention FlexAttention LinearAttention",
    "position": "RotaryEmbedding",
    "norm": "BatchNormalization GroupNormalization InstanceNormalization LRN LayerNormalization LpNormalization "
    "MeanVarianceNormalization RMSNormalization SimplifiedLayerNormalization",
    "activation": "Celu Elu Gelu HardSigmoid HardSwish Hardmax LeakyRelu LogSoftmax Mish PRelu Relu Selu Shrink "
    "Sigmoid Softmax Softplus Softsign SwiGLU Swish Tanh ThresholdedRelu",
    "pool": "AveragePool GlobalAveragePool GlobalLpPool GlobalMaxPool LpPool MaxPool MaxRoiPool MaxUnpool",
    "reshape": "DepthToSpace Expand Flatten Identity Reshape SpaceToDepth Squeeze Tile Transpose Unsqueeze",
    "slice": "CenterCropPad Compress Gather GatherElements GatherND NonZero Pad ReverseSequence Scatter "
    "ScatterElements ScatterND Slice Split TopK Trilu Unique",
    "kv_cache": "TensorScatter",
    "concat": "Concat",
    "reduce": "ArgMax ArgMin CumProd CumSum ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean "
    "ReduceMin ReduceProd ReduceSum ReduceSumSquare",
    "elementwise": "Abs Acos Acosh Add Asin Asinh Atan Atanh BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Ceil "
    "Clip Cos Cosh Div Erf Exp Floor Log Max Mean Min Mod Mul Neg Pow Reciprocal Round Sign Sin Sinh Sqrt Sub Sum Tan",
    "logic": "And Equal Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual Not Or Where Xor",
    "cast": "BitCast Cast CastLike",
    "quantize": "DequantizeLinear DynamicQuantizeLinear QuantizeLinear",
    "control_flow": "If Loop Scan SequenceMap",
    "rnn": "GRU LSTM RNN",
    "constant": "Constant ConstantOfShape EyeLike OneHot Range",
    "shape": "Shape Size",
    "sequence": "ConcatFromSequence Optional OptionalGetElement OptionalHasElement SequenceAt SequenceConstruct "
    "SequenceEmpty SequenceErase SequenceInsert SequenceLength SplitToSequence",
    "text": "RegexFullMatch StringConcat StringNormalizer StringSplit TfIdfVectorizer",
    "image": "Col2Im GridSample ImageDecoder NonMaxSuppression Resize RoiAlign Upsample",
    "signal": "BlackmanWindow DFT HammingWindow HannWindow MelWeightMatrix STFT",
    "random": "Bernoulli Dropout Multinomial RandomNormal RandomNormalLike RandomUniform RandomUniformLike",
    "training": "Adagrad Adam Gradient Momentum NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss",
}
"""Types of the standard by category."""

CONTRIB: dict[str, str] = {
    "conv": "ConvTransposeWithDynamicPads FusedConv NhwcConv NhwcFusedConv QLinearConv CausalConvWithState "
    "VarlenCausalConvWithState ConvStateReplay",
    "linear": "DynamicQuantizeMatMul FusedGemm FusedMatMul FusedMatMulActivation GemmFastGelu GemmFloat8 Inverse "
    "MatMulBlockQuantizedFp4Weight MatMulBlockQuantizedFp8Weight MatMulBnb4 MatMulFpQ4 MatMulInteger16 "
    "MatMulIntegerToFloat MatMulNBits MatMulNBitsMlp MatMulNBitsQLoRA MatMulNBitsQkv MatMulPacked QGemm "
    "QOrderedMatMul SparseToDenseMatMul TransposeMatMul",
    "attention": "Attention DecoderAttention DecoderMaskedMultiHeadAttention DecoderMaskedSelfAttention "
    "DynamicSparseAttention GatedDeltaNet GatedDeltaNetStateReplay GroupQueryAttention LinearAttention "
    "LinearAttentionGate LongformerAttention MultiHeadAttention PackedAttention PackedMultiHeadAttention "
    "PackedSparseAttentionIndexer PackedSparseAttentionIndexerMerge PagedAttention QAttention QOrderedAttention "
    "QOrderedLongformerAttention SparseAttention SparseAttentionIndexer SparsePagedAttention",
    "position": "GatedRelativePositionBias GemmaRotaryEmbedding MRotaryEmbedding RMSNormRotary RelativePositionBias "
    "RotaryEmbedding",
    "norm": "BranchwiseRMSNorm GatedRMSNorm GroupNorm QOrderedLayerNormalization SimplifiedLayerNormalization "
    "SkipGroupNorm SkipLayerNormalization SkipSimplifiedLayerNormalization",
    "activation": "BiasGelu BiasSoftmax BiasSplitGelu EngramGate FastGelu Gelu QLinearLeakyRelu QLinearSigmoid "
    "QLinearSoftmax QOrderedGelu QuickGelu ScaledSiLU SwiGLU",
    "pool": "MaxpoolWithMask NhwcMaxPool QLinearAveragePool QLinearGlobalAveragePool",
    "residual": "BiasAdd GatedAdd HyperConnectionLowRankMix HyperConnectionPostMix HyperConnectionPreMix",
    "reshape": "ExpandDims RemovePadding RestorePadding",
    "slice": "GatherND Pad Trilu UnfoldTensor Unique",
    "concat": "QLinearConcat",
    "reduce": "CDist DynamicTimeWarping QLinearReduceMean ReduceSumInteger",
    "elementwise": "ComplexMul ComplexMulConj MulInteger QLinearAdd QLinearMul",
    "logic": "IsAllFinite QLinearWhere",
    "embed": "EmbedLayerNormalization GatherBlockQuantized GatherPacked NGramHashMapping QEmbedLayerNormalization "
    "TorchEmbedding VarlenNGramHashMapping WordConvEmbedding",
    "quantize": "DequantizeBFP DequantizeLinear DequantizeWithOrder QuantizeBFP QuantizeLinear QuantizeWithOrder",
    "control_flow": "BeamSearch GreedySearch Sampling SpeculativePrefixCommit WhisperBeamSearch",
    "rnn": "AttnLSTM DynamicQuantizeLSTM Mamba2Verify",
    "constant": "Range",
    "moe": "MoE MoEGroupRouter MoEPacked QMoE RouterGateUpProj",
    "text": "BifurcationDetector MurmurHash3 NGramRepeatBlock Tokenizer",
    "image": "CropAndResize GridSample",
    "signal": "Irfft Rfft",
    "random": "BiasDropout BitmaskBiasDropout BitmaskDropout SampleOp",
    "engine": "EPContext Snpe",
}
"""The same for com.microsoft."""

CUSTOM = "custom"

_STANDARD = {op_type: category for category, types in CATEGORIES.items() for op_type in types.split()}
_MICROSOFT = {op_type: category for category, types in CONTRIB.items() for op_type in types.split()}
_TRAINING = frozenset(CATEGORIES["training"].split())
_LAYOUT_DOMAINS = ("com.microsoft.nchwc", "com.ms.internal.nhwc")
_LAYERS = frozenset({"conv", "linear", "attention", "rnn", "moe"})
_LONGEST_BRANCH = 64  # ops; looking further back costs more than it tells


def category(op_type: str, domain: str = "") -> str:
    """Category of an op type; ``custom`` for one that neither the standard nor com.microsoft defines."""
    if domain in ("", "ai.onnx", "ai.onnx.preview"):
        return _STANDARD.get(op_type, CUSTOM)
    if domain == "aten":
        return aten_category(op_type)
    if domain == "com.microsoft":
        return _MICROSOFT.get(op_type, CUSTOM)
    if domain == "ai.onnx.ml":
        return "ml"
    if domain == "ai.onnx.preview.training" and op_type in _TRAINING:
        return "training"
    if domain in _LAYOUT_DOMAINS:
        return _STANDARD.get(op_type, _MICROSOFT.get(op_type, "reshape"))
    return CUSTOM


def categories(model: Model) -> list[str]:
    """Category per op, refined by what it works on: residual sums, embeddings, caches."""
    known: dict[tuple[str, str], str] = {}
    found: list[str] = []
    for index, op in enumerate(model.ops):
        kind = (op.type, op.domain)
        if kind not in known:
            known[kind] = category(*kind)
        refine = _REFINEMENTS.get(op.type) if op.domain in _REFINED else None
        found.append((refine(model, index, found) if refine else None) or known[kind])
    return found


def _residual(model: Model, index: int, found: list[str]) -> str | None:
    """A sum of a branch and what the branch started from, straight or through one projection (He et al. 2015)."""
    ends = [tensor for tensor in model.ops[index].inputs if tensor >= 0 and model.tensors[tensor].weight is None]
    if len(ends) != 2 or ends[0] == ends[1]:
        return None
    for shortcut, branch in (ends, ends[::-1]):
        for start in _starts(model, shortcut, found):
            if len(model.tensors[start].consumers) > 1 and _leads_back(model, branch, start, found):
                return "residual"
    return None


def _starts(model: Model, tensor: int, found: list[str]) -> list[int]:
    """Where a shortcut may have started: the tensor itself, and before one projection and its normalisation."""
    starts, layers = [tensor], 0
    for _ in range(3):
        producer = model.tensors[tensor].producer
        if producer < 0 or found[producer] not in ("conv", "norm", "linear") or layers:
            break
        layers += found[producer] != "norm"
        tensor = next(iter(model.ops[producer].inputs), -1)
        if tensor < 0:
            break
        if layers:
            starts.append(tensor)
    return starts


def _leads_back(model: Model, tensor: int, start: int, found: list[str]) -> bool:
    """Whether a branch, followed back along its main operands, reads ``start`` and holds a layer on the way."""
    layers = 0
    for _ in range(_LONGEST_BRANCH):
        producer = model.tensors[tensor].producer
        if producer < 0 or found[producer] == "residual":
            return False
        layers += found[producer] in _LAYERS
        inputs = model.ops[producer].inputs
        if start in inputs:
            return layers > 0
        tensor = next((source for source in inputs if source >= 0 and _is_computed(model, source)), -1)
        if tensor < 0:
            return False
    return False


def _is_computed(model: Model, tensor: int) -> bool:
    producer = model.tensors[tensor].producer
    return model.tensors[tensor].weight is None and (producer < 0 or model.ops[producer].type != "ConstantOfShape")


def _embedding(model: Model, index: int, _: list[str]) -> str | None:
    """A look-up of rows in a float (or quantized) table that the model stores."""
    op = model.ops[index]
    table = model.tensors[op.inputs[0]] if op.inputs and op.inputs[0] >= 0 else None
    if table is None or op.integer("axis") != 0:
        return None
    weight = table.weight
    if weight is not None:
        return "embed" if len(weight.shape) == 2 and weight.dtype not in ("int64", "bool", "string") else None
    maker = model.ops[table.producer] if table.producer >= 0 else None
    return "embed" if maker is not None and maker.type in _TABLES and _of_weight(model, maker) else None


_TABLES = frozenset({"DequantizeLinear", "ConstantOfShape"})


def _of_weight(model: Model, op: Op) -> bool:
    return bool(op.inputs) and op.inputs[0] >= 0 and model.tensors[op.inputs[0]].weight is not None


def _cache(model: Model, index: int, _: list[str]) -> str | None:
    """A join of an input of the model with new positions, the result being an output of the model."""
    op = model.ops[index]
    if len(set(op.inputs)) < 2 or not op.outputs:
        return None
    past = op.inputs[0]
    comes_in = past >= 0 and model.tensors[past].producer < 0 and model.tensors[past].weight is None
    goes_out = op.outputs[0] in model.outputs
    rank = len(model.tensors[past].shape or ()) if past >= 0 else 0
    return "kv_cache" if comes_in and goes_out and rank >= 3 else None


_REFINED = frozenset({"", "ai.onnx", "com.microsoft", "aten"})
_REFINEMENTS = {
    "add": _residual,
    "cat": _cache,
    "Add": _residual,
    "QLinearAdd": _residual,
    "Sum": _residual,
    "Gather": _embedding,
    "Concat": _cache,
}
