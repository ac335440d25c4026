"""The door of Deepscope: opens the window, or runs a command without one."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

TABS = ("cnn", "agents", "adversarial")
DEVICES = ("auto", "cpu", "cuda", "mps")
THEMES = ("system", "light", "dark")


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    arguments = parser().parse_args(words)
    try:
        code: int = arguments.run(arguments)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130  # 128 + SIGINT, as shells have it
    return code


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="main.py",
        description="A desktop playground for computer vision and deep reinforcement learning. "
        "Without a command it opens the window.",
    )
    top.set_defaults(run=open_window)
    top.add_argument("--tab", choices=TABS, help="the tab to open first")
    top.add_argument("--image", metavar="FILE", help="an image or video to look at")
    top.add_argument(
        "--camera", type=camera_index, metavar="INDEX", help="a camera to look through"
    )
    add_looks(top)
    top.add_argument("--reset", action="store_true", help="forget all settings first")
    top.add_argument("--quit-after", type=seconds, metavar="SECONDS", help="close by itself")
    commands = top.add_subparsers(title="commands", metavar="COMMAND")

    doctor = commands.add_parser("doctor", help="say what works on this machine and what does not")
    doctor.set_defaults(run=run_doctor)

    tour = commands.add_parser("tour", help="let every station show itself and take its picture")
    tour.add_argument("folder", type=Path, metavar="DIR")
    tour.add_argument("--size", type=size, default=(1280, 800), metavar="1280x800")
    add_looks(tour)
    tour.set_defaults(run=run_tour)

    train = commands.add_parser("train", help="train without a window")
    train.add_argument("algorithm", help="dqn or cnn")
    train.add_argument("environment", help="a Gymnasium id such as CartPole-v1, or a data set")
    train.add_argument("--steps", type=int, metavar="N", help="how long; a default by algorithm")
    train.add_argument("--seed", type=int, default=0, metavar="S")
    train.add_argument("--out", type=Path, required=True, metavar="DIR")
    train.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="settings")
    train.add_argument("--device", choices=DEVICES, default="auto")
    train.set_defaults(run=run_train)

    evaluate = commands.add_parser("evaluate", help="score a checkpoint")
    evaluate.add_argument("checkpoint", type=Path)
    evaluate.add_argument("--episodes", type=int, default=20, metavar="N")
    evaluate.add_argument("--seed", type=int, default=0, metavar="S")
    evaluate.add_argument("--json", action="store_true", help="end with one line of JSON")
    evaluate.set_defaults(run=run_evaluate)
    return top


def add_looks(command: argparse.ArgumentParser) -> None:
    """The options that every command with a window has."""
    command.add_argument("--device", choices=DEVICES, default="auto", help="where networks run")
    command.add_argument("--theme", choices=THEMES, help="for this time only")


def size(text: str) -> tuple[int, int]:
    """``1280x800`` as (1280, 800)."""
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) >= 1024 and int(height) >= 700):
        raise argparse.ArgumentTypeError(
            f"'{text}' is no size of at least 1024x700; write for example 1280x800"
        )
    return int(width), int(height)


def camera_index(text: str) -> int:
    """A whole number from 0."""
    if not (text.isascii() and text.isdecimal() and int(text) < 64):
        raise argparse.ArgumentTypeError(f"'{text}' is no camera; they count from 0 to 63")
    return int(text)


def seconds(text: str) -> float:
    """A positive number of seconds."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < 10**6:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of seconds")
    return value


def open_window(arguments: argparse.Namespace) -> int:
    """The app. With no display it says so, and runs the tour into ./tour instead."""
    from engine.display import display_problem, qt_problem

    if broken := qt_problem():
        print(broken, file=sys.stderr)
        return 1
    problem = display_problem()
    if problem is not None:
        print(f"{problem} Running the tour into ./tour instead.", file=sys.stderr)
        arguments.folder, arguments.size = Path("tour"), (1280, 800)
        return run_tour(arguments)
    import_torch_first_on_windows()
    from gui.application import Options, run

    return run(
        Options(
            tab=arguments.tab,
            image=arguments.image,
            camera=arguments.camera,
            device=arguments.device,
            theme=arguments.theme,
            reset=arguments.reset,
            quit_after=arguments.quit_after,
        )
    )


def run_tour(arguments: argparse.Namespace) -> int:
    """Every station on real content, a picture of each, and their figures in tour.json."""
    from engine.display import display_problem, qt_problem

    if broken := qt_problem():
        print(broken, file=sys.stderr)
        return 1
    if display_problem() is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    import_torch_first_on_windows()
    from gui.tour import run

    return run(arguments.folder, arguments.size, arguments.device, arguments.theme or "system")


def run_doctor(arguments: argparse.Namespace) -> int:
    """What works here; 1 only if the app cannot run."""
    from engine import doctor

    findings = tuple(doctor.examine())
    print(doctor.report(findings))
    return doctor.exit_code(findings)


def run_train(arguments: argparse.Namespace) -> int:
    """Train without a window; the same generator that the window runs."""
    from engine import headless

    return headless.train(
        arguments.algorithm,
        arguments.environment,
        steps=arguments.steps,
        seed=arguments.seed,
        out=arguments.out,
        overrides=arguments.settings,
        device=arguments.device,
    )


def run_evaluate(arguments: argparse.Namespace) -> int:
    """Score a checkpoint."""
    from engine import headless

    return headless.evaluate(
        arguments.checkpoint,
        episodes=arguments.episodes,
        seed=arguments.seed,
        as_json=arguments.json,
    )


def import_torch_first_on_windows() -> None:
    """From 2.9 on, PyTorch imported after Qt fails to load its DLLs on Windows."""
    if sys.platform == "win32":
        import torch  # noqa: F401


def start() -> NoReturn:
    """Run ``main`` and leave."""
    leave(main())


def leave(code: int) -> NoReturn:
    """End the process there and then.

    Everything that must last is on disk by now. Taking the interpreter and PyTorch apart would cost
    another 0.7 s, and a camera driver that still blocks in its thread could abort the process.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    start()
