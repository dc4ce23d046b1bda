"""Images and folders of images: presets, layouts, and files that mean harm."""

import pickle
import struct
import zlib

import numpy as np
import onnxruntime as ort
import pytest
from onnx import helper
from sample_models import DIGITS, build, identity

from haoline_analysis import MissingExtraError, open_model
from haoline_analysis.runtime.samples import InputError, samples_of
from haoline_analysis.runtime.samples.layouts import layout_of
from haoline_analysis.runtime.samples.ports import Port
from haoline_analysis.runtime.samples.presets import PRESETS, find_preset

Image = pytest.importorskip("PIL.Image")

RGB = identity(image=("float32", ["batch", 3, 64, 64]))
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def picture(path, size=(64, 64), mode="RGB", seed=0):
    """A random image file (width, height) and its pixels."""
    channels = {"RGB": (3,), "RGBA": (4,), "L": ()}[mode]
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], *channels), np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


def refusal(inputs, model=RGB, **options):
    with pytest.raises(InputError) as caught:
        list(samples_of(inputs, model, **options))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def fed(inputs, model=RGB, **options):
    return next(iter(samples_of(inputs, model, **options)[0].feeds.values()))


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("0-1", lambda p: p / 255),
        ("-1-1", lambda p: p / 127.5 - 1),
        ("raw", lambda p: p),
        ("siglip", lambda p: (p / 255 - 0.5) / 0.5),
        ("letterbox", lambda p: p / 255),
        ("caffe", lambda p: (p - [123.68, 116.779, 103.939])[..., ::-1]),
    ],
)
def test_presets_are_their_formulas(tmp_path, preset, expected):
    pixels = picture(tmp_path / "cat.png").astype(np.float64)
    array = fed(tmp_path / "cat.png", preprocess=preset)
    assert array.dtype == np.float32
    np.testing.assert_allclose(array[0].transpose(1, 2, 0), expected(pixels), atol=2e-4)


def test_imagenet_resizes_crops_and_normalises(tmp_path):
    model = identity(image=("float32", ["batch", 3, 224, 224]))
    picture(tmp_path / "photo.png", (640, 480))
    array = fed(tmp_path / "photo.png", model, preprocess="imagenet")
    image = Image.open(tmp_path / "photo.png").resize((round(640 * 256 / 480), 256), Image.Resampling.BICUBIC)
    left, top = (image.width - 224) // 2, 16
    reference = (np.asarray(image.crop((left, top, left + 224, top + 224))) / 255 - MEAN) / STD
    assert array.shape == (1, 3, 224, 224)
    # one pass of resampling where torchvision takes two: the same picture up to a fraction of a pixel
    blurred = np.abs(array[0].transpose(1, 2, 0).mean((0, 1)) - reference.mean((0, 1)))
    assert blurred.max() < 0.02


def test_a_gradient_is_cropped_in_the_middle(tmp_path):
    ramp = np.tile(np.linspace(0, 255, 512).astype(np.uint8)[None, :, None], (256, 1, 3))
    Image.fromarray(ramp).save(tmp_path / "ramp.png")
    row = fed(tmp_path / "ramp.png", preprocess="0-1")[0, 0, 32]
    assert row[0] == pytest.approx(0.25, abs=0.02)
    assert row[-1] == pytest.approx(0.75, abs=0.02)
    stretched = fed(tmp_path / "ramp.png", preprocess="siglip")[0, 0, 32]
    assert stretched[0] == pytest.approx(-1, abs=0.05)
    padded = fed(tmp_path / "ramp.png", preprocess="letterbox")
    assert padded[0, 0, 0, 0] == pytest.approx(114 / 255)
    assert padded[0, 0, 32, -1] == pytest.approx(1, abs=0.05)


def test_the_digits_network_recognises_a_drawn_one(tmp_path):
    drawn = np.zeros((64, 64), np.uint8)
    drawn[4:60, 28:40] = 255
    Image.fromarray(drawn).save(tmp_path / "one.png")
    samples = samples_of(tmp_path / "one.png", open_model(DIGITS))
    session = ort.InferenceSession(DIGITS, providers=["CPUExecutionProvider"])
    (logits,) = session.run(None, dict(samples[0].feeds))
    assert int(logits.argmax()) == 1
    assert any("preset 0-1" in note for note in samples.notes)
    assert samples.origin == "one.png"
    assert samples[0].label == "one.png"


@pytest.mark.parametrize(
    ("shape", "order", "channels"),
    [
        (["batch", 3, 64, 64], "NCHW", 3),
        (["batch", 64, 64, 3], "NHWC", 3),
        ([None, None, None, 3], "NHWC", 3),
        (["batch", "height", "width", "channels"], "NHWC", 3),
        (["batch", "channels", "height", "width"], "NCHW", 3),
        ([None, None, None, None], "NCHW", 3),
        ([1, 1, 28, 28], "NCHW", 1),
        ([3, 224, 224], "CHW", 3),
        ([224, 224, 3], "HWC", 3),
    ],
)
def test_layouts_are_told_from_shapes(shape, order, channels):
    layout = layout_of(Port("image", "float32", tuple(shape)))
    assert (layout.order, layout.channels) == (order, channels)


@pytest.mark.parametrize("shape", [["batch", 12, 64, 64], [1, 128, 768], ["batch", "seq", 3], ["batch", 4]])
def test_other_inputs_take_no_picture(tmp_path, shape):
    model = identity(x=("float32", shape))
    picture(tmp_path / "cat.png")
    message = refusal(tmp_path / "cat.png", model)
    assert "no input of the model takes a picture" in message
    assert "'x' float32" in message


def test_caches_and_masks_are_no_pictures():
    assert layout_of(Port("past_key_values.0.key", "float32", ("batch", 3, "past", 64))) is None
    assert layout_of(Port("attention_mask", "float32", ("batch", 1, 64, 64))) is None
    assert layout_of(Port("pixel_values", "float32", ("batch", 3, 64, 64))) is not None


def test_channels_last_and_uint8(tmp_path):
    pixels = picture(tmp_path / "cat.png")
    np.testing.assert_array_equal(fed(tmp_path / "cat.png", identity(x=("uint8", [1, 64, 64, 3])))[0], pixels)
    nchw = fed(tmp_path / "cat.png", identity(x=("uint8", ["n", 3, 64, 64])))
    np.testing.assert_array_equal(nchw[0], pixels.transpose(2, 0, 1))


def test_grey_and_alpha(tmp_path):
    picture(tmp_path / "cat.png")
    grey = fed(tmp_path / "cat.png", identity(x=("float32", [1, 1, 64, 64])), preprocess="clip")
    reference = np.asarray(Image.open(tmp_path / "cat.png").convert("L")) / 255
    clip = PRESETS["clip"]
    np.testing.assert_allclose(grey[0, 0], (reference - np.mean(clip.mean)) / np.mean(clip.std), atol=1e-4)
    alpha = fed(tmp_path / "cat.png", identity(x=("float32", [1, 4, 64, 64])), preprocess="0-1")
    assert (alpha[0, 3] == 1).all()


def test_half_precision_inputs_get_half_precision(tmp_path):
    picture(tmp_path / "cat.png")
    assert fed(tmp_path / "cat.png", identity(x=("float16", [1, 3, 64, 64]))).dtype == np.float16


def test_open_sizes_take_the_default_or_the_one_asked_for(tmp_path):
    picture(tmp_path / "cat.png")
    model = identity(image=("float32", ["batch", 3, "height", "width"]))
    assert fed(tmp_path / "cat.png", model).shape == (1, 3, 224, 224)
    assert fed(tmp_path / "cat.png", model, preprocess="imagenet:96").shape == (1, 3, 96, 96)
    assert fed(tmp_path / "cat.png", model, preprocess="0-1:32x48").shape == (1, 3, 32, 48)


def test_a_model_that_normalises_itself_is_given_what_it_wants(tmp_path):
    def model(*nodes, **weights):
        return build(list(nodes), {"image": ("float32", [1, 3, 128, 128])}, weights)

    scaled = model(helper.make_node("Div", ["image", "s"], ["y"]), s=np.array(255, np.float32))
    shifted = model(
        helper.make_node("Transpose", ["image"], ["t"], perm=[0, 2, 3, 1]),
        helper.make_node("Sub", ["t", "m"], ["y"]),
        m=MEAN.astype(np.float32),
    )
    plain = model(helper.make_node("Relu", ["image"], ["y"]))
    picture(tmp_path / "cat.png")
    for chosen, preset in ((scaled, "raw"), (shifted, "0-1"), (plain, "imagenet")):
        samples = samples_of(tmp_path / "cat.png", chosen)
        assert any(f"preset {preset} (" in note for note in samples.notes), samples.notes


def test_unknown_presets_are_told_with_the_closest():
    with pytest.raises(InputError, match="did you mean 'imagenet'"):
        find_preset("imagnet")
    with pytest.raises(InputError, match="HEIGHTxWIDTH"):
        find_preset("0-1:big")
    assert find_preset("yolo").name == "letterbox"
    assert all(find_preset(name).name == name for name in PRESETS)


def test_a_function_gets_the_pixels(tmp_path):
    pixels = picture(tmp_path / "cat.png")

    def halves(image):
        assert image.dtype == np.uint8
        assert image.shape == (64, 64, 3)
        return (image.transpose(2, 0, 1) / 510).astype(np.float32)

    samples = samples_of(tmp_path / "cat.png", RGB, preprocess=halves)
    np.testing.assert_allclose(samples[0].feeds["image"][0], pixels.transpose(2, 0, 1) / 510, atol=1e-6)
    np.testing.assert_array_equal(samples[0].picture, pixels)
    assert any("halves" in note for note in samples.notes)
    message = refusal(tmp_path / "cat.png", preprocess=lambda image: image[:32])
    assert "cat.png: input 'image' expects float32 batch×3×64×64, got uint8 32×64×3" in message


def test_pixels_as_arrays_are_pictures(tmp_path):
    pixels = picture(tmp_path / "cat.png", (80, 64))
    np.testing.assert_array_equal(fed(pixels, preprocess="imagenet"), fed(tmp_path / "cat.png", preprocess="imagenet"))
    assert fed(pixels).shape == (1, 3, 64, 64)
    assert len(samples_of(np.stack([pixels] * 3), RGB)) == 3
    assert fed(pixels.transpose(2, 0, 1), preprocess="0-1").shape == (1, 3, 64, 64)
    assert fed(Image.fromarray(pixels)).shape == (1, 3, 64, 64)
    assert "height×width×channels of uint8" in refusal(np.zeros((64, 64, 3), np.float32), preprocess="imagenet")
    np.save(tmp_path / "cat.npy", pixels)
    assert fed(tmp_path / "cat.npy").shape == (1, 3, 64, 64)


def test_folders_are_opened_one_by_one(tmp_path):
    for number in range(12):
        (tmp_path / f"class{number % 2}").mkdir(exist_ok=True)
        picture(tmp_path / f"class{number % 2}" / f"img{number}.png", seed=number)
    samples = samples_of(tmp_path, RGB, preprocess="0-1")
    assert len(samples) == 12
    assert samples.origin == f"folder {tmp_path.name}/, 12 images"
    assert [s.label for s in samples][:6] == [f"class0/img{n}.png" for n in (0, 2, 4, 6, 8, 10)]
    (tmp_path / "class1" / "img11.png").write_bytes(b"broken")
    assert samples.label(11) == "class1/img11.png"
    assert samples[0].feeds["image"].shape == (1, 3, 64, 64)
    with pytest.raises(InputError, match=r"img11\.png: no image that can be read"):
        samples[11]
    pieces = [pickle.loads(pickle.dumps(piece)) for piece in samples.split(3)]
    assert [len(piece) for piece in pieces] == [4, 4, 4]
    np.testing.assert_array_equal(pieces[1][0].feeds["image"], samples[4].feeds["image"])
    assert len(samples_of(tmp_path, RGB, limit=5)) == 5


def test_pictures_fill_a_fixed_batch(tmp_path):
    for number in range(5):
        picture(tmp_path / f"{number}.png", seed=number)
    model = identity(image=("float32", [4, 3, 64, 64]))
    samples = samples_of(tmp_path, model, preprocess="raw")
    assert len(samples) == 2
    assert samples[1].feeds["image"].shape == (4, 3, 64, 64)
    assert samples[0].label == samples.label(0) == "0.png … 3.png"
    assert any("takes 4 samples at a time" in note for note in samples.notes)
    np.testing.assert_array_equal(samples[1].feeds["image"][0], samples[1].feeds["image"][3])


def test_pictures_for_named_inputs(tmp_path):
    picture(tmp_path / "a.png", seed=1)
    picture(tmp_path / "b.png", seed=2)
    model = identity(left=("float32", [1, 3, 64, 64]), right=("float32", [1, 3, 64, 64]))
    assert "several pictures, 'left', 'right'" in refusal(tmp_path / "a.png", model)
    one = identity(image=("float32", [1, 3, 64, 64]), scale=("float32", [1]))
    sample = samples_of({"image": tmp_path / "a.png", "scale": np.ones(1, np.float32)}, one)[0]
    assert sample.feeds["image"].shape == (1, 3, 64, 64)
    assert "'scale' is missing" in refusal(tmp_path / "a.png", one)


def test_the_way_up_is_the_one_of_the_camera(tmp_path):
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:, :8] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.fromarray(pixels).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    picture_seen = samples_of(tmp_path / "turned.jpg", RGB)[0].picture
    assert picture_seen.shape == (16, 8, 3)
    assert picture_seen[:6].min() > 200
    assert picture_seen[10:].max() < 60


def test_sixteen_bit_greys_are_scaled_not_clipped(tmp_path):
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (64, 1))
    Image.fromarray(ramp).save(tmp_path / "deep.png")
    row = fed(tmp_path / "deep.png", identity(x=("float32", [1, 1, 64, 64])), preprocess="0-1")[0, 0, 32]
    np.testing.assert_allclose(row, np.linspace(0, 1, 64), atol=0.02)


@pytest.mark.parametrize("mode", ["1", "P", "LA", "CMYK", "L", "RGBA", "I", "F"])
def test_every_mode_becomes_three_channels(tmp_path, mode):
    suffix = {"CMYK": "jpg", "F": "tiff", "I": "tiff"}.get(mode, "png")
    Image.new("L", (64, 64), 128).convert(mode).save(tmp_path / f"x.{suffix}")
    assert fed(tmp_path / f"x.{suffix}", preprocess="0-1").shape == (1, 3, 64, 64)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize("side", [11_000, 60_000])
def test_decompression_bombs_are_refused_before_they_are_unpacked(tmp_path, side):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(bytes(1000)))
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + header + data + chunk(b"IEND", b""))
    message = refusal(tmp_path / "bomb.png")
    assert "bomb.png" in message
    assert "100,000,000" in message


def test_broken_and_disguised_images_are_refused(tmp_path):
    pixels = picture(tmp_path / "cat.jpg", (300, 300))
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "cat.jpg").read_bytes()[: pixels.size // 40])
    assert "cut.jpg" in refusal(tmp_path / "cut.jpg")
    (tmp_path / "not.png").write_text("hello")
    assert "not.png: no image that can be read" in refusal(tmp_path / "not.png")
    (tmp_path / "evil.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    assert "evil.png: no image that can be read" in refusal(tmp_path / "evil.png")


def test_a_missing_pillow_is_told_with_the_extra(tmp_path, monkeypatch):
    picture(tmp_path / "cat.png")
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(MissingExtraError, match=r'pip install "haoline-jupyter\[images\]"'):
        samples_of(tmp_path / "cat.png", RGB)
    assert samples_of(None, RGB)[0].feeds["image"].shape == (1, 3, 64, 64)  # made up without it
