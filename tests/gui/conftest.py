"""Tests of the window: offscreen unless the environment names a platform; nothing stays behind."""

import gc
import os
import threading
from collections.abc import Callable, Iterator

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from gui import theme

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
