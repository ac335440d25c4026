"""The one idea: everything that takes time is a generator of immutable snapshots."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What a running generator knows after one short slice of work (about 10 ms).

    Subclasses are frozen dataclasses of numbers, strings, tuples and NumPy arrays that nobody
    writes to again, because a snapshot crosses from the worker to the window without a lock.

    progress: fraction of the whole run that is done, in [0, 1]; None where there is no end.
    """

    progress: float | None = None


SnapshotType = TypeVar("SnapshotType", bound=Snapshot)


def last(snapshots: Iterator[SnapshotType]) -> SnapshotType:
    """Run a generator to its end and return its last snapshot.

    Raises:
        ValueError: the generator yielded nothing.
    """
    newest = deque(snapshots, maxlen=1)
    if not newest:
        raise ValueError("The generator ended without a single snapshot.")
    return newest[0]
