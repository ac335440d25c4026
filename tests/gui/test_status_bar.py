"""The status bar: what runs, how far it is, and the way to end it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QProgressBar, QToolButton

from engine.job import Job
from engine.snapshot import Snapshot
from engine.worker import Worker
from gui.status_bar import StatusBar

Show = Callable[..., None]


@dataclass(frozen=True, kw_only=True)
class Part(Snapshot):
    """A tenth of the work."""


class Clock:
    """Stands still but when it is told to move."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def work() -> Iterator[Part]:
    """Ten parts."""
    for part in range(11):
        yield Part(progress=part / 10)


@pytest.fixture
def clock() -> Clock:
    """The worker's clock."""
    return Clock()


@pytest.fixture
def worker(clock: Clock) -> Worker:
    """A worker that works turn by turn."""
    return Worker(clock)


@pytest.fixture
def bar(worker: Worker, shown: Show) -> StatusBar:
    """The bar on the screen."""
    bar = StatusBar(worker)
    shown(bar, 900, 30)
    return bar


def texts(bar: StatusBar) -> list[str]:
    return [label.text().strip() for label in bar.findChildren(QLabel) if label.isVisible()]


def run(worker: Worker, clock: Clock, turns: int) -> None:
    """Work for this many turns of 2 seconds."""
    for _ in range(turns):
        worker.turn()
        clock.now += 2.0


def test_it_names_the_device_and_the_frame_rate(bar: StatusBar) -> None:
    assert "Loading …" in texts(bar)
    bar.set_device("CPU, one thread")
    bar.refresh(59.6)
    assert texts(bar) == ["CPU, one thread", "60 fps"]


def test_a_job_shows_its_name_its_progress_and_its_time(
    bar: StatusBar, worker: Worker, clock: Clock
) -> None:
    worker.start(work(), name="Counting")
    run(worker, clock, 6)
    bar.refresh(60)
    assert "Counting" in texts(bar)
    progress = bar.findChild(QProgressBar)
    assert progress is not None and progress.isVisible()
    assert progress.value() / progress.maximum() == 0.5
    assert "0:12 · 0:12 left" in texts(bar)


def test_a_job_that_waits_says_so(bar: StatusBar, worker: Worker, clock: Clock) -> None:
    job: Job[Part] = worker.start(work(), name="Counting", paused=True)
    bar.refresh(60)
    assert "0:00 · paused" in texts(bar)
    job.resume()
    run(worker, clock, 1)
    bar.refresh(60)
    assert "0:02" in texts(bar)


def test_what_only_feeds_the_eye_is_not_listed(bar: StatusBar, worker: Worker) -> None:
    worker.start(work(), name="")
    bar.refresh(60)
    assert bar.findChildren(QProgressBar) == []


def test_a_job_ends_with_a_click_and_leaves_the_others(
    bar: StatusBar, worker: Worker, clock: Clock
) -> None:
    first: Job[Part] = worker.start(work(), name="First")
    second: Job[Part] = worker.start(work(), name="Second")
    bar.refresh(60)
    (button,) = [b for b in bar.findChildren(QToolButton) if b.accessibleName() == "End First"]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    run(worker, clock, 2)
    bar.refresh(60)
    assert first.ended and not second.ended
    assert "First" not in texts(bar) and "Second" in texts(bar)
