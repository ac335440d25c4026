"""What Qt needs from a Linux system beside its wheels, and the Debian packages that hold it.

The wheels bring Qt, but not the OpenGL, X11, Wayland and font libraries that it stands on. The
tables name what the libraries and platform plugins of PySide6-Essentials 6.11 ask the system for.

Only the standard library is used: the set-up runs this file with the system's own Python before
anything is installed, and ``python3 -m engine.system_packages`` prints the missing packages.
"""

import ctypes
import importlib.util
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

# Shared library -> Debian package, for importing QtGui and drawing without a display.
QT_LIBRARIES: Mapping[str, str] = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
}

X11_LIBRARIES: Mapping[str, str] = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}

WAYLAND_LIBRARIES: Mapping[str, str] = {
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
}

FONT_PACKAGE = "fonts-dejavu-core"
FONT_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts",
    Path.home() / ".fonts",
)


def missing_libraries(libraries: Mapping[str, str]) -> tuple[str, ...]:
    """Those of ``libraries`` (shared library to package) that the system cannot load."""
    return tuple(name for name in libraries if not _loads(name))


def has_fonts() -> bool:
    """Whether the system has a font; without one, Qt draws every letter as an empty box."""
    return any(
        next(folder.rglob(pattern), None) is not None
        for folder in FONT_FOLDERS
        for pattern in ("*.ttf", "*.otf", "*.ttc")
    )


def missing_packages() -> tuple[str, ...]:
    """The Debian packages to install before Deepscope can be set up and open a window, sorted.

    Empty where nothing is missing, and on systems that are not Debian's kin.
    """
    if sys.platform != "linux" or shutil.which("apt-get") is None:
        return ()
    libraries = {**QT_LIBRARIES, **X11_LIBRARIES, **WAYLAND_LIBRARIES}
    packages = {libraries[name] for name in missing_libraries(libraries)}
    if not has_fonts():
        packages.add(FONT_PACKAGE)
    if importlib.util.find_spec("ensurepip") is None:
        packages.add(f"python3.{sys.version_info.minor}-venv")
    return tuple(sorted(packages))


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    print(*missing_packages())
