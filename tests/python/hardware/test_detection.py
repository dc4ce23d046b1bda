"""What this machine is: a driver with devices, a driver with strange ones, none at all."""

import sys
import time
from types import SimpleNamespace

import pytest

from haoline_analysis.hardware import cpu, detect, nvml
from haoline_analysis.hardware.nvml import Seen, match, profile_of
from haoline_analysis.hardware.registry import unregister

MIB = 1 << 20


class NVMLError(Exception):
    pass


def fake_nvml(devices, broken=()):
    """A stand-in for pynvml: devices are (name, total, free, mig)."""

    def ask(name, answer):
        def answer_or_fail(*arguments):
            if name in broken:
                raise NVMLError(name)
            return answer(*arguments)

        return answer_or_fail

    answers = {
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlDeviceGetCount": lambda: len(devices),
        "nvmlDeviceGetHandleByIndex": lambda index: devices[index],
        "nvmlDeviceGetName": lambda device: device[0],
        "nvmlDeviceGetMemoryInfo": lambda device: SimpleNamespace(total=device[1], free=device[2]),
        "nvmlDeviceGetMigMode": lambda device: (int(device[3]), int(device[3])),
        "nvmlDeviceGetMigDeviceHandleByIndex": lambda device, _: (device[0], device[1] // 7, device[2] // 7, False),
        "nvmlDeviceGetMemoryBusWidth": lambda _: 256,
        "nvmlDeviceGetMaxClockInfo": lambda _, kind: 10_000 if kind == 2 else 2_000,
        "nvmlDeviceGetNumGpuCores": lambda _: 5_000,
        "nvmlDeviceGetCudaComputeCapability": lambda _: (9, 0),
    }
    functions = {name: staticmethod(ask(name, answer)) for name, answer in answers.items()}
    return type("pynvml", (), {"NVMLError": NVMLError, "NVML_CLOCK_MEM": 2, "NVML_CLOCK_SM": 1, **functions})


@pytest.fixture
def driver(monkeypatch):
    """Installs a fake driver; forgets what it detected afterwards."""

    def install(devices, broken=()):
        monkeypatch.setitem(sys.modules, "pynvml", fake_nvml(devices, broken))
        return detect(refresh=True)

    yield install
    monkeypatch.undo()
    unregister("this-gpu")
    detect(refresh=True)


def test_a_known_device_keeps_its_figures_and_takes_the_live_memory(driver):
    found = driver([("NVIDIA A100-SXM4-80GB", 81_251 * MIB, 70_000 * MIB, False)])
    assert found.profile.id == "a100-sxm-80"
    assert found.profile.memory_bytes == 81_251 * MIB
    assert "driver" in found.profile.sources["memory"]
    assert found.profile.peaks["fp16"] == 312e12
    assert found.free_bytes == 70_000 * MIB
    assert found.count == 1


def test_equal_devices_are_counted_and_the_fullest_decides(driver):
    device = "NVIDIA H100 80GB HBM3"
    found = driver([(device, 81_559 * MIB, 80_000 * MIB, False), (device, 81_559 * MIB, 9 * MIB, False)])
    assert (found.profile.id, found.count, found.free_bytes) == ("h100-sxm", 2, 9 * MIB)


def test_an_unknown_device_is_built_from_what_the_driver_says(driver):
    found = driver([("NVIDIA Whatever 9999", 8_192 * MIB, 8_000 * MIB, False)])
    assert found.profile.id == "this-gpu"
    assert found.profile.bandwidth == pytest.approx(256 / 8 * 10_000e6 * 2)
    assert found.profile.peaks == {"fp32": pytest.approx(5_000 * 2_000e6 * 2)}
    assert found.profile.architecture == "sm_90"
    assert "estimated" in found.profile.sources["bandwidth"]


def test_part_of_a_device_has_the_memory_of_the_part_and_no_made_up_rates(driver):
    found = driver([("NVIDIA H100 80GB HBM3", 81_559 * MIB, 81_000 * MIB, True)])
    assert found.profile.memory_bytes == 81_559 * MIB // 7
    assert found.profile.bandwidth is None
    assert not found.profile.peaks
    assert "MIG" in found.profile.name


def test_questions_a_device_does_not_support_are_left_open(driver):
    broken = (
        "nvmlDeviceGetMemoryInfo",
        "nvmlDeviceGetMigMode",
        "nvmlDeviceGetNumGpuCores",
        "nvmlDeviceGetMemoryBusWidth",
    )
    found = driver([("Orin (nvgpu)", 0, 0, False)], broken)
    assert found.profile.memory_bytes is None
    assert found.free_bytes is None


@pytest.mark.parametrize("broken", ["nvmlInit", "nvmlDeviceGetCount", "nvmlDeviceGetHandleByIndex"])
def test_a_driver_that_fails_leaves_the_cpu(driver, broken):
    found = driver([("NVIDIA T4", 1, 1, False)], (broken,))
    assert found.profile.kind == "cpu"
    assert broken in found.seen


def test_without_the_package_the_cpu_is_found_and_the_install_command_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    found = detect(refresh=True)
    assert found.profile.kind == "cpu"
    assert "pip install nvidia-ml-py" in found.seen


def test_detection_reports_even_what_nobody_expected(monkeypatch):
    monkeypatch.setattr(nvml, "see_devices", lambda: 1 / 0)
    found = detect(refresh=True)
    monkeypatch.undo()
    detect(refresh=True)
    assert found.profile is None
    assert "division" in found.seen


def test_detection_is_remembered():
    detect(refresh=True)
    begin = time.perf_counter()
    for _ in range(100):
        detect()
    assert time.perf_counter() - begin < 0.05


@pytest.mark.parametrize(
    ("name", "mib", "device"),
    [
        ("NVIDIA H100 80GB HBM3", 81_559, "h100-sxm"),
        ("NVIDIA H100 PCIe", 81_559, "h100-pcie"),
        ("NVIDIA H100 NVL", 95_830, "h100-nvl"),
        ("NVIDIA H200", 143_771, "h200-sxm"),
        ("NVIDIA A100-SXM4-40GB", 40_960, "a100-sxm-40"),
        ("NVIDIA A100 80GB PCIe", 81_920, "a100-pcie-80"),
        ("Tesla T4", 15_360, "t4"),
        ("NVIDIA L40S", 46_068, "l40s"),
        ("NVIDIA A10G", 23_028, "a10g"),
        ("NVIDIA GeForce RTX 4090", 24_564, "rtx-4090"),
        ("NVIDIA RTX 6000 Ada Generation", 49_140, "rtx-6000-ada"),
    ],
)
def test_driver_names_find_their_profile(name, mib, device):
    assert match(Seen(name, mib * MIB, None)).id == device


@pytest.mark.parametrize(
    ("name", "mib"),
    [
        ("NVIDIA GeForce RTX 4090 Laptop GPU", 16_376),
        ("NVIDIA GeForce RTX 4080 SUPER", 16_376),
        ("NVIDIA GeForce RTX 3080 Ti", 12_288),
        ("Tesla V100-SXM2-16GB", 16_384),
        ("NVIDIA GH200 480GB", 97_871),
        ("Quadro RTX 6000", 24_576),
    ],
)
def test_other_devices_of_similar_name_are_not_mistaken(name, mib):
    assert match(Seen(name, mib * MIB, None)) is None


def test_a_device_without_figures_still_has_a_name():
    assert profile_of(Seen("Odd", None, None)).name == "Odd"


def test_the_cpu_has_cores_memory_and_rates():
    profile = cpu.detect_cpu()
    assert profile.kind == "cpu"
    assert profile.memory_bytes > 2**28
    assert profile.peaks["fp32"] > 1e9
    assert "estimated" in profile.sources["peaks"]


def test_peaks_follow_the_instruction_set():
    old, new = cpu.peaks(1e9, {"avx2"}), cpu.peaks(1e9, {"avx2", "avx512f", "avx512_vnni", "amx_int8", "amx_bf16"})
    assert old == {"fp32": 32e9, "int8": 64e9}
    assert new == {"fp32": 64e9, "bf16": 2048e9, "int8": 4096e9}


def test_hyperthreads_are_not_cores(monkeypatch):
    monkeypatch.setattr(cpu.os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert cpu.usable_cores({"siblings": "16", "cpu cores": "8"}) == 4
    assert cpu.usable_cores({}) == 8


def test_a_container_limit_counts_as_the_memory(monkeypatch, tmp_path):
    limit = tmp_path / "memory.max"
    limit.write_text("1000000\n")
    monkeypatch.setattr(cpu, "CGROUP_LIMITS", (limit,))
    assert cpu.memory_total() == 1_000_000
    limit.write_text("max\n")
    assert cpu.memory_total() > 1_000_000
