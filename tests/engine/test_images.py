"""Images: whatever comes in becomes one checked image, or an ImageError in words."""

import io
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps

from engine import images
from engine.images import ImageError, fit, from_array, load_image, save_image, to_uint8

SUFFIXES = (".png", ".jpg", ".webp", ".bmp", ".tiff", ".gif", ".ppm", ".jp2", ".sr")
LOSSLESS = (".png", ".bmp", ".tiff", ".ppm", ".sr")


def smooth_picture(height: int = 40, width: int = 60) -> NDArray[np.uint8]:
    """RGB with a different ramp in each channel, so that no flip or channel swap goes unseen."""
    rows, columns = np.mgrid[0:height, 0:width]
    red, green = 255 * rows / (height - 1), 255 * columns / (width - 1)
    return np.stack([red, green, (red + green) / 4], axis=-1).astype(np.uint8)


def encoded(suffix: str, rgb: NDArray[np.generic]) -> bytes:
    order = [2, 1, 0, 3][: rgb.shape[2]] if rgb.ndim == 3 else ...
    _, content = cv2.imencode(suffix, np.ascontiguousarray(rgb[..., order]))
    return content.tobytes()


def png_that_claims(width: int, height: int) -> bytes:
    """A few bytes whose header promises width x height pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(bytes(99))), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def check(image: images.Image) -> None:
    assert image.dtype == np.float32
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert image.size > 0
    assert image.flags.c_contiguous
    assert image.flags.writeable  # torch.from_numpy warns about others
    assert image.min() >= 0
    assert image.max() <= 1


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_comes_in_as_rgb(tmp_path: Path, suffix: str) -> None:
    picture = smooth_picture()
    (tmp_path / f"a{suffix}").write_bytes(encoded(suffix, picture))
    image = load_image(tmp_path / f"a{suffix}")
    check(image)
    assert image.shape == (40, 60, 3)
    # OpenCV saves GIF with 8 x 8 x 4 colours; a swapped channel would be off by 255.
    tolerance = 0 if suffix in LOSSLESS else 90 if suffix == ".gif" else 20
    assert np.abs(to_uint8(image).astype(int) - picture).max() <= tolerance


def test_a_name_beyond_ascii_and_a_string_path(tmp_path: Path) -> None:
    path = tmp_path / "Übung ☀ 猫.png"
    save_image(str(path), from_array(smooth_picture()))
    assert np.array_equal(to_uint8(load_image(str(path))), smooth_picture())


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_sixteen_bits_keep_their_precision(tmp_path: Path, suffix: str) -> None:
    levels = np.array([[[0, 1, 2], [257, 32768, 65535]]], np.uint16)
    (tmp_path / f"a{suffix}").write_bytes(encoded(suffix, levels))
    assert np.array_equal(load_image(tmp_path / f"a{suffix}"), levels.astype(np.float32) / 65535)


@pytest.mark.parametrize("mode", ["1", "L", "I;16"])
def test_gray_becomes_three_channels(tmp_path: Path, mode: str) -> None:
    Pillow.new(mode, (5, 4), 1).save(tmp_path / "a.png")
    expected = {"1": 1.0, "L": 1 / 255, "I;16": 1 / 65535}[mode]
    assert load_image(tmp_path / "a.png") == pytest.approx(np.full((4, 5, 3), expected))


def test_a_palette_is_looked_up(tmp_path: Path) -> None:
    picture = Pillow.new("P", (5, 4), 1)
    picture.putpalette([0, 0, 0, 255, 0, 51])
    picture.save(tmp_path / "a.png")
    assert load_image(tmp_path / "a.png")[0, 0] == pytest.approx([1.0, 0.0, 0.2])


def test_transparency_is_laid_over_white(tmp_path: Path) -> None:
    Pillow.new("RGBA", (3, 2), (255, 0, 0, 51)).save(tmp_path / "a.png")
    assert load_image(tmp_path / "a.png")[0, 0] == pytest.approx([1.0, 0.8, 0.8], abs=1e-6)


def test_cmyk_keeps_its_colours(tmp_path: Path) -> None:
    picture = Pillow.fromarray(smooth_picture()).convert("CMYK")
    picture.save(tmp_path / "a.jpg", quality=100)
    difference = to_uint8(load_image(tmp_path / "a.jpg")).astype(int) - smooth_picture()
    assert np.abs(difference).max() < 12


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG RGB", "PNG RGBA", "TIFF RGB"])
def test_exif_rotation_is_applied_once(tmp_path: Path, kind: str, orientation: int) -> None:
    file_format, mode = kind.split()
    exif = Pillow.Exif()
    exif[images.ORIENTATION] = orientation
    Pillow.fromarray(smooth_picture()).convert(mode).save(tmp_path / "a", file_format, exif=exif)
    with Pillow.open(tmp_path / "a") as file:
        expected = np.asarray(ImageOps.exif_transpose(file).convert("RGB")).astype(int)
    image = load_image(tmp_path / "a")
    assert image.shape == expected.shape
    assert np.abs(to_uint8(image) - expected).max() <= (3 if file_format == "JPEG" else 0)


def test_damaged_exif_costs_only_the_rotation(tmp_path: Path) -> None:
    Pillow.new("RGB", (3, 2), "red").save(tmp_path / "a.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")
    assert load_image(tmp_path / "a.jpg").shape == (2, 3, 3)


@pytest.mark.parametrize("suffix", [".hdr", ".pfm", ".tiff"])
def test_float_formats_are_clipped(tmp_path: Path, suffix: str) -> None:
    light = np.array([[[0.25, 0.5, 1.0], [2.0, 4.0, 0.0]]], np.float32)
    (tmp_path / f"a{suffix}").write_bytes(encoded(suffix, light))
    assert load_image(tmp_path / f"a{suffix}") == pytest.approx(np.clip(light, 0, 1), abs=0.01)


def test_a_float_file_with_nan_is_refused_by_name(tmp_path: Path) -> None:
    Pillow.new("F", (3, 2), float("nan")).save(tmp_path / "a.tiff")
    with pytest.raises(ImageError, match=r"a\.tiff cannot be used.*not numbers"):
        load_image(tmp_path / "a.tiff")


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_many_frames_the_first(tmp_path: Path, file_format: str) -> None:
    frames = [Pillow.new("RGB", (30, 20), colour) for colour in ("red", "lime", "blue")]
    frames[0].save(tmp_path / "a", file_format, save_all=True, append_images=frames[1:])
    image = load_image(tmp_path / "a")
    assert image == pytest.approx(np.broadcast_to([1, 0, 0], (20, 30, 3)), abs=0.02)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kept", [0.95, 0.5])
def test_a_file_that_is_cut_short_never_shows_half_a_picture(
    tmp_path: Path, suffix: str, kept: float
) -> None:
    content = encoded(suffix, np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8))
    (tmp_path / f"a{suffix}").write_bytes(content[: int(kept * len(content))])
    with pytest.raises(ImageError, match=r"cut short|not an image in a format"):
        load_image(tmp_path / f"a{suffix}")


def test_a_cut_photo_says_so(tmp_path: Path) -> None:
    content = encoded(".jpg", smooth_picture(400, 600))
    (tmp_path / "a.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(ImageError, match=r"a\.jpg begins like a JPEG image but .* cut short"):
        load_image(tmp_path / "a.jpg")


def test_files_that_are_no_images(tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("Dear diary, " * 50)
    (tmp_path / "empty.png").touch()
    for path, words in (
        (tmp_path / "missing.png", r"There is no file .*missing\.png"),
        (tmp_path / "notes.png", r"notes\.png is not an image .* choose a PNG"),
        (tmp_path / "empty.png", r"empty\.png is an empty file"),
        (tmp_path, r"is a folder; choose an image file inside"),
        (tmp_path / "empty.png" / "a.png", "a.png"),
        ("nul\0byte.png", "could not be read"),
        ("x" * 5000, "could not be read"),
    ):
        with pytest.raises(ImageError, match=words):
            load_image(path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
def test_an_endless_device_is_not_read() -> None:
    with pytest.raises(ImageError, match="is a device or a pipe"):
        load_image("/dev/zero")


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:  # chmod does not stop root, who runs many a test
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "a.png").write_bytes(encoded(".png", smooth_picture()))
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ImageError, match="may not be read by this user; change its permissions"):
        load_image(tmp_path / "a.png")


def test_a_file_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(images.LARGEST_FILE + 1)  # sparse: takes no room on the disk
    with pytest.raises(ImageError, match="larger than 1 GB"):
        load_image(tmp_path / "a.png")


@pytest.mark.parametrize("side", [10_001, 12_000, 60_000])
def test_a_bomb_is_refused_by_its_header(tmp_path: Path, side: int) -> None:
    (tmp_path / "bomb.png").write_bytes(png_that_claims(side, side))
    with pytest.raises(ImageError, match="more than 100 million pixels"):
        load_image(tmp_path / "bomb.png")


def png_with_a_chunk_that_claims(length: int) -> bytes:
    content = encoded(".png", smooth_picture())
    position = content.index(b"IDAT")
    return content[: position - 4] + struct.pack(">I", length) + content[position:]


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on memory is Linux's")
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (png_that_claims(60_000, 60_000), "million pixels"),  # 10 GB
        (png_with_a_chunk_that_claims(2_000_000_000), "damaged"),  # 2 GB
    ],
    ids=["picture", "chunk"],
)
def test_a_bomb_allocates_nothing(tmp_path: Path, content: bytes, words: str) -> None:
    """A child that counts its memory, of which a bomb may take less than 0.1 GB."""
    (tmp_path / "bomb.png").write_bytes(content)
    script = """
import resource, sys
from engine.images import ImageError, load_image
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    load_image(sys.argv[1])
except ImageError as error:
    print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    result = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "bomb.png"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    message, kilobytes = result.stdout.splitlines()
    assert words in message
    assert int(kilobytes) < 100_000
    assert result.stderr == ""


def test_opencv_stays_silent(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    content = encoded(".tiff", smooth_picture())
    (tmp_path / "a.tiff").write_bytes(content[: len(content) // 2])
    with pytest.raises(ImageError):
        load_image(tmp_path / "a.tiff")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("seed", range(150))
def test_damage_gives_words_or_a_whole_image(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray(encoded(SUFFIXES[seed % len(SUFFIXES)], smooth_picture(32, 36)))
    for _ in range(chance.choice((0, 1, 8, 64))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    if chance.random() < 0.5:
        del content[chance.randrange(1, len(content)) :]
    if chance.random() < 0.2:
        start = chance.randrange(len(content))
        content[start:start] = chance.randbytes(chance.randrange(1, 200))
    (tmp_path / "damaged").write_bytes(content)
    try:
        image = load_image(tmp_path / "damaged")
    except ImageError as error:
        assert "damaged" in str(error)  # the name of the file, at least
    else:
        check(image)


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.uint16, np.float16, np.float64])
@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 1), (2, 3, 3), (2, 3, 4)])
def test_arrays_of_every_kind(dtype: type[np.generic], shape: tuple[int, ...]) -> None:
    image = from_array(np.ones(shape).astype(dtype))
    check(image)
    one = 1 / {np.uint8: 255, np.uint16: 65535}.get(dtype, 1)
    expected = one * one + (1 - one) if shape[-1] == 4 else one
    assert image == pytest.approx(np.full((2, 3, 3), expected), abs=1e-6)


def test_from_array_copies_and_takes_any_strides() -> None:
    array = np.linspace(0, 1, 24, dtype=np.float32).reshape(2, 4, 3)
    image = from_array(array[::-1, ::-2])
    check(image)
    assert np.array_equal(image, array[::-1, ::-2])
    image[:] = 0
    assert array.max() == 1


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros(3), r"shape \(3,\) is not an image"),
        (np.zeros((3, 5, 7)), r"shape \(3, 5, 7\) is not an image"),
        (np.zeros((1, 2, 3, 3)), "is not an image"),
        (np.zeros((0, 4, 3)), "no pixel"),
        (np.zeros((4, 0)), "no pixel"),
        (np.full((2, 2), np.nan), "not numbers"),
        (np.array([[0.0, np.inf]]), "from 0 to inf"),
        (np.array([[0.0, 255.0]]), r"from 0 to 255, .* divide"),
        (np.array([[-0.5, 1.0]]), "from -0.5 to 1"),
        (np.zeros((2, 2), np.int64), "int64 numbers; convert"),
        (np.zeros((2, 2), np.complex128), "complex128 numbers; convert"),
    ],
)
def test_arrays_that_are_no_image(array: NDArray[np.generic], words: str) -> None:
    with pytest.raises(ImageError, match=words):
        from_array(array)


def test_what_arithmetic_carried_just_outside_is_clipped() -> None:
    check(from_array(np.array([[-1e-7, 1 + 1e-7]])))


@pytest.mark.parametrize("target", [(10, 10), (32, 32), (7, 90), (90, 7), (1, 1), (200, 300)])
@pytest.mark.parametrize("source", [(40, 60), (60, 40), (1, 50), (33, 1), (1, 1)])
def test_fit_has_the_asked_size(source: tuple[int, int], target: tuple[int, int]) -> None:
    image = fit(from_array(np.random.default_rng(0).random((*source, 3))), *target)
    check(image)
    assert image.shape == (*target, 3)


def test_fit_crops_about_the_centre() -> None:
    columns = np.zeros((2, 6, 3), np.float32)
    columns[:, 2:4] = 1
    assert np.array_equal(fit(columns, 2, 2), np.ones((2, 2, 3)))
    assert np.array_equal(fit(columns.swapaxes(0, 1), 2, 2), np.ones((2, 2, 3)))


def test_fit_averages_over_areas() -> None:
    stars = np.zeros((64, 64), np.float32)
    stars[::4, ::4] = 1  # one pixel in 16, which sampling would miss or exaggerate
    assert fit(from_array(stars), 16, 16) == pytest.approx(np.full((16, 16, 3), 1 / 16))


def test_fit_at_its_own_size_changes_nothing() -> None:
    image = from_array(smooth_picture())
    assert np.array_equal(fit(image, 40, 60), image)


@pytest.mark.parametrize(("height", "width"), [(0, 5), (5, -1)])
def test_fit_refuses_no_size(height: int, width: int) -> None:
    with pytest.raises(ValueError, match="at least 1 x 1"):
        fit(from_array(smooth_picture()), height, width)


def test_to_uint8_rounds() -> None:
    levels = np.array([0, 0.4, 0.6, 126.6, 254.4, 254.6, 255]) / 255
    image = np.repeat(levels.astype(np.float32)[None, :, None], 3, axis=2)
    assert to_uint8(image)[0, :, 0].tolist() == [0, 0, 1, 127, 254, 255, 255]


def test_every_level_survives_a_round_trip(tmp_path: Path) -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    save_image(tmp_path / "new folder" / "a.PNG", from_array(levels))
    assert np.array_equal(to_uint8(load_image(tmp_path / "new folder" / "a.PNG"))[..., 0], levels)


def test_a_saved_jpeg_is_close(tmp_path: Path) -> None:
    save_image(tmp_path / "a.jpeg", from_array(smooth_picture()))
    with Pillow.open(tmp_path / "a.jpeg") as file:
        assert file.format == "JPEG"
        assert np.abs(np.asarray(file).astype(int) - smooth_picture()).max() < 12


def test_saving_that_cannot_be(tmp_path: Path) -> None:
    image = from_array(smooth_picture())
    (tmp_path / "file").write_bytes(b"kept")
    with pytest.raises(ImageError, match=r"end in \.png"):
        save_image(tmp_path / "a.txt", image)
    with pytest.raises(ImageError, match="could not be saved"):
        save_image(tmp_path / "file" / "a.png", image)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"kept"


def test_a_failed_save_keeps_the_old_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    save_image(tmp_path / "a.png", from_array(smooth_picture()))
    monkeypatch.setattr("os.fsync", disk_full)
    with pytest.raises(ImageError, match="No space left on device"):
        save_image(tmp_path / "a.png", from_array(np.zeros((2, 2))))
    assert np.array_equal(to_uint8(load_image(tmp_path / "a.png")), smooth_picture())
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_real_photos(shared: Path) -> None:
    photos = sorted((shared / "data" / "photos").glob("*.JPEG"))[:5]
    assert photos
    for photo in photos:
        image = load_image(photo)
        check(image)
        with Pillow.open(io.BytesIO(photo.read_bytes())) as file:
            expected = np.asarray(ImageOps.exif_transpose(file).convert("RGB")).astype(int)
        assert np.abs(to_uint8(image) - expected).mean() < 1
