"""A frame around what the keyboard has reached, and only the keyboard."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from gui import theme

_BY_KEYBOARD = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class KeyboardFocusWidget(QWidget):
    """A widget that takes the focus and knows whether the keyboard brought it there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reached = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """A click needs no frame: the person knows where the pointer is."""
        self._reached = event.reason() in _BY_KEYBOARD
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The frame goes."""
        self._reached = False
        super().focusOutEvent(event)
        self.update()

    def paint_focus(self, painter: QPainter, area: QRectF) -> None:
        """Frame ``area`` if the keyboard has reached this widget."""
        if self._reached:
            painter.setPen(QPen(QColor(theme.current().accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))
