"""The lesson of the station in sight (F1), in a window beside the app."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTextBrowser, QVBoxLayout, QWidget

from gui.station import Station


class Lesson(QWidget):
    """One window for all lessons; it follows the station that asks for it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self.resize(460, 560)
        self._text = QTextBrowser()
        self._text.setAccessibleName("Lesson")
        self._text.setOpenExternalLinks(True)
        self._text.document().setDocumentMargin(18)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._text)

    @property
    def text(self) -> str:
        """The words on the page."""
        return self._text.toPlainText()

    def show_lesson(self, station: Station) -> None:
        """Open the station's lesson."""
        self.setWindowTitle(f"Lesson: {station.title}")
        self._text.setMarkdown(station.lesson_text())
        self.show()
        self.raise_()
