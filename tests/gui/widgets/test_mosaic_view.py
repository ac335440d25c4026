"""The mosaic of a layer: colours, values, choice."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.mosaic import tile
from gui import theme
from gui.widgets import mosaic_view
from gui.widgets.mosaic_view import MosaicView
from gui.widgets.picture import as_seen, from_qimage

Show = Callable[..., None]
MAPS = np.linspace(-1, 1, 4 * 5 * 6, dtype=np.float32).reshape(4, 5, 6)


@pytest.fixture
def view(shown: Show) -> MosaicView:
    """Four maps of 5 x 6 in two rows."""
    view = MosaicView()
    shown(view, 280, 320)
    view.set_maps("conv1 · Conv2d", "4 × 5 × 6", tile(MAPS, columns=2, signed=True), MAPS)
    return view


@pytest.fixture
def chosen(view: MosaicView) -> list[tuple[int, int, int]]:
    """Every place that the person chose."""
    places: list[tuple[int, int, int]] = []
    view.clicked.connect(lambda *place: places.append(place))
    return places


def shade(argb: int) -> tuple[int, int, int]:
    colour = QColor.fromRgba(argb)
    return colour.red(), colour.green(), colour.blue()


def has(view: MosaicView, colour: tuple[int, int, int]) -> int:
    return int((from_qimage(as_seen(view)) == colour).all(axis=2).sum())


def test_values_wear_the_colours_of_the_look(view: MosaicView, look: theme.Theme) -> None:
    table = theme.signed_table(look)
    assert has(view, shade(table[1])) > 50
    assert has(view, shade(table[255])) > 50
    magnitudes = np.abs(MAPS)
    view.set_maps("relu", "", tile(magnitudes, columns=2, signed=False), magnitudes)
    assert has(view, shade(theme.magnitude_table(look)[255])) > 50
    assert has(view, shade(table[1])) == 0


def test_every_map_can_be_clicked_at_its_place(
    view: MosaicView, chosen: list[tuple[int, int, int]]
) -> None:
    for x in range(0, 280, 4):
        for y in range(0, 320, 4):
            QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(x, y))
    assert set(chosen) == {(m, r, c) for m in range(4) for r in range(5) for c in range(6)}


def test_the_readout_names_the_value_under_the_pointer(
    view: MosaicView,
    chosen: list[tuple[int, int, int]],
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    said: list[str] = []
    monkeypatch.setattr(
        mosaic_view, "paint_readout", lambda _painter, _area, _font, text, _at: said.append(text)
    )
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(30, 60))
    QTest.mouseMove(view, QPoint(28, 58))
    QTest.mouseMove(view, QPoint(30, 60))
    qtbot.waitUntil(lambda: bool(said), timeout=2000)
    (place,) = chosen
    value = f"{MAPS[place]:.3f}".replace("-", "−")
    assert said[-1] == f"map {place[0]}, row {place[1]}, column {place[2]}: {value}"


def test_the_chosen_map_is_outlined(view: MosaicView, look: theme.Theme) -> None:
    view.clearFocus()
    accent = QColor(look.accent)
    colour = (accent.red(), accent.green(), accent.blue())
    assert has(view, colour) == 0
    view.set_selected(1)
    rows, columns = np.nonzero((from_qimage(as_seen(view)) == colour).all(axis=2))
    assert rows.max() < 180, "the upper row"
    assert columns.min() > 100, "the right column"
    view.set_selected(None)
    assert has(view, colour) == 0


def test_arrows_choose_the_neighbour(view: MosaicView, chosen: list[tuple[int, int, int]]) -> None:
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down):
        QTest.keyClick(view, key)
    assert chosen == [(0, 2, 3), (1, 2, 3), (3, 2, 3)]


@pytest.mark.parametrize("shape", [(1, 1, 1), (64, 56, 56), (512, 1, 1), (3, 300, 200)])
def test_mosaics_of_every_shape_stay_inside(shown: Show, shape: tuple[int, int, int]) -> None:
    view = MosaicView()
    shown(view, view.minimumSizeHint().width(), view.minimumSizeHint().height())
    maps = np.ones(shape, dtype=np.float32)
    view.set_maps("ones", "", tile(maps, signed=True), maps)
    full = shade(theme.signed_table(theme.current())[255])
    assert has(view, full) > 20
    rows, _ = np.nonzero((from_qimage(as_seen(view)) == full).all(axis=2))
    assert rows.max() < view.height()


def test_maps_of_nothing_but_zeros_and_no_maps_at_all(shown: Show) -> None:
    view = MosaicView()
    shown(view)
    view.set_placeholder("Run a picture through the network.")
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    QTest.keyClick(view, Qt.Key.Key_Right)
    zeros = np.zeros((4, 3, 3), dtype=np.float32)
    view.set_maps("dead", "", tile(zeros, signed=True), zeros)
    view.set_selected(99)
    assert not as_seen(view).isNull()
