"""The app as a process: it opens, it closes when told, and it says nothing that is not needed."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLATFORM = "This plugin does not support propagateSizeHints()"  # Qt's own, offscreen
START = 30.0  # seconds that a busy machine may need until the window is there


def launch(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """``main.py`` with these words, offscreen, in a home of its own."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    own = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *words],
        cwd=home,
        env={**inherited, **own, "QT_QPA_PLATFORM": "offscreen", **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def complaints(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What it wrote that is not Qt's own line."""
    return [line for line in (done.stderr + done.stdout).splitlines() if line != PLATFORM]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, ()), (0.3, ("--theme", "light")), (2.5, ("--tab", "agents", "--device", "cpu"))],
    ids=["at once", "while torch is imported", "with all tabs"],
)
def test_it_closes_when_told(tmp_path: Path, seconds: float, words: tuple[str, ...]) -> None:
    began = time.monotonic()
    done = launch(tmp_path, *words, "--quit-after", str(seconds))
    assert done.returncode == 0
    assert complaints(done) == []
    assert seconds <= time.monotonic() - began < seconds + 2 + START
    assert (tmp_path / "config" / "deepscope" / "settings.ini").stat().st_size > 0


def test_a_damaged_settings_file_costs_only_the_settings(tmp_path: Path) -> None:
    folder = tmp_path / "config" / "deepscope"
    folder.mkdir(parents=True)
    damaged = b"[window]\ngeometry=@ByteArray(\x00\xff\ntab=no number\n[[[\ntheme=\x80\x81"
    (folder / "settings.ini").write_bytes(damaged)
    done = launch(tmp_path, "--quit-after", "0")
    assert done.returncode == 0
    assert complaints(done) == []
    assert b"[[[" not in (folder / "settings.ini").read_bytes()


def test_reset_forgets_what_was_remembered(tmp_path: Path) -> None:
    folder = tmp_path / "config" / "deepscope"
    folder.mkdir(parents=True)
    (folder / "settings.ini").write_text("[General]\nversion=1\n\n[lab]\nepsilon=99\n")
    done = launch(tmp_path, "--reset", "--quit-after", "0")
    assert (done.returncode, complaints(done)) == (0, [])
    assert "epsilon" not in (folder / "settings.ini").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
def test_without_a_display_it_says_so_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "tour").touch()  # so that the tour, which it then makes, ends before it begins
    done = launch(tmp_path, QT_QPA_PLATFORM="")
    said = complaints(done)
    assert said[0] == (
        "There is no display: neither DISPLAY nor WAYLAND_DISPLAY names one. "
        "Running the tour into ./tour instead."
    )
    assert done.returncode == 1 and said[1:] == ["tour cannot be written: File exists."]
