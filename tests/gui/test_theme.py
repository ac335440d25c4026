"""The colour tables: zero, the ends and the gap stand where the mosaics expect them."""

import numpy as np
import pytest
from PySide6.QtGui import QColor

from engine.mosaic import GAP_INDEX, LARGEST_INDEX, ZERO_SIGNED
from gui import theme

LOOKS = pytest.mark.parametrize("wears", [theme.LIGHT, theme.DARK], ids=lambda wears: wears.name)


def name(argb: int) -> str:
    return str(QColor.fromRgba(argb).name())


def light(argb: int) -> float:
    """Perceived brightness, 0 to 255, by Rec. ITU-R BT.601."""
    colour = QColor.fromRgba(argb)
    return 0.299 * colour.red() + 0.587 * colour.green() + 0.114 * colour.blue()


@LOOKS
def test_signed_colours_meet_at_zero(wears: theme.Theme) -> None:
    table = theme.signed_table(wears)
    assert len(table) == 256
    assert name(table[GAP_INDEX]) == wears.raised
    assert name(table[1]) == wears.negative[-1]
    assert name(table[ZERO_SIGNED]) == wears.positive[0] == wears.negative[0]
    assert name(table[LARGEST_INDEX]) == wears.positive[-1]
    assert all(QColor.fromRgba(entry).alpha() == 255 for entry in table)


@LOOKS
def test_magnitudes_begin_right_after_the_gap(wears: theme.Theme) -> None:
    table = theme.magnitude_table(wears)
    assert len(table) == 256
    assert name(table[GAP_INDEX]) == wears.raised
    assert name(table[1]) == wears.magnitude[0]
    assert name(table[LARGEST_INDEX]) == wears.magnitude[-1]


@LOOKS
def test_more_is_always_further_from_the_ground(wears: theme.Theme) -> None:
    side = -1 if wears is theme.LIGHT else 1
    magnitudes = side * np.diff([light(entry) for entry in theme.magnitude_table(wears)[1:]])
    shades = [light(entry) for entry in theme.signed_table(wears)[1:]]
    above = side * np.diff(shades[ZERO_SIGNED - 1 :])
    below = -side * np.diff(shades[:ZERO_SIGNED])
    for steps in (magnitudes, above, below):
        assert steps.min() > -1.0  # a shade is rounded to 8 bits
        assert steps.sum() > 150


@LOOKS
def test_neighbouring_values_have_neighbouring_colours(wears: theme.Theme) -> None:
    for table in (theme.magnitude_table(wears), theme.signed_table(wears)):
        parts = np.array([QColor.fromRgba(entry).getRgb()[:3] for entry in table[1:]])
        assert np.abs(np.diff(parts, axis=0)).max() <= 8
