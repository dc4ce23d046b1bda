"""ATen ops that only relabel memory or hand a weight on, by name and by what the graph says of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haoline_analysis.model import Op

DOMAIN = "aten"

_VIEWS = """
    alias as_strided broadcast_to chunk conj contiguous detach diagonal expand expand_as flatten hsplit imag lift
    lift_fresh mH mT matrix_H movedim moveaxis narrow numpy_T permute positive ravel real reshape reshape_as select
    slice split split_with_sizes squeeze swapaxes swapdims t tensor_split to transpose type_as unbind unflatten unfold
    unsqueeze unsafe_chunk unsafe_split unsafe_split_with_sizes view view_as view_as_complex view_as_real vsplit
    _reshape_alias _unsafe_view
"""

VIEWS = frozenset(_VIEWS.split())
"""Ops whose results share their input's buffer; with the attribute ``copies`` they did not in this graph."""

WRITE_BACK = frozenset({"select_scatter", "slice_scatter", "diagonal_scatter", "as_strided_scatter"})
"""With ``in_place``: how a write through a view reaches what it is a view of; the write itself was another op."""

CASTS = frozenset({"to", "type_as", "_to_copy", "clone", "copy", "contiguous"})

HANDING_ON = VIEWS | CASTS
"""Ops that hand a weight on, in their first input, to the op that works with it."""

SELECTED: dict[str, tuple[int, ...]] = {
    "embedding": (0,),
    "embedding_bag": (0,),
    "gather": (0,),
    "index": (0,),
    "index_select": (0,),
    "take": (0,),
    "take_along_dim": (0,),
}
"""Inputs of which an op reads only the elements it hands on."""

GROUPED: dict[str, tuple[int, tuple[int, ...]]] = {
    **dict.fromkeys(("_grouped_mm", "grouped_mm", "grouped_mm_fallback", "_scaled_grouped_mm"), (0, (1,))),
    "moe_experts": (1, (3, 4)),
}
"""Ops whose rows meet the matrices of their group: the input with the rows, those that hold matrices, groups first."""


def is_aten(op: Op) -> bool:
    """Whether it is an op of a PyTorch graph."""
    return op.domain == DOMAIN


def is_view(op: Op) -> bool:
    """Whether the op moves nothing: its results lie in its first input's buffer."""
    if op.domain != DOMAIN:
        return False
    if op.attributes.get("in_place"):
        return op.type in WRITE_BACK or op.type in VIEWS
    return op.type in VIEWS and not op.attributes.get("copies") and not _casts(op)


def shares_buffer(op: Op) -> bool:
    """Whether its results lie in its first input's buffer: views and in-place ops."""
    return is_view(op) or (op.domain == DOMAIN and bool(op.attributes.get("in_place")))


def _casts(op: Op) -> bool:
    """Whether a cast was written down; one that changes nothing is not."""
    return op.type in ("to", "type_as") and op.attributes.get("copies", True)
