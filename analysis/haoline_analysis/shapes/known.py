"""Which ops compute nothing at run time under a binding: constants and shape arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from haoline_analysis.shapes.value import Evaluation, Signature


def known_before_run(evaluation: Evaluation) -> NDArray[np.bool_]:
    """Per op, whether every output is known once the sizes are, bool [ops]."""
    known = np.array([*map(_known, evaluation.signatures), False], bool)
    found: NDArray[np.bool_] = known[evaluation.op_signatures]  # -1, an op that never runs, reads the last entry
    return found


def _known(signature: Signature) -> bool:
    outputs = [value for value in signature.outputs if value is not None]
    return bool(outputs) and all(value.data is not None for value in outputs)
