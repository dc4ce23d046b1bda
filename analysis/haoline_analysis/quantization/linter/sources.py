"""The documents that the rules rest on, each a title and where it can be read."""

ORT = (
    "ONNX Runtime, Quantize ONNX models, https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html"
)
ORT_FUSIONS = (
    "ONNX Runtime, qdq_selector_action_transformer.cc, https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/"
    "core/optimizer/qdq_transformer/selectors_actions/qdq_selector_action_transformer.cc"
)
ORT_SIGNS = (
    "ONNX Runtime, qdq_s8_to_u8.cc, https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/optimizer/"
    "qdq_transformer/qdq_s8_to_u8.cc"
)
ORT_WEIGHTS = (
    "ONNX Runtime, weight_bias_quantization.cc, https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/"
    "optimizer/qdq_transformer/weight_bias_quantization.cc"
)
ORT_RELU = (
    "ONNX Runtime, relu_quantizelinear.cc, https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/"
    "optimizer/qdq_transformer/relu_quantizelinear.cc"
)
ORT_AVERAGES = (
    "ONNX Runtime, Fix CPU AvgPool ceil_mode + count_include_pad wrong average (of floats; integers are as they were), "
    "https://github.com/microsoft/onnxruntime/pull/29629"
)
ORT_PREPROCESS = f"{ORT}#pre-processing"
ORT_REGISTRY = (
    "ONNX Runtime, quantization/registry.py, https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/python/"
    "tools/quantization/registry.py"
)
ONNX_QUANTIZE = "ONNX, QuantizeLinear, https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html"
TENSORRT = (
    "NVIDIA TensorRT, Explicit Quantization, "
    "https://docs.nvidia.com/deeplearning/tensorrt/latest/inference-library/quantized-types-explicit-quantization.html"
)
TENSORRT_PARSER = (
    "onnx-tensorrt, QuantDequantLinearHelper in the importers of operators, https://github.com/onnx/onnx-tensorrt"
)
TENSORRT_BIAS = (
    "onnx-tensorrt, Invalid Node: only activation types allowed as input to this layer (of a bias), "
    "https://github.com/onnx/onnx-tensorrt/issues/850"
)
KRISHNAMOORTHI = (
    "Krishnamoorthi, Quantizing deep convolutional networks for efficient inference, 2018, "
    "https://arxiv.org/abs/1806.08342"
)
JACOB = (
    "Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference, 2018, "
    "https://arxiv.org/abs/1712.05877"
)
WU = (
    "Wu et al., Integer Quantization for Deep Learning Inference: Principles and Empirical Evaluation, 2020, "
    "https://arxiv.org/abs/2004.09602"
)
NAGEL = "Nagel et al., A White Paper on Neural Network Quantization, 2021, https://arxiv.org/abs/2106.08295"
NAGEL_DFQ = (
    "Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction, 2019, "
    "https://arxiv.org/abs/1906.04721"
)
IBERT = "Kim et al., I-BERT: Integer-only BERT Quantization, 2021, https://arxiv.org/abs/2101.01321"
FQVIT = "Lin et al., FQ-ViT: Post-Training Quantization for Fully Quantized Vision Transformer, 2022, https://arxiv.org/abs/2111.13824"
EXECUTORCH_MASK = (
    "PyTorch ExecuTorch, Add mask_val option to StaticAttentionMask (a negative constant instead of minus infinity for "
    "quantization), https://github.com/pytorch/executorch/pull/8736"
)
OUTLIER_SUPPRESSION = (
    "Wei et al., Outlier Suppression: Pushing the Limit of Low-bit Transformer Language Models, 2022, "
    "https://arxiv.org/abs/2209.13325"
)
SMOOTHQUANT = "Xiao et al., SmoothQuant, 2023, https://arxiv.org/abs/2211.10438"
SWISH = "Howard et al., Searching for MobileNetV3, 2019, https://arxiv.org/abs/1905.02244"
DOREFA = (
    "Zhou et al., DoReFa-Net: Training Low Bitwidth Convolutional Neural Networks with Low Bitwidth Gradients, 2016, "
    "section 2.7, https://arxiv.org/abs/1606.06160"
)
