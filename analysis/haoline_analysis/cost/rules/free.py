"""Ops that compute nothing: they move, view, select or create data, or only hold bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import MICROSOFT, Cost, cost_rule, opaque

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature

_MOVEMENT = (
    "BitCast", "Cast", "CastLike", "CenterCropPad", "Compress", "Concat", "Constant", "ConstantOfShape",
    "DepthToSpace", "Dropout", "Expand", "EyeLike", "Flatten", "Gather", "GatherElements", "GatherND", "Identity",
    "NonZero", "OneHot", "Pad", "Range", "Reshape", "ReverseSequence", "Scatter", "ScatterElements", "ScatterND",
    "Shape", "Size", "Slice", "SpaceToDepth", "Split", "Squeeze", "TensorScatter", "Tile", "Transpose", "Trilu",
    "Unsqueeze", "MaxUnpool", "ImageDecoder",
)  # fmt: skip
_RANDOM = ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli")
_SEQUENCE = (
    "ConcatFromSequence", "Optional", "OptionalGetElement", "OptionalHasElement", "SequenceAt", "SequenceConstruct",
    "SequenceEmpty", "SequenceErase", "SequenceInsert", "SequenceLength", "SplitToSequence",
)  # fmt: skip
_STRING = ("RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit", "TfIdfVectorizer")
_CONTROL = ("If", "Loop", "Scan", "SequenceMap")  # their bodies are rows of their own
_FEATURES = (
    "ArrayFeatureExtractor", "CastMap", "CategoryMapper", "DictVectorizer", "FeatureVectorizer", "LabelEncoder",
    "OneHotEncoder", "ZipMap",
)  # fmt: skip
_CONTRIB = (
    "BifurcationDetector", "BitmaskDropout", "ExpandDims", "GatherND", "MurmurHash3", "NGramHashMapping",
    "NGramRepeatBlock", "Pad", "Range", "RelativePositionBias", "RemovePadding", "RestorePadding", "Tokenizer",
    "TorchEmbedding", "Trilu", "UnfoldTensor", "VarlenNGramHashMapping", "QLinearConcat", "IsAllFinite", "CropPad",
    "MemcpyFromHost", "MemcpyToHost",
)  # fmt: skip


@cost_rule(*_MOVEMENT, *_RANDOM, *_SEQUENCE, *_STRING, *_CONTROL, "MemcpyFromHost", "MemcpyToHost")
@cost_rule(*_FEATURES, domain="ai.onnx.ml")
@cost_rule(*_CONTRIB, domain=MICROSOFT)
@cost_rule("ReorderInput", "ReorderOutput", domain="com.microsoft.nchwc")
@cost_rule("DepthToSpace", "SpaceToDepth", "MaxUnpool", domain="com.ms.internal.nhwc")
def free(_: Signature) -> Cost:
    """No arithmetic."""
    return Cost(0, 0)


opaque(
    MICROSOFT,
    "runs a whole generation loop whose length is known only at run time",
    "BeamSearch",
    "GreedySearch",
    "Sampling",
    "WhisperBeamSearch",
)
opaque(MICROSOFT, "holds a compiled engine, not a graph", "EPContext", "Snpe")
opaque(
    MICROSOFT,
    "works on as many entries as the data selects at run time",
    "DynamicSparseAttention",
    "PackedSparseAttentionIndexer",
    "SparseAttentionIndexer",
    "SparsePagedAttention",
    "SparseToDenseMatMul",
)
opaque(
    MICROSOFT,
    "reads weights in a packed format that the graph does not describe",
    "GatherPacked",
    "MatMulPacked",
    "MoEPacked",
)
opaque(
    MICROSOFT,
    "a fused kernel of one family of models, for which there is no cost rule",
    "HyperConnectionLowRankMix",
    "Mamba2Verify",
    "MatMulNBitsQLoRA",
    "MoEGroupRouter",
    "RMSNormRotary",
    "RouterGateUpProj",
)
opaque(
    MICROSOFT,
    "moves state between the steps of a generation, as much as is accepted at run time",
    "ConvStateReplay",
    "GatedDeltaNetStateReplay",
    "PackedSparseAttentionIndexerMerge",
    "SpeculativePrefixCommit",
)
opaque(MICROSOFT, "an experimental op without a public definition of its work", "AttnLSTM", "SampleOp")
opaque("ai.onnx.preview.training", "differentiates a graph that the file does not hold", "Gradient")
