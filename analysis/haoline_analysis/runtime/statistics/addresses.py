"""What compiled loops need of memory: an address as a pointer, the bits of a float, a float of bits.

Loops that are kept on disk are compiled anew when the file they stand in changes, not when this one does: it holds only
what has one meaning for good.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic


def pointer(kind: Any) -> Any:
    """A function of an address, in compiled code: the address as a pointer to elements of a kind."""

    def typed(typing_context: Any, address: Any) -> Any:  # noqa: ARG001
        return types.CPointer(kind)(address), _to_pointer

    return intrinsic(typed)


def _to_pointer(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    return builder.inttoptr(args[0], context.get_value_type(signature.return_type))


def _cast(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    return builder.bitcast(args[0], context.get_value_type(signature.return_type))


def _as_bits(typing_context: Any, value: Any) -> Any:  # noqa: ARG001
    return types.int32(types.float32), _cast


def _as_float(typing_context: Any, bits: Any) -> Any:  # noqa: ARG001
    return types.float32(types.int32), _cast


bits_of, float_of = intrinsic(_as_bits), intrinsic(_as_float)
"""A float32 as the int32 of the same bits, and back."""
