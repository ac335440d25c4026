"""Lines of words and numbers that change with every frame."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import theme
from gui.widgets.lettering import tabular


class Readout(QWidget):
    """Muted text on a fixed number of lines, or red for a problem.

    Painted, because a QLabel has the whole window laid out anew at every change of its text, 60
    times a second.
    """

    def __init__(self, text: str = "", lines: int = 1) -> None:
        super().__init__()
        self._text = text
        self._lines = lines
        self._is_problem = False
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)

    @property
    def text(self) -> str:
        """What it says."""
        return self._text

    @property
    def is_problem(self) -> bool:
        """Whether what it says is a problem."""
        return self._is_problem

    def say(self, text: str, *, problem: bool = False) -> None:
        """Write something new."""
        if (text, problem) == (self._text, self._is_problem):
            return
        self._text, self._is_problem = text, problem
        self.setToolTip(text)
        self.setAccessibleName(text)
        self.update()

    def sizeHint(self) -> QSize:
        """As many lines as it was made for."""
        return QSize(120, self._lines * self.fontMetrics().lineSpacing() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The words; on one line they are elided, on more they wrap."""
        wears = theme.current()
        painter = QPainter(self)
        painter.setFont(tabular(self.font()))
        painter.setPen(QColor(wears.loss if self._is_problem else wears.muted))
        text, flags = self._text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        if self._lines == 1:
            text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, self.width())
            painter.drawText(self.rect(), flags, text)
        else:
            painter.drawText(QRect(self.rect()), flags | Qt.TextFlag.TextWordWrap, text)
