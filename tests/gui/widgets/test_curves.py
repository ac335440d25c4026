"""Curves: what is drawn, what the axes do, what is read and exported."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QGraphicsView, QWidget
from pytestqt.qtbot import QtBot

from gui import theme
from gui.widgets.curves import Curves
from gui.widgets.picture import as_seen, from_qimage

Show = Callable[..., None]


@pytest.fixture
def curves(shown: Show) -> Curves:
    """A return, its mean, and evaluations."""
    curves = Curves("Return", "episode", "return")
    curves.add("return", "returns")
    curves.add("mean", "prediction", width=2)
    curves.add("evaluation", "target", markers=True)
    shown(curves, 500, 320)
    return curves


def span(curves: Curves) -> tuple[float, float, float, float]:
    (left, right), (low, high) = curves.view_range()
    return left, right, low, high


def viewport(curves: Curves) -> QWidget:
    return curves.findChild(QGraphicsView).viewport()


def near(curves: Curves, colour: str) -> np.ndarray:
    """Rows and columns of the pixels that are close to this colour."""
    shade = QColor(colour)
    wanted = np.array([shade.red(), shade.green(), shade.blue()])
    image = from_qimage(as_seen(curves)).astype(int)
    return np.argwhere(np.abs(image - wanted).sum(axis=2) < 30)


def test_the_axes_hold_all_that_is_measured(curves: Curves) -> None:
    x = np.arange(100.0)
    curves.set_data("return", x, np.sin(x / 9) * 40)
    curves.set_data("mean", x[10:], np.full(90, 77.0))
    left, right, low, high = span(curves)
    assert left <= 0
    assert right >= 99
    assert low <= -39
    assert high >= 77


def test_the_axes_hold_still_between_steps(curves: Curves) -> None:
    ranges = set()
    for count in range(1000, 1050):
        x = np.arange(float(count))
        curves.set_data("return", x, np.cos(x))
        ranges.add(span(curves))
    assert len(ranges) == 1


def test_axes_forget_a_run_that_was_much_longer(curves: Curves) -> None:
    curves.set_data("return", np.arange(1000.0), np.arange(1000.0))
    curves.set_data("return", np.arange(10.0), np.arange(10.0))
    _, right, _, high = span(curves)
    assert right < 20
    assert high < 20


def test_a_fixed_axis_stays(curves: Curves) -> None:
    curves.set_y_range(0, 500)
    curves.set_data("return", [0, 1, 2], [10, 900, 3])
    assert span(curves)[2:] == (0, 500)


def test_zooming_stops_the_following_and_a_double_click_fits(curves: Curves) -> None:
    x = np.arange(100.0)
    curves.set_data("return", x, x)
    fitted = span(curves)
    pane = viewport(curves)
    start = pane.rect().center()
    QTest.mousePress(pane, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 12):
        QTest.mouseMove(pane, start + QPoint(6 * step, 0))
        QTest.qWait(2)
    QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=start + QPoint(66, 0))
    moved = span(curves)
    assert moved[0] < fitted[0]
    curves.set_data("return", np.arange(300.0), np.arange(300.0))
    assert span(curves) == moved
    QTest.mouseDClick(pane, Qt.MouseButton.LeftButton, pos=start)
    assert span(curves)[1] >= 299


def test_sparse_measurements_are_points_with_nothing_between(
    curves: Curves, look: theme.Theme
) -> None:
    curves.set_data("evaluation", [0.0, 100.0], [0.0, 10.0])
    columns = np.unique(near(curves, look.target)[:, 1])
    legend = columns < columns.max() - 20
    assert len(columns[~legend]) <= 12
    gap = np.diff(columns).max()
    assert gap > 100


def test_a_line_breaks_where_nothing_was_measured(curves: Curves, look: theme.Theme) -> None:
    y = np.zeros(101)
    y[40:61] = np.nan
    curves.set_data("mean", np.arange(101.0), y)
    columns = np.unique(near(curves, look.prediction)[:, 1])
    assert np.diff(columns).max() > 50


def test_the_header_reads_what_was_measured_at_the_pointer(curves: Curves, qtbot: QtBot) -> None:
    curves.set_data("return", [0.0, 10.0, 20.0], [1.0, 5.0, 2.0])
    curves.set_data("evaluation", [20.0], [3.5])
    pane = viewport(curves)
    for place, readout in (
        (pane.width() - 8, "episode 20:  return 2.00   evaluation 3.50"),
        (pane.width() // 2, "episode 10:  return 5.00"),
    ):
        QTest.mouseMove(pane, QPoint(place, 40))
        # A real X server takes its time, and tells of its own pointer too.
        qtbot.waitUntil(lambda readout=readout: curves.readout == readout)


def test_lengths_must_match(curves: Curves) -> None:
    with pytest.raises(ValueError, match="one y for each x"):
        curves.set_data("return", [1, 2, 3], [1, 2])
    curves.set_data("return", [], [])
    curves.set_data("return", [1.0], [np.nan])
    assert not as_seen(curves).isNull()


def test_a_table_is_wide_where_all_share_their_x_and_long_where_not(curves: Curves) -> None:
    for name in ("return", "mean", "evaluation"):
        curves.set_data(name, [1, 2], [0.1, 3])
    rows = list(csv.reader(curves.csv_text().splitlines()))
    assert rows == [
        ["episode", "return", "mean", "evaluation"],
        ["1.0", "0.1", "0.1", "0.1"],
        ["2.0", "3.0", "3.0", "3.0"],
    ]
    curves.set_data("evaluation", [2], [9])
    rows = list(csv.reader(curves.csv_text().splitlines()))
    assert rows[0] == ["curve", "episode", "return"]
    assert rows[-1] == ["evaluation", "2.0", "9.0"]
    assert len(rows) == 6


def test_the_menu_exports_csv_and_svg(
    curves: Curves, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    curves.set_data("return", np.arange(50.0), np.arange(50.0) ** 2)
    path = tmp_path / "run.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), "Table (*.csv)"))
    curves.export_action.trigger()
    assert path.read_text() == curves.csv_text()
    drawing = tmp_path / "run.svg"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(drawing), "(*.svg)"))
    next(action for action in curves.actions() if "Save" in action.text()).trigger()
    text = drawing.read_text()
    assert "<path" in text or "<polyline" in text
    assert theme.current().returns in text


def test_it_follows_the_look(curves: Curves, look: theme.Theme) -> None:
    curves.set_data("return", np.arange(100.0), np.arange(100.0))
    assert len(near(curves, look.returns)) > 50
    assert len(near(curves, look.panel)) > 20_000


def test_clearing_forgets_the_points_and_says_so(curves: Curves) -> None:
    curves.set_data("return", np.arange(5.0), np.arange(5.0))
    curves.clear()
    assert curves.csv_text() == "episode,return,mean,evaluation\n"
    assert span(curves) == (0, 1, 0, 1)
