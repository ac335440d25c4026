"""The worker: one thread that owns the device and every model on it.

It pulls generators of snapshots (jobs) and answers short calls (requests). Because only this
thread touches models, nothing needs a lock but the worker's own lists; because views pull the
latest snapshot, nothing is ever pushed at the window.

In each round it serves, in this order: the waiting requests; the paced jobs whose next slice is
due; one slice of one free-running job, in turns. Requests are looked at again after every slice, so
an answer is never later than one slice.

This module imports no PyTorch, so the window can have its worker before that import begins.
"""

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from engine.job import Job, in_words
from engine.snapshot import SnapshotType

Value = TypeVar("Value")


@dataclass(frozen=True)
class Answer(Generic[Value]):
    """What became of one request.

    ticket: the number that ``Channel.ask`` returned for it.
    value: what the function returned; None if it raised.
    error: what the function raised; None if it returned.
    seconds: how long the function took.
    """

    ticket: int
    value: Value | None
    error: BaseException | None
    seconds: float

    @property
    def problem(self) -> str | None:
        """The error as a sentence for a person, or None."""
        return None if self.error is None else in_words(self.error)


class Channel(Generic[Value]):
    """A line of requests under one key, in which the newest wins.

    A request that is still waiting when a newer one comes is dropped, so a dragged slider never
    builds a queue. One that is being served is finished, and its answer shown, so that the view
    keeps following while the slider moves.
    """

    def __init__(self, worker: "Worker", key: str) -> None:
        self.key = key
        self.latest: Answer[Value] | None = None
        self._worker = worker
        self._asked = 0
        self._valid_from = 0
        self._waiting: tuple[int, Callable[..., Value], tuple[Any, ...]] | None = None
        self._serving = False

    @property
    def busy(self) -> bool:
        """Whether a request waits or is being served."""
        return self._waiting is not None or self._serving

    def ask(self, function: Callable[..., Value], *arguments: Any) -> int:
        """Have the worker call ``function(*arguments)``; returns its ticket, from 1 up."""
        with self._worker.changed:
            self._asked += 1
            if self._waiting is None:
                self._worker.waiting.append(self)
            self._waiting = (self._asked, function, arguments)
            self._worker.changed.notify()
        return self._asked

    def forget(self) -> None:
        """Drop the latest answer and every request so far: none of them will ever arrive."""
        with self._worker.changed:
            self._valid_from = self._asked + 1
            self._waiting = None
            self.latest = None

    def serve(self, clock: Callable[[], float]) -> None:
        """Answer the waiting request; for the worker alone."""
        with self._worker.changed:
            if self._waiting is None:
                return
            ticket, function, arguments = self._waiting
            self._waiting, self._serving = None, True
        started = clock()
        value: Value | None = None
        error: BaseException | None = None
        try:
            value = function(*arguments)
        except BaseException as raised:  # whatever it was, the worker lives on
            error = raised
        answer = Answer(ticket, value, error, clock() - started)
        with self._worker.changed:
            self._serving = False
            if ticket >= self._valid_from:
                self.latest = answer


class Worker:
    """Pulls jobs and serves requests, on a thread of its own or turn by turn in a test."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.changed = threading.Condition()
        self.waiting: deque[Channel[Any]] = deque()
        self._clock = clock
        self._jobs: list[Job[Any]] = []
        self._channels: dict[str, Channel[Any]] = {}
        self._next_free = 0
        self._closing = False
        self._thread: threading.Thread | None = None

    @property
    def jobs(self) -> tuple[Job[Any], ...]:
        """The jobs that have not ended, oldest first."""
        return tuple(job for job in self._jobs if not job.ended)

    def start(
        self,
        snapshots: Iterator[SnapshotType],
        *,
        name: str,
        rate: float | None = None,
        paused: bool = False,
    ) -> Job[SnapshotType]:
        """Take a generator as a job; its body first runs on the worker.

        Args:
            name: what the status bar calls it; empty for what only feeds the eye.
            rate: slices per second for a paced job; None for free-running. Can change at any time.
            paused: begin paused, so that ``step`` pulls the first snapshot.
        """
        job = Job(snapshots, name, rate=rate, paused=paused, wake=self._wake, clock=self._clock)
        with self.changed:
            self._jobs.append(job)
            self.changed.notify()
        return job

    def channel(self, key: str) -> Channel[Any]:
        """The line of requests under ``key``, the same object for the same key."""
        return self._channels.setdefault(key, Channel(self, key))

    def turn(self) -> float | None:
        """Do one round of work.

        Returns:
            Seconds until there is something to do (0: at once), or None: nothing until woken.
        """
        self._serve_requests()
        now = self._clock()
        for job in self.jobs:
            if job.cancel_asked or (job.rate is not None and job.is_due(now)):
                job.pull()
                self._serve_requests()
        free = [job for job in self.jobs if job.rate is None and job.wants_slice]
        if free:
            self._next_free = (self._next_free + 1) % len(free)
            free[self._next_free].pull()
        with self.changed:
            self._jobs = [job for job in self._jobs if not job.ended]
            if self.waiting or any(job.cancel_asked for job in self._jobs):
                return 0.0
            if any(job.rate is None and job.wants_slice for job in self._jobs):
                return 0.0
            dues = [job.due for job in self._jobs if job.rate is not None and job.wants_slice]
        return max(0.0, min(dues) - self._clock()) if dues else None

    def open(self) -> None:
        """Begin to work on a thread of its own."""
        # A pure-Python stretch of a job would otherwise hold the interpreter for 5 ms at a time,
        # which a window at 60 frames a second feels (FACTS: p95 88 ms against 21 ms).
        sys.setswitchinterval(0.000005)
        # A plain thread: QThread aborts the process when it still runs at exit, and its stack is
        # too small for BLAS on macOS. Daemon, so that a driver that blocks for ever cannot keep
        # the process alive.
        self._thread = threading.Thread(target=self._run, name="deepscope-worker", daemon=True)
        self._thread.start()

    def close(self, timeout: float = 1.0) -> bool:
        """Cancel every job, let the finally blocks run, and end the thread.

        Returns:
            Whether all ended within ``timeout`` seconds.
        """
        with self.changed:
            self._closing = True
            self.changed.notify()
        if self._thread is None:
            self._cancel_all()
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._closing:
            pause = self.turn()
            with self.changed:
                if not self._closing and not self.waiting and pause != 0.0 and not self._woken():
                    self.changed.wait(pause)
        self._cancel_all()

    def _woken(self) -> bool:
        """Whether a job changed between the end of a round and the wait; under the lock."""
        return any(job.take_wake() for job in self._jobs)

    def _wake(self) -> None:
        with self.changed:
            self.changed.notify()

    def _serve_requests(self) -> None:
        for _ in range(len(self.waiting)):
            with self.changed:
                channel = self.waiting.popleft() if self.waiting else None
            if channel is None or self._closing:
                return
            channel.serve(self._clock)

    def _cancel_all(self) -> None:
        for job in self.jobs:
            job.cancel()
            job.pull()
