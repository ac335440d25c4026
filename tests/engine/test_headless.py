import csv
import io
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from engine import headless
from engine.agents import dqn
from engine.checkpoints import load_checkpoint, save_checkpoint
from engine.cnn import training
from engine.device import threads
from engine.snapshot import Snapshot

TINY = ("warm_up=64", "hidden=8", "evaluation_episodes=2")


def train(out: Path, *, steps: int = 160, environment: str = "CartPole-v1") -> tuple[int, str]:
    stream = io.StringIO()
    code = headless.train(
        "dqn", environment, steps=steps, seed=3, out=out, overrides=TINY, stream=stream
    )
    return code, stream.getvalue()


def test_a_run_leaves_three_files_that_agree(tmp_path: Path) -> None:
    code, progress = train(tmp_path / "new" / "run")
    assert code == 0
    assert "100%" in progress
    assert "elapsed" in progress
    assert len(progress.splitlines()) <= 14  # no terminal: a line now and then
    out = tmp_path / "new" / "run"
    names = {"checkpoint.safetensors", "returns.csv", "summary.json"}
    assert {path.name for path in out.iterdir()} == names
    summary = json.loads((out / "summary.json").read_text())
    with (out / "returns.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["return"]) for row in rows] == summary["return"]
    assert summary["settings"]["hidden"] == [8]
    assert summary["seed"] == 3
    assert not summary["interrupted"]
    assert summary["command"].startswith("main.py train dqn CartPole-v1 --steps 160 --seed 3")
    assert summary["command"].endswith("--set evaluation_episodes=2")
    header = load_checkpoint(out / "checkpoint.safetensors", "dqn").header
    for name in ("environment", "algorithm", "seed", "versions", "evaluation", "command"):
        assert header[name] == summary[name]


def test_it_is_the_same_run_as_the_generators(tmp_path: Path) -> None:
    train(tmp_path)
    settings = dqn.Settings(steps=160, seed=3, warm_up=64, hidden=(8,), evaluation_episodes=2)
    *_, end = dqn.train("CartPole-v1", settings)
    assert json.loads((tmp_path / "summary.json").read_text())["return"] == end.returns.tolist()


def test_evaluate_ends_with_one_json_object(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(tmp_path)
    checkpoint = tmp_path / "checkpoint.safetensors"
    assert headless.evaluate(checkpoint, episodes=5, seed=1, as_json=True) == 0
    lines = capsys.readouterr().out.splitlines()
    figures = json.loads(lines[-1])
    assert figures["episodes"] == 5
    assert figures["environment"] == "CartPole-v1"
    assert figures["algorithm"] == "dqn"
    assert f"{figures['mean_return']:.2f}" in lines[0]
    assert figures["std_return"] >= 0


def test_ctrl_c_keeps_what_there_is(tmp_path: Path) -> None:
    class Interrupting(io.StringIO):
        def write(self, text: str) -> int:
            if text.startswith(" 40%"):
                os.kill(os.getpid(), signal.SIGINT)
            return super().write(text)

    before = signal.getsignal(signal.SIGINT)
    stream = Interrupting()
    code = headless.train(
        "dqn", "CartPole-v1", steps=160, out=tmp_path, overrides=TINY, stream=stream
    )
    assert code == 130
    assert signal.getsignal(signal.SIGINT) is before
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["interrupted"]
    assert 0 < summary["steps"] < 160
    assert headless.evaluate(tmp_path / "checkpoint.safetensors", episodes=1) == 0


@pytest.mark.parametrize(
    ("algorithm", "environment", "words"),
    [
        ("sarsa", "CartPole-v1", "no algorithm 'sarsa'; choose one of: dqn"),
        ("dqn", "Nope-v1", "no environment 'Nope-v1'"),
        ("dqn", "Pendulum-v1", "finite list"),
        ("cnn", "letters", "no data set 'letters'"),
    ],
)
def test_bad_names_are_one_sentence_and_exit_code_2(
    tmp_path: Path, algorithm: str, environment: str, words: str
) -> None:
    stream = io.StringIO()
    assert headless.train(algorithm, environment, out=tmp_path, stream=stream) == 2
    assert words in stream.getvalue()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_a_device_is_recorded_where_it_was_asked_for(tmp_path: Path, device: str) -> None:
    code = headless.train(
        "dqn", "CartPole-v1", steps=16, out=tmp_path, device=device, stream=io.StringIO()
    )
    assert code == 0
    command = json.loads((tmp_path / "summary.json").read_text())["command"]
    assert command.endswith("--device cpu") == (device == "cpu")
    assert ("--device" in command) == (device == "cpu")


def test_a_device_that_is_not_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    stream = io.StringIO()
    code = headless.train("dqn", "CartPole-v1", out=tmp_path / "x", device="cuda", stream=stream)
    assert code == 2
    assert "no 'cuda' device. Use --device auto" in stream.getvalue()
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("algorithm", "environment", "learner"),
    [("dqn", "CartPole-v1", dqn.Learner), ("cnn", "drawn", training.Learner)],
)
def test_the_learner_has_the_device_and_one_thread(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    algorithm: str,
    environment: str,
    learner: type[Any],
) -> None:
    """Two threads would add in another order, and the same seed would give other weights."""
    seen = []
    original = learner.train

    def train(self: Any) -> Iterator[Snapshot]:
        for latest in original(self):
            seen.append((str(self.device), torch.get_num_threads()))
            yield latest

    monkeypatch.setattr(learner, "train", train)
    # The same device by a name that is not the default.
    monkeypatch.setattr(headless, "choose_device", lambda choice: torch.device("cpu:0"))
    with threads(2):
        code = headless.train(algorithm, environment, steps=1, out=tmp_path, stream=io.StringIO())
        assert torch.get_num_threads() == 2
    assert code == 0
    assert set(seen) == {("cpu:0", 1)}


@pytest.mark.parametrize("override", ["gamma=0.9", "discount=2", "discount=high"])
def test_bad_settings_are_refused_by_name(tmp_path: Path, override: str) -> None:
    stream = io.StringIO()
    code = headless.train("dqn", "CartPole-v1", out=tmp_path, overrides=[override], stream=stream)
    assert code == 2
    assert override.partition("=")[0] in stream.getvalue()


def test_a_place_that_cannot_be_written_is_found_out_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    code, words = train(tmp_path / "file" / "run", steps=10**9)
    assert code == 2
    assert "cannot be written" in words


@pytest.mark.parametrize("damage", ["truncated", "missing", "foreign kind"])
def test_a_checkpoint_that_cannot_be_judged(
    tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "checkpoint.safetensors"
    if damage != "missing":
        save_checkpoint(path, "poem", {"x": torch.zeros(9)}, {})
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-7])
    assert headless.evaluate(path) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1


def test_a_terminal_gets_one_bar_that_redraws_itself(tmp_path: Path) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    headless.train("dqn", "CartPole-v1", steps=160, out=tmp_path, overrides=TINY, stream=stream)
    bar = stream.getvalue().splitlines()[-2]
    assert "\r" in stream.getvalue()
    assert "████████████████████████ 100%" in bar


def test_a_cnn_is_trained_and_judged_by_the_same_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = io.StringIO()
    code = headless.train("cnn", "drawn", steps=3, out=tmp_path, stream=stream)
    assert code == 0, stream.getvalue()
    assert "100%" in stream.getvalue().splitlines()[-2]
    assert "test accuracy" in stream.getvalue().splitlines()[-2]
    header = (tmp_path / "returns.csv").read_text().splitlines()[0]
    assert header == "step,loss,accuracy"
    assert headless.evaluate(tmp_path / "checkpoint.safetensors", as_json=True) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(figures) == {"algorithm", "dataset", "images", "accuracy"}
