"""Tests of the window: offscreen unless the environment names a platform; nothing stays behind."""

import gc
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt, QTimer
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QToolTip, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from engine.worker import Worker
from gui import theme
from gui.settings import Settings
from gui.station import Station
from gui.widgets.image_source import ImageSource
from gui.window import FRAME, prepare_device
from gui.workspace import Workspace

_PATIENCE = 2.0  # seconds for a thread that was told to stop


def _windows() -> set[QWidget]:
    """What is open on the screen, but for Qt's own tooltip, which it keeps for the next one."""
    seen = [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]
    return {widget for widget in seen if widget.metaObject().className() != "QTipLabel"}


def _running_timers() -> list[QTimer]:
    # The type, for isinstance asks the object, and some of torch's answer with a warning.
    timers = [thing for thing in gc.get_objects() if issubclass(type(thing), QTimer)]
    return [timer for timer in timers if isValid(timer) and timer.isActive()]


@pytest.fixture(autouse=True)
def nothing_left_behind(qapp: QApplication) -> Iterator[None]:
    """A test ends with the windows, timers and threads that it began with."""
    windows, timers, threads = _windows(), _running_timers(), set(threading.enumerate())
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()
    for thread in set(threading.enumerate()) - threads:
        thread.join(_PATIENCE)
    left_threads = set(threading.enumerate()) - threads
    left_windows = _windows() - windows
    left_timers = [timer for timer in _running_timers() if timer not in timers]
    for window in left_windows:  # the next test must not pay for this one
        window.close()
        window.deleteLater()
    assert not left_windows, f"Windows left open: {left_windows}"
    assert not left_timers, f"Timers left running: {left_timers}"
    assert not left_threads, f"Threads left running: {left_threads}"


@pytest.fixture(params=["light", "dark"])
def look(request: pytest.FixtureRequest, qapp: QApplication) -> theme.Theme:
    """The application in a light, then in a dark theme."""
    theme.apply(qapp, request.param)
    return theme.current()


@pytest.fixture
def shown(qtbot: QtBot) -> Callable[..., None]:
    """Show a widget in a given size and have it closed after the test."""

    def show(widget: QWidget, width: int = 300, height: int = 300) -> None:
        qtbot.addWidget(widget)
        widget.resize(width, height)
        with qtbot.waitActive(widget):  # shortcuts reach only the active window
            widget.show()
            widget.activateWindow()

    return show


@pytest.fixture
def workspace(qtbot: QtBot, tmp_path: Path) -> Iterator[Workspace]:
    """A worker on its thread, ready to compute on the processor, and settings of its own."""
    workspace = Workspace(Worker(), Settings(tmp_path / "settings.ini"))
    start = workspace.worker.channel("start")
    workspace.worker.open()
    start.ask(prepare_device, "cpu")
    qtbot.waitUntil(lambda: start.latest is not None, timeout=30_000)
    workspace.device, workspace.device_name = start.latest.value
    yield workspace
    assert workspace.worker.close(timeout=10.0)


@pytest.fixture
def live(qtbot: QtBot) -> Callable[..., None]:
    """Let a station live, as the window would, until a condition holds."""

    def until(
        station: Station | ImageSource, condition: Callable[[], object], timeout: int = 10_000
    ) -> None:
        timer = QTimer()
        timer.timeout.connect(station.tick)
        timer.start(FRAME)
        try:
            qtbot.waitUntil(lambda: bool(condition()), timeout=timeout)
        finally:
            timer.stop()
        station.tick()  # what the person sees is what the condition saw, or newer

    return until


@pytest.fixture
def press() -> Callable[[QWidget, str], None]:
    """Click the button with this text, or this accessible name, that can be seen in a widget."""

    def click(inside: QWidget, name: str) -> None:
        buttons = inside.findChildren(QAbstractButton)
        found = [
            button
            for button in buttons
            if name in (button.text(), button.accessibleName()) and button.isVisible()
        ]
        assert len(found) == 1, f"{len(found)} buttons are called {name}"
        QTest.mouseClick(found[0], Qt.MouseButton.LeftButton)

    return click


@pytest.fixture
def write() -> Callable[[QWidget, str, object], str]:
    """Type over the value in the row with this name, press Return; returns what it shows then."""

    def type_over(inside: QWidget, name: str, value: object) -> str:
        (editor,) = [w for w in inside.findChildren(QWidget) if w.accessibleName() == name]
        editor.setFocus()
        QTest.keyClick(editor, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClick(editor, Qt.Key.Key_Delete)
        QTest.keyClicks(editor, str(value))
        QTest.keyClick(editor, Qt.Key.Key_Return)
        return str(editor.property("text"))

    return type_over


@pytest.fixture
def hints() -> Iterator[Callable[[QWidget], dict[str, str]]]:
    """Point everywhere at a widget, and collect its ``name: value`` tooltips."""

    def read(widget: QWidget) -> dict[str, str]:
        found = {}
        for x in range(4, widget.width(), 8):
            for y in range(2, widget.height(), 5):
                spot = QPoint(x, y)
                event = QHelpEvent(QEvent.Type.ToolTip, spot, widget.mapToGlobal(spot))
                QApplication.sendEvent(widget, event)
                name, colon, value = QToolTip.text().rpartition(": ")
                if colon:
                    found[name] = value
        return found

    yield read
    QToolTip.hideText()
