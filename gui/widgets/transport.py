"""Run, pause, step, reset and speed: the same strip for everything that takes time."""

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QEvent, QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QSlider, QWidget

from engine import job
from gui import theme
from gui.widgets.icons import Name, icon

State = Literal["idle", "running", "paused", "finished", "failed"]
OF_A_JOB: dict[job.State, State] = {
    job.State.RUNNING: "running",
    job.State.PAUSED: "paused",
    job.State.FINISHED: "finished",
    job.State.FAILED: "failed",
    job.State.CANCELLED: "finished",
}


class StopSlider(QSlider):
    """A slider with a dot at each stop; a click goes to the nearest one."""

    def __init__(self, stops: int, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setRange(0, stops - 1)
        self.setPageStep(1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMaximumWidth(260)

    def sizeHint(self) -> QSize:
        """A comfortable distance between the stops."""
        return QSize(26 * (self.maximum() + 1) + 20, 24)

    def minimumSizeHint(self) -> QSize:
        """The stops can still be told apart."""
        return QSize(12 * (self.maximum() + 1) + 16, 24)

    def _place(self, stop: int) -> QPointF:
        margin = 9.0
        part = stop / max(1, self.maximum())
        return QPointF(margin + part * (self.width() - 2 * margin), self.height() / 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Track, stops, handle."""
        wears = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        enabled = self.isEnabled()
        past = QColor(wears.accent if enabled else wears.muted)
        start, here, end = self._place(0), self._place(self.value()), self._place(self.maximum())
        painter.setBrush(QColor(wears.border))
        painter.drawRoundedRect(QRectF(start.x(), start.y() - 2, end.x() - start.x(), 4), 2, 2)
        painter.setBrush(past)
        painter.drawRoundedRect(QRectF(start.x(), start.y() - 2, here.x() - start.x(), 4), 2, 2)
        for stop in range(self.maximum() + 1):
            painter.setBrush(past if stop <= self.value() else QColor(wears.border))
            painter.drawEllipse(self._place(stop), 4, 4)
        painter.setBrush(QColor(wears.panel))
        painter.setPen(QPen(past, 2.5))
        painter.drawEllipse(here, 6.5, 6.5)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(wears.accent), 1))
            painter.drawEllipse(here, 9.5, 9.5)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the nearest stop."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._go_to(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer from stop to stop."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go_to(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Nothing is left to do: the press has set the stop."""

    def _go_to(self, x: float) -> None:
        stops = range(self.maximum() + 1)
        self.setValue(min(stops, key=lambda stop: abs(self._place(stop).x() - x)))


class Transport(QWidget):
    """Buttons and a speed slider; it signals what the person wants, and shows what it is told."""

    run = Signal()
    pause = Signal()
    step = Signal()
    reset = Signal()
    speed_changed = Signal(int)
    """Index of the new stop."""

    def __init__(self, stops: Sequence[str], speed: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stops = tuple(stops)
        self._state: State = "idle"
        self._toggle = QPushButton("Run")
        self._toggle.setProperty("role", "primary")
        self._step = QPushButton("Step")
        self._reset = QPushButton("Reset")
        self._slider = StopSlider(len(self._stops))
        self._slider.setValue(speed)
        self._slider.setAccessibleName("Speed")
        self._stop = QLabel()
        self._stop.setAccessibleName("Current speed")
        self._name = QLabel("Speed")
        self._name.setProperty("role", "muted")
        self._name.setBuddy(self._slider)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._toggle)
        row.addWidget(self._step)
        row.addWidget(self._reset)
        row.addSpacing(12)
        row.addWidget(self._name)
        row.addWidget(self._slider)
        row.addWidget(self._stop)
        row.addStretch(1)
        self._toggle.clicked.connect(self._toggled)
        self._step.clicked.connect(self.step)
        self._reset.clicked.connect(self.reset)
        self._slider.valueChanged.connect(self._moved)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Run, pause, step, reset and speed")
        self._step.setToolTip("Do one step, then wait (.)")
        self._reset.setToolTip("Begin anew")
        self._dress()
        self._name_stop()
        self._wear_state("idle")

    @property
    def speed(self) -> int:
        """Index of the current stop."""
        return int(self._slider.value())

    def set_speed(self, index: int) -> None:
        """Move the slider to a stop, with no signal."""
        with QSignalBlocker(self._slider):
            self._slider.setValue(index)
        self._name_stop()

    def set_state(self, state: State) -> None:
        """Show what the run is doing; buttons that would do nothing now are disabled."""
        if state == self._state:
            return  # asked at every frame
        self._wear_state(state)

    def _wear_state(self, state: State) -> None:
        self._state = state
        text, tip = {
            "idle": ("Run", "Run (Space)"),
            "running": ("Pause", "Pause (Space)"),
            "paused": ("Resume", "Go on from here (Space)"),
            "finished": ("Run", "The run is over; Reset begins anew"),
            "failed": ("Run", "The run has failed; Reset begins anew"),
        }[state]
        self._toggle.setText(text)
        self._toggle.setToolTip(tip)
        self._toggle.setEnabled(state in ("idle", "running", "paused"))
        self._step.setEnabled(state in ("idle", "paused"))
        self._reset.setEnabled(state != "idle")
        self._draw_icons()

    def _toggled(self) -> None:
        (self.pause if self._state == "running" else self.run).emit()

    def _moved(self, index: int) -> None:
        self._name_stop()
        self.speed_changed.emit(index)

    def _name_stop(self) -> None:
        self._stop.setText(self._stops[self._slider.value()])
        self._slider.setToolTip(f"Speed: {self._stops[self._slider.value()]}")

    def _dress(self) -> None:
        """Icons and widths: no text of a button or a stop may push its neighbours about."""
        self._stop.setMinimumWidth(_widest(self._stop, self._stops))
        padding = 2 * 12 + 16 + 10  # of the style sheet, the icon, the air between
        self._toggle.setMinimumWidth(_widest(self._toggle, ("Run", "Pause", "Resume")) + padding)
        self._draw_icons()

    def _draw_icons(self) -> None:
        wears, ratio = theme.current(), self.devicePixelRatioF()
        faces: list[tuple[QPushButton, Name, str]] = [
            (self._toggle, "pause" if self._state == "running" else "play", wears.on_accent),
            (self._step, "step", wears.text),
            (self._reset, "reset", wears.text),
        ]
        for button, name, colour in faces:
            button.setIcon(icon(name, colour, wears.muted, ratio=ratio))

    def event(self, event: QEvent) -> bool:
        """Another screen may need finer icons."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._draw_icons()
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        """A new theme or font needs new icons and widths."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._dress()
        super().changeEvent(event)


def _widest(widget: QWidget, texts: Sequence[str]) -> int:
    metrics = QFontMetrics(widget.font())
    return max(metrics.horizontalAdvance(text) for text in texts) + 4
