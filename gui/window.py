"""The window: three tabs, painted before PyTorch is imported and filled once it is there."""

import importlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeySequence,
)
from PySide6.QtWidgets import QApplication, QMainWindow, QTabWidget, QVBoxLayout, QWidget

from engine.job import in_full, in_words
from engine.worker import Worker
from gui import theme
from gui.commands import COMMANDS
from gui.problem_bar import ProblemBar
from gui.settings import Settings
from gui.splash import Splash
from gui.status_bar import StatusBar
from gui.workspace import Workspace

if TYPE_CHECKING:
    import torch

    from gui.lesson import Lesson
    from gui.station import Station
    from gui.tab import Tab
    from gui.widgets.image_source import ImageSource, Picture

FRAME = 16  # milliseconds between two looks at the worker


@dataclass(frozen=True)
class TabPlan:
    """A tab before it is built: its name, its package, and the question that it answers."""

    title: str
    package: str
    question: str


TABS = (
    TabPlan(
        "CNN Viewer",
        "gui.cnn",
        "Images are just numbers: how does a network turn them into features?",
    ),
    TabPlan(
        "Agents",
        "gui.agents",
        "How does a network learn to act, from a table of Q-values to a policy?",
    ),
    TabPlan(
        "Adversarial Lab",
        "gui.adversarial",
        "Networks learn powerful features, so how are they exploited?",
    ),
)


class Window(QMainWindow):
    """Owns the worker and the timer; the stations do the rest.

    loaded: whether every tab has its stations, or has said why not.
    gone: whether it was closed and everything that ran has ended.
    lesson: the window of the lessons, once one was opened.
    """

    def __init__(
        self, settings: Settings, device: str = "auto", first_tab: int | None = None
    ) -> None:
        super().__init__()
        self.setWindowTitle("Deepscope")
        self.setAcceptDrops(True)
        self.loaded = False
        self.gone = False
        self.frames_per_second = 0.0
        self.workspace = Workspace(Worker(), settings)
        self._device_choice = device
        self._when_loaded: list[Callable[[], None]] = []
        self._building: Iterator[None] | None = None
        self.lesson: Lesson | None = None
        self.problems = ProblemBar()
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._tabs.tabBar().setDrawBase(False)
        for plan in TABS:
            self._tabs.addTab(Splash(plan.question), plan.title)
        self._tabs.setCurrentIndex(
            first_tab if first_tab is not None else min(2, max(0, settings.get("window/tab", 0)))
        )
        self._tabs.currentChanged.connect(self._tab_changed)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.problems)
        column.addWidget(self._tabs)
        self.setCentralWidget(body)
        self._status = StatusBar(self.workspace.worker)
        self.setStatusBar(self._status)
        self._add_commands()
        self.workspace.problem.connect(self.problems.show_problem)
        self.workspace.image_sent.connect(self._receive_image)
        if not self.restoreGeometry(settings.get("window/geometry", QByteArray())):
            self.resize(self._fitting_size())
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._counted_since, self._counted = time.perf_counter(), 0

    def sizeHint(self) -> QSize:
        """Every station is drawn for at least this size."""
        return QSize(1280, 800)

    def begin(self) -> None:
        """Open the worker and load PyTorch on it; call once the first paint is out."""
        self.workspace.worker.open()
        self.workspace.worker.channel("start").ask(prepare_device, self._device_choice)
        self._timer.start(FRAME)

    def when_loaded(self, action: Callable[[], None]) -> None:
        """Run ``action`` once every tab has its stations."""
        if self.loaded:
            action()
        else:
            self._when_loaded.append(action)

    def tab(self, index: int) -> "Tab | None":
        """The tab at ``index``; None while it is loading, or if it could not open."""
        from gui.tab import Tab

        page = self._tabs.widget(index)
        return page if isinstance(page, Tab) else None

    @property
    def tabs(self) -> list["Tab"]:
        """The tabs that are open."""
        return [tab for index in range(len(TABS)) if (tab := self.tab(index)) is not None]

    @property
    def station(self) -> "Station | None":
        """The station in sight; None while its tab is still loading."""
        tab = self.tab(self._tabs.currentIndex())
        return None if tab is None else tab.station

    # Loading and the frame.

    def _tick(self) -> None:
        self._count_frame()
        if self._building is not None:
            next(self._building, None)
        elif not self.loaded:
            self._wait_for_torch()
        station = self.station
        if station is not None:
            station.tick()

    def _wait_for_torch(self) -> None:
        page = self._tabs.currentWidget()
        answer = self.workspace.worker.channel("start").latest
        if answer is None:
            if isinstance(page, Splash):
                page.tick()
        elif answer.value is not None:
            self.workspace.device, self.workspace.device_name = answer.value
            self._status.set_device(self.workspace.device_name)
            self._building = self._build_tabs()
        elif self._device_choice != "auto" and answer.problem is not None:
            # A device that was asked for and is not there must not cost the whole app.
            self.workspace.report(f"{answer.problem} Going on with what there is.")
            self._device_choice = "auto"
            start = self.workspace.worker.channel("start")
            start.forget()
            start.ask(prepare_device, "auto")
        elif isinstance(page, Splash):
            page.fail(answer.problem or "")

    def _build_tabs(self) -> Iterator[None]:
        """Build one tab a frame, the one in sight first, so that the window never stands still."""
        from gui.tab import Tab

        first = self._tabs.currentIndex()
        for index in sorted(range(len(TABS)), key=lambda index: index != first):
            plan = TABS[index]
            splash, shown = self._tabs.widget(index), self._tabs.currentIndex()
            assert isinstance(splash, Splash)
            try:
                tab = Tab(importlib.import_module(plan.package), self.workspace)
            except Exception as error:  # a tab that cannot open must not cost the other two
                splash.fail(in_words(error))
                self.workspace.report(f"{plan.title}: {in_words(error)}", in_full(error))
                continue
            self._tabs.blockSignals(True)
            self._tabs.removeTab(index)
            self._tabs.insertTab(index, tab, plan.title)
            self._tabs.setCurrentIndex(shown)
            self._tabs.blockSignals(False)
            splash.deleteLater()
            if index == shown:
                tab.station.enter()
            yield
        self._building = None
        self.loaded = True
        for action in self._when_loaded:
            action()

    def _count_frame(self) -> None:
        self._counted += 1
        now = time.perf_counter()
        if now - self._counted_since >= 0.5:
            self.frames_per_second = self._counted / (now - self._counted_since)
            self._counted_since, self._counted = now, 0
            self._status.refresh(self.frames_per_second)

    def _tab_changed(self) -> None:
        if self.lesson is not None and self.lesson.isVisible() and self.station is not None:
            self.lesson.show_lesson(self.station)
        for tab in self.tabs:
            if tab is self._tabs.currentWidget():
                tab.station.enter()
            else:
                tab.station.leave()

    # Commands, by the names in gui/commands.py.

    def _add_commands(self) -> None:
        menus = {}
        for command in COMMANDS:
            if command.menu not in menus:
                menus[command.menu] = self.menuBar().addMenu(command.menu)
            action = QAction(command.text, self)
            action.setShortcuts([QKeySequence(keys) for keys in command.keys])
            action.setStatusTip(command.hint)
            method = getattr(self, command.method)
            action.triggered.connect(lambda _checked=False, method=method: method())
            menus[command.menu].addAction(action)

    @property
    def current_tab(self) -> int:
        """Index of the tab in sight."""
        return self._tabs.currentIndex()

    def show_tab(self, index: int) -> None:
        """Bring the tab at ``index`` in sight."""
        self._tabs.setCurrentIndex(index)

    def show_first_tab(self) -> None:
        """CNN Viewer."""
        self.show_tab(0)

    def show_second_tab(self) -> None:
        """Agents."""
        self.show_tab(1)

    def show_third_tab(self) -> None:
        """Adversarial Lab."""
        self.show_tab(2)

    def toggle(self) -> None:
        """Run or pause what the station in sight does."""
        if self.station is not None:
            self.station.toggle()

    def step(self) -> None:
        """One step of the station in sight."""
        if self.station is not None:
            self.station.step()

    def cancel(self) -> None:
        """End what runs in the station in sight."""
        if self.station is not None:
            self.station.cancel()

    def wear(self, choice: str) -> None:
        """Wear a theme and remember it."""
        self.workspace.settings.set("theme", choice)
        theme.apply(application(), choice)

    def wear_system(self) -> None:
        """Follow the desktop."""
        self.wear("system")

    def wear_light(self) -> None:
        """Dark on light."""
        self.wear("light")

    def wear_dark(self) -> None:
        """Light on dark."""
        self.wear("dark")

    def toggle_full_screen(self) -> None:
        """For the projector."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def show_lesson(self) -> None:
        """Open the lesson of the station in sight."""
        from gui.lesson import Lesson

        if self.station is not None:
            self.lesson = self.lesson or Lesson(self)
            self.lesson.show_lesson(self.station)

    # Images that come from outside.

    def open_image(self) -> None:
        """Let the person choose an image file."""
        self._source(lambda source: source.choose_file())

    def paste_image(self) -> None:
        """Take the clipboard's image, or image file."""
        self._source(lambda source: source.take(QGuiApplication.clipboard().mimeData()))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome files and pictures."""
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take what was dropped."""
        event.acceptProposedAction()
        self._source(lambda source: source.take(event.mimeData()))

    def use_image(self, path: str) -> None:
        """Open an image file by its path, once the stations are there."""
        self.when_loaded(lambda: self._source(lambda source: source.open_file(path)))

    def use_camera(self, index: int) -> None:
        """Open a camera, once the stations are there."""
        self.when_loaded(lambda: self._source(lambda source: source.open_camera(index)))

    def _source(self, action: "Callable[[ImageSource], None]") -> None:
        """Give ``action`` the image source in sight, or else the CNN Viewer's."""
        if self.station is None:
            return
        if self.station.image_source is None:
            self.show_first_tab()
        source = self.station.image_source
        if source is not None:
            action(source)

    def _receive_image(self, title: str, image: "Picture", origin: str) -> None:
        self.show_tab([plan.title for plan in TABS].index(title))
        self._source(lambda source: source.set_image(image, origin))

    # The end.

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember, end what runs, and go; a worker that hangs is left behind (main.start)."""
        settings = self.workspace.settings
        settings.set("window/geometry", self.saveGeometry())
        settings.set("window/tab", self._tabs.currentIndex())
        for tab in self.tabs:
            tab.station.leave()
        settings.save()
        self._timer.stop()
        self.gone = self.workspace.worker.close(timeout=1.0)
        event.accept()

    def _fitting_size(self) -> QSize:
        """1280 x 800, or what the screen offers."""
        return self.sizeHint().boundedTo(self.screen().availableSize())


def prepare_device(choice: str) -> "tuple[torch.device, str]":
    """Import PyTorch and choose the device; runs on the worker."""
    from engine import device

    chosen = device.prepare(choice)
    return chosen, device.describe(chosen)


def application() -> QApplication:
    """The one QApplication."""
    instance = QApplication.instance()
    assert isinstance(instance, QApplication)
    return instance
