"""Which of onnxruntime's optimizers a model has to be spared."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haoline_analysis.model import Model, Op

FUSION = "MatmulTransposeFusion"
"""Joins a MatMul with a transposition, before which it puts the cast that is between them. Where it then cannot join
them, as with a first axis that the other operand does not have, it leaves a node that is not made ready, and
onnxruntime (1.32) ends the process at the next optimizer that looks there, unless another has changed the graph."""

_HALF = "float16"  # around which onnxruntime inserts casts for most ops of the CPU
_HALF_CODE = 10
_PASSING = frozenset({"Cast", "Identity"})
_JOINED = frozenset({"FusedMatMul", "MatMul"})


def spared(model: Model) -> tuple[str, ...]:
    """Optimizers to leave out when the CPU is to run a model with all optimizations."""
    moved = any(_moves_first(op) for op in model.ops)  # seldom
    return (FUSION,) if moved and _is_unsafe(model) else ()


def _is_unsafe(model: Model) -> bool:
    """Whether a MatMul reads what has its first axis moved and then is cast, be it by a cast that is inserted."""
    half = any(tensor.dtype == _HALF for tensor in model.tensors)
    half = half or any(op.type == "Cast" and op.integer("to") == _HALF_CODE for op in model.ops)
    turned: dict[int, bool] = {}  # tensors, and whether they are cast
    for op in model.ops:
        behind = [turned[tensor] for tensor in op.inputs if tensor in turned]
        if _moves_first(op) and op.outputs:
            turned[op.outputs[0]] = False
        elif op.type in _PASSING and behind and op.outputs:
            turned[op.outputs[0]] = behind[0] or op.type == "Cast"
        elif op.type in _JOINED and behind and (half or any(behind)):
            return True
    return False


def _moves_first(op: Op) -> bool:
    """Whether an op is a transposition that makes the first of three or more axes the last or the last but one."""
    order = op.attributes.get("perm") if op.type == "Transpose" else None
    last = len(order) - 1 if isinstance(order, list | tuple) else 0
    return last > 1 and list(order or ()) in ([*range(1, last), 0, last], [*range(1, last + 1), 0])
