"""Every refusal the engine makes. Catch :class:`ModelError` to catch them all."""

from __future__ import annotations


class ModelError(Exception):
    """A model, or something asked of it, that we refuse: one sentence, what is wrong and where."""


class ModelNotFoundError(ModelError):
    """There is no readable file at the given path."""


class UnsupportedFormatError(ModelError):
    """The content is none of the formats we read."""


class MalformedModelError(ModelError):
    """The file breaks its own format: truncated, contradictory, cyclic, absurd sizes."""


class ExternalDataError(ModelError):
    """External tensor data is missing, too short, or outside the model's folder."""


class LimitError(ModelError):
    """The file is well-formed but exceeds a stated bound (nesting, expanded size)."""


class BindingError(ModelError):
    """A shape binding names no dimension of the model, or contradicts it."""


class UnknownHardwareError(ModelError):
    """No hardware profile has this name."""


class MissingExtraError(ModelError):
    """An optional package is needed; the message holds the install command."""
