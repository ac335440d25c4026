"""A formula in sight, with the live numbers under its symbols."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFontMetricsF,
    QHelpEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QTextDocument,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui import theme
from gui.widgets.lettering import tabular
from gui.widgets.picture import add_picture_actions

_SYMBOLS = 1.3  # size of the symbols and of the numbers, relative to the widget's font
_NUMBERS = 0.95
_GAP = 7.0
_LINE_GAP = 10.0


@dataclass(frozen=True)
class Term:
    """One symbol of a formula, or an operator where there is no key.

    symbol: rich text (HTML subset), such as ``Q(<i>s</i>, <i>a</i>)``.
    key: the name under which ``Formula.set_values`` brings its number.
    tooltip: what the symbol means, in words.
    colour_role: a colour field of ``theme.Theme``, such as ``"prediction"``; None: plain text.
    """

    symbol: str
    key: str | None = None
    tooltip: str = ""
    colour_role: str | None = None


class Formula(QWidget):
    """Terms on one line (more where the width asks for it), each keyed one over its number."""

    def __init__(self, terms: Sequence[Term], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._terms = tuple(terms)
        self._values: dict[str, str] = {}
        self._reserved: dict[str, float] = {}  # widths only grow, so that nothing dances
        self._symbols: list[QTextDocument] = []
        self._ascent = self._descent = 0.0
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._set_symbols()
        plain = " ".join(symbol.toPlainText() for symbol in self._symbols)
        self.setAccessibleName(f"Formula: {plain}")
        self.setToolTip("Point at a symbol to read what it stands for")
        add_picture_actions(self, lambda: "formula")

    def set_values(self, values: Mapping[str, str]) -> None:
        """Write the numbers under their symbols; a key that is left out keeps its number."""
        self._values.update(values)
        metrics = QFontMetricsF(tabular(self.font(), _NUMBERS))
        for key, text in values.items():
            width = metrics.horizontalAdvance(text)
            if width > self._reserved.get(key, 0.0):
                self._reserved[key] = width
                self.updateGeometry()
        self.update()

    def _set_symbols(self) -> None:
        font = tabular(self.font(), _SYMBOLS)
        self._symbols = []
        self._ascent = self._descent = 0.0
        for term in self._terms:
            symbol = QTextDocument()
            symbol.setDocumentMargin(0)
            symbol.setDefaultFont(font)
            symbol.setHtml(term.symbol)
            symbol.setTextWidth(-1)
            self._symbols.append(symbol)
            ascent = _ascent(symbol)
            self._ascent = max(self._ascent, ascent)
            self._descent = max(self._descent, symbol.size().height() - ascent)
        self.updateGeometry()

    def _width(self, place: int) -> float:
        key = self._terms[place].key
        return max(self._symbols[place].idealWidth(), self._reserved.get(key, 0.0) if key else 0.0)

    def _line_height(self) -> float:
        has_numbers = any(term.key for term in self._terms)
        numbers = QFontMetricsF(tabular(self.font(), _NUMBERS)).height() + 2 if has_numbers else 0.0
        return self._ascent + self._descent + numbers

    def _places(self, width: float) -> list[QPointF]:
        """Top left corner of every term, when the lines may be ``width`` wide."""
        corners, x, y = [], 0.0, 0.0
        for place in range(len(self._terms)):
            wide = self._width(place)
            if x > 0 and x + wide > width:
                x, y = 0.0, y + self._line_height() + _LINE_GAP
            corners.append(QPointF(x, y))
            x += wide + _GAP
        return corners

    def sizeHint(self) -> QSize:
        """The whole formula on one line."""
        width = sum(self._width(place) + _GAP for place in range(len(self._terms))) - _GAP
        return QSize(math.ceil(max(width, 0.0)) + 1, math.ceil(self._line_height()))

    def minimumSizeHint(self) -> QSize:
        """The widest term alone; the height that the present width needs."""
        widest = max((self._width(place) for place in range(len(self._terms))), default=0.0)
        return QSize(math.ceil(widest) + 1, self.heightForWidth(self.width()))

    def hasHeightForWidth(self) -> bool:
        """Narrower means more lines."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height in pixels of all lines at ``width``."""
        corners = self._places(width)
        return math.ceil((corners[-1].y() if corners else 0.0) + self._line_height())

    def _boxes(self) -> list[QRectF]:
        height = self._line_height()
        return [
            QRectF(corner.x(), corner.y(), self._width(place), height)
            for place, corner in enumerate(self._places(self.width()))
        ]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Symbols on one baseline, numbers beneath."""
        painter = QPainter(self)
        wears = theme.current()
        painter.setFont(tabular(self.font(), _NUMBERS))
        context = QAbstractTextDocumentLayout.PaintContext()
        for term, symbol, box in zip(self._terms, self._symbols, self._boxes(), strict=True):
            plain = wears.text if term.key else wears.muted
            colour = QColor(getattr(wears, term.colour_role) if term.colour_role else plain)
            context.palette.setColor(QPalette.ColorRole.Text, colour)
            painter.save()
            painter.translate(
                box.left() + (box.width() - symbol.idealWidth()) / 2,
                box.top() + self._ascent - _ascent(symbol),
            )
            symbol.documentLayout().draw(painter, context)
            painter.restore()
            if term.key:
                painter.setPen(colour)
                cell = box.adjusted(-_GAP / 2, self._ascent + self._descent + 2, _GAP / 2, 0)
                painter.drawText(
                    cell, Qt.AlignmentFlag.AlignHCenter, self._values.get(term.key, "–")
                )

    def event(self, event: QEvent) -> bool:
        """A symbol's tooltip says what it means, and its number."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            for term, box in zip(self._terms, self._boxes(), strict=True):
                if term.tooltip and box.contains(QPointF(event.pos())):
                    number = self._values.get(term.key) if term.key else None
                    text = f"{term.tooltip}: {number}" if number else term.tooltip
                    QToolTip.showText(event.globalPos(), text, self)
                    return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width may need another number of lines."""
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()

    def changeEvent(self, event: QEvent) -> None:
        """A new font moves everything; a new theme needs a new painting."""
        if event.type() == QEvent.Type.FontChange:
            self._set_symbols()
            self._reserved.clear()
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.update()
        super().changeEvent(event)


def _ascent(symbol: QTextDocument) -> float:
    """Distance from the top of a one-line document to its baseline."""
    symbol.documentLayout()
    return symbol.firstBlock().layout().lineAt(0).ascent()
