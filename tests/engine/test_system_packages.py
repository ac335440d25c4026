"""The tables of system libraries, against what the installed Qt itself asks for."""

import importlib.util
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from engine import system_packages
from engine.system_packages import (
    QT_LIBRARIES,
    WAYLAND_LIBRARIES,
    X11_LIBRARIES,
    has_fonts,
    missing_libraries,
    missing_packages,
)

ROOT = Path(__file__).parents[2]
# The C and C++ libraries are part of every system that runs Python wheels.
C_LIBRARIES = ("ld-linux", "libc.", "libdl.", "libgcc_s.", "libm.", "libpthread.", "libstdc++.")

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads the ELF files of Linux wheels")


def needed(library: Path) -> list[str]:
    """The names that a 64-bit little-endian ELF file asks the loader for (DT_NEEDED)."""
    content = library.read_bytes()
    (headers,) = struct.unpack_from("<Q", content, 32)
    size, count = struct.unpack_from("<HH", content, 54)
    segments = [
        struct.unpack_from("<IIQQQQ", content, headers + size * index) for index in range(count)
    ]
    start, length = next((offset, end) for kind, _, offset, _, _, end in segments if kind == 2)
    entries = list(struct.iter_unpack("<QQ", content[start : start + length // 16 * 16]))
    entries = entries[: entries.index((0, 0))]
    table = next(value for tag, value in entries if tag == 5)
    strings = next(
        table - address + offset
        for kind, _, offset, address, _, length in segments
        if kind == 1 and address <= table < address + length
    )
    starts = [strings + value for tag, value in entries if tag == 1]
    return [content[at : content.index(b"\0", at)].decode() for at in starts]


def asked_of_the_system(*patterns: str) -> set[str]:
    """What the files of PySide6 that match ``patterns`` need, through Qt, from outside of it."""
    specification = importlib.util.find_spec("PySide6")
    assert specification is not None
    assert specification.submodule_search_locations is not None
    pyside = Path(specification.submodule_search_locations[0])
    inside = {file.name: file for file in pyside.parent.glob("*/**/*.so*")}
    waiting = [file for pattern in patterns for file in pyside.glob(pattern)]
    assert len(waiting) >= len(patterns)
    seen, outside = set(waiting), set()
    while waiting:
        for name in needed(waiting.pop()):
            if name not in inside:
                outside.add(name)
            elif inside[name] not in seen:
                seen.add(inside[name])
                waiting.append(inside[name])
    return {name for name in outside if not name.startswith(C_LIBRARIES)}


@linux
def test_the_tables_hold_exactly_what_qt_asks_for() -> None:
    qt = asked_of_the_system(
        "QtGui.*.so", "QtWidgets.*.so", "QtSvg.*.so", "QtTest.*.so", "**/libqoffscreen.so"
    )
    assert qt == set(QT_LIBRARIES)
    x11 = asked_of_the_system("**/libqxcb.so", "**/libqxcb-*-integration.so")
    assert x11 - qt == set(X11_LIBRARIES)
    wayland = asked_of_the_system("**/libqwayland.so", "**/libqt-plugin-wayland-egl.so")
    assert wayland - qt == set(WAYLAND_LIBRARIES)


@linux
def test_missing_libraries_are_those_that_do_not_load() -> None:
    assert missing_libraries({"libc.so.6": "libc6", "libnothing.so.7": "libnothing7"}) == (
        "libnothing.so.7",
    )


def test_a_folder_with_a_font_in_it_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system_packages, "FONT_FOLDERS", (tmp_path / "absent", tmp_path))
    assert not has_fonts()
    (tmp_path / "truetype").mkdir()
    (tmp_path / "truetype" / "a.ttf").touch()
    assert has_fonts()


def bare_system(monkeypatch: pytest.MonkeyPatch, *, apt: str | None) -> None:
    """Pretend to be a Linux that lacks one library, fonts and ensurepip."""
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("shutil.which", lambda _: apt)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr(system_packages, "has_fonts", lambda: False)
    monkeypatch.setattr(system_packages, "missing_libraries", lambda _: ("libxcb-cursor.so.0",))


def test_a_bare_debian_lacks_libraries_fonts_and_ensurepip(monkeypatch: pytest.MonkeyPatch) -> None:
    bare_system(monkeypatch, apt="/usr/bin/apt-get")
    version = f"python3.{sys.version_info.minor}-venv"
    assert missing_packages() == ("fonts-dejavu-core", "libxcb-cursor0", version)


def test_another_system_is_given_no_debian_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    bare_system(monkeypatch, apt=None)
    assert missing_packages() == ()


def test_it_runs_before_anything_is_installed() -> None:
    command = [sys.executable, "-S", "-m", "engine.system_packages"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert printed == " ".join(missing_packages()) + "\n"
