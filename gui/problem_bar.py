"""A sentence about what went wrong, with its details folded; everything else goes on."""

from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
)


class ProblemBar(QFrame):
    """Hidden until there is a problem; the newest one is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._sentence = QLabel()
        self._sentence.setProperty("role", "problem")
        self._sentence.setWordWrap(True)
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setMaximumHeight(180)
        self._details.setAccessibleName("Details of the problem")
        self._unfold = QPushButton("Details")
        self._unfold.setCheckable(True)
        self._unfold.toggled.connect(self._details.setVisible)
        close = QPushButton("Close")
        close.clicked.connect(self.hide)
        line = QHBoxLayout()
        line.addWidget(self._sentence, stretch=1)
        line.addWidget(self._unfold)
        line.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.addLayout(line)
        layout.addWidget(self._details)
        self.hide()

    @property
    def sentence(self) -> str:
        """What it says; empty when it is hidden."""
        return "" if self.isHidden() else self._sentence.text()

    def show_problem(self, sentence: str, details: str = "") -> None:
        """Say what went wrong."""
        self._sentence.setText(sentence)
        self._details.setPlainText(details)
        self._unfold.setVisible(bool(details))
        self._unfold.setChecked(False)
        self._details.hide()
        self.show()
