"""What a tab shows until PyTorch is there: the truth."""

import time

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QProgressBar, QVBoxLayout, QWidget


class Splash(QWidget):
    """Says what is being loaded and for how long, or what went wrong."""

    def __init__(self, question: str) -> None:
        super().__init__()
        self._began = time.perf_counter()
        self._question = QLabel(question)
        self._question.setWordWrap(True)
        font = self._question.font()
        font.setPointSizeF(font.pointSizeF() * 1.6)
        self._question.setFont(font)
        self._state = QLabel("Loading PyTorch …")
        self._state.setProperty("role", "muted")
        self._state.setWordWrap(True)
        self._bar = QProgressBar()
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(280, 6)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(40, 40, 40, 40)
        layout.setSpacing(14)
        layout.addStretch()
        for label in (self._question, self._state):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(label)
        layout.addWidget(self._bar, alignment=Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch()

    def tick(self) -> None:
        """Count the seconds."""
        seconds = time.perf_counter() - self._began
        self._state.setText(f"Loading PyTorch … {seconds:.1f} s")

    def fail(self, problem: str) -> None:
        """Say why this tab cannot open."""
        self._bar.hide()
        self._state.setProperty("role", "problem")
        self._state.style().polish(self._state)
        self._state.setText(f"{problem}\nRun 'python main.py doctor' to see what is missing.")
