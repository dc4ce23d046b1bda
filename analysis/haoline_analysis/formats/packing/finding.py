"""Finding packed weights among stored tensors, from their names and types, with what a config adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.formats.packing.schemes import bitsandbytes, fp4, gptq, named, scaled, words
from haoline_analysis.formats.packing.stated import Stated, stated
from haoline_analysis.formats.packing.stored_tensors import Names, PackedWeight, StoredTensor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

_SCHEMES = (bitsandbytes, gptq, fp4, words, scaled, named)
"""Those with the clearest marks first: what one has claimed the next does not see."""


def find_packings(
    tensors: Mapping[str, StoredTensor],
    config: Mapping[str, Any] | Stated | None = None,
    read: Callable[[str], np.ndarray] | None = None,
) -> list[PackedWeight]:
    """The packed weights among stored tensors.

    Args:
        tensors: by name.
        config: the model's, or what it states about quantization; without it, shapes and types decide.
        read: gives the elements of a small tensor by name, flat; shapes that are stored in tensors need it.
    """
    names = Names(tensors, read)
    told = config if isinstance(config, Stated) else stated(config)
    return [found for scheme in _SCHEMES for found in scheme.find(names, told)]
