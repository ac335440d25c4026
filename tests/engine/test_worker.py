"""The worker, turn by turn, with a clock that only moves when told."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from engine.job import State
from engine.snapshot import Snapshot, last
from engine.worker import Worker


@dataclass(frozen=True, kw_only=True)
class Count(Snapshot):
    number: int


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def worker(clock: Clock) -> Worker:
    return Worker(clock)


def count_to(end: int, log: list[str] | None = None, name: str = "") -> Iterator[Count]:
    try:
        for number in range(1, end + 1):
            if log is not None:
                log.append(f"{name}{number}")
            yield Count(number=number, progress=number / end)
    finally:
        if log is not None:
            log.append(f"{name}closed")


def turns(worker: Worker, count: int) -> None:
    for _ in range(count):
        worker.turn()


def test_a_free_job_runs_to_its_end_one_slice_a_turn(worker: Worker) -> None:
    job = worker.start(count_to(3), name="count")
    assert job.latest is None and worker.jobs == (job,)
    worker.turn()
    assert job.latest == Count(number=1, progress=1 / 3)
    turns(worker, 3)
    assert (job.state, job.count, worker.jobs) == (State.FINISHED, 3, ())
    assert worker.turn() is None


def test_free_jobs_take_turns(worker: Worker) -> None:
    log: list[str] = []
    for name in "abc":
        worker.start(count_to(9, log, name), name=name)
    turns(worker, 6)
    assert sorted(log[:3]) == ["a1", "b1", "c1"] and sorted(log[3:]) == ["a2", "b2", "c2"]


def test_requests_come_before_paced_jobs_and_those_before_free_ones(worker: Worker) -> None:
    log: list[str] = []
    worker.start(count_to(9, log, "free"), name="free")
    worker.start(count_to(9, log, "paced"), name="paced", rate=10)
    worker.channel("question").ask(log.append, "request")
    worker.turn()
    assert log == ["request", "paced1", "free1"]


def test_a_request_that_comes_during_a_slice_is_served_before_the_next_slice(
    worker: Worker,
) -> None:
    log: list[str] = []

    def asks() -> Iterator[Count]:
        log.append("paced")
        worker.channel("question").ask(log.append, "request")
        yield Count(number=1)

    worker.start(asks(), name="asks", rate=10)
    worker.start(count_to(9, log, "free"), name="free")
    worker.turn()
    assert log == ["paced", "request", "free1"]


def test_a_newer_request_replaces_a_waiting_one(worker: Worker) -> None:
    log: list[int] = []
    channel = worker.channel("slider")
    for value in range(5):
        channel.ask(log.append, value)
    other = worker.channel("other")
    other.ask(lambda: "served too")
    assert channel.busy
    worker.turn()
    assert log == [4] and not channel.busy
    assert channel.latest is not None and channel.latest.ticket == 5
    assert other.latest is not None and other.latest.value == "served too"


def test_a_forgotten_request_never_arrives(worker: Worker) -> None:
    channel = worker.channel("image")
    channel.ask(lambda: "stale")
    worker.turn()
    channel.forget()
    assert channel.latest is None
    channel.ask(channel.forget)  # forgotten while it is being served
    worker.turn()
    assert channel.latest is None
    channel.ask(lambda: "fresh")
    worker.turn()
    assert channel.latest is not None and channel.latest.value == "fresh"


def test_a_request_that_raises_answers_with_words(worker: Worker) -> None:
    channel = worker.channel("bad")
    channel.ask(lambda: 1 / 0)
    worker.turn()
    assert channel.latest is not None
    assert channel.latest.problem == "ZeroDivisionError: division by zero"


def test_a_paced_job_keeps_its_pace_and_never_bursts(worker: Worker, clock: Clock) -> None:
    job = worker.start(count_to(99), name="frames", rate=10)
    assert worker.turn() == pytest.approx(0.1)
    turns(worker, 5)
    assert job.count == 1
    clock.now += 0.1
    turns(worker, 5)
    assert job.count == 2
    clock.now += 5.0  # the worker was held up: one slice now, and the timetable moves
    turns(worker, 5)
    assert job.count == 3
    clock.now += 0.1
    turns(worker, 5)
    assert job.count == 4


def test_the_rate_can_change_while_it_runs(worker: Worker, clock: Clock) -> None:
    job = worker.start(count_to(99), name="frames", rate=0.001)
    turns(worker, 3)
    assert job.count == 1
    job.rate = None
    turns(worker, 3)
    assert job.count == 4
    job.rate = 10
    turns(worker, 3)
    assert job.count == 5
    with pytest.raises(ValueError, match="positive"):
        job.rate = 0


def test_a_slow_paced_job_does_not_starve_a_free_one(worker: Worker, clock: Clock) -> None:
    def slow() -> Iterator[Count]:
        while True:
            clock.now += 1.0
            yield Count(number=0)

    worker.start(slow(), name="slow", rate=60)
    free = worker.start(count_to(99), name="free")
    turns(worker, 10)
    assert free.count == 10


def test_pause_step_and_resume(worker: Worker) -> None:
    job = worker.start(count_to(99), name="count")
    worker.turn()
    job.pause()
    assert worker.turn() is None and job.count == 1 and job.state is State.PAUSED
    job.step()
    job.step(2)
    turns(worker, 5)
    assert job.count == 4 and job.state is State.PAUSED
    job.resume()
    turns(worker, 2)
    assert job.count == 6


def test_a_paced_job_steps_at_once_when_paused(worker: Worker) -> None:
    job = worker.start(count_to(99), name="frames", rate=0.001, paused=True)
    turns(worker, 3)
    assert job.count == 0
    job.step(3)
    turns(worker, 3)
    assert job.count == 3


def test_cancel_runs_the_finally_block_on_the_worker(worker: Worker) -> None:
    log: list[str] = []
    job = worker.start(count_to(99, log), name="count")
    worker.turn()
    job.cancel()
    assert log == ["1"], "only the worker closes a generator"
    worker.turn()
    assert log == ["1", "closed"] and job.state is State.CANCELLED and worker.jobs == ()
    job.resume()
    job.step()
    assert job.state is State.CANCELLED


def test_a_paused_job_can_be_cancelled(worker: Worker) -> None:
    job = worker.start(count_to(99), name="count", paused=True)
    job.cancel()
    worker.turn()
    assert job.state is State.CANCELLED


def test_an_exception_ends_its_job_and_nothing_else(worker: Worker) -> None:
    def breaks() -> Iterator[Count]:
        yield Count(number=1)
        raise RuntimeError("the cart left the rails")

    broken, sound = worker.start(breaks(), name="broken"), worker.start(count_to(99), name="sound")
    turns(worker, 8)
    assert broken.state is State.FAILED and broken.latest == Count(number=1)
    assert broken.problem == "RuntimeError: the cart left the rails"
    assert isinstance(broken.error, RuntimeError) and broken.error.__traceback__ is not None
    assert sound.state is State.RUNNING and sound.count == 6


def test_even_a_system_exit_does_not_end_the_worker(worker: Worker) -> None:
    def leaves() -> Iterator[Count]:
        raise SystemExit(3)
        yield Count(number=1)

    job = worker.start(leaves(), name="leaves")
    worker.turn()
    assert job.state is State.FAILED


def test_a_finally_block_that_fails_is_a_failure_of_the_job(worker: Worker) -> None:
    def stubborn() -> Iterator[Count]:
        try:
            yield Count(number=1)
        finally:
            raise OSError("disk full")

    job = worker.start(stubborn(), name="stubborn")
    worker.turn()
    job.cancel()
    worker.turn()
    assert job.state is State.FAILED and job.problem == "OSError: disk full"


def test_elapsed_leaves_pauses_out_and_remaining_follows_the_pace(
    worker: Worker, clock: Clock
) -> None:
    job = worker.start(count_to(10), name="count")
    assert job.progress is None and job.remaining is None
    worker.turn()
    for _ in range(4):
        clock.now += 2.0
        worker.turn()
    assert job.elapsed == 8.0 and job.progress == 0.5
    assert job.remaining == pytest.approx(8.0 * 0.5 / 0.4)
    job.pause()
    clock.now += 1000.0
    assert job.elapsed == 8.0
    job.resume()
    clock.now += 1.0
    assert job.elapsed == 9.0


def test_on_its_own_thread_it_serves_and_closes() -> None:
    worker = Worker()
    log: list[str] = []
    worker.open()
    job = worker.start(count_to(10**9, log), name="count", rate=200)
    done = threading.Event()
    worker.channel("question").ask(done.set)
    assert done.wait(5.0)
    while job.count < 2:
        assert not done.wait(0) or not job.ended
    assert worker.close(5.0)
    assert log[-1] == "closed" and job.state is State.CANCELLED
    assert all(thread.name != "deepscope-worker" for thread in threading.enumerate())


def test_waking_from_idleness(worker: Worker) -> None:
    live = Worker()
    live.open()
    try:
        for _ in range(200):  # each round races the worker's decision to sleep
            done = threading.Event()
            live.channel("question").ask(done.set)
            assert done.wait(5.0)
            job = live.start(count_to(1), name="one")
            deadline = threading.Event()
            for _ in range(5000):
                if job.ended:
                    break
                deadline.wait(0.001)
            assert job.state is State.FINISHED
    finally:
        assert live.close(5.0)


def test_last_is_the_last_snapshot() -> None:
    assert last(count_to(4)).number == 4
    with pytest.raises(ValueError, match="without a single snapshot"):
        last(count_to(0))
