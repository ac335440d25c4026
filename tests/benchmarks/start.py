"""First paint and the time until every tab is alive, against a bare script.

    .venv/bin/python tests/benchmarks/start.py [RUNS]

The bare script imports PySide6 and pyqtgraph and shows three plots. Both are whole processes, in
turns; a time is from the start of the process to the end of its first paint (or to all tabs alive).
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from engine.display import display_problem

ROOT = Path(__file__).resolve().parents[2]

CLOCK = """
import os, sys, time
def age():  # seconds since this process was started
    if os.path.exists("/proc/self/stat"):
        ticks = int(open("/proc/self/stat").read().rsplit(")", 1)[1].split()[19])
        uptime = float(open("/proc/uptime").read().split()[0])
        return uptime - ticks / os.sysconf("SC_CLK_TCK")
    return time.time() - float(os.environ["BENCHMARK_STARTED"])
"""

BARE = (
    CLOCK
    + """
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QTabWidget
import pyqtgraph
app = QApplication([])
tabs = QTabWidget()
for name in "abc":
    tabs.addTab(pyqtgraph.PlotWidget(), name)
tabs.resize(1280, 800)
tabs.show()
tabs.repaint()
print("paint", age(), flush=True)
QTimer.singleShot(0, app.quit)
app.exec()
os._exit(0)
"""
)

APP = (
    CLOCK
    + """
sys.path.insert(0, os.getcwd())
from pathlib import Path
from gui import application, window

class Watched(window.Window):
    def begin(self):
        self.repaint()
        print("paint", age(), flush=True)
        super().begin()

application.Window = Watched
def alive(window):
    print("alive", age(), flush=True)
    window.close()
settings = Path(sys.argv[1]) / "settings.ini"
application.run(application.Options(settings=settings), alive)
"""
)


def measure(script: str, folder: str) -> dict[str, float]:
    """Run a script as a process of its own; its printed times by name."""
    result = subprocess.run(
        [sys.executable, "-c", script, folder],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    pairs = (line.split() for line in result.stdout.splitlines() if line[:5] in ("paint", "alive"))
    return {name: float(value) for name, value in pairs}


def main() -> None:
    """Print the medians and the ratio."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    if display_problem() is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    bare, paint, alive = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(runs + 1):
            bare.append(measure(BARE, folder)["paint"])
            times = measure(APP, folder)
            paint.append(times["paint"])
            alive.append(times["alive"])
    # The first of each warms the disk cache.
    medians = [statistics.median(values[1:]) for values in (bare, paint, alive)]
    print(f"bare script, first paint   {medians[0]:.2f} s   (median of {runs})")
    print(f"Deepscope, first paint     {medians[1]:.2f} s   {medians[1] / medians[0]:.2f} x bare")
    print(f"Deepscope, all tabs alive  {medians[2]:.2f} s   {medians[2] / medians[0]:.2f} x bare")


if __name__ == "__main__":
    main()
