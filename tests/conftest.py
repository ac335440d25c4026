"""What every test shares: the road to ../shared, and settings that never touch the real home."""

import os
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
