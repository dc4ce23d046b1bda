"""ATen ops as TorchScript code calls them: names of positional arguments, and what gives no tensor."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from haoline_analysis.formats.torch.script_values import UNKNOWN, Flow, flows, is_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FACTORIES = frozenset(
    "zeros ones full empty arange linspace eye rand randn randint randperm tensor scalar_tensor as_tensor".split()  # noqa: SIM905
)
"""Ops that make a tensor of none."""

_ASIDE = """
size dim len numel item is_floating_point is_complex __contains__ __getitem__ format sym_size stride device dtype layout
is_cuda requires_grad shape ndim NumToTensor Int Float Bool RaiseException TupleIndex append extend warn __isnot__
__is__ backward _is_zerotensor percentFormat is_quantized
"""
ASIDE = frozenset(_ASIDE.split())
"""Ops that give something else than a tensor, or nothing."""

_CONV = "input weight bias stride padding dilation groups"
_POOL = "self kernel_size stride padding dilation ceil_mode"
_NAMES = {
    "conv1d": _CONV,
    "conv2d": _CONV,
    "conv3d": _CONV,
    "conv_transpose2d": "input weight bias stride padding output_padding groups dilation",
    "_convolution": "input weight bias stride padding dilation transposed output_padding groups",
    "batch_norm": "input weight bias running_mean running_var training momentum eps cudnn_enabled",
    "layer_norm": "input normalized_shape weight bias eps cudnn_enable",
    "group_norm": "input num_groups weight bias eps",
    "embedding": "weight indices padding_idx scale_grad_by_freq sparse",
    "softmax": "self dim dtype",
    "log_softmax": "self dim dtype",
    "max_pool1d": _POOL,
    "max_pool2d": _POOL,
    "avg_pool2d": "self kernel_size stride padding ceil_mode count_include_pad divisor_override",
    "adaptive_avg_pool2d": "self output_size",
    "scaled_dot_product_attention": "query key value attn_mask dropout_p is_causal",
    "transpose": "self dim0 dim1",
    "permute": "self dims",
    "view": "self size",
    "reshape": "self shape",
    "flatten": "self start_dim end_dim",
    "unsqueeze": "self dim",
    "squeeze": "self dim",
    "select": "self dim index",
    "slice": "self dim start end step",
    "split": "self split_size dim",
    "chunk": "self chunks dim",
    "cat": "tensors dim",
    "stack": "tensors dim",
    "mean": "self dim keepdim dtype",
    "sum": "self dim keepdim dtype",
    "dropout": "input p train",
    "expand": "self size implicit",
    "unflatten": "self dim sizes",
    "add": "self other alpha",
    "sub": "self other alpha",
    "mul": "self other",
    "div": "self other rounding_mode",
    "lstm": "input hx params has_biases num_layers dropout train bidirectional batch_first",
    "gru": "input hx params has_biases num_layers dropout train bidirectional batch_first",
}


def attributes_of(name: str, arguments: Sequence[Any], keywords: dict[str, Any]) -> dict[str, Any]:
    """Arguments that are plain data, by their names in the op's schema where those are known."""
    names = _NAMES.get(name, "").split()
    made: dict[str, Any] = {}
    for place, value in enumerate(arguments):
        if value is not None and is_plain(value) and not flows(value):
            made[names[place] if place < len(names) else f"argument_{place}"] = value
    return made | {key: value for key, value in keywords.items() if value is not None and is_plain(value)}


_SCALAR: dict[str, Callable[..., Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "__not__": operator.not_,
    "neg": operator.neg,
    "len": len,
}


ARITHMETIC = frozenset(
    {
        *_SCALAR,
        "floordiv",
        "remainder",
        "div",
        "pow",
        "sqrt",
        "ceil",
        "floor",
        "max",
        "min",
        "abs",
        "list",
        "keys",
        "__and__",
    }
)
"""Ops that are as likely about sizes as about tensors."""


def scalar(name: str, arguments: Sequence[Any]) -> Any:
    """The result of an op on plain data, where it is one of the few that decide branches; else ``UNKNOWN``."""
    if name in {"__is__", "__isnot__"} and len(arguments) == 2:
        return _identity(arguments[0], arguments[1], name == "__is__")
    known = _SCALAR.get(name)
    numbers = all(isinstance(value, (bool, int, float)) and abs(value) < 1 << 40 for value in arguments)
    if known is None or not (numbers or (name in {"eq", "ne"} and all(isinstance(item, str) for item in arguments))):
        return UNKNOWN
    try:
        return known(*arguments)
    except (TypeError, ValueError, ArithmeticError):
        return UNKNOWN


def _identity(left: Any, right: Any, same: bool) -> Any:
    """Whether something is None: a tensor or a module is not, what is unknown may be."""
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    both = left is None and right is None
    if both or left is None or right is None or isinstance(left, Flow) or isinstance(right, Flow):
        return both == same
    return UNKNOWN
