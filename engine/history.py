"""Records that grow with a run: a numeric series for curves, a thinned log of snapshots."""

from bisect import bisect_right
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Entry = TypeVar("Entry")


class Series:
    """An append-only row of numbers whose views are safe to hand to another thread.

    ``view()`` costs nothing however long the series is: it is a read-only window on the first
    ``len(self)`` values, which are never written again. Growing allocates a new buffer, so a view
    taken earlier keeps showing what it showed.
    """

    def __init__(self, capacity: int = 1024) -> None:
        self._values: NDArray[np.float64] = np.empty(capacity, dtype=np.float64)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def append(self, value: float) -> None:
        """Add one number at the end."""
        if self._length == len(self._values):
            grown = np.empty(2 * len(self._values), dtype=np.float64)
            grown[: self._length] = self._values
            self._values = grown
        self._values[self._length] = value
        self._length += 1

    def view(self) -> NDArray[np.float64]:
        """The values so far, shape (len(self),), read-only and stable."""
        window = self._values[: self._length]
        window.flags.writeable = False
        return window


class History(Generic[Entry]):
    """A record of a run of any length in bounded memory, for a time slider.

    Every entry is kept until ``capacity`` is reached; then every second one is dropped and only
    every second new one is kept, and so on: the record always covers the whole run evenly, with
    between capacity / 2 and capacity entries, and the newest entry is always there.
    """

    def __init__(self, capacity: int = 512) -> None:
        if capacity < 2:
            raise ValueError(f"A history needs room for at least 2 entries, not {capacity}.")
        self._capacity = capacity
        self._stride = 1
        self._added = 0
        self._kept: list[tuple[int, Entry]] = []
        self._newest: tuple[int, Entry] | None = None

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def indices(self) -> tuple[int, ...]:
        """The positions in the run, counted from 0, of the entries that are still held."""
        kept = [index for index, _ in self._kept]
        if self._newest is not None and (not kept or kept[-1] != self._newest[0]):
            kept.append(self._newest[0])
        return tuple(kept)

    def add(self, entry: Entry) -> None:
        """Record the next entry of the run."""
        self._newest = (self._added, entry)
        if self._added % self._stride == 0:
            self._kept.append(self._newest)
            if len(self._kept) > self._capacity:
                self._stride *= 2
                self._kept = [pair for pair in self._kept if pair[0] % self._stride == 0]
        self._added += 1

    def at(self, index: int) -> Entry:
        """The newest held entry at or before position ``index`` of the run.

        Raises:
            IndexError: nothing was recorded yet, or ``index`` is negative.
        """
        if self._newest is None or index < 0:
            raise IndexError("The history holds nothing at that position.")
        if index >= self._newest[0]:
            return self._newest[1]
        position = bisect_right(self._kept, index, key=lambda pair: pair[0])
        return self._kept[position - 1][1]
