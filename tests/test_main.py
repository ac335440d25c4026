"""The command line without a window: what it understands, says and returns."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import main
from engine import device, headless
from engine.checkpoints import save_checkpoint

ROOT = Path(__file__).parents[1]
CARTPOLE = ["train", "dqn", "CartPole-v1"]
TINY = ["--set", "warm_up=64", "--set", "hidden=8", "--set", "evaluation_episodes=2"]


def test_without_a_command_it_opens_the_window() -> None:
    arguments = main.parser().parse_args(["--tab", "agents", "--theme", "dark", "--camera", "1"])
    assert arguments.run is main.open_window
    assert (arguments.tab, arguments.theme, arguments.camera) == ("agents", "dark", 1)
    assert arguments.device == "auto" and not arguments.reset and arguments.quit_after is None


def test_the_tour_takes_a_folder_and_a_size() -> None:
    arguments = main.parser().parse_args(["tour", "pictures", "--size", "1920X1080"])
    assert arguments.run is main.run_tour
    assert (arguments.folder, arguments.size) == (Path("pictures"), (1920, 1080))


def test_the_devices_are_those_of_the_engine() -> None:
    """They are written twice, for the parser must not wait for PyTorch to be imported."""
    assert main.DEVICES == device.CHOICES


def test_train_and_evaluate_pass_every_word_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def record(*positional: Any, **named: Any) -> int:
        calls.append((positional, named))
        return 7

    monkeypatch.setattr(headless, "train", record)
    monkeypatch.setattr(headless, "evaluate", record)
    words = [*CARTPOLE, "--steps", "9", "--seed", "3", "--out", str(tmp_path), "--device", "cpu"]
    assert main.main([*words, "--set", "discount=0.9", "--set", "hidden=8,8"]) == 7
    assert main.main(["evaluate", "a.safetensors", "--episodes", "4", "--seed", "2", "--json"]) == 7
    assert calls == [
        (
            ("dqn", "CartPole-v1"),
            {
                "steps": 9,
                "seed": 3,
                "out": tmp_path,
                "overrides": ["discount=0.9", "hidden=8,8"],
                "device": "cpu",
            },
        ),
        ((Path("a.safetensors"),), {"episodes": 4, "seed": 2, "as_json": True}),
    ]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--tab", "sound"], "invalid choice: 'sound'"),
        (["--quit-after", "soon"], "'soon' is no number of seconds"),
        (["--quit-after", "-1"], "'-1' is no number of seconds"),
        (["--camera", "front"], "'front' is no camera"),
        (["dance"], "invalid choice: 'dance'"),
        (["tour"], "arguments are required: DIR"),
        (["tour", "x", "--size", "big"], "'big' is no size of at least 1024x700"),
        (["tour", "x", "--size", "10x10"], "'10x10' is no size"),
        (CARTPOLE, "arguments are required: --out"),
        ([*CARTPOLE, "--out", "x", "--steps", "many"], "invalid int value: 'many'"),
        ([*CARTPOLE, "--out", "x", "--device", "abacus"], "invalid choice: 'abacus'"),
        (["evaluate"], "arguments are required: checkpoint"),
    ],
)
def test_words_that_mean_nothing_end_with_code_2(
    words: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main.main(words)
    assert end.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == "" and problem in captured.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["train", "sarsa", "CartPole-v1"], "no algorithm 'sarsa'; choose one of: dqn, cnn."),
        (["train", "dqn", "Nope-v1"], "no environment 'Nope-v1'"),
        (["train", "dqn", "Pendulum-v1"], "DQN needs a finite list"),
        (["train", "cnn", "letters"], "no data set 'letters'"),
        ([*CARTPOLE, "--steps", "0"], "steps is 0, but must lie between 1 and"),
        ([*CARTPOLE, "--seed", "-1"], "seed is -1, but must lie between 0 and"),
        ([*CARTPOLE, "--set", "discount=2"], "discount is 2.0, but must lie between"),
        ([*CARTPOLE, "--set", "gamma=0.9"], "'gamma=0.9' sets nothing."),
    ],
)
def test_a_run_that_cannot_be_is_one_sentence_and_code_2(
    words: list[str], problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main([*words, "--out", str(tmp_path / "run")]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and problem in captured.err
    assert len(captured.err.splitlines()) == 1
    assert not (tmp_path / "run" / "checkpoint.safetensors").exists()


def test_a_folder_that_cannot_be_written_is_one_sentence_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main.main([*CARTPOLE, "--out", str(tmp_path / "file" / "run")]) == 2
    assert "cannot be written: Not a directory." in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["truncated", "missing", "directory", "no episodes"])
def test_a_checkpoint_that_cannot_be_judged_is_one_sentence_and_code_2(
    damage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "checkpoint.safetensors"
    if damage == "truncated":
        save_checkpoint(path, "dqn", {"x": torch.zeros(9)}, {})
        path.write_bytes(path.read_bytes()[:-7])
    elif damage == "directory":
        path.mkdir()
    words = ["--episodes", "0"] if damage == "no episodes" else []
    assert main.main(["evaluate", str(path), "--json", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1


def test_what_was_trained_is_evaluated_with_json_last(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main([*CARTPOLE, "--steps", "160", "--out", str(tmp_path), *TINY]) == 0
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.endswith(f"Saved in {tmp_path}.\n")
    words = ["evaluate", str(tmp_path / "checkpoint.safetensors"), "--episodes", "3", "--json"]
    assert main.main(words) == 0
    first = capsys.readouterr().out
    figures = json.loads(first.splitlines()[-1])
    assert figures["environment"] == "CartPole-v1" and figures["episodes"] == 3
    assert main.main(words) == 0
    assert capsys.readouterr().out == first


def test_ctrl_c_outside_a_run_is_a_word_and_code_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any, **__: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(headless, "evaluate", interrupted)
    assert main.main(["evaluate", "a.safetensors"]) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send SIGINT to one process")
def test_ctrl_c_in_the_shell_saves_and_ends_with_code_130(tmp_path: Path) -> None:
    words = [*CARTPOLE, "--steps", "10000000", "--out", str(tmp_path / "run"), *TINY]
    process = subprocess.Popen(
        [sys.executable, "main.py", *words], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    with process, process.stderr:
        lines = [process.stderr.readline()]  # the first line of progress: it is running
        os.kill(process.pid, signal.SIGINT)
        lines += process.stderr.read().splitlines()
    assert process.returncode == 130
    assert lines[-1] == f"Interrupted; saved in {tmp_path / 'run'}."
    assert not any("Traceback" in line for line in lines)
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["interrupted"]
