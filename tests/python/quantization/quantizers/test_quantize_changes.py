"""Changes by name: what a page or a stored plan can hold, and what ``quantize`` takes."""

from __future__ import annotations

from quantizer_models import attention, attention_feeds

from haoline_analysis.quantization import quantize
from haoline_analysis.quantization.quantizers import fix_names
from haoline_analysis.quantization.quantizers.changes import change_names, changes_in, changes_left, with_changes


def test_names_and_options_say_the_same():
    for name in change_names():
        options = with_changes({"scheme": "static-int8"}, [name])
        assert changes_in(options) == (name,)
        assert options["scheme"] == "static-int8"
    assert changes_in({"scheme": "static-int8", "per_channel": False}) == ()


def test_changes_come_on_top_of_what_is_there():
    options = {"fixes": ["sum-to-add"], "per_channel": False, "keep_float": ["a"]}
    changed = with_changes(options, ["per-channel", "clip-mask", "of another version"])
    assert changed == {"fixes": ["clip-mask", "sum-to-add"], "per_channel": True, "keep_float": ["a"]}
    assert options["fixes"] == ["sum-to-add"]
    assert with_changes(options, []) == options


def test_what_is_left_is_what_the_scheme_knows_and_has_not_got():
    left = changes_left({"scheme": "static-int8", "per_channel": True, "fixes": ["clip-mask"]})
    assert set(left) == {*change_names()} - {"per-channel", "clip-mask"}
    assert set(changes_left({"scheme": "fp16"})) == set(fix_names())


def test_a_recipe_tells_the_changes_it_was_made_with():
    changes = ["clip-mask", "per-channel", "symmetric"]
    made = quantize(attention(), calibration=attention_feeds(), **with_changes({"scheme": "static-int8"}, changes))
    assert set(changes) <= set(changes_in(made.recipe.options()))
