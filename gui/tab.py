"""A tab: the stations that a package holds, in the order of the lecture."""

import importlib
import inspect
import pkgutil
from types import ModuleType

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QStackedWidget, QWidget

from gui.station import Station
from gui.workspace import Workspace


def stations_of(package: ModuleType) -> list[type[Station]]:
    """The station classes that the package's files define, in the order of the lecture.

    A file that is added to the package is found here; there is no list to keep.
    """
    found: list[type[Station]] = []
    for entry in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{entry.name}")
        found += [
            member
            for _, member in inspect.getmembers(module, inspect.isclass)
            if issubclass(member, Station) and member.__module__ == module.__name__
        ]
    return sorted(found, key=lambda station: station.order)


class Tab(QWidget):
    """Shows one station at a time; the list at the left is there once there is a choice."""

    def __init__(self, package: ModuleType, workspace: Workspace) -> None:
        super().__init__()
        self.stations = [station(workspace) for station in stations_of(package)]
        self._list = QListWidget()
        self._list.setAccessibleName("Stations")
        self._list.setFixedWidth(150)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._pages = QStackedWidget()
        for station in self.stations:
            self._list.addItem(station.title)
            self._pages.addWidget(station)
        self._list.setVisible(len(self.stations) > 1)
        self._list.currentRowChanged.connect(self._turn_to)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 8)
        layout.setSpacing(12)
        layout.addWidget(self._list)
        layout.addWidget(self._pages, stretch=1)
        self._list.setCurrentRow(0)

    @property
    def station(self) -> Station:
        """The station in sight."""
        return self.stations[self._pages.currentIndex()]

    def show_station(self, station: Station) -> None:
        """Bring a station in sight."""
        self._list.setCurrentRow(self.stations.index(station))

    def _turn_to(self, row: int) -> None:
        self.station.leave()
        self._pages.setCurrentIndex(row)
        self.station.enter()
