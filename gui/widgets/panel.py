"""A rounded panel around what belongs together."""

from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget


def panel(*contents: QWidget, title: str = "") -> QFrame:
    """The contents from top to bottom on one panel; the last one takes the room that is left."""
    frame = QFrame()
    frame.setProperty("role", "panel")
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(12, 10, 12, 10)
    layout.setSpacing(8)
    if title:
        label = QLabel(title)
        label.setProperty("role", "title")
        layout.addWidget(label)
    for widget in contents:
        layout.addWidget(widget)
    if contents:
        layout.setStretchFactor(contents[-1], 1)
    return frame
