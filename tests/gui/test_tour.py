"""The tour: pictures and figures of every station, and an exit code that means it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from gui import tour
from gui.application import Options
from gui.settings import Settings
from gui.station import Figures, Station
from gui.widgets.picture import from_qimage
from gui.window import Window

ROOT = Path(__file__).resolve().parents[2]
HURRIED = """
import sys
from gui.agents.dqn import DQNStation
from gui.station import Station
import main
Station.show_time = DQNStation.show_time = 0.3
sys.exit(main.main(sys.argv[1:]))
"""
STATIONS = {
    "cnn/network": "prediction",
    "agents/dqn": "mean_return",
    "adversarial/gradient": "linf",
}


def test_every_station_has_figures_and_a_picture(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    words = ["tour", str(folder), "--size", "1024x720", "--theme", "dark", "--device", "cpu"]
    done = subprocess.run(
        [sys.executable, "-c", HURRIED, *words],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    report = json.loads((folder / "tour.json").read_text())
    visits = {visit["station"]: visit for visit in report["stations"]}
    assert list(visits) == list(STATIONS)
    for name, figure in STATIONS.items():
        assert visits[name]["problem"] is None
        assert figure in visits[name]["figures"]
        picture = QImage(str(folder / visits[name]["picture"]))
        assert [picture.width(), picture.height()] == report["size"]
        assert len({tuple(pixel) for pixel in from_qimage(picture)[::7, ::7].reshape(-1, 3)}) > 20
    assert not (tmp_path / "deepscope").exists()  # the person's settings are left alone


class Empty(Station):
    """Never has anything to show."""

    title, order, lesson, show_time = "Empty", 1, "empty", 0.0


class Painted(Empty):
    """Has a figure, but its window is one colour."""

    def figures(self) -> Figures:
        return {"number": float("nan")}


@pytest.mark.parametrize(
    ("kind", "problem"),
    [(Empty, "It had nothing to show after 0 s."), (Painted, "Its picture is empty.")],
)
def test_a_station_that_shows_nothing_fails_the_tour(
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Station],
    problem: str,
) -> None:
    window = Window(Settings(tmp_path / "settings.ini"))
    qtbot.addWidget(window)
    station = kind(window.workspace)
    qtbot.addWidget(station)
    if kind is Painted:
        blank = QImage(400, 400, QImage.Format.Format_RGB32)
        blank.fill(QColor("#224466"))
        assert tour.is_blank(blank)
        monkeypatch.setattr(tour, "is_blank", lambda _: True)
    monkeypatch.setattr(tour, "PATIENCE", 0.0)
    stop = tour.Stop(window, station, "test/station", tmp_path)
    for _ in stop.look():
        pass
    visit = stop.visit()
    assert visit.problem == problem
    assert (tmp_path / "test-station.png").exists()
    window.close()


def test_tabs_that_do_not_open_make_the_exit_code_1(
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def application(options: Options, begin: Callable[[Window], None]) -> int:
        window = Window(Settings(options.settings))
        qtbot.addWidget(window)
        window.show()
        begin(window)
        qtbot.waitUntil(lambda: not window.isVisible(), timeout=5000)
        window.deleteLater()
        return 0

    monkeypatch.setattr(tour, "run_application", application)
    assert tour.run(tmp_path / "out", (800, 600), "cpu", "light") == 1
    assert capsys.readouterr().out.count("It did not open.") == 3
    report = json.loads((tmp_path / "out" / "tour.json").read_text())
    assert [visit["figures"] for visit in report["stations"]] == [{}, {}, {}]


def test_a_folder_that_cannot_be_made_is_said_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert tour.run(tmp_path / "file" / "out", (800, 600), "cpu", "light") == 1
    assert "cannot be written" in capsys.readouterr().err


def test_figures_that_are_no_numbers_are_words_in_json() -> None:
    assert tour.tidy(float("nan")) == "nan" and tour.tidy(0.1234567) == 0.12346
    assert tour.tidy(7) == 7 and tour.tidy("three") == "three"
