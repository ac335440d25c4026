"""The set-up script, in a folder of its own with a stand-in for every command that it calls."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a shell script")

SCRIPT = Path(__file__).parents[1] / ".ci" / "set-up"
PACKAGES = "libone1 libtwo2"
INSTALL = f"apt-get install -y -qq --no-install-recommends {PACKAGES}"
PYTHON = r"""#!/bin/sh
case "$*" in
    *version_info*) exit "${OLD:-0}" ;;
    *"import ensurepip"*) exit "${NO_ENSUREPIP:-0}" ;;
    "-m engine.system_packages") echo "$MISSING" ;;
    "-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    *) echo "python $*" >> calls ;;
esac
"""
COMMANDS = {
    "python3": PYTHON,
    "id": '#!/bin/sh\necho "${ID:-1000}"\n',
    "sudo": '#!/bin/sh\n[ -n "${SUDO:-}" ] || exit 1\nshift\nexec "$@"\n',
    "apt-get": '#!/bin/sh\necho "apt-get $*" >> calls\nexit "${APT:-0}"\n',
}


def set_up(folder: Path, **environment: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run the script in ``folder``; returns how it ended and the installing calls that it made."""
    for place in (".ci", "bin"):
        (folder / place).mkdir()
    script = folder / ".ci" / "set-up"
    shutil.copy(SCRIPT, script)
    for name, text in COMMANDS.items():
        command = folder / "bin" / name
        command.write_text(text)
        command.chmod(0o755)
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    ended = subprocess.run(
        [script],
        env={"PATH": path, "MISSING": PACKAGES, **environment},
        check=False,
        capture_output=True,
        text=True,
    )
    calls = folder / "calls"
    return ended, calls.read_text().splitlines() if calls.exists() else []


@pytest.mark.parametrize("permission", [{"ID": "0"}, {"SUDO": "1"}])
def test_missing_packages_are_installed_where_it_may(
    tmp_path: Path, permission: dict[str, str]
) -> None:
    ended, calls = set_up(tmp_path, **permission)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert calls == [
        "apt-get update -qq",
        INSTALL,
        "python -m pip install --quiet --editable .[test]",
    ]
    assert (tmp_path / ".venv" / "ready").is_file()


@pytest.mark.parametrize("obstacle", [{}, {"ID": "0", "APT": "100"}])
def test_missing_packages_are_named_where_it_may_not(
    tmp_path: Path, obstacle: dict[str, str]
) -> None:
    ended, calls = set_up(tmp_path, **obstacle)
    assert ended.returncode == 0
    (line,) = ended.stderr.splitlines()
    assert line.endswith(f"sudo apt-get install {PACKAGES}")
    assert INSTALL not in calls
    assert calls[-1].startswith("python -m pip install")


def test_a_complete_system_is_left_alone(tmp_path: Path) -> None:
    ended, calls = set_up(tmp_path, ID="0", MISSING="")
    assert ended.returncode == 0
    assert [call for call in calls if "apt-get" in call] == []


@pytest.mark.parametrize(("obstacle", "word"), [("OLD", "3.11"), ("NO_ENSUREPIP", "python3-venv")])
def test_what_it_cannot_do_without_is_said(tmp_path: Path, obstacle: str, word: str) -> None:
    ended, calls = set_up(tmp_path, **{obstacle: "1", "MISSING": ""})
    assert ended.returncode == 1
    assert word in ended.stderr
    assert calls == []
    assert not (tmp_path / ".venv" / "ready").exists()
