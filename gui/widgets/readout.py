"""A line of numbers that changes with every frame."""

from PySide6.QtWidgets import QLabel, QSizePolicy


class Readout(QLabel):
    """Muted text on one line, or red for a problem; its length never moves its neighbours.

    A plain label would have the whole window laid out anew at every change of its text, 60 times a
    second.
    """

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setProperty("role", "muted")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setFixedHeight(self.fontMetrics().height() + 4)

    def say(self, text: str, *, problem: bool = False) -> None:
        """Write something new."""
        role = "problem" if problem else "muted"
        if self.property("role") != role:
            self.setProperty("role", role)
            self.style().polish(self)
        if text != self.text():
            self.setText(text)
            self.setToolTip(text)
