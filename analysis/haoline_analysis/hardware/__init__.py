"""Devices, what they can do, and an estimate of how a model would run on them."""

from haoline_analysis.hardware.detection import Detection, detect
from haoline_analysis.hardware.estimate import HardwareEstimate, estimate
from haoline_analysis.hardware.fusion import fused_ops
from haoline_analysis.hardware.profile import HardwareProfile, Link
from haoline_analysis.hardware.registry import find_profile, profiles, register, unregister

__all__ = [
    "Detection",
    "HardwareEstimate",
    "HardwareProfile",
    "Link",
    "detect",
    "estimate",
    "find_profile",
    "fused_ops",
    "profiles",
    "register",
    "unregister",
]
