"""The profiles we ship, those the user adds, and how a name finds one."""

from __future__ import annotations

import json
import re
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

from haoline_analysis.errors import UnknownHardwareError
from haoline_analysis.hardware.profile import HardwareProfile

_registered: dict[str, HardwareProfile] = {}
MAX_OFFERED = 6
NOISE = {"nvidia", "geforce", "amd", "intel", "apple", "google", "tesla", "quadro", "radeon", "instinct", "graphics"}


@cache
def _shipped() -> tuple[HardwareProfile, ...]:
    text = files(__package__).joinpath("profiles.json").read_text(encoding="utf-8")
    return tuple(HardwareProfile.from_dict(entry) for entry in json.loads(text)["profiles"])


def profiles() -> tuple[HardwareProfile, ...]:
    """All devices: those registered by the user first, then those we ship."""
    return (*_registered.values(), *(profile for profile in _shipped() if profile.id not in _registered))


def register(profile: HardwareProfile) -> HardwareProfile:
    """Add a device, or replace the one of the same id, for this process."""
    _registered[profile.id] = profile
    return profile


def unregister(profile_id: str) -> None:
    """Forget a device that was registered; shipped ones come back."""
    _registered.pop(profile_id, None)


def find_profile(name: str) -> HardwareProfile:
    """The device of that id, name or alias; case, spaces and vendor names do not matter (``a100``, ``RTX 4090``).

    Raises:
        UnknownHardwareError: if no device, or more than one, goes by that name; lists what is close.
    """
    wanted = compact(name)
    exact = [profile for profile in profiles() if wanted in names_of(profile)]
    if exact and wanted:
        return exact[0]
    words = set(tokens(name))
    partial = [profile for profile in profiles() if words and words <= _all_tokens(profile)]
    if len(partial) == 1:
        return partial[0]
    raise UnknownHardwareError(_explain(name, partial))


def compact(name: str) -> str:
    """Letters and digits only, lower case, without vendor words: ``NVIDIA GeForce RTX 4090`` is ``rtx4090``."""
    return "".join(tokens(name))


def tokens(name: str) -> list[str]:
    """Words of a device name, lower case, without vendor words."""
    return [word for word in re.findall(r"[a-z0-9+]+", name.lower()) if word not in NOISE]


@cache
def names_of(profile: HardwareProfile) -> frozenset[str]:
    """Compact forms of id, name and aliases."""
    return frozenset(compact(name) for name in (profile.id, profile.name, *profile.aliases))


def _all_tokens(profile: HardwareProfile) -> set[str]:
    return {word for name in (profile.id, profile.name, *profile.aliases) for word in tokens(name)}


def _explain(name: str, partial: list[HardwareProfile]) -> str:
    if partial:
        offered = ", ".join(profile.id for profile in partial[:MAX_OFFERED])
        return f"{name!r} names several devices: {offered}"
    by_name = {compact(alias): profile.id for profile in profiles() for alias in (profile.id, *profile.aliases)}
    close = dict.fromkeys(by_name[match] for match in get_close_matches(compact(name), by_name, MAX_OFFERED, 0.5))
    hint = f"; close to it: {', '.join(close)}" if close else "; see haoline_analysis.hardware.profiles()"
    return f"no hardware profile is called {name!r}{hint}"
