"""What the tests of networks share."""

from collections.abc import Iterator

import pytest

from engine.device import threads


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """As on the worker: two threads would wait for each other on a busy machine."""
    with threads(1):
        yield
