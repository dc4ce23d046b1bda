"""Fixtures that several rooms' tests share."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings

# How long a draw takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "material"


@pytest.fixture(scope="session")
def material() -> Path:
    """The folder of real files that nobody here wrote; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("HAOLINE_MATERIAL", _BESIDE))
    if not folder.is_dir():
        pytest.skip("the shared material folder is absent (set HAOLINE_MATERIAL)")
    return folder


@pytest.fixture(scope="session")
def minilm() -> NamedTuple:
    """MiniLM with its trained weights: ``model``, ``tokenizer``, ``sentences``; skips where it cannot be had."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))
    from make_minilm import minilm as make

    try:
        return make()
    except OSError as error:
        pytest.skip(f"MiniLM cannot be had: {error}")
