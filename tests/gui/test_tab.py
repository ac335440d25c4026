"""A tab finds its stations by itself: a new file in the package is a new station."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListWidget

from engine.worker import Worker
from gui.settings import Settings
from gui.tab import Tab, stations_of
from gui.workspace import Workspace

STATION = """
from gui.station import Station

class {title}(Station):
    title, order, lesson = "{title}", {order}, "none"
    seen = ()

    def enter(self):
        self.seen += ("in",)

    def leave(self):
        self.seen += ("out",)
"""

Lecture = Callable[..., ModuleType]


@pytest.fixture
def lecture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lecture]:
    """Make a package of these files."""
    folder = tmp_path / "lecture"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(**files: str) -> ModuleType:
        for name, text in files.items():
            (folder / f"{name}.py").write_text(text)
        return importlib.import_module("lecture")

    yield write
    for name in [name for name in sys.modules if name.partition(".")[0] == "lecture"]:
        del sys.modules[name]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Nothing runs in it."""
    return Workspace(Worker(), Settings(tmp_path / "settings.ini"))


def test_stations_come_in_the_order_of_the_lecture(lecture: Lecture) -> None:
    package = lecture(
        alpha=STATION.format(title="Last", order=30),
        beta=STATION.format(title="First", order=10),
        gamma=STATION.format(title="Second", order=20),
    )
    assert [station.title for station in stations_of(package)] == ["First", "Second", "Last"]


def test_only_what_a_file_defines_is_its_station(lecture: Lecture) -> None:
    package = lecture(
        one=STATION.format(title="One", order=1),
        two="from lecture.one import One\nfrom gui.station import Station\n\nclass Two: pass\n",
    )
    assert [station.title for station in stations_of(package)] == ["One"]


def test_a_click_on_the_list_turns_the_page(
    lecture: Lecture, workspace: Workspace, shown: Callable[..., None]
) -> None:
    package = lecture(
        a=STATION.format(title="Ant", order=1), b=STATION.format(title="Bee", order=2)
    )
    tab = Tab(package, workspace)
    shown(tab, 500, 300)
    ant, bee = tab.stations
    listed = tab.findChild(QListWidget)
    assert listed is not None and listed.isVisible()
    assert [listed.item(row).text() for row in range(2)] == ["Ant", "Bee"]
    assert tab.station is ant and ant.isVisible() and not bee.isVisible()
    ant.seen = bee.seen = ()  # type: ignore[attr-defined]
    spot = listed.visualItemRect(listed.item(1)).center()
    QTest.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert tab.station is bee and bee.isVisible() and not ant.isVisible()
    assert (ant.seen, bee.seen) == (("out",), ("in",))  # type: ignore[attr-defined]
    tab.show_station(ant)
    assert tab.station is ant and listed.currentRow() == 0


def test_a_single_station_needs_no_list(
    lecture: Lecture, workspace: Workspace, shown: Callable[..., None]
) -> None:
    tab = Tab(lecture(a=STATION.format(title="Ant", order=1)), workspace)
    shown(tab, 500, 300)
    listed = tab.findChild(QListWidget)
    assert listed is not None and not listed.isVisible()
    assert tab.station.isVisible()
