"""Models opened from the file browser, by the name that JupyterLab gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_jupyter.display import _named

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_folder_is_found_from_beside_and_from_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "llama"
    folder.mkdir()
    for kernel in (tmp_path, folder):
        monkeypatch.chdir(kernel)
        assert _named(type(folder)("llama")) == folder


def test_a_folder_in_a_folder_of_its_name_is_the_inner_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "llama" / "llama"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner.parent)
    assert _named(type(inner)("llama")) == inner


def test_a_file_keeps_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert str(_named(type(tmp_path)("missing.onnx"))) == "missing.onnx"
