"""The status bar: the device, what runs and how far it is, the frame rate."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSizePolicy,
    QStatusBar,
    QToolButton,
    QWidget,
)

from engine.job import Job, State
from engine.worker import Worker
from gui.duration import in_clock_form


class JobStatus(QWidget):
    """One running job: its name, progress, elapsed and remaining time, and a way to end it."""

    def __init__(self, job: Job[object]) -> None:  # type: ignore[type-var]
        super().__init__()
        self.job = job
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(90, 8)
        self._time = QLabel()
        self._time.setProperty("role", "muted")
        cancel = QToolButton()
        cancel.setText("✕")
        cancel.setAutoRaise(True)
        cancel.setStyleSheet("padding: 0 5px; border: none;")
        cancel.setToolTip(f"End {job.name}")
        cancel.setAccessibleName(f"End {job.name}")
        cancel.clicked.connect(job.cancel)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 0)
        layout.setSpacing(8)
        for widget in (QLabel(job.name), self._bar, self._time, cancel):
            layout.addWidget(widget)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.refresh()

    def refresh(self) -> None:
        """Show how far it is now."""
        progress, remaining = self.job.progress, self.job.remaining
        self._bar.setVisible(progress is not None)
        if progress is not None:
            self._bar.setRange(0, 1000)
            self._bar.setValue(round(1000 * progress))
        text = in_clock_form(self.job.elapsed)
        if remaining is not None:
            text += f" · {in_clock_form(remaining)} left"
        if self.job.state is State.PAUSED:
            text += " · paused"
        self._time.setText(text)


class StatusBar(QStatusBar):
    """Polls the worker; nothing is pushed at it."""

    def __init__(self, worker: Worker) -> None:
        super().__init__()
        self._worker = worker
        self._shown: dict[Job[object], JobStatus] = {}  # type: ignore[type-var]
        self._device = QLabel("Loading …")
        self._rate = QLabel()
        self._rate.setMinimumWidth(64)
        self._rate.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._rate.setToolTip("Frames that the window drew in the last second")
        self.setSizeGripEnabled(False)
        self.addWidget(self._device)
        self.addPermanentWidget(self._rate)

    def set_device(self, name: str) -> None:
        """Name the device that computes."""
        self._device.setText(f"  {name}")
        self._device.setToolTip(f"Networks run on: {name}")

    def refresh(self, frames_per_second: float) -> None:
        """Show the jobs as they stand now; a few times a second is enough."""
        self._rate.setText(f"{frames_per_second:.0f} fps  ")
        jobs = [job for job in self._worker.jobs if job.name]
        for job in [job for job in self._shown if job not in jobs]:
            status = self._shown.pop(job)
            self.removeWidget(status)
            status.deleteLater()
        for job in jobs:
            if job not in self._shown:
                self._shown[job] = JobStatus(job)
                self.addWidget(self._shown[job])
            self._shown[job].refresh()
