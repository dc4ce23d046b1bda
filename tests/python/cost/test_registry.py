"""Every op of the standard has a rule or is declared uncountable."""

from __future__ import annotations

import onnx
import pytest
from cost_models import MS, count, ints, proto, tensor, weight
from onnx import helper

from haoline_analysis.cost import cost_of, cost_rule, has_rule
from haoline_analysis.cost.registry import OPAQUE
from haoline_analysis.model import Op
from haoline_analysis.shapes.value import Signature, Value

STANDARD = sorted({(schema.domain, schema.name) for schema in onnx.defs.get_all_schemas_with_history()})


@pytest.mark.parametrize("domain", sorted({domain for domain, _ in STANDARD}))
def test_every_standard_op_is_costed_or_declared_opaque(domain):
    missing = [name for owner, name in STANDARD if owner == domain and not has_rule(name, owner)]
    assert missing == [name for owner, name in sorted(OPAQUE) if owner == domain and name in missing]


def test_every_contrib_op_is_costed_or_declared_opaque():
    state = pytest.importorskip("onnxruntime.capi.onnxruntime_pybind11_state")
    names = {schema.name for schema in state.get_all_operator_schema() if schema.domain == "com.microsoft"}
    assert len(names) > 100
    assert {name for name in names if not has_rule(name, "com.microsoft")} == {
        name for domain, name in OPAQUE if domain == "com.microsoft" and name in names
    }


def test_the_standard_domain_has_two_spellings():
    assert has_rule("Conv", "ai.onnx")
    assert not has_rule("Conv", "somebody.else")


def test_a_second_rule_for_an_op_is_refused():
    with pytest.raises(ValueError, match=r"two cost rules for ai\.onnx::Conv"):
        cost_rule("Conv")(lambda _: None)


def _signature(kind: str, *shapes: tuple[int, ...]) -> Signature:
    op = Op("n", kind, "", 21, tuple(range(len(shapes))), (len(shapes),), {}, {})
    return Signature(op, tuple(Value("float32", shape) for shape in shapes), (None,))


@pytest.mark.parametrize(
    "signature",
    [
        _signature("MatMul", (2, 3), (4, 5)),  # sizes that do not fit
        _signature("MatMul", (2, 3)),  # an operand is missing
        _signature("Gemm", (2,), (2,)),
        _signature("MatMul", (2**40, 2**40), (2**40, 2**40)),  # beyond 64 bits
        _signature("LSTM", (2, 3), (4,), ()),
        _signature("Add", (2,), (3,)),
    ],
)
def test_contradictory_sizes_have_no_cost(signature):
    assert cost_of(signature) is None


MALFORMED = {
    "no inputs": [helper.make_node("Relu", [], ["y"])],
    "no outputs": [helper.make_node("DequantizeLinear", ["x", "w"], [])],
    "too few inputs": [helper.make_node("Gather", ["w"], ["y"])],
    "branches missing": [helper.make_node("If", ["x"], ["y"])],
    "body missing": [helper.make_node("Scan", ["x"], ["y"], num_scan_inputs=77)],
    "output omitted": [helper.make_node("Gather", ["w", "x"], [""])],
    "norm without scale": [
        helper.make_node("BatchNormalization", ["x"], ["h"]),
        helper.make_node("Mul", ["h", "w"], ["y"]),
    ],
    "negative sizes": [helper.make_node("MatMulNBits", ["x", "w"], ["y"], domain=MS, K=-5, N=7)],
    "experts missing": [helper.make_node("MoE", ["x"], ["y"], domain=MS)],
}


@pytest.mark.parametrize("nodes", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_ops_are_counted_as_far_as_they_go(nodes):
    counted = count(proto(nodes, [tensor("x", [2])], [weight("w", [2])], outputs=[]))
    assert len(counted.column("flops")) == len(nodes)
    assert counted.parameters in (0, 2)


def test_absurd_sizes_are_unknown_rather_than_wrapped():
    nodes = [helper.make_node("MatMul", ["x", "z"], ["y"])]
    counted = count(proto(nodes, [tensor("x", [2**31, 2**31]), tensor("z", [2**31, 2**31])]))
    assert str(counted.column("macs")[0]) == str(counted.column("output_bytes")[0]) == "<NA>"
    assert counted.costs.gaps
    assert counted.live.unknown


def test_a_filled_constant_of_petabytes_is_not_a_weight():
    nodes = [helper.make_node("ConstantOfShape", ["n"], ["w"]), helper.make_node("MatMul", ["x", "w"], ["y"])]
    counted = count(proto(nodes, [tensor("x", [2, 2**31])], [ints("n", 2**31, 2**31)]))
    assert counted.parameters == 0
