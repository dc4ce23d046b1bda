"""NVIDIA devices, through NVML (``nvidia-ml-py``, an extra); nothing without a driver."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from haoline_analysis.hardware.profile import HardwareProfile
from haoline_analysis.hardware.registry import compact, names_of, profiles, tokens

MEMORY_TOLERANCE = 0.08
DOUBLE_DATA_RATE = 2
UNKNOWN_ID = "this-gpu"
VARIANTS = {"laptop", "super", "ti", "mobile", "max", "nvl", "d", "ada", "pro"}
"""Words that make another device of an otherwise equal name."""


class Seen(NamedTuple):
    """What the driver says of one device. Bytes, bits, MHz; None where it does not say."""

    name: str
    memory_bytes: int | None
    free_bytes: int | None
    mig: bool = False
    bus_bits: int | None = None
    memory_mhz: int | None = None
    cores: int | None = None
    core_mhz: int | None = None
    capability: tuple[int, int] | None = None


def see_devices() -> tuple[list[Seen], str]:
    """Devices of the driver, and one sentence on why there are none."""
    try:
        import pynvml
    except ImportError:
        return [], "NVIDIA devices are not looked for: pip install nvidia-ml-py"
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return [], f"no NVIDIA device: {error}"
    try:
        return [_see(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount())], ""
    except pynvml.NVMLError as error:
        return [], f"the NVIDIA driver does not answer: {error}"
    finally:
        pynvml.nvmlShutdown()


def _see(nvml: Any, index: int) -> Seen:
    """One device; a MIG device in place of its parent where the GPU is split."""
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    name = nvml.nvmlDeviceGetName(handle)
    name = name.decode() if isinstance(name, bytes) else name
    mode = _ask(nvml, "nvmlDeviceGetMigMode", handle)
    part = _ask(nvml, "nvmlDeviceGetMigDeviceHandleByIndex", handle, 0) if mode and mode[0] else None
    memory = _ask(nvml, "nvmlDeviceGetMemoryInfo", part or handle)
    return Seen(
        name=name,
        memory_bytes=memory.total if memory else None,
        free_bytes=memory.free if memory else None,
        mig=part is not None,
        bus_bits=_ask(nvml, "nvmlDeviceGetMemoryBusWidth", handle),
        memory_mhz=_ask(nvml, "nvmlDeviceGetMaxClockInfo", handle, nvml.NVML_CLOCK_MEM),
        cores=_ask(nvml, "nvmlDeviceGetNumGpuCores", handle),
        core_mhz=_ask(nvml, "nvmlDeviceGetMaxClockInfo", handle, nvml.NVML_CLOCK_SM),
        capability=_capability(nvml, handle),
    )


def _capability(nvml: Any, handle: Any) -> tuple[int, int] | None:
    found = _ask(nvml, "nvmlDeviceGetCudaComputeCapability", handle)
    return (int(found[0]), int(found[1])) if found else None


def _ask(nvml: Any, function: str, *arguments: Any) -> Any:
    """The answer, or None where this device or driver does not support the question."""
    try:
        return getattr(nvml, function)(*arguments)
    except (nvml.NVMLError, AttributeError):
        return None


def profile_of(seen: Seen) -> HardwareProfile:
    """The profile of a seen device, with the driver's memory; made from what the driver says where we ship none."""
    known = None if seen.mig else match(seen)
    if known is None:
        return _built(seen)
    if not seen.memory_bytes:
        return known
    return replace(known, memory_bytes=seen.memory_bytes, sources={**known.sources, "memory": "this device's driver"})


def match(seen: Seen) -> HardwareProfile | None:
    """The shipped profile of that name whose memory agrees within 8 %; the most specific one."""
    words, whole = set(tokens(seen.name)), compact(seen.name)
    best: tuple[int, HardwareProfile] | None = None
    for profile in profiles():
        if profile.vendor != "NVIDIA" or not _memory_agrees(profile, seen):
            continue
        score = 100 if whole in names_of(profile) else _shared_words(profile, words)
        if score and (best is None or score > best[0]):
            best = (score, profile)
    return best[1] if best else None


def _shared_words(profile: HardwareProfile, words: set[str]) -> int:
    """Size of the longest name whose words the device's name all has; 0 for none."""
    wanted = [set(tokens(name)) for name in (profile.name, *profile.aliases)]
    same = [name for name in wanted if name and name <= words and not (words - name) & VARIANTS]
    return max(map(len, same), default=0)


def _memory_agrees(profile: HardwareProfile, seen: Seen) -> bool:
    if not seen.memory_bytes or not profile.memory_bytes:
        return True
    return abs(seen.memory_bytes / profile.memory_bytes - 1) <= MEMORY_TOLERANCE


def _built(seen: Seen) -> HardwareProfile:
    """Bandwidth is bus width x memory clock x 2, FP32 peak cores x clock x 2; of a MIG part neither is known."""
    bandwidth = fp32 = None
    if not seen.mig:
        if seen.bus_bits and seen.memory_mhz:
            bandwidth = seen.bus_bits / 8 * seen.memory_mhz * 1e6 * DOUBLE_DATA_RATE
        if seen.cores and seen.core_mhz:
            fp32 = seen.cores * seen.core_mhz * 1e6 * 2.0
    driver = "this device's driver"
    return HardwareProfile(
        id=UNKNOWN_ID,
        name=f"{seen.name} (MIG part)" if seen.mig else seen.name,
        vendor="NVIDIA",
        memory_bytes=seen.memory_bytes or None,
        bandwidth=bandwidth,
        peaks={"fp32": fp32} if fp32 else {},
        architecture="sm_{}{}".format(*seen.capability) if seen.capability else "",
        sources={
            "memory": driver,
            "bandwidth": "estimated: bus width x memory clock x 2",
            "peaks": "estimated: cores x clock x 2",
        },
        confidence="low",
        notes="Detected; not one of the shipped profiles.",
    )
