"""The device table: complete, consistent, sourced; and how names find a device."""

import json
from importlib.resources import files
from itertools import pairwise

import pytest

from haoline_analysis import ModelError
from haoline_analysis.errors import UnknownHardwareError
from haoline_analysis.hardware import HardwareProfile, find_profile, profiles, register, unregister

TEXT = files("haoline_analysis.hardware").joinpath("profiles.json").read_text(encoding="utf-8")
SHIPPED = json.loads(TEXT)["profiles"]


@pytest.fixture
def own():
    profile = register(HardwareProfile("my-box", "My box", memory_bytes=10**9, bandwidth=1e11, peaks={"fp32": 1e12}))
    yield profile
    unregister("my-box")


def test_there_are_at_least_sixty_devices_in_a_small_file():
    assert len(SHIPPED) >= 60
    assert len(TEXT.encode()) < 60_000


def test_ids_and_names_are_unique():
    assert len({entry["id"] for entry in SHIPPED}) == len(SHIPPED)
    assert len({entry["name"] for entry in SHIPPED}) == len(SHIPPED)


@pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: entry["id"])
def test_each_figure_has_a_source_and_a_plausible_size(entry):
    figures = {"memory": entry["memory_bytes"], "bandwidth": entry["bandwidth"], "peaks": entry["peaks"]}
    assert all(entry["sources"].get(name) for name, figure in figures.items() if figure)
    assert bool(entry["link"]) == ("link" in entry["sources"])
    assert 8 * 2**30 <= entry["memory_bytes"] <= 1024 * 2**30
    assert 2e10 <= entry["bandwidth"] <= 2e13
    assert entry["peaks"]
    assert all(1e12 <= peak <= 2e16 for peak in entry["peaks"].values())
    assert 0.85 <= entry["memory_bytes"] / (entry["memory_marketing_gb"] * 1e9) <= 1.08


@pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: entry["id"])
def test_narrower_types_are_not_slower(entry):
    peaks = entry["peaks"]
    order = [name for name in ("fp32", "tf32", "fp16", "fp8", "fp4") if name in peaks]
    assert all(peaks[wide] <= peaks[narrow] for wide, narrow in pairwise(order))


@pytest.mark.parametrize(
    ("device", "figure", "value"),
    [  # vendors' datasheets, dense
        ("h100-sxm", "fp16", 989.4e12),
        ("h100-sxm", "bandwidth", 3.35e12),
        ("a100-sxm-80", "fp16", 312e12),
        ("a100-sxm-80", "tf32", 156e12),
        ("a100-sxm-80", "int8", 624e12),
        ("a100-sxm-80", "bandwidth", 2.039e12),
        ("t4", "int8", 130e12),
        ("l4", "fp8", 242.5e12),
        ("rtx-4090", "fp16", 165.2e12),
        ("rtx-3090", "bandwidth", 936.2e9),
        ("mi300x", "bf16", 1307.4e12),
        ("b200-sxm", "fp4", 9e15),
        ("b300-sxm", "fp4", 13.5e15),
        ("arc-a770", "int8", 262e12),
        ("gaudi2", "bf16", 432e12),
        ("tpu-v5e", "bf16", 197e12),
        ("m2-ultra", "bandwidth", 800e9),
    ],
)
def test_published_figures(device, figure, value):
    profile = find_profile(device)
    found = profile.bandwidth if figure == "bandwidth" else profile.peaks[figure]
    assert found == pytest.approx(value, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "device"),
    [
        ("a100", "a100-sxm-80"),
        ("A100 PCIe", "a100-pcie-80"),
        ("RTX 4090", "rtx-4090"),
        ("rtx4090", "rtx-4090"),
        ("NVIDIA GeForce RTX 4090", "rtx-4090"),
        ("4090", "rtx-4090"),
        ("H100 80GB HBM3", "h100-sxm"),
        ("m3 max", "m3-max"),
        ("Trillium", "tpu-v6e"),
    ],
)
def test_names_are_forgiving(name, device):
    assert find_profile(name).id == device


def test_every_id_and_name_finds_its_device():
    for profile in profiles():
        assert find_profile(profile.id) is profile
        assert find_profile(profile.name) is profile


@pytest.mark.parametrize(("name", "offered"), [("xeon", "xeon-8480"), ("h100 80gb", "h100-pcie"), ("a10O", "a100")])
def test_ambiguous_and_unknown_names_offer_what_is_close(name, offered):
    with pytest.raises(UnknownHardwareError, match=offered):
        find_profile(name)


@pytest.mark.parametrize("name", ["", "  ", "nvidia", "zx81", "<script>", "[", "9" * 1000])
def test_names_of_nothing_are_refused(name):
    with pytest.raises(ModelError):
        find_profile(name)


def test_own_devices_are_found_and_forgotten(own):
    assert find_profile("My Box") is own
    assert own in profiles()
    unregister("my-box")
    with pytest.raises(UnknownHardwareError):
        find_profile("my box")


def test_profiles_survive_plain_data():
    for profile in profiles():
        assert HardwareProfile.from_dict(json.loads(json.dumps(profile.as_dict()))) == profile


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "fpga"}, {"peaks": {"fp12": 1e12}}, {"bandwidth": 0.0}, {"memory_bytes": -1}, {"peaks": {"fp32": 0}}],
)
def test_impossible_profiles_are_refused(wrong):
    with pytest.raises(ValueError, match="x1"):
        HardwareProfile("x1", "x1", **wrong)
