"""Training and evaluation without a window: what ``main.py train`` and ``main.py evaluate`` do.

These run the very generators that the window runs. An algorithm is one entry in ``ALGORITHMS``.
"""

import csv
import io
import json
import platform
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import gymnasium
import numpy as np
import torch

from engine import checkpoints
from engine.agents.environments import EnvironmentChoiceError
from engine.checkpoints import Checkpoint, CheckpointError
from engine.cnn.networks import NetworkError
from engine.data import DataError
from engine.device import DeviceError, choose_device, threads
from engine.files import write_atomically
from engine.progress_bar import ProgressBar
from engine.runs import CNNRun, DQNRun, Judgement, Run, judge_cnn, judge_dqn
from engine.settings import SettingsError

DONE, REFUSED, INTERRUPTED = 0, 2, 130  # exit codes; 128 + SIGINT, as shells have it
LARGEST_SEED = 2**31

# For networks this small more threads are slower; and one always adds in the same order, so that a
# seed gives the same weights to the last bit.
THREADS = 1


class HeadlessError(Exception):
    """A command that cannot be carried out; the message is one sentence for the person."""


@dataclass(frozen=True)
class Algorithm:
    """One entry of the table: how to prepare a run and how to judge its checkpoint.

    prepare: environment, steps (None: the algorithm's own), seed, ``name=value`` overrides, device.
    judge: checkpoint, its file, episodes, seed.
    """

    prepare: Callable[[str, int | None, int, Sequence[str], torch.device], Run]
    judge: Callable[[Checkpoint, Path, int, int], Judgement]


ALGORITHMS = {"dqn": Algorithm(DQNRun, judge_dqn), "cnn": Algorithm(CNNRun, judge_cnn)}
REFUSALS = (
    HeadlessError,
    CheckpointError,
    DataError,
    DeviceError,
    EnvironmentChoiceError,
    NetworkError,
    SettingsError,
)


def train(
    algorithm: str,
    environment: str,
    *,
    steps: int | None = None,
    seed: int = 0,
    out: Path,
    overrides: Sequence[str] = (),
    device: str = "auto",
    stream: TextIO | None = None,
) -> int:
    """Train, and write ``checkpoint.safetensors``, ``returns.csv`` and ``summary.json`` to ``out``.

    Ctrl+C ends the run after the slice that it is in, and what there is by then is written.

    steps: None for the algorithm's own. overrides: further settings as ``name=value``.
    device: one of ``engine.device.CHOICES``.
    stream: where progress and errors go; standard error if None.

    Returns:
        The exit code: 0, 2 if the command cannot be carried out, 130 if it was interrupted.
    """
    stream = stream or sys.stderr
    try:
        run = _entry(algorithm).prepare(environment, steps, seed, overrides, choose_device(device))
        _check_writable(out)
        words = ["main.py", "train", algorithm, environment]
        words += [] if steps is None else ["--steps", str(steps)]
        words += ["--seed", str(seed), "--out", str(out)]
        words += [word for assignment in overrides for word in ("--set", assignment)]
        words += [] if device == "auto" else ["--device", device]
        started = time.monotonic()
        with threads(THREADS):
            interrupted = _pull(run, ProgressBar(stream))
        _save(run, out, shlex.join(words), time.monotonic() - started, interrupted)
    except REFUSALS as error:
        print(error, file=stream)
        return REFUSED
    print(f"{'Interrupted; saved' if interrupted else 'Saved'} in {out}.", file=stream)
    return INTERRUPTED if interrupted else DONE


def evaluate(
    checkpoint: Path,
    *,
    episodes: int = 100,
    seed: int = 0,
    as_json: bool = False,
    stream: TextIO | None = None,
) -> int:
    """Judge a checkpoint and print a sentence; with ``as_json``, one JSON object on the last line.

    It runs on the CPU, so that a checkpoint scores the same on every machine with the same PyTorch.

    stream: where the result goes; standard output if None. Errors go to standard error.

    Returns:
        The exit code: 0, or 2 if the checkpoint cannot be judged.
    """
    try:
        if episodes < 1:
            raise HeadlessError(f"An evaluation needs at least one episode, not {episodes}.")
        if not 0 <= seed <= LARGEST_SEED:
            raise HeadlessError(f"The seed is {seed}, but must be a whole number from 0 to 2^31.")
        loaded = checkpoints.load_checkpoint(checkpoint)
        if loaded.kind not in ALGORITHMS:
            raise HeadlessError(
                f"{checkpoint.name} holds a '{loaded.kind}', and what can be evaluated is: "
                f"{', '.join(ALGORITHMS)}."
            )
        with threads(THREADS):
            figures, sentence = ALGORITHMS[loaded.kind].judge(loaded, checkpoint, episodes, seed)
    except REFUSALS as error:
        print(error, file=sys.stderr)
        return REFUSED
    print(sentence, file=stream)
    if as_json:
        print(json.dumps(figures), file=stream)
    return DONE


def _entry(algorithm: str) -> Algorithm:
    if algorithm not in ALGORITHMS:
        raise HeadlessError(
            f"There is no algorithm '{algorithm}'; choose one of: {', '.join(ALGORITHMS)}."
        )
    return ALGORITHMS[algorithm]


def _check_writable(out: Path) -> None:
    """Find out before the run, not after it, that its result could not be written."""
    trial = out / ".writable"
    try:
        write_atomically(trial, b"")
        trial.unlink()
    except OSError as error:
        raise HeadlessError(f"{out} cannot be written: {error.strerror or error}.") from error


def _pull(run: Run, progress: ProgressBar) -> bool:
    """Run to the end or to Ctrl+C, whichever comes first; whether it was Ctrl+C."""
    with _interruptions() as interrupted:
        snapshots = run.train()
        try:
            for latest in snapshots:
                progress.show(latest.progress or 0.0, run.describe)
                if interrupted():
                    break
        finally:
            snapshots.close()  # type: ignore[attr-defined]
            progress.end(run.describe())
        return interrupted()


@contextmanager
def _interruptions() -> Iterator[Callable[[], bool]]:
    """Ctrl+C sets a flag instead of raising, so that it never cuts an update in half.

    A second Ctrl+C raises KeyboardInterrupt as usual.
    """
    caught = False

    def remember(number: int, frame: object) -> None:
        nonlocal caught
        caught = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, remember)
    try:
        yield lambda: caught
    finally:
        signal.signal(signal.SIGINT, before)


def _save(run: Run, out: Path, command: str, seconds: float, interrupted: bool) -> None:
    """Write the three files, each as a whole or not at all."""
    names, columns = run.curve()
    tensors, header = run.checkpoint()
    algorithm = str(header["algorithm"])
    described = {**header, "versions": versions(), "command": command}
    checkpoints.save_checkpoint(out / "checkpoint.safetensors", algorithm, tensors, described)
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(names)
    writer.writerows(zip(*columns, strict=True))
    _write(out / "returns.csv", table.getvalue().encode())
    summary = {
        **described,
        "seconds": round(seconds, 3),
        "interrupted": interrupted,
        **{name: list(column) for name, column in zip(names, columns, strict=True)},
    }
    _write(out / "summary.json", (json.dumps(summary, indent=1) + "\n").encode())


def _write(path: Path, content: bytes) -> None:
    try:
        write_atomically(path, content)
    except OSError as error:
        raise HeadlessError(f"{path} cannot be written: {error.strerror or error}.") from error


def versions() -> dict[str, str]:
    """What computed: Python and the libraries on which the numbers depend."""
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "gymnasium": gymnasium.__version__,
    }
