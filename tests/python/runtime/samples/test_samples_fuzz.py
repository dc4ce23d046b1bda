"""Damaged files: one clear refusal or a sample, never anything else."""

import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_models import embedding, identity

from haoline_analysis import ModelError
from haoline_analysis.runtime.samples import Sample, samples_of

Image = pytest.importorskip("PIL.Image")
tokenizers = pytest.importorskip("tokenizers")

RGB = identity(image=("float32", [1, 3, 8, 8]))
ARRAY = np.arange(192, dtype=np.float32).reshape(1, 3, 8, 8)


def saved(write, *arguments, **options):
    buffer = io.BytesIO()
    write(buffer, *arguments, **options)
    return buffer.getvalue()


def picture(kind):
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    return saved(Image.fromarray(pixels).save, kind)


FILES = {
    "a.npy": saved(np.save, ARRAY),
    "a.npz": saved(np.savez, image=ARRAY),
    "b.npz": saved(np.savez_compressed, image=ARRAY),
    "a.png": picture("PNG"),
    "a.jpg": picture("JPEG"),
    "a.gif": picture("GIF"),
    "a.webp": picture("WEBP"),
    "a.tiff": picture("TIFF"),
    "a.bmp": picture("BMP"),
    "a.csv": b"a,b\n1,2\n",
}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), name=st.sampled_from(sorted(FILES)))
def test_damaged_files_are_refused_or_read(tmp_path, data, name):
    content = bytearray(FILES[name])
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    path = tmp_path / name
    path.write_bytes(content[:cut] if data.draw(st.booleans()) else content)
    try:
        made = list(samples_of(path, RGB))
    except ModelError as error:
        said = str(error)
    else:
        assert all(isinstance(sample, Sample) for sample in made)
        said = "read"
    assert said
    assert "\n" not in said


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_tokenizers_are_refused_or_read(tmp_path, data):
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"the": 0, "[UNK]": 1}, unk_token="[UNK]"))
    content = bytearray(made.to_str().encode())
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(32, 126))
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        samples_of("the cat", embedding(), tokenizer=path)
    except ModelError as error:
        said = str(error)
    else:
        said = "read"
    assert said
    assert "\n" not in said


@given(text=st.text(max_size=200))
def test_any_text_is_one_sample_or_has_no_tokens(text):
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"the": 0, "[UNK]": 1}, unk_token="[UNK]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    try:
        sample = samples_of([text], embedding(), tokenizer=made)[0]
    except ModelError as error:
        assert "no tokens" in str(error)  # noqa: PT017  other texts must not fail
        assert not text.strip()
    else:
        assert len(sample.tokens) == sample.feeds["input_ids"].shape[1]
