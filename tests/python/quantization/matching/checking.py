"""What has to be true of every matching: each tensor is matched or fused away, and each match is right when taught."""

from __future__ import annotations

from pathlib import Path

from matching_models import MODELS, feeds_of
from teaching import Pupil

from haoline_analysis.quantization.deployed import deploy
from haoline_analysis.quantization.matching import comparable, match
from haoline_analysis.runtime.source import source_of

LEAST = {"same": 100, "optimised": 100, "fp16": 50, "nbits": 9}
"""Least local SQNR in dB; 8 bits give more than 20 on these models, a wrong match about 0."""


def matched(kind: str, path: Path):
    proto, feeds = MODELS[kind](), feeds_of(kind, 9)[8]
    source, model, _ = source_of(proto)
    with deploy(path, threads=1) as deployed:
        matching = match(model, deployed, feeds=[feeds], source=source)
        assert len(matching.matches) + len(matching.unmatched) == len(comparable(model))
        local = Pupil(model, proto, deployed, matching, feeds).local()
    return model, matching, local


def check(kind: str, how: str, path: Path):
    model, matching, local = matched(kind, path)
    names = {model.tensors[one.tensor].name: one.why for one in matching.unmatched}
    assert all(one.fused for one in matching.unmatched), names
    assert min(local.values()) > LEAST.get(how, 15), sorted(local.items(), key=lambda item: item[1])[:5]
    return model, matching, local
