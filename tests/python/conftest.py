"""Fixtures that several rooms' tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "material"


@pytest.fixture(scope="session")
def material() -> Path:
    """The folder of real files that nobody here wrote; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("HAOLINE_MATERIAL", _BESIDE))
    if not folder.is_dir():
        pytest.skip("the shared material folder is absent (set HAOLINE_MATERIAL)")
    return folder
