"""Sound models raise no alarm: real ones in float, and one with real weights quantized well."""

import platform
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from lint_models import Net

from haoline_analysis.quantization import lint

ROOT = Path(__file__).resolve().parents[4]
DIGITS = ROOT / "examples" / "models" / "digits_cnn.onnx"
LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
FLOAT = [
    DIGITS,
    LIGHT / "light_resnet50.onnx",
    LIGHT / "light_densenet121.onnx",
    LIGHT / "light_squeezenet.onnx",
    LIGHT / "light_inception_v2.onnx",
    LIGHT / "light_vgg19.onnx",
    ROOT / "tests" / "models" / "unet.onnx",
    ROOT / "tests" / "models" / "seq2seq.onnx",
]


def alarms(report):
    return [(finding.id, finding.evidence) for finding in report.findings if finding.severity != "info"]


@pytest.mark.parametrize("path", FLOAT, ids=lambda path: path.stem)
def test_a_sound_float_model_raises_no_alarm(path):
    report = lint(path)
    assert alarms(report) == []
    assert report.score >= 95


def test_an_export_of_torch_raises_no_alarm(material):
    assert alarms(lint(material / "torch213-exports" / "resnet.onnx")) == []


@pytest.fixture(scope="module")
def quantized(tmp_path_factory):
    """The digits model, quantized by onnxruntime with its real inputs."""
    tools = pytest.importorskip("onnxruntime.quantization")
    images = np.load(ROOT / "examples" / "digits.npz")["image"][:48]
    folder = tmp_path_factory.mktemp("quantized")

    class Images(tools.CalibrationDataReader):
        def __init__(self):
            self.left = iter([{"image": images}])

        def get_next(self):
            return next(self.left, None)

    def make(name, **options):
        path = folder / f"{name}.onnx"
        if name == "dynamic":
            tools.quantize_dynamic(DIGITS, path, **options)
        else:
            tools.quantize_static(DIGITS, path, Images(), **options)
        return path

    return make


def unsigned():
    """Activations as x86-64 takes them."""
    return pytest.importorskip("onnxruntime.quantization").QuantType.QUInt8


def test_a_well_made_qdq_model_raises_no_alarm(quantized):
    path = quantized("static", per_channel=True, activation_type=unsigned())
    assert alarms(lint(path)) == []
    assert alarms(lint(path, target="cpu-vnni")) == []


def test_seven_bit_weights_raise_no_alarm_without_vnni(quantized):
    assert (
        alarms(lint(quantized("seven", per_channel=True, reduce_range=True, activation_type=unsigned()), target="cpu"))
        == []
    )


def test_full_range_weights_do(quantized):
    path = quantized("full", per_channel=True, activation_type=unsigned())
    assert [name for name, _ in alarms(lint(path, target="cpu"))] == ["u8s8-saturation"]


def test_signed_activations_do_where_tensors_branch(quantized):
    path = quantized("signed", per_channel=True)
    found = {finding.id: finding for finding in lint(path).findings}
    assert "int8 and uint8" in found["unfused-quantizers"].evidence
    assert found["unfused-quantizers"].fix.options == {"symmetric": False}
    assert alarms(lint(path, target="cpu-arm")) == []


def test_a_symmetric_model_raises_no_alarm_for_tensorrt(quantized):
    symmetric = {"ActivationSymmetric": True, "WeightSymmetric": True}
    path = quantized("symmetric", per_channel=True, extra_options={**symmetric, "QuantizeBias": False})
    assert alarms(lint(path, target="tensorrt")) == []
    path = quantized("biased", per_channel=True, extra_options=symmetric)
    assert [name for name, _ in alarms(lint(path, target="tensorrt"))] == ["integer-bias"]


def test_an_asymmetric_one_is_refused_there(quantized):
    found = {finding.id: finding for finding in lint(quantized("plain", per_channel=True), target="tensorrt").findings}
    assert found["nonzero-zero-point"].severity == "error"
    assert found["nonzero-zero-point"].fix.options == {"symmetric": True}
    assert found["relu-in-quantizer"].severity == "warning"


def test_dynamic_quantization_raises_no_alarm(quantized):
    assert alarms(lint(quantized("dynamic", per_channel=True))) == []


def test_quantized_operators_raise_no_alarm(quantized):
    tools = pytest.importorskip("onnxruntime.quantization")
    path = quantized("operators", per_channel=True, quant_format=tools.QuantFormat.QOperator)
    assert alarms(lint(path)) == []


def left_in_float(path, folder):
    """Names of the convolutions, products and sums that onnxruntime runs in float."""
    ort = pytest.importorskip("onnxruntime")
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(folder / "optimized.onnx")
    options.log_severity_level = 3
    ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    deployed = onnx.load(options.optimized_model_filepath)
    return {re.sub(r"_token_\d+$", "", node.name) for node in deployed.graph.node if node.op_type in WORK}


WORK = ("Conv", "FusedConv", "Gemm", "FusedGemm", "Add", "MatMul")
TOLD = {"unfused-quantizers", "weight-not-quantized", "one-branch-quantized"}


@pytest.mark.parametrize("left_out", [(), ("node_conv2d_1",), ("node_Conv_18", "node_add_30")])
@pytest.mark.parametrize("kind", ["QInt8", "QUInt8", "QInt16"])
@pytest.mark.parametrize("symmetric", [False, True])
def test_what_is_said_to_stay_in_float_is_what_onnxruntime_leaves_in_float(
    quantized, left_out, kind, symmetric, tmp_path
):
    if platform.machine().lower() not in ("x86_64", "amd64"):
        pytest.skip("int8 becomes uint8 on x86-64 only")
    tools = pytest.importorskip("onnxruntime.quantization")
    options = {"activation_type": getattr(tools.QuantType, kind), "nodes_to_exclude": list(left_out)}
    path = quantized("x", per_channel=True, extra_options={"ActivationSymmetric": symmetric}, **options)
    report = lint(path, target="cpu-vnni")
    ops = report.report.model.ops
    told = {ops[row].name for finding in report.findings if finding.id in TOLD for row in finding.ops}
    rounded = {op.name for op in ops if op.type in WORK and reads_rounded(report.report.model, op)}
    assert rounded
    assert left_in_float(path, tmp_path) & rounded == told & rounded


def test_onnxruntime_undoes_an_exclusion_between_quantizers(quantized, tmp_path):
    path = quantized("undone", per_channel=True, activation_type=unsigned(), nodes_to_exclude=["node_conv2d_1"])
    found = {finding.id: finding for finding in lint(path).findings}["ineffective-exclusion"]
    assert "of 1 of them on one int8 scale" in found.evidence
    assert "node_conv2d_1" in found.fix.options["keep_float"]
    assert "node_conv2d_1" not in left_in_float(path, tmp_path)


def reads_rounded(model, op):
    """Whether an op reads an activation that was quantized."""
    made = model.tensors[op.inputs[0]].producer
    source = model.ops[made] if made >= 0 else None
    return source is not None and source.type == "DequantizeLinear" and model.tensors[source.inputs[0]].producer >= 0


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        ("DepthToSpace", {"blocksize": 2}),
        ("GlobalAveragePool", {}),
        ("Identity", {}),
        ("ReduceMean", {}),
        ("Sigmoid", {}),
        ("Tanh", {}),
        ("Transpose", {"perm": [0, 2, 3, 1]}),
    ],
)
def test_the_ops_with_integer_kernels_are_those_that_onnxruntime_runs_on_integers(kind, attributes, tmp_path):
    ort = pytest.importorskip("onnxruntime")
    net = Net()
    net.q(net.op(kind, net.q("x"), **attributes))
    model, options = net.model(), ort.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    deployed = onnx.load(options.optimized_model_filepath).graph.node
    dequantized = {name for node in deployed if node.op_type == "DequantizeLinear" for name in node.output}
    floats = [node for node in deployed if dequantized & set(node.input)]
    told = {finding.id for finding in lint(model).findings}
    assert bool(floats) == ("no-quantized-kernel" in told)
