"""What every test shares: the road to ../shared, and settings that never touch the real home."""

import os
import sys
from pathlib import Path

import pytest

# Foolbox imports GitPython, which refuses to be imported where git is not installed.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture
def shared() -> Path:
    """The folder of data and weights beside the project; skips where it is not."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared (data and real weights), which is not on this machine")
    return SHARED


_STATUS = pytest.StashKey[int]()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remember how the tests ended."""
    session.config.stash[_STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave as the app does (main.leave), without taking the interpreter apart.

    With Qt, SDL and PyTorch in one process that ended in a segmentation fault, after all tests had
    passed, in about half of the runs on Debian's own Python.
    """
    if not hasattr(config, "workerinput") and _STATUS in config.stash:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[_STATUS])
