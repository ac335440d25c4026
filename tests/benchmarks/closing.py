"""Close the app at random moments, many times: does it end cleanly, and how soon?

    .venv/bin/python tests/benchmarks/closing.py [RUNS] [SEED]

Each run is a whole process, closed up to 6 seconds after its start, in turns: as it comes; while
DQN trains as fast as it goes; while a video plays; while a camera opens that never answers.
The process reads the clock right before it closes its window, and this one when it has ended.
"""

import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 6.0  # seconds from the start of a process to the closing of its window
KINDS = ("as it comes", "training", "video", "camera")

APP = """
import sys, time
began = time.monotonic()
from pathlib import Path
from PySide6.QtCore import QTimer
import main
from gui import application

kind, moment, folder = sys.argv[1], float(sys.argv[2]), Path(sys.argv[3])
loaded = False

class Watched(application.Window):
    def show(self):
        super().show()
        QTimer.singleShot(max(0, round(1000 * (moment - (time.monotonic() - began)))), self.leave)

    def leave(self):
        jobs = ", ".join(job.name for job in self.workspace.worker.jobs if job.name)
        state = jobs or ("alive" if self.loaded else "loading")
        print(f"{time.monotonic()!r}|{state}", flush=True)
        self.close()

def begin(window):
    if kind == "training":
        window.show_tab(1)
        window.station.demonstrate()
    elif kind == "video":
        window.show_tab(0)
        window.use_image(str(folder / "video.avi"))
    elif kind == "camera":
        window.show_tab(0)
        window.station.image_source.open_video(sys.argv[4])

application.Window = Watched
main.leave(application.run(application.Options(settings=folder / "settings.ini"), begin))
"""


def write_video(path: Path) -> None:
    """Two seconds of noise, 640 x 480."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (640, 480))
    rng = np.random.default_rng(0)
    for _ in range(60):
        writer.write(rng.integers(0, 256, (480, 640, 3), dtype=np.uint8))
    writer.release()


def close_once(kind: str, moment: float, folder: Path, camera: str) -> tuple[int, float, str, str]:
    """One process: its exit code, seconds from close to end, what ran, what it complained of."""
    process = subprocess.Popen(
        [sys.executable, "-c", APP, kind, str(moment), str(folder), camera],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stderr is not None
    with process:
        line = process.stdout.readline()
        code = process.wait(60)
        ended = time.monotonic()
        complaint = process.stderr.read()
    closed, _, state = line.strip().partition("|")
    if "Traceback" not in complaint:
        complaint = ""
    return code, ended - float(closed or "nan"), state, complaint


def main() -> None:
    """Print every run, then how many ended with 0 and how soon."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    results = []
    with tempfile.TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0)) as mute:
        folder = Path(name)
        camera = f"rtsp://127.0.0.1:{mute.getsockname()[1]}/nobody-answers"
        write_video(folder / "video.avi")
        for run in range(runs):
            kind, moment = KINDS[run % len(KINDS)], chance.uniform(0.0, LONGEST)
            code, seconds, state, complaint = close_once(kind, moment, folder, camera)
            results.append((code, seconds))
            print(f"{moment:4.1f} s  {kind:12} {state:32} code {code}, {seconds:.2f} s", flush=True)
            print(complaint, end="", flush=True)
    clean = sum(code == 0 for code, _ in results)
    times = [seconds for _, seconds in results]
    print(f"{clean} of {runs} ended with exit code 0")
    print(f"from close to exit: median {statistics.median(times):.2f} s, max {max(times):.2f} s")


if __name__ == "__main__":
    main()
