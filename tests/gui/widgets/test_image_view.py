"""One picture: fitted, zoomed, dragged, read."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui import theme
from gui.widgets.image_view import ImageView
from gui.widgets.picture import as_seen, from_qimage

Show = Callable[..., None]


def checks(side: int) -> np.ndarray:
    """A chess board of single pixels."""
    return (np.indices((side, side)).sum(axis=0) % 2 * 255).astype(np.uint8)


def wheel(view: ImageView, at: QPointF, clicks: int) -> None:
    event = QWheelEvent(
        at, view.mapToGlobal(at), QPoint(), QPoint(0, 120 * clicks), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)


def seen(view: ImageView) -> np.ndarray:
    return from_qimage(as_seen(view))


def hover(view: ImageView, point: QPoint) -> tuple[int, int] | None:
    places: list[tuple[int, int]] = []
    view.hovered.connect(lambda row, column: places.append((row, column)))
    QTest.mouseMove(view, point)
    QApplication.processEvents()
    return places[-1] if places else None


def test_a_magnified_picture_keeps_hard_edges(shown: Show) -> None:
    view = ImageView()
    shown(view, 100, 100)
    view.set_image(checks(10))
    got = seen(view)[..., 0]
    np.testing.assert_array_equal(got, np.kron(checks(10), np.ones((10, 10), dtype=np.uint8)))


def test_a_shrunk_picture_is_averaged(shown: Show) -> None:
    view = ImageView()
    shown(view, 100, 100)
    view.set_image(checks(400))
    got = seen(view)[10:90, 10:90]
    assert np.all(np.abs(got.astype(int) - 127) <= 3)


def test_the_aspect_is_kept(shown: Show) -> None:
    view = ImageView()
    shown(view, 200, 100)
    view.set_image(np.full((10, 10, 3), 77, dtype=np.uint8))
    rows, columns = np.nonzero((seen(view) == 77).all(axis=2))
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (100, 100)


def test_the_pixel_under_the_pointer_is_told(shown: Show) -> None:
    view = ImageView()
    shown(view, 100, 100)
    view.set_image(checks(10))
    assert hover(view, QPoint(37, 82)) == (8, 3)


def test_the_wheel_zooms_at_the_cursor(shown: Show) -> None:
    view = ImageView()
    shown(view, 200, 200)
    view.set_image(checks(20))
    assert hover(view, QPoint(154, 47)) == (4, 15)
    places: list[tuple[int, int]] = []
    view.hovered.connect(lambda *place: places.append(place))
    for clicks in (1, 3, 2):
        wheel(view, QPointF(154, 47), clicks)
    assert places == [], "another pixel came under the pointer"
    QTest.mouseMove(view, QPoint(184, 47))
    QApplication.processEvents()
    assert places in ([], [(4, 16)]), "three pixels to the right, had it not been magnified"
    wheel(view, QPointF(20, 20), -40)
    assert hover(view, QPoint(5, 5)) == (0, 0)


def test_dragging_moves_and_a_double_click_fits(shown: Show) -> None:
    view = ImageView()
    shown(view, 200, 200)
    view.set_image(checks(20))
    view.zoom(4)
    assert hover(view, QPoint(100, 100)) == (10, 10)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    QTest.mouseMove(view, QPoint(140, 100))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(140, 100))
    assert hover(view, QPoint(101, 101)) == (10, 9)
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    assert hover(view, QPoint(3, 3)) == (0, 0)


def test_the_picture_cannot_be_lost(shown: Show) -> None:
    view = ImageView()
    shown(view, 200, 200)
    view.set_image(np.full((20, 20), 77, dtype=np.uint8))
    view.zoom(1.5)
    for _ in range(50):
        QTest.keyClick(view, Qt.Key.Key_Left)
    assert (seen(view) == 77).all(axis=2).any()


def test_the_keyboard_zooms_and_fits(shown: Show) -> None:
    view = ImageView()
    shown(view, 100, 100)
    view.set_image(checks(10))
    fitted = seen(view)
    QTest.keyClick(view, Qt.Key.Key_Plus)
    assert not np.array_equal(seen(view), fitted)
    QTest.keyClick(view, Qt.Key.Key_0)
    np.testing.assert_array_equal(seen(view), fitted)
    QTest.keyClick(view, Qt.Key.Key_Plus)
    QTest.keyClick(view, Qt.Key.Key_Minus)
    np.testing.assert_array_equal(seen(view), fitted)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 3)])
def test_far_in_the_pixels_show_their_values(shown: Show, shape: tuple[int, ...]) -> None:
    view = ImageView()
    shown(view, 160, 160)
    view.set_image(np.full(shape, 255, dtype=np.uint8))
    assert (seen(view) < 100).any(), "no dark figures on white"
    view.set_image(np.full((40, *shape[1:]), 255, dtype=np.uint8))
    assert (seen(view)[:, 75:85] == 255).all(), "figures where they have no room"


def test_zoom_stays_while_the_size_stays(shown: Show) -> None:
    view = ImageView()
    shown(view, 100, 100)
    view.set_image(checks(10))
    view.zoom(2)
    zoomed = seen(view)
    view.set_image(checks(10).astype(np.float32) / 255)
    np.testing.assert_array_equal(seen(view), zoomed)
    view.set_image(checks(20))
    assert hover(view, QPoint(97, 97)) == (19, 19)


def test_without_a_picture_the_placeholder_speaks(
    shown: Show, look: theme.Theme, qtbot: QtBot
) -> None:
    view = ImageView()
    shown(view)
    view.set_placeholder("")
    bare = seen(view)
    view.set_placeholder("No camera was found.")
    assert not np.array_equal(seen(view), bare)
    view.zoom(3)
    QTest.mouseMove(view, QPoint(30, 30))
    view.set_caption("camera")
    assert view.accessibleName() == "camera"
