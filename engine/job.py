"""A job: the handle of a generator of snapshots that the worker pulls."""

import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterator
from enum import Enum
from typing import Generic

from engine.snapshot import SnapshotType


class State(Enum):
    """Where a job stands; the last three are its end."""

    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(Generic[SnapshotType]):
    """What the window holds of a running generator. Every method may be called from any thread.

    latest: the newest snapshot, or None before the first.
    count: how many snapshots there were, so that a view sees whether there is a new one.
    error: what ended the job, whole, with its traceback; None unless the state is FAILED.
    """

    def __init__(
        self,
        snapshots: Iterator[SnapshotType],
        name: str,
        *,
        rate: float | None = None,
        paused: bool = False,
        wake: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.name = name
        self.latest: SnapshotType | None = None
        self.count = 0
        self.error: BaseException | None = None
        self.state = State.PAUSED if paused else State.RUNNING
        self.cancel_asked = False
        self.due = clock()
        self._snapshots = snapshots
        self._rate = rate
        self._steps = 0
        self._wake = wake
        self._changed = True  # a new job is news to the worker
        self._lock = threading.RLock()  # a state has two writers: the person and the worker
        self._clock = clock
        self._elapsed = 0.0
        self._running_since: float | None = None if paused else clock()
        self._first_progress: float | None = None

    # What a person does with it.

    @property
    def rate(self) -> float | None:
        """Slices per second; None is as fast as it goes. May be set at any time."""
        return self._rate

    @rate.setter
    def rate(self, rate: float | None) -> None:
        if rate is not None and rate <= 0:
            raise ValueError(f"A rate is a positive number of slices a second, not {rate}.")
        self._rate = rate
        self.due = self._clock()
        self._notify()

    def pause(self) -> None:
        """Pull no more until ``resume`` or ``step``."""
        with self._lock:
            if self.state is State.RUNNING:
                self._stop_clock()
                self.state = State.PAUSED
        self._notify()

    def resume(self) -> None:
        """Go on after a pause."""
        with self._lock:
            if self.state is State.PAUSED:
                self.state = State.RUNNING
                self._running_since = self._clock()
                self.due = self._clock()
        self._notify()

    def step(self, count: int = 1) -> None:
        """Pause, if it runs, and pull ``count`` more snapshots."""
        with self._lock:
            self.pause()
            self._steps += count
        self._notify()

    def cancel(self) -> None:
        """End it: the worker closes the generator, whose ``finally`` runs."""
        if not self.ended:
            self.cancel_asked = True
            self._notify()

    # How it stands.

    @property
    def ended(self) -> bool:
        """Whether it finished, failed or was cancelled."""
        return self.state in (State.FINISHED, State.FAILED, State.CANCELLED)

    @property
    def problem(self) -> str | None:
        """The error as a sentence for a person, or None."""
        return None if self.error is None else in_words(self.error)

    @property
    def progress(self) -> float | None:
        """Fraction done, in [0, 1]; None where the job has no end or has not begun."""
        return None if self.latest is None else self.latest.progress

    @property
    def elapsed(self) -> float:
        """Seconds that it has run, pauses left out."""
        since = self._running_since
        return self._elapsed + (0.0 if since is None else self._clock() - since)

    @property
    def remaining(self) -> float | None:
        """Seconds still needed at the pace so far, or None where that cannot be known."""
        now, first = self.progress, self._first_progress
        if now is None or first is None or now <= first:
            return None
        return self.elapsed * (1.0 - now) / (now - first)

    # For the worker alone.

    @property
    def wants_slice(self) -> bool:
        """Whether the next ``pull`` would do something."""
        return self.state is State.RUNNING or (self.state is State.PAUSED and self._steps > 0)

    def is_due(self, now: float) -> bool:
        """Whether a paced job's next slice should run at time ``now``."""
        return self.wants_slice and (now >= self.due or self._steps > 0)

    def take_wake(self) -> bool:
        """Whether something was asked of it since the last call."""
        changed, self._changed = self._changed, False
        return changed

    def pull(self) -> None:
        """Run one slice, or end the generator if that was asked for."""
        if self.cancel_asked:
            self._end(State.CANCELLED)
            return
        with self._lock:
            if not self.wants_slice:
                return
            self._steps = max(0, self._steps - 1)
        if self._rate is not None:
            # Late by a whole period or more: the timetable moves, for a burst to catch up would
            # starve the others. Late by less: the next one is on time.
            period, now = 1.0 / self._rate, self._clock()
            self.due = (self.due if now - self.due < period else now) + period
        try:
            snapshot = next(self._snapshots)
        except StopIteration:
            self._end(State.FINISHED)
        except BaseException as error:  # whatever it was, it ends this job and nothing else
            self.error = error
            self._end(State.FAILED)
        else:
            if self.latest is None:
                self._first_progress = snapshot.progress
            self.latest = snapshot
            self.count += 1

    def _end(self, state: State) -> None:
        try:
            if isinstance(self._snapshots, Generator):
                self._snapshots.close()
        except BaseException as error:  # a finally block that fails is a failure of the job
            self.error, state = error, State.FAILED
        with self._lock:
            self._stop_clock()
            self.cancel_asked = False
            self.state = state

    def _stop_clock(self) -> None:
        self._elapsed = self.elapsed
        self._running_since = None

    def _notify(self) -> None:
        self._changed = True
        self._wake()


def in_words(error: BaseException) -> str:
    """An error as one sentence. Errors of the engine's own are sentences already."""
    text = str(error).strip()
    if type(error).__module__.startswith("engine.") and text:
        return text
    name = type(error).__name__
    return f"{name}: {text}" if text else f"{name}, with no further word."


def in_full(error: BaseException) -> str:
    """An error with its whole traceback, for the details a person can unfold and copy."""
    return "".join(traceback.format_exception(error))
