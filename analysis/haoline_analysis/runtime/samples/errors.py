"""The refusal of an input, and the words that refusals share."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from haoline_analysis.errors import MissingExtraError, ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_NAMED = 12
"""More names than this are counted, not listed."""


class InputError(ModelError):
    """What the user gave does not fit the model, or cannot be read; says what was expected."""


def missing_extra(what: str, extra: str) -> MissingExtraError:
    """The refusal that names the extra to install: ``images`` or ``text``."""
    return MissingExtraError(f'{what} needs a package: pip install "haoline-jupyter[{extra}]"')


def reason(error: BaseException) -> str:
    """The first line of what another library says went wrong; its kind where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def closest(name: str, names: Iterable[str]) -> str:
    """``"did you mean 'image'? "``, or nothing where no name is near; case does not count."""
    lower = {each.lower(): each for each in names}
    near = [lower[match] for match in get_close_matches(name.lower(), lower, 3)]
    return f"did you mean {' or '.join(map(repr, near))}? " if near else ""


def listed(names: Iterable[object]) -> str:
    """Names in quotes with commas, at most a dozen; "none" where there are none."""
    all_names = [repr(str(name)) for name in names]
    more = len(all_names) - MAX_NAMED
    return ", ".join(all_names[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "") or "none"
