"""Whether a window can be opened here, asked of the very libraries that Qt will ask.

Qt ends the process when a library is missing or no display answers; asking first turns that into a
sentence. Nothing heavy is imported, because this runs before the first paint.
"""

import ctypes
import os
import sys
from collections.abc import Callable, Mapping
from threading import Thread

from engine.system_packages import (
    QT_LIBRARIES,
    WAYLAND_LIBRARIES,
    X11_LIBRARIES,
    missing_libraries,
)


def qt_problem() -> str | None:
    """Why Qt cannot even be imported on this system, in one sentence; None where it can."""
    return _missing(QT_LIBRARIES) if sys.platform == "linux" else None


def display_problem(
    environment: Mapping[str, str] = os.environ, patience: float = 3.0
) -> str | None:
    """Why no window can be opened on this system, in one sentence; None where one can.

    Systems other than Linux always have a display, and a Qt platform without one that is asked for
    by name (``QT_QPA_PLATFORM=offscreen``) needs none. ``patience`` is how many seconds a display
    may take to answer; a local one needs milliseconds.
    """
    if sys.platform != "linux":
        return None
    platform = environment.get("QT_QPA_PLATFORM", "")
    broken = qt_problem()
    if broken or (platform and not platform.startswith(("xcb", "wayland"))):
        return broken
    wayland, x11 = environment.get("WAYLAND_DISPLAY"), environment.get("DISPLAY")
    problems = []
    if wayland and not platform.startswith("xcb"):
        problems.append(_wayland_problem(wayland, patience))
    if x11 and not platform.startswith("wayland"):
        problems.append(_x11_problem(x11, patience))
    if not problems:
        return "There is no display: neither DISPLAY nor WAYLAND_DISPLAY names one."
    return None if None in problems else problems[0]


def _x11_problem(display: str, patience: float) -> str | None:
    missing = _missing(X11_LIBRARIES)
    if missing is None and not _in_time(lambda: _x11_answers(display), patience):
        return (
            f"The X server that DISPLAY names ({display}) does not answer: it is not running, or "
            "it refuses this user."
        )
    return missing


def _x11_answers(display: str) -> bool:
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(display.encode(), None))
    refused = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return not refused


def _wayland_problem(display: str, patience: float) -> str | None:
    missing = _missing(WAYLAND_LIBRARIES)
    if missing is None and not _in_time(lambda: _wayland_answers(display), patience):
        return f"The Wayland display that WAYLAND_DISPLAY names ({display}) does not answer."
    return missing


def _wayland_answers(display: str) -> bool:
    wayland = ctypes.CDLL("libwayland-client.so.0")
    wayland.wl_display_connect.restype = ctypes.c_void_p
    connection = wayland.wl_display_connect(display.encode())
    if connection is None:
        return False
    wayland.wl_display_disconnect(ctypes.c_void_p(connection))
    return True


def _in_time(question: Callable[[], bool], patience: float) -> bool:
    """The answer to ``question``; False where it takes longer than ``patience`` seconds."""
    answers: list[bool] = []
    # A display that accepts and never answers holds its caller for ever: leave that thread behind.
    thread = Thread(target=lambda: answers.append(question()), name="display", daemon=True)
    thread.start()
    thread.join(patience)
    return bool(answers) and answers[0]


def _missing(libraries: Mapping[str, str]) -> str | None:
    names = missing_libraries(libraries)
    if not names:
        return None
    packages = sorted({libraries[name] for name in names})
    return (
        f"Qt cannot start without {', '.join(names)}; install "
        f"{'it' if len(names) == 1 else 'them'} (on Debian: apt-get install {' '.join(packages)})."
    )
