"""The tour: every station at work on real content, one picture each, and what it showed in figures.

Pictures for the README come from here, and so does the proof that no station is empty.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage

from engine.files import write_atomically
from gui.application import TAB_NAMES, Options
from gui.application import run as run_application
from gui.station import Figures, Station
from gui.widgets.picture import from_qimage
from gui.window import Window

LOOK = 0.1  # seconds between two looks at a station
PATIENCE = 60.0  # seconds after which an empty station has failed


@dataclass(frozen=True)
class Visit:
    """What became of one station.

    seconds: from the moment it was shown until it had figures.
    problem: why it counts as empty or failed; None if all is well.
    """

    station: str
    picture: str
    seconds: float
    figures: Figures
    problem: str | None


def run(folder: Path, size: tuple[int, int], device: str, theme: str) -> int:
    """Make the tour into ``folder``; 0 only if no station was empty or failed."""
    visits: list[Visit] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"{folder} cannot be written: {error.strerror}.", file=sys.stderr)
        return 1

    def begin(window: Window) -> None:
        window.resize(*size)
        stops = tour(window, folder, visits)
        timer = QTimer(window)
        timer.timeout.connect(lambda: next(stops, None))
        timer.start(round(1000 * LOOK))

    with tempfile.TemporaryDirectory() as scratch:
        options = Options(device=device, theme=theme, settings=Path(scratch) / "settings.ini")
        code = run_application(options, begin)
    for visit in visits:
        print(f"{visit.station}: {visit.problem or f'{visit.seconds:.1f} s'}")
    failed = [visit for visit in visits if visit.problem is not None]
    return code or int(not visits or bool(failed))


def tour(window: Window, folder: Path, visits: list[Visit]) -> Iterator[None]:
    """Walk through the stations; each ``next`` is one look. Closes the window at the end."""
    for index, name in enumerate(TAB_NAMES):
        window.show_tab(index)
        tab = window.tab(index)
        if tab is None:
            visits.append(Visit(name, "", 0.0, {}, window.problems.sentence or "It did not open."))
            continue
        for station in tab.stations:
            tab.show_station(station)
            stop = Stop(window, station, f"{name}/{station.lesson}", folder)
            yield from stop.look()
            visits.append(stop.visit())
            station.cancel()
    report = {"size": [window.width(), window.height()], "stations": [asdict(v) for v in visits]}
    write_atomically(folder / "tour.json", json.dumps(report, indent=1).encode())
    window.close()


class Stop:
    """One station on the way."""

    def __init__(self, window: Window, station: Station, name: str, folder: Path) -> None:
        self._window, self._station, self._name, self._folder = window, station, name, folder
        self._began = time.perf_counter()
        self._seconds = 0.0

    def look(self) -> Iterator[None]:
        """Let the station run until it has something to show, and a little longer."""
        self._station.demonstrate()
        while not self._station.figures() and not self._window.problems.sentence:
            if self._elapsed() > PATIENCE:
                return
            yield
        self._seconds = self._elapsed()
        while self._elapsed() < self._seconds + self._station.show_time:
            yield

    def visit(self) -> Visit:
        """Take the picture and read the figures."""
        image = self._window.grab().toImage()
        file = f"{self._name.replace('/', '-')}.png"
        figures = {name: tidy(value) for name, value in self._station.figures().items()}
        problem = self._window.problems.sentence or None
        if problem is None and not figures:
            problem = f"It had nothing to show after {PATIENCE:.0f} s."
        if problem is None and is_blank(image):
            problem = "Its picture is empty."
        if not image.save(str(self._folder / file)):
            problem = f"{self._folder / file} could not be written."
        return Visit(self._name, file, round(self._seconds, 2), figures, problem)

    def _elapsed(self) -> float:
        return time.perf_counter() - self._began


def tidy(value: float | int | str) -> float | int | str:
    """A figure as JSON holds it: NaN is no number there."""
    if isinstance(value, float):
        return round(value, 5) if np.isfinite(value) else str(value)
    return value


def is_blank(image: QImage) -> bool:
    """Whether next to nothing is drawn below the tab bar."""
    pixels = from_qimage(image)[100:-30]
    return float(pixels.reshape(-1, 3).std(axis=0).max()) < 4.0
