"""The CPU of this machine, from /proc, /sys and ``os``; no subprocess, no extra package."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from haoline_analysis.hardware.profile import HardwareProfile

CPUINFO = Path("/proc/cpuinfo")
CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
MAX_FREQUENCY = Path("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq")
DEFAULT_HZ = 2.5e9
SERVER_THREADS = 24
SERVER_BANDWIDTH, DESKTOP_BANDWIDTH = 150e9, 60e9

FLOPS_PER_CYCLE = (("avx512f", 64), ("avx2", 32), ("asimd", 16), ("avx", 16))
"""FP32 operations per core and cycle with two FMA units of the widest vectors (Intel and AMD optimisation manuals)."""


def detect_cpu() -> HardwareProfile:
    """A profile of the CPU we run on; its rates are estimated from cores, clock and instruction set."""
    info = _cpuinfo()
    cores = usable_cores(info)
    hertz = _frequency(info)
    flags = _flags(info)
    name = info.get("model name") or platform.processor() or platform.machine() or "CPU"
    rates = "estimated: cores x clock x operations per cycle"
    return HardwareProfile(
        id="this-cpu",
        name=f"{name.strip()} ({cores} cores)",
        vendor=_vendor(name),
        kind="cpu",
        memory_bytes=memory_total(),
        bandwidth=SERVER_BANDWIDTH if (os.cpu_count() or 1) >= SERVER_THREADS else DESKTOP_BANDWIDTH,
        peaks=peaks(cores * hertz, flags),
        architecture=_architecture(flags),
        sources={"memory": "this machine", "bandwidth": "estimated: typical of its size", "peaks": rates},
        confidence="low",
        notes=f"Detected. {cores} physical cores usable at {hertz / 1e9:.1f} GHz.",
    )


def cpu_flags() -> set[str]:
    """Instruction sets of this CPU as Linux names them (``avx2``, ``avx512_vnni``, ``asimddp``); empty elsewhere."""
    return _flags(_cpuinfo())


def _flags(info: dict[str, str]) -> set[str]:
    return set(re.findall(r"[a-z0-9_]+", info.get("flags") or info.get("Features") or ""))


def peaks(core_hertz: float, flags: set[str]) -> dict[str, float]:
    """Peak rates by precision in OP/s, from cores times clock and the instruction set."""
    fp32 = core_hertz * next((rate for flag, rate in FLOPS_PER_CYCLE if flag in flags), 8)
    out = {"fp32": fp32}
    if "amx_bf16" in flags:
        out["bf16"] = core_hertz * 2048
    elif flags & {"avx512_bf16", "bf16"}:
        out["bf16"] = 2 * fp32
    if flags & {"avx512_fp16", "asimdhp"}:
        out["fp16"] = 2 * fp32
    if "amx_int8" in flags:
        out["int8"] = core_hertz * 4096
    elif flags & {"avx512_vnni", "avx_vnni", "asimddp"}:
        out["int8"] = 4 * fp32
    elif "avx2" in flags:
        out["int8"] = 2 * fp32
    return out


def usable_cores(info: dict[str, str]) -> int:
    """Physical cores this process may run on: the affinity mask over the threads per core."""
    try:
        threads = len(os.sched_getaffinity(0))
    except (AttributeError, OSError):  # not Linux
        threads = os.cpu_count() or 1
    siblings, cores = info.get("siblings", ""), info.get("cpu cores", "")
    per_core = int(siblings) // int(cores) if siblings.isdigit() and cores.isdigit() and int(cores) else 1
    return max(1, threads // max(1, per_core))


def memory_total() -> int | None:
    """Bytes of memory this process may use: the machine's, or its container's limit."""
    total = _sysconf("SC_PHYS_PAGES")
    limits = [int(text) for path in CGROUP_LIMITS if (text := _read(path).strip()).isdigit()]
    known = [value for value in (total, *limits) if value]
    return min(known) if known else None


def memory_free() -> int | None:
    """Bytes of free memory, as the kernel estimates them; None where it does not say."""
    match = re.search(r"MemAvailable:\s+(\d+) kB", _read(Path("/proc/meminfo")))
    return int(match[1]) * 1024 if match else _sysconf("SC_AVPHYS_PAGES")


def _sysconf(name: str) -> int | None:
    try:
        return os.sysconf(name) * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _cpuinfo() -> dict[str, str]:
    """Fields of the first processor."""
    first = _read(CPUINFO).partition("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _frequency(info: dict[str, str]) -> float:
    """Sustained clock in Hz: the name's figure, else the larger of now and the maximum, else a typical one."""
    named = re.search(r"@\s*([\d.]+)\s*GHz", info.get("model name", ""))
    if named:
        return float(named[1]) * 1e9
    highest = _read(MAX_FREQUENCY).strip()
    if highest.isdigit():
        return int(highest) * 1e3
    current = info.get("cpu MHz", "")
    return float(current) * 1e6 if re.fullmatch(r"\d+(\.\d+)?", current) and float(current) > 0 else DEFAULT_HZ


def _vendor(name: str) -> str:
    return next((vendor for vendor in ("Intel", "AMD", "Apple") if vendor.lower() in name.lower()), "")


def _architecture(flags: set[str]) -> str:
    shown = [flag for flag in ("amx_bf16", "avx512f", "avx512_vnni", "avx_vnni", "avx2", "asimd") if flag in flags]
    return f"{platform.machine()} ({', '.join(shown)})" if shown else platform.machine()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
