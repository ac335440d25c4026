"""Arrays to pictures and back, and the actions that every picture has."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from gui.widgets import picture


class Square(QWidget):
    """A widget that is red all over."""

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), QColor("red"))


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Answer the next save dialog with a file name and a kind."""

    def choose(name: str, kind: str = "Picture (*.png)") -> Path:
        path = tmp_path / name
        answer = (str(path), kind)
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: answer)
        return path

    return choose


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (1, 1), (2, 3, 3)])
def test_bytes_survive_the_round_trip(shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    back = picture.from_qimage(picture.to_qimage(array))
    expected = array if array.ndim == 3 else np.repeat(array[..., None], 3, axis=2)
    np.testing.assert_array_equal(back, expected)


def test_a_slice_of_an_array_is_read_by_its_strides() -> None:
    array = np.random.default_rng(2).integers(0, 256, (8, 9, 3), dtype=np.uint8)
    np.testing.assert_array_equal(
        picture.from_qimage(picture.to_qimage(array[::2, ::-1])), array[::2, ::-1]
    )


def test_floats_are_rounded_and_clipped() -> None:
    values = np.array([[0.0, 0.4999, 0.5, 1.0, 1.7, -0.3, np.nan]])
    got = picture.from_qimage(picture.to_qimage(values))[0, :, 0]
    np.testing.assert_array_equal(got, [0, 127, 128, 255, 255, 0, 0])


def test_the_picture_owns_its_pixels() -> None:
    array = np.full((4, 4), 200, dtype=np.uint8)
    image = picture.to_qimage(array)
    array[:] = 0
    assert picture.from_qimage(image).min() == 200


def test_what_is_transparent_lies_over_white() -> None:
    image = QImage(3, 2, QImage.Format.Format_ARGB32)
    image.fill(QColor(0, 0, 0, 128))
    image.setDevicePixelRatio(2)
    got = picture.from_qimage(image)
    assert got.shape == (2, 3, 3)
    assert np.all(np.abs(got.astype(int) - 127) <= 1)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((2, 2, 4), np.uint8), "shape"),
        (np.zeros(3, np.uint8), "shape"),
        (np.zeros((0, 3), np.uint8), "shape"),
        (np.zeros((2, 2), np.int64), "int64"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(array: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        picture.to_qimage(array)
    with pytest.raises(ValueError, match="empty"):
        picture.from_qimage(QImage())


def test_copy_puts_the_own_pixels_on_the_clipboard(shown: Callable[..., None]) -> None:
    widget = Square()
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    picture.add_picture_actions(widget, lambda: "x", lambda: picture.to_qimage(pixels))
    shown(widget)
    widget.actions()[0].trigger()
    got = picture.from_qimage(QGuiApplication.clipboard().image())
    np.testing.assert_array_equal(got[..., 0], pixels)


def test_png_and_svg_are_saved(shown: Callable[..., None], chosen: Callable[..., Path]) -> None:
    widget = Square()
    picture.add_picture_actions(widget, lambda: "red")
    shown(widget, 40, 30)
    path = chosen("a", "Picture (*.png)").with_suffix(".png")
    widget.actions()[1].trigger()
    image = QImage(str(path))
    assert image.pixelColor(5, 5) == QColor("red")
    assert image.width() == round(40 * widget.devicePixelRatioF())
    path = chosen("b.svg", "Drawing (*.svg)")
    widget.actions()[1].trigger()
    text = path.read_text()
    assert text.startswith("<?xml")
    assert "#ff0000" in text
    application = QCoreApplication.instance()
    assert application is not None
    assert application.property("pictureFolder") == str(path.parent)


def test_a_dialog_that_is_left_writes_nothing(
    shown: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = Square()
    picture.add_picture_actions(widget, lambda: "red")
    shown(widget)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    widget.actions()[1].trigger()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told_in_words(
    shown: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = Square()
    shown(widget)
    told: list[str] = []
    monkeypatch.setattr(QMessageBox, "warning", lambda *words: told.append(words[2]))
    picture.write_or_tell(widget, tmp_path / "missing" / "a.png", b"x")
    assert len(told) == 1
    assert "Choose another folder" in told[0]
