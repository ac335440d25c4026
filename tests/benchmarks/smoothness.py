"""Gaps of a 16 ms timer in the window's thread: at rest, and while CartPole trains at full speed.

    .venv/bin/python tests/benchmarks/smoothness.py [SECONDS]

Three scenes: the CNN Viewer with its maps repainted for every new image, with no training; the
Agents tab while DQN trains as fast as it goes; and the CNN Viewer following a moving image while
DQN trains behind it. The last one is the goal's: p99 at most 33 ms with 64 maps and more in sight.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, QTimer

from engine.display import display_problem
from gui.application import Options, run
from gui.window import Window


def scenes(window: Window, seconds: float, gaps: dict[str, list[float]]) -> Iterator[str]:
    """Yield the name of the scene that is being measured, or "" while one settles."""
    from gui.agents.dqn import SPEEDS, DQNStation

    agents = window.tabs[1].station
    assert isinstance(agents, DQNStation)
    window.show_tab(0)
    yield from during(2.0, "")
    yield from during(seconds, "maps of a moving image")
    window.show_tab(1)
    agents.transport.set_speed(len(SPEEDS) - 1)
    agents.toggle()
    yield from during(2.0, "")
    before, began = agents.figures(), time.perf_counter()
    yield from during(seconds, "training, in sight")
    window.show_tab(0)
    yield from during(1.0, "")
    yield from during(seconds, "training + maps of a moving image")
    steps = int(agents.figures()["steps"]) - int(before.get("steps", 0))
    print(f"training kept {steps / (time.perf_counter() - began):,.0f} environment steps/s")
    window.close()


def during(seconds: float, name: str) -> Iterator[str]:
    """The same name for some seconds."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        yield name


def begin(window: Window, seconds: float, gaps: dict[str, list[float]]) -> None:
    """Measure on a timer of its own, and move the drawn image a little each frame."""
    steps = scenes(window, seconds, gaps)
    source = window.tabs[0].station.image_source
    assert source is not None
    picture = source.picture
    assert picture is not None
    last = [time.perf_counter(), 0.0]

    def tick() -> None:
        now = time.perf_counter()
        name = next(steps, "")
        if name:
            gaps.setdefault(name, []).append(1000 * (now - last[0]))
        last[0] = now
        last[1] += 1
        source.picture = np.roll(picture, int(20 * np.sin(last[1] / 20)), axis=1)
        source.revision += 1

    timer = QTimer(window)
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    timer.start(16)


def main() -> None:
    """Print a table."""
    if display_problem() is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 15.0
    gaps: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        options = Options(settings=Path(folder) / "settings.ini")
        run(options, lambda window: begin(window, seconds, gaps))
    print(f"{'scene':36} {'fps':>6} {'p50':>6} {'p95':>6} {'p99':>6} {'max':>6}  ms")
    for name, values in gaps.items():
        p50, p95, p99 = np.percentile(values, (50, 95, 99))
        rate = 1000 * len(values) / sum(values)
        print(f"{name:36} {rate:6.1f} {p50:6.1f} {p95:6.1f} {p99:6.1f} {max(values):6.1f}")


if __name__ == "__main__":
    main()
