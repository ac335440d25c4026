"""A formula: numbers under symbols, lines that wrap, tooltips that explain."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from gui import theme
from gui.widgets.formula import Formula, Term
from gui.widgets.picture import as_seen, from_qimage

Show = Callable[..., None]
TERMS = (
    Term("Q(<i>s</i>, <i>a</i>)", "q", "value of the action now", "prediction"),
    Term("←"),
    Term("<i>r</i>", "r", "reward", "returns"),
    Term("+"),
    Term("γ", "discount", "discount"),
    Term("max<sub><i>a</i>′</sub> Q<sup>−</sup>(<i>s</i>′, <i>a</i>′)", "best", "best", "target"),
)


@pytest.fixture
def formula(shown: Show) -> Formula:
    """The Q-learning target on one line."""
    formula = Formula(TERMS)
    shown(formula, 600, 60)
    return formula


def inked(formula: Formula, colour: str) -> np.ndarray:
    """Rows and columns, shape (n, 2), of the pixels that are close to this colour."""
    shade = QColor(colour)
    wanted = np.array([shade.red(), shade.green(), shade.blue()])
    seen = from_qimage(as_seen(formula)).astype(int)
    return np.argwhere(np.abs(seen - wanted).sum(axis=2) < 90)


def test_a_number_stands_under_its_symbol_in_its_colour(
    formula: Formula, look: theme.Theme
) -> None:
    formula.set_values({"r": "1.00"})
    both = inked(formula, look.returns)
    formula.set_values({"r": ""})
    symbol = inked(formula, look.returns)
    number = both[both[:, 0] > symbol[:, 0].max()]
    assert len(number) > 5
    assert number[:, 1].mean() == pytest.approx(symbol[:, 1].mean(), abs=4)


def test_a_longer_number_makes_room_and_keeps_it(formula: Formula) -> None:
    formula.set_values({"r": "1.0"})
    narrow = formula.sizeHint().width()
    formula.set_values({"r": "−1234.567"})
    wide = formula.sizeHint().width()
    assert wide > narrow
    formula.set_values({"r": "1.0"})
    assert formula.sizeHint().width() == wide


def test_a_narrow_formula_wraps_and_nothing_is_cut(formula: Formula, look: theme.Theme) -> None:
    hint = formula.sizeHint()
    assert formula.heightForWidth(hint.width()) == hint.height()
    narrow = formula.minimumSizeHint().width()
    assert formula.heightForWidth(narrow) > 2 * hint.height()
    formula.set_values({"q": "0.9", "best": "1.02"})
    whole = len(inked(formula, look.target))
    formula.resize(narrow, formula.heightForWidth(narrow))
    assert len(inked(formula, look.target)) == pytest.approx(whole, rel=0.15)


def test_a_key_that_is_left_out_keeps_its_number(formula: Formula) -> None:
    formula.set_values({"r": "1.0", "q": "0.5"})
    formula.set_values({"q": "0.7"})
    point = QPoint(*(int(v) for v in inked(formula, theme.current().returns)[0][::-1]))
    event = QHelpEvent(QHelpEvent.Type.ToolTip, point, formula.mapToGlobal(point))
    QApplication.sendEvent(formula, event)
    assert QToolTip.text() == "reward: 1.0"
    QToolTip.hideText()


def test_it_can_be_read_aloud(formula: Formula) -> None:
    assert formula.accessibleName().startswith("Formula: Q(s, a) ← r + γ maxa′ Q−")


def test_a_formula_of_nothing_is_no_harm(shown: Show) -> None:
    formula = Formula([])
    shown(formula, 50, 50)
    assert formula.sizeHint().isValid()
