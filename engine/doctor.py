"""What works on this machine and, where something does not, what to do about it.

Every check is a function that returns what it found, in words, or raises ``CheckError`` with a
remedy. A new check is one more function and one more line of ``CHECKS``.
"""

import importlib.metadata
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from engine.display import display_problem, qt_problem
from engine.system_packages import FONT_PACKAGE, has_fonts

LOADING = 60.0  # seconds; loading a large library from a cold disk is work, not a hang
INSTALL_AGAIN = "Install again: make clean, then make run."


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    essential: whether the app cannot run at all while this is not ``ok``.
    detail: what was found, in words.
    remedy: what to do, a sentence; empty where all is well.
    """

    name: str
    ok: bool
    essential: bool
    detail: str
    remedy: str = ""


class CheckError(Exception):
    """Something does not work; ``remedy`` is a sentence that says what to do."""

    def __init__(self, detail: str, remedy: str) -> None:
        super().__init__(detail)
        self.remedy = remedy


@dataclass(frozen=True)
class Check:
    """One question to the machine.

    ask: returns the finding in words, raises ``CheckError`` or any other exception.
    patience: seconds after which it counts as hanging.
    """

    name: str
    ask: Callable[[], str]
    essential: bool = False
    patience: float = 5.0


def examine(checks: Iterable[Check] | None = None) -> Iterator[Finding]:
    """Run ``checks`` (by default ``CHECKS``), one finding each; none raises, none hangs."""
    for check in CHECKS if checks is None else checks:
        yield _finding_in_time(check)


def report(findings: Iterable[Finding]) -> str:
    """The findings as lines for a terminal, the verdict last."""
    findings = tuple(findings)
    width = max((len(finding.name) for finding in findings), default=0)
    lines = []
    for finding in findings:
        word = "ok" if finding.ok else "BROKEN" if finding.essential else "problem"
        lines.append(f"{word:8} {finding.name:{width}}  {finding.detail}")
        if finding.remedy:
            lines.append(f"{'':8} {'':{width}}  -> {finding.remedy}")
    broken = [finding.name for finding in findings if finding.essential and not finding.ok]
    lines.append(
        f"Deepscope cannot run here until this is put right: {', '.join(broken)}."
        if broken
        else "Deepscope can run here."
    )
    return "\n".join(lines)


def exit_code(findings: Iterable[Finding]) -> int:
    """1 where something essential is broken, otherwise 0."""
    return int(any(finding.essential and not finding.ok for finding in findings))


def _finding_in_time(check: Check) -> Finding:
    findings: list[Finding] = []
    # A camera's driver can hold its caller for ever: leave that thread behind.
    thread = Thread(target=lambda: findings.append(_finding(check)), name="doctor", daemon=True)
    thread.start()
    thread.join(check.patience)
    if findings:
        return findings[0]
    detail = f"gave no answer within {check.patience:g} s."
    remedy = "Try again when the machine is less busy; restart it if this stays."
    return Finding(check.name, False, check.essential, detail, remedy)


def _finding(check: Check) -> Finding:
    try:
        return Finding(check.name, True, check.essential, check.ask())
    except CheckError as error:
        return Finding(check.name, False, check.essential, str(error), error.remedy)
    except Exception as error:
        first_line = (str(error).splitlines() or [""])[0]
        detail = f"{type(error).__name__}: {first_line}"
        return Finding(check.name, False, check.essential, detail, INSTALL_AGAIN)


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        raise CheckError(f"{distribution} is not installed.", INSTALL_AGAIN) from None


def _python() -> str:
    return f"{platform.python_version()} ({sys.executable})"


def _qt() -> str:
    version = _version("PySide6-Essentials")
    if problem := qt_problem():
        raise CheckError(f"{version} is installed, but its system libraries are not.", problem)
    if sys.version_info < (3, 12) and version.startswith("6.12."):
        raise CheckError(
            f"{version} ends Python 3.11 after some hundred signals (a bug in that release).",
            'Install one before it: pip install "PySide6-Essentials<6.12".',
        )
    # In a process of its own, since the engine knows no Qt and a broken Qt ends its process.
    program = "from PySide6.QtWidgets import QApplication; QApplication([]); import pyqtgraph"
    command = [sys.executable, "-c", program]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    start = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if start.returncode:
        last_line = (start.stderr.splitlines() or [f"exit code {start.returncode}"])[-1]
        raise CheckError(f"{version} does not start: {last_line}", INSTALL_AGAIN)
    return f"{version}, starts"


def _pyqtgraph() -> str:
    return _version("pyqtgraph")


def _display() -> str:
    if problem := display_problem():
        raise CheckError(problem, "A window needs one; tour, train and evaluate do not.")
    names = ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY")
    return ", ".join(f"{name}={os.environ[name]}" for name in names if os.environ.get(name)) or (
        "the desktop of this system"
    )


def _fonts() -> str:
    if sys.platform == "linux" and not has_fonts():
        raise CheckError(
            "this system has no font, so every letter is drawn as a box.",
            f"Install one (on Debian: apt-get install {FONT_PACKAGE}).",
        )
    return "found"


def _numpy() -> str:
    import numpy

    return str(numpy.__version__)


def _torch() -> str:
    import torch

    return str(torch.__version__)


def _torchvision() -> str:
    from engine.torchvision_import import import_torchvision

    return str(import_torchvision().__version__)


def _opencv() -> str:
    import cv2

    if list(importlib.metadata.distributions(name="opencv-python")):
        raise CheckError(
            f"{cv2.__version__}, but opencv-python brings a second Qt that fights with PySide6's.",
            "pip uninstall opencv-python, then install opencv-python-headless again.",
        )
    return str(cv2.__version__)


def _device() -> str:
    import torch

    from engine.device import choose_device, describe

    device = choose_device()
    torch.ones(2, 2, device=device).sum().item()
    if device.type == "cpu" and torch.version.cuda:
        return f"{describe(device)} (PyTorch is built for CUDA, but finds no GPU)"
    return describe(device)


def _cartpole() -> str:
    import gymnasium

    environment = gymnasium.make("CartPole-v1")
    try:
        environment.reset(seed=0)
        environment.step(0)
    finally:
        environment.close()
    return f"Gymnasium {gymnasium.__version__}, CartPole steps"


def _atari() -> str:
    from ale_py import roms

    count = len(roms.get_all_rom_ids())
    if not count:
        raise CheckError("ale_py is here, but without a single game.", INSTALL_AGAIN)
    return f"ale_py {_version('ale-py')}, {count} games"


def _checkpoints() -> str:
    from engine.checkpoints import CheckpointError, load_checkpoint
    from engine.cnn.networks import CHECKPOINTS

    files = sorted(CHECKPOINTS.rglob("*.safetensors"))
    remedy = "Restore resources/checkpoints from a fresh clone."
    if not files:
        raise CheckError(f"there is none in {CHECKPOINTS}.", remedy)
    try:
        for file in files:
            load_checkpoint(file)
    except CheckpointError as error:
        raise CheckError(str(error), remedy) from error
    return ", ".join(file.stem for file in files)


def _camera() -> str:
    from engine.video import camera_indices

    indices = camera_indices()
    if indices is None:
        return "this system tells only when one is opened"
    if not indices:
        raise CheckError("none was found.", "Plug one in; pictures and videos work without.")
    for index in indices:
        if not os.access(f"/dev/video{index}", os.R_OK | os.W_OK):
            raise CheckError(
                f"this user may not read /dev/video{index}.",
                "Join its group (sudo usermod -aG video $USER), then log in again.",
            )
    return ", ".join(f"camera {index}" for index in indices)


def _settings_folder() -> str:
    from platformdirs import user_config_path

    return _writable(user_config_path("deepscope"))


def _data_folder() -> str:
    from platformdirs import user_data_path

    return _writable(user_data_path("deepscope"))


def _writable(folder: Path) -> str:
    """Check that files can be made in ``folder``, or where it would be created."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            return str(folder)
    except OSError as error:
        raise CheckError(
            f"{there} cannot be written ({error.strerror}), so nothing is remembered.",
            "Make it writable for this user, or free some space.",
        ) from error


CHECKS = (
    Check("Python", _python, essential=True),
    Check("PySide6", _qt, essential=True, patience=LOADING),
    Check("pyqtgraph", _pyqtgraph, essential=True),
    Check("NumPy", _numpy, essential=True, patience=LOADING),
    Check("PyTorch", _torch, essential=True, patience=LOADING),
    Check("torchvision", _torchvision, essential=True, patience=LOADING),
    Check("OpenCV", _opencv, essential=True, patience=LOADING),
    Check("device", _device, patience=LOADING),
    Check("display", _display),
    Check("fonts", _fonts),
    Check("camera", _camera),
    Check("CartPole", _cartpole, patience=LOADING),
    Check("Atari", _atari, patience=LOADING),
    Check("checkpoints", _checkpoints, patience=LOADING),
    Check("settings", _settings_folder),
    Check("data", _data_folder),
)
