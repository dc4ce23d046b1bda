"""A module as inference sees it while it is traced; afterwards it is as it was."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, redirect_stderr
from typing import TYPE_CHECKING, Any

from haoline_analysis.shapes.value import Assumption

if TYPE_CHECKING:
    from collections.abc import Iterator

EXPERTS = "_experts_implementation_internal"
GROUPED = "grouped_mm"
"""The implementation of a Hugging Face mixture of experts that computes just the chosen experts, without a loop."""


@contextmanager
def settled(module: Any) -> Iterator[list[Assumption]]:
    """Evaluation mode, no gradients, experts in one op; yields what was taken for granted."""
    import torch

    assumed: list[Assumption] = []
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(_quiet())
        if any(part.training for part in module.modules()):
            stack.enter_context(_evaluating(module))
            assumed.append(Assumption("mode", "evaluation", "the module is in training mode; inference is analysed"))
        stack.enter_context(_grouped_experts(module))
        yield assumed


@contextmanager
def _evaluating(module: Any) -> Iterator[None]:
    """Set flags rather than call ``eval``, which modules may override with side effects."""
    training = [part for part in module.modules() if part.training]
    for part in training:
        part.training = False
    try:
        yield
    finally:
        for part in training:
            part.training = True


@contextmanager
def _grouped_experts(module: Any) -> Iterator[None]:
    """Let experts that loop over what the data chooses run as one grouped product.

    The fields behind the property are set, which would set those of inner configs too.
    """
    configs = {id(part.config): part.config for part in module.modules() if EXPERTS in _fields(part)}
    changed = [
        (config, before)
        for config in configs.values()
        if (before := config.__dict__[EXPERTS]) not in (GROUPED, "batched_mm")
    ]
    for config, _ in changed:
        config.__dict__[EXPERTS] = GROUPED
    try:
        yield
    finally:
        for config, before in changed:
            config.__dict__[EXPERTS] = before


def _fields(part: Any) -> dict[str, Any]:
    """Fields of a module's config."""
    fields: dict[str, Any] = getattr(getattr(part, "config", None), "__dict__", {})
    return fields


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the tracer's warnings, logs and drafts on stderr: why it fails is in what it raises."""
    import io
    import logging
    import warnings

    before = logging.root.manager.disable
    with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        try:
            yield
        finally:
            logging.disable(before)
