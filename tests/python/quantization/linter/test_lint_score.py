"""Readiness: from 0 to 100, explained to the point, and never raised by finding more."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lint_cases import CASES
from lint_models import findings

from haoline_analysis.errors import ModelError
from haoline_analysis.findings.finding import SEVERITIES
from haoline_analysis.quantization import TARGETS, Fix, LintFinding, lint, options_of
from haoline_analysis.quantization.linter.score import breakdown, risks, score
from haoline_analysis.quantization.linter.targets import find_target

OPS = 12
severities = st.sampled_from(SEVERITIES)
rows = st.frozensets(st.integers(0, OPS - 1)).map(lambda held: tuple(sorted(held)))
quantizable = st.frozensets(st.integers(0, OPS - 1))


def made(severity, ops, name="x", fix=None):
    return LintFinding(name, severity, "t", ops, "e", "a", why="w", source="s", fix=fix)


found = st.lists(st.builds(made, severities, rows), max_size=8)


@settings(deadline=None)
@given(found, severities, rows, quantizable)
def test_one_finding_more_never_raises_the_score(held, severity, ops, counted):
    assert score([*held, made(severity, ops)], counted) <= score(held, counted)


@settings(deadline=None)
@given(found, rows, quantizable)
def test_a_graver_finding_never_raises_the_score(held, ops, counted):
    scores = [score([*held, made(severity, ops)], counted) for severity in SEVERITIES]
    assert scores == sorted(scores)


@settings(deadline=None)
@given(found, severities, rows, st.integers(0, OPS - 1), quantizable)
def test_a_finding_about_more_ops_never_raises_the_score(held, severity, ops, row, counted):
    more = tuple(sorted({*ops, row})) if ops else ops
    assert score([*held, made(severity, more)], counted) <= score([*held, made(severity, ops)], counted)


@settings(deadline=None)
@given(rows, rows, quantizable)
def test_severity_weighs_more_than_extent(few, many, counted):
    error, warning, info = (score([made(severity, few)], counted) for severity in SEVERITIES)
    assert error <= score([made("warning", many)], counted)
    assert warning <= score([made("info", many)], counted) <= 100
    assert info >= 98


@settings(deadline=None)
@given(found, quantizable)
def test_points_and_score_add_up(held, counted):
    table = breakdown(held, counted)
    assert len(table) == len(held)
    assert table["points"].sum() + (table["left"].iloc[-1] if held else 100) == pytest.approx(100)
    assert score(held, counted) == int((table["left"].iloc[-1] if held else 100) + 1e-9)
    assert 0 <= score(held, counted) <= 100
    assert (table["points"] > 0).all()
    assert table["left"].is_monotonic_decreasing


def test_nothing_found_is_a_hundred():
    assert score([], frozenset()) == 100
    assert breakdown([], frozenset()).empty


@settings(deadline=None)
@given(found, severities, rows)
def test_risk_lies_between_nought_and_one_and_only_grows(held, severity, ops):
    before, _ = risks(held, OPS)
    after, reasons = risks([*held, made(severity, ops, "new")], OPS)
    assert ((after >= before) & (after >= 0) & (after < 1)).all()
    assert all(("new" in reasons[row].split(", ")) == (row in ops) for row in range(OPS))


def test_what_is_found_of_a_quantizer_is_a_risk_of_the_op_it_rounds_for():
    report = lint(CASES["nonzero-zero-point"][0](), target="tensorrt")
    reasons = dict(zip(report.risk["type"], report.risk["reasons"], strict=True))
    assert "nonzero-zero-point" in reasons["Conv"]
    assert "QuantizeLinear" not in report.to_markdown().split("## Riskiest ops")[1]


def test_fixes_are_merged():
    held = [
        made("error", (), fix=Fix("a", {"keep_float": ["p", "q"], "per_channel": True})),
        made("info", (), fix=Fix("b", {"keep_float": ("q", "r"), "fixes": ["clip-mask"], "per_channel": False})),
        made("info", ()),
    ]
    every = options_of(held, SEVERITIES)
    assert every == {"keep_float": ["p", "q", "r"], "per_channel": True, "fixes": ["clip-mask"]}
    assert options_of(held) == {"keep_float": ["p", "q"], "per_channel": True}
    assert held[0].fix.options["keep_float"] == ["p", "q"]


def test_every_fix_is_one_that_quantize_takes():
    import inspect

    from haoline_analysis.quantization import quantize
    from haoline_analysis.quantization.quantizers.fixes import fix_names

    taken, known, seen = set(inspect.signature(quantize).parameters), set(fix_names()), set()
    for positive, _, target in CASES.values():
        for several in findings(positive(), target).values():
            for finding in several:
                options = dict(finding.fix.options) if finding.fix else {}
                assert set(options) <= taken
                assert set(options.get("fixes", ())) <= known, options
                seen |= set(options.get("fixes", ()))
    assert seen >= {"clip-mask", "unshare-initializers", "sum-to-add"}


def test_targets_tell_their_sources():
    for name, target in TARGETS.items():
        assert (target.id, bool(target.name)) == (name, True)
        assert {"fused", "integer", "types", "saturates"} <= set(target.sources)
        assert find_target(name.upper()) is target
        assert all(find_target(alias) is target for alias in target.aliases)
    assert {"cpu", "cpu-vnni", "cuda", "tensorrt"} <= set(TARGETS)


@pytest.mark.parametrize("target", ["tpu", "", 3])
def test_an_unknown_target_is_refused(target):
    with pytest.raises(ModelError, match="choose one of any-cpu, cpu"):
        lint(CASES["mask-sentinel"][0](), target=target)


def test_an_op_with_findings_has_them_in_the_risk_table():
    report = lint(CASES["mask-sentinel"][0]())
    table = report.risk
    assert table.iloc[0]["op"] == "Where_1"
    assert "mask-sentinel" in table.iloc[0]["reasons"]
    assert table["risk"].is_monotonic_decreasing
    assert np.isclose(table.iloc[0]["risk"], report.report.ops["lint_risk"].max())
