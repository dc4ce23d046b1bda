"""Linear attention: a recurrent state of key x value size per head instead of scores."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import MICROSOFT, Cost, cost_rule
from haoline_analysis.cost.sizes import elements_in, given, integer, shape_in, text

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature


def _recurrence(tokens: int, state: int, read: int, rule: str) -> Cost:
    """Per token: update the state (k v^T), read it (S q), with a delta rule read it once more (S k); decay it."""
    macs = tokens * (state * (2 if "delta" in rule else 1) + read)
    decay = tokens * state if "gated" in rule else 0
    return Cost(macs, 2 * macs + decay)


@cost_rule("LinearAttention")
@cost_rule("LinearAttention", domain=MICROSOFT)
def linear_attention(signature: Signature) -> Cost:
    """The sequential recurrence of the standard; chunked kernels do more arithmetic for fewer steps."""
    query, value = shape_in(signature, 0, 3), shape_in(signature, 2, 3)
    heads, groups = integer(signature, "q_num_heads"), integer(signature, "kv_num_heads")
    key_size, value_size = query[2] // heads, value[2] // groups
    state, read = groups * key_size * value_size, heads * key_size * value_size
    return _recurrence(query[0] * query[1], state, read, text(signature, "update_rule", "gated_delta"))


@cost_rule("GatedDeltaNet", domain=MICROSOFT)
def gated_delta_net(signature: Signature) -> Cost:
    """Head counts and sizes are those of the state, [batch, value heads, value size, key size]."""
    _, heads, value_size, key_size = (
        shape_in(signature, 6, 4)
        if given(signature, 6)
        else (0, *shape_in(signature, 2, 3)[-2:], shape_in(signature, 0, 3)[-1])
    )
    packed = not given(signature, 1)
    tokens = prod(shape_in(signature, 0, 2)[: -1 if packed else -2])
    state = heads * key_size * value_size
    return _recurrence(tokens, state, state, text(signature, "update_rule", "gated_delta"))


@cost_rule("HyperConnectionPostMix", domain=MICROSOFT)
def postmix(signature: Signature) -> Cost:
    """Inject the branch output (2 per element); with a stream matrix, C MACs per element."""
    total = elements_in(signature, 0)
    macs = total * shape_in(signature, 3, 2)[-1] if given(signature, 3) else 0
    return Cost(macs, 2 * macs + 2 * total)
