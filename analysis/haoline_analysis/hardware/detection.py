"""What this process runs on: the GPU the driver reports, else the CPU."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from haoline_analysis.hardware import nvml
from haoline_analysis.hardware.cpu import detect_cpu, memory_free
from haoline_analysis.hardware.registry import register

if TYPE_CHECKING:
    from haoline_analysis.hardware.profile import HardwareProfile


@dataclass(frozen=True)
class Detection:
    """The live device. ``free_bytes`` is per device; ``seen`` says what was found, in words."""

    profile: HardwareProfile | None
    count: int
    free_bytes: int | None
    seen: str
    devices: tuple[str, ...] = ()


@cache
def _detect_once() -> Detection:
    devices, why = nvml.see_devices()
    if not devices:
        cpu = detect_cpu()
        register(cpu)  # so that its id can be chosen like any other
        return Detection(cpu, 1, memory_free(), f"{why}; the CPU is {cpu.name}", (cpu.name,))
    first = devices[0]
    alike = [seen for seen in devices if (seen.name, seen.memory_bytes) == (first.name, first.memory_bytes)]
    profile = nvml.profile_of(first)
    if profile.id == nvml.UNKNOWN_ID:
        register(profile)
    free = min((seen.free_bytes for seen in alike if seen.free_bytes is not None), default=None)
    names = tuple(seen.name for seen in devices)
    return Detection(profile, len(alike), free, f"{len(devices)} NVIDIA: {', '.join(names)}", names)


def detect(*, refresh: bool = False) -> Detection:
    """The live device; remembered until ``refresh`` asks again. Starts no process and does not raise."""
    if refresh:
        _detect_once.cache_clear()
    try:
        return _detect_once()
    except Exception as error:  # noqa: BLE001 - a driver can fail in ways nobody listed; detection only informs
        return Detection(None, 0, None, f"detection failed: {error}")
