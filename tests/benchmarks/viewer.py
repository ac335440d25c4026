"""Frames per second of the CNN Viewer on a video file, all maps of all layers painted.

    .venv/bin/python tests/benchmarks/viewer.py [SECONDS]

The video (640 x 480) is made on the spot. Its pace is lifted, so that the figure is what the app
can do, not what the file asks for.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import QTimer

from engine.display import display_problem
from gui.application import Options, run
from gui.cnn.network import NetworkStation
from gui.window import Window


def write_video(path: Path) -> None:
    """Ten seconds of a moving disc."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (640, 480))
    for index in range(300):
        frame = np.zeros((480, 640, 3), np.uint8)
        centre = (int(320 + 200 * np.sin(index / 20)), int(240 + 120 * np.cos(index / 15)))
        cv2.circle(frame, centre, 90, (255, 255, 255), 24)
        writer.write(frame)
    writer.release()


def main() -> None:
    """Print frames decoded and looks painted per second."""
    if display_problem() is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "video.avi"
        write_video(video)

        def begin(window: Window) -> None:
            station = window.tabs[0].station
            assert isinstance(station, NetworkStation) and station.image_source is not None
            source = station.image_source
            window.show_tab(0)
            source.open_video(str(video))
            painted = [0]
            show = station.show_look

            def counted(*arguments: object) -> None:
                painted[0] += 1
                show(*arguments)  # type: ignore[arg-type]

            station.show_look = counted  # type: ignore[method-assign]

            def free() -> None:
                source.set_pace(1000.0)
                painted[0] = 0
                QTimer.singleShot(round(1000 * seconds), lambda: end(time.perf_counter()))

            began = time.perf_counter() + 1.5

            def end(now: float) -> None:
                rate = painted[0] / (now - began)
                print(
                    f"CNN Viewer on a 640 x 480 video file: {rate:.1f} frames/s, all maps painted"
                )
                window.close()

            QTimer.singleShot(1500, free)

        run(Options(settings=Path(folder) / "settings.ini"), begin)


if __name__ == "__main__":
    main()
