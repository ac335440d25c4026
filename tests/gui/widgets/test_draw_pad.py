"""The pad: ink, eraser, undo, and what a network gets to see."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from gui import theme
from gui.widgets.draw_pad import DrawPad, demo_digit
from gui.widgets.picture import as_seen, from_qimage

Show = Callable[..., None]
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture
def pad(shown: Show) -> DrawPad:
    """An empty pad, one screen pixel for each of its own."""
    pad = DrawPad()
    shown(pad, 280, 280)
    return pad


def draw(pad: DrawPad, start: QPoint, end: QPoint, button: Qt.MouseButton = LEFT) -> None:
    QTest.mousePress(pad, button, pos=start)
    for part in (0.25, 0.5, 0.75, 1.0):
        QTest.mouseMove(pad, (QPointF(start) + (QPointF(end) - QPointF(start)) * part).toPoint())
    QTest.mouseRelease(pad, button, pos=end)


def test_an_empty_pad_is_black(pad: DrawPad) -> None:
    image = pad.image()
    assert image.shape == (280, 280, 3)
    assert image.dtype == np.float32
    assert image.max() == 0
    assert pad.is_empty()


def test_a_stroke_is_white_smooth_and_as_wide_as_the_brush(pad: DrawPad) -> None:
    draw(pad, QPoint(40, 140), QPoint(240, 140))
    image = pad.image()[..., 0]
    assert image[140, 140] == 1
    assert image[:, 140].sum() == pytest.approx(22, abs=0.5)
    assert ((image > 0) & (image < 1)).any(), "edges are not anti-aliased"
    assert image[140, 20] == 0


def test_a_click_leaves_a_dot(pad: DrawPad) -> None:
    QTest.mouseClick(pad, LEFT, pos=QPoint(100, 60))
    assert pad.image()[..., 0].sum() == pytest.approx(np.pi * 11**2, rel=0.03)


def test_the_picture_follows_during_the_stroke(pad: DrawPad, qtbot: QtBot) -> None:
    QTest.mousePress(pad, LEFT, pos=QPoint(40, 40))
    before = pad.image().sum()
    with qtbot.waitSignal(pad.changed, timeout=1000):
        QTest.mouseMove(pad, QPoint(120, 120))
    assert pad.image().sum() > before
    QTest.mouseRelease(pad, LEFT, pos=QPoint(120, 120))


def test_the_right_button_erases(pad: DrawPad) -> None:
    draw(pad, QPoint(40, 140), QPoint(240, 140))
    draw(pad, QPoint(140, 40), QPoint(140, 240), RIGHT)
    image = pad.image()[..., 0]
    assert image[140, 140] == 0
    assert image[140, 60] == 1


def test_undo_goes_back_stroke_by_stroke_and_over_a_clearing(pad: DrawPad) -> None:
    draw(pad, QPoint(40, 60), QPoint(240, 60))
    first = pad.image()
    draw(pad, QPoint(40, 200), QPoint(240, 200))
    second = pad.image()
    QTest.keyClick(pad, Qt.Key.Key_Delete)
    assert pad.is_empty()
    QTest.keyClick(pad, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(pad.image(), second)
    QTest.keyClick(pad, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(pad.image(), first)
    pad.undo()
    assert pad.is_empty()
    assert not pad.undo_action.isEnabled()
    assert not pad.clear_action.isEnabled()


def test_a_long_stroke_is_one_stroke_to_undo(pad: DrawPad) -> None:
    QTest.mousePress(pad, LEFT, pos=QPoint(20, 20))
    for step in range(100):
        QTest.mouseMove(pad, QPoint(20 + 2 * step, 20 + (step * 37) % 200))
    QTest.mouseRelease(pad, LEFT, pos=QPoint(220, 20))
    pad.undo()
    assert pad.is_empty()
    assert pad.image().max() == 0


def test_a_demo_digit_makes_way_for_the_first_stroke(pad: DrawPad) -> None:
    pad.set_strokes(demo_digit())
    digit = pad.image()
    assert 0.05 < digit.mean() < 0.3, "as much ink as a digit of MNIST, roughly"
    draw(pad, QPoint(20, 20), QPoint(60, 20))
    assert pad.image()[60:].max() == 0
    pad.undo()
    np.testing.assert_array_equal(pad.image(), digit)


def test_the_brush_can_be_wider(pad: DrawPad) -> None:
    pad.set_brush(40)
    draw(pad, QPoint(40, 140), QPoint(240, 140))
    assert pad.image()[:, 140, 0].sum() == pytest.approx(40, abs=0.5)


def test_a_stroke_lies_under_the_pointer_in_a_pad_that_is_not_square(shown: Show) -> None:
    pad = DrawPad()
    shown(pad, 500, 140)
    QTest.mouseClick(pad, LEFT, pos=QPoint(250, 70))
    rows, columns = np.nonzero(pad.image()[..., 0] > 0.5)
    assert rows.mean() == pytest.approx(139.5, abs=1.5)
    assert columns.mean() == pytest.approx(139.5, abs=1.5)


def test_ink_is_white_on_black_in_both_looks(pad: DrawPad, look: theme.Theme) -> None:
    draw(pad, QPoint(40, 140), QPoint(240, 140))
    seen = from_qimage(as_seen(pad))
    assert (seen[140, 140] == 255).all()
    assert (seen[60, 140] == 0).all()


def test_the_menu_key_opens_the_menu_and_the_right_button_does_not(
    pad: DrawPad, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[list[str]] = []
    monkeypatch.setattr(
        QMenu, "exec", lambda actions, *_: opened.append([action.text() for action in actions])
    )
    for reason in (QContextMenuEvent.Reason.Mouse, QContextMenuEvent.Reason.Keyboard):
        QApplication.sendEvent(pad, QContextMenuEvent(reason, QPoint(5, 5), QPoint(5, 5)))
    assert opened == [["Copy picture", "Save picture as…", "Clear", "Undo"]]
