"""Nodes of a traced graph that are no work: checks of the tracer, and ops that hand on what they are given."""

from __future__ import annotations

from typing import Any

CHECKS = (
    "_assert_async", "_assert_scalar", "_assert_tensor_metadata", "_check", "_check_is_size", "_print",
    "sym_constrain_range", "sym_constrain_range_for_size", "sym_numel", "sym_size", "sym_storage_offset", "sym_stride",
)  # fmt: skip

HANDED_ON = frozenset({"alias", "detach", "lift", "lift_fresh", "lift_fresh_copy", "resolve_conj", "resolve_neg"})
"""Always the tensor they are given."""

OFTEN = frozenset(
    {"contiguous", "expand", "expand_as", "flatten", "narrow", "reshape", "slice", "to", "type_as", "view"}
)
"""The tensor they are given, where neither type nor shape nor order in memory changes."""

DROPOUTS = frozenset({"dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout", "native_dropout"})


OWN_LIBRARIES = ("", "aten", "prims", "transformers")
"""Those whose ops are known by their bare names."""


def op_name(target: Any) -> str:
    """``linear`` of ``aten.linear.default``; the underscore of an in-place form goes, another library's name stays."""
    schema = getattr(target, "_schema", None)
    if schema is None:
        return str(getattr(target, "_name", getattr(target, "__name__", target)))
    library, _, name = str(schema.name).rpartition("::")
    name = name if name.startswith("__") else name.rstrip("_") or name
    return name if library in OWN_LIBRARIES else f"{library}.{name}"


def unread_views(graph: Any) -> set[Any]:
    """Views and ranges that nobody reads, which indexing leaves behind; and those that only such ops read."""
    found: set[Any] = set()
    for node in reversed(graph.nodes):
        schema = getattr(node.target, "_schema", None)
        if node.op != "call_function" or schema is None or schema.is_mutable:
            continue
        is_view = any(item.alias_info is not None for item in schema.arguments)
        is_filler = not any(hasattr(item.meta.get("val"), "untyped_storage") for item in node.all_input_nodes)
        if (is_view or is_filler) and all(user in found or is_noise(op_name(user.target)) for user in node.users):
            found.add(node)
    return found


def is_noise(name: str) -> bool:
    """Whether a node computes nothing that anybody reads."""
    return name in CHECKS or name.startswith("_assert")


def same_as(node: Any, name: str) -> Any:
    """The node whose tensor this one hands on untouched; None where it does something."""
    origin = node.args[0] if node.args else node.kwargs.get("self")
    if origin is None or not hasattr(origin, "meta"):
        return None
    if name in HANDED_ON:
        return origin
    if name in DROPOUTS:
        trains = node.args[2] if len(node.args) > 2 else node.kwargs.get("train", False)
        return None if trains else origin
    return origin if name in OFTEN and _unchanged(origin.meta.get("val"), node.meta.get("val")) else None


def _unchanged(before: Any, after: Any) -> bool:
    if not hasattr(before, "untyped_storage") or not hasattr(after, "untyped_storage"):
        return False
    if before.dtype != after.dtype or before.dim() != after.dim() or before.device != after.device:
        return False
    pairs = [*zip(before.shape, after.shape, strict=True), *zip(before.stride(), after.stride(), strict=True)]
    return all(_equal(one, other) for one, other in pairs)


def _equal(one: Any, other: Any) -> bool:
    """Equality of sizes without a guard: symbolic ones are compared as expressions."""
    if isinstance(one, int) and isinstance(other, int):
        return one == other
    return str(one) == str(other)
