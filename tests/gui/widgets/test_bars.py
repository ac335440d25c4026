"""Bars: which rows, which scale, which figures."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from gui import theme
from gui.widgets.bars import Bars, SteadyScale
from gui.widgets.picture import as_seen, from_qimage

Show = Callable[..., None]
DIGITS = [str(digit) for digit in range(10)]


def count(bars: Bars, colour: str) -> int:
    """How many pixels have exactly this colour."""
    shade = QColor(colour)
    wanted = (shade.red(), shade.green(), shade.blue())
    return int((from_qimage(as_seen(bars)) == wanted).all(axis=2).sum())


def test_a_bar_is_as_long_as_its_probability(shown: Show, look: theme.Theme) -> None:
    bars = Bars()
    shown(bars, 400, 60)
    areas = []
    for probability in (0.25, 0.5, 1.0):
        bars.set_values(["cat"], [probability], 0)
        areas.append(count(bars, look.prediction))
    assert areas[1] / areas[2] == pytest.approx(0.5, abs=0.03)
    assert areas[0] / areas[2] == pytest.approx(0.25, abs=0.03)


def test_all_rows_keep_their_order_while_they_fit(shown: Show) -> None:
    bars = Bars()
    shown(bars, 300, 400)
    bars.set_values(DIGITS, np.linspace(0, 1, 10))
    assert bars.rows() == list(range(10))


def test_the_largest_are_shown_when_few_fit_and_the_highlight_always(shown: Show) -> None:
    bars = Bars()
    shown(bars, 300, 60)
    values = [0.1, 0.5, math.nan, 0.3, 0.9, 0.0, 0.2, 0.0, 0.0, 0.4]
    bars.set_values(DIGITS, values, 7)
    rows = bars.rows()
    assert 2 <= len(rows) < 10
    assert rows[:-1] == [4, 1, 9, 3, 6, 0][: len(rows) - 1]
    assert rows[-1] == 7


def test_a_pair_shows_both_colours_and_ranks_by_the_larger(shown: Show, look: theme.Theme) -> None:
    bars = Bars()
    shown(bars, 300, 90)
    before, after = np.zeros(10), np.zeros(10)
    before[3], after[8] = 1.0, 0.9
    bars.set_pair(DIGITS, before, after)
    assert bars.rows()[:2] == [3, 8]
    assert count(bars, look.original) > 100
    assert count(bars, look.adversarial) > 100


def test_signed_bars_stand_on_both_sides_of_zero(shown: Show, look: theme.Theme) -> None:
    bars = Bars("signed")
    shown(bars, 400, 40)
    sides = []
    for value in (-2.0, 2.0):
        bars.set_values(["left", "right"], [value, -value], 0)
        image = from_qimage(as_seen(bars))[:20]
        shade = QColor(look.prediction)
        marked = (image == (shade.red(), shade.green(), shade.blue())).all(axis=2)
        sides.append(np.nonzero(marked)[1].mean())
    assert sides[0] < sides[1]


def test_nothing_breaks_on_values_that_are_no_numbers(shown: Show, look: theme.Theme) -> None:
    for mode in ("probability", "signed"):
        bars = Bars(mode)
        shown(bars)
        bars.set_values(["a", "b", "c"], [math.nan, math.inf, -math.inf], 0)
        assert not as_seen(bars).isNull()
        bars.set_values([], [])
        assert not as_seen(bars).isNull()


def test_a_scale_that_has_seen_nothing_places_all_at_its_start() -> None:
    scale = SteadyScale()
    scale.follow([])
    assert scale.place(1.0) == 0.0


def test_a_wrong_number_of_values_is_refused(shown: Show) -> None:
    bars = Bars()
    shown(bars)
    with pytest.raises(ValueError, match="2 labels need 2 values"):
        bars.set_values(["a", "b"], [0.1])
    with pytest.raises(ValueError, match="2 labels"):
        bars.set_pair(["a", "b"], [0.1], [0.1, 0.2])


def test_the_scale_holds_still_while_values_wander() -> None:
    scale = SteadyScale()
    scale.follow([-1.0, 10.0])
    held = (scale.low, scale.high)
    for value in np.random.default_rng(3).uniform(6, 10, 200):
        scale.follow([-0.5, float(value)])
    assert (scale.low, scale.high) == held


def test_the_scale_widens_at_once_and_narrows_gently() -> None:
    scale = SteadyScale()
    scale.follow([100.0])
    assert scale.high >= 100
    scale.follow([1.0])
    assert scale.high > 90
    for _ in range(300):
        scale.follow([1.0])
    assert 1.0 < scale.high < 2.5
    assert 0 <= scale.place(0.0) < scale.place(0.5) < scale.place(1.0) <= 1


def test_a_rows_tooltip_has_the_whole_label(shown: Show) -> None:
    bars = Bars()
    shown(bars, 150, 60)
    bars.set_values(["a very long label indeed, longer than its place", "b"], [0.12345678, 0.5])
    point = QPoint(20, 10)
    QApplication.sendEvent(
        bars, QHelpEvent(QHelpEvent.Type.ToolTip, point, bars.mapToGlobal(point))
    )
    assert QToolTip.text() == "a very long label indeed, longer than its place: 0.123457"
    QToolTip.hideText()
