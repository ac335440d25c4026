"""Moving pictures as generators of snapshots: video files frame by frame, cameras as they come."""

import atexit
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.images import silence_opencv
from engine.snapshot import Snapshot

DEFAULT_PACE = 25.0  # frames per second, where a source does not tell
FARTHEST_WAIT = 0.3  # seconds that closing a camera waits for a driver that does not answer
TO_RGB = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGB}  # by number of channels


class VideoError(Exception):
    """A video or camera that delivers no picture; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame(Snapshot):
    """One picture of a moving picture.

    image: (H, W, 3), RGB, 0 to 255.
    index: number of the frame, from 0: in the file, or since the camera opened.
    seconds: its time from the first frame.
    rate: frames per second at which a file wants to be shown, in [1, 120]; None for a camera.
    """

    image: NDArray[np.uint8]
    index: int
    seconds: float
    rate: float | None = None


@dataclass(frozen=True, kw_only=True)
class Opening(Snapshot):
    """A camera that has not delivered its first frame yet.

    seconds: for how long it has been opening.
    """

    seconds: float


class Capture(Protocol):
    """What is needed of a ``cv2.VideoCapture``; a test hands in a camera of its own."""

    def isOpened(self) -> bool: ...
    def read(self) -> tuple[bool, NDArray[Any] | None]: ...
    def get(self, property_id: int) -> float: ...
    def release(self) -> None: ...


def open_capture(source: int | str) -> Capture:
    """OpenCV's capture of a camera index, file name or stream URL. It may block for long."""
    silence_opencv()
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # read at first use; -8 is quiet
    capture: Capture = cv2.VideoCapture(source)
    return capture


def frames_per_second(path: Path | str) -> float:
    """The pace at which the video file at ``path`` wants to be shown, in [1, 120].

    Raises:
        VideoError: the file is missing or no video.
    """
    capture = _open_file(Path(path))
    try:
        return _pace(capture)
    finally:
        capture.release()


def read_video(path: Path | str, *, loop: bool = False) -> Iterator[Frame]:
    """Decode a video file, one frame for each ``next``; with ``loop``, over and over.

    ``index``, ``seconds`` and the order are those of the file, whatever the pace of pulling. A
    damaged frame ends the video there, since decoders conceal what they can and stop where they
    cannot. ``progress`` is by the number of frames that the file claims; None in a loop.

    Raises:
        VideoError: the file is missing, is no video, or has not one readable frame.
    """
    path = Path(path)
    while True:
        capture = _open_file(path)
        try:
            pace, claimed = _pace(capture), capture.get(cv2.CAP_PROP_FRAME_COUNT)
            index = 0
            while (image := _read(capture)) is not None:
                progress = None if loop or claimed < 1 else min(1.0, (index + 1) / claimed)
                yield Frame(
                    image=image, index=index, seconds=index / pace, rate=pace, progress=progress
                )
                index += 1
        finally:
            capture.release()
        if index == 0:
            raise VideoError(
                f"{path.name} has no frame that can be decoded: it is damaged or cut short; "
                "download or copy it again."
            )
        if not loop:
            return


def watch_camera(
    source: int | str,
    *,
    patience: float = 5.0,
    open_capture: Callable[[int | str], Capture] = open_capture,
) -> Iterator[Frame | Opening]:
    """The newest frame of a camera (its index) or of a stream (its URL), at once on each ``next``.

    A thread of its own opens the source and reads it, because a driver may block for seconds or for
    ever. Until the first frame there are ``Opening`` snapshots; where there is no newer frame the
    same one comes again. Frames that nobody pulled are dropped. A URL that leads to a recording
    plays at its own pace and ends with it.

    patience: seconds without a frame after which the source counts as gone.

    Raises:
        VideoError: the source does not open, or delivers nothing for ``patience`` seconds.
    """
    if isinstance(source, int) and source < 0:  # OpenCV takes the process down with it
        raise VideoError(f"There is no camera {source}: they count from 0.")
    reader = _Reader(source, open_capture)
    reader.start()
    try:
        while True:
            ended = not reader.is_alive()  # asked first: a frame that came before its end counts
            frame, silence = reader.newest, time.monotonic() - reader.heard
            if ended and reader.finite and frame is not None:
                return
            if ended or silence > patience:
                raise VideoError(_what_is_wrong(source, reader, patience)) from reader.error
            yield frame or Opening(seconds=silence)
    finally:
        reader.stop()


def camera_indices() -> tuple[int, ...] | None:
    """Indices at which Linux has a video device, some of which may be no camera.

    None on other systems, where nothing short of opening each camera tells.
    """
    if not sys.platform.startswith("linux"):
        return None
    names = (re.fullmatch(r"video(\d+)", path.name) for path in Path("/dev").glob("video*"))
    return tuple(sorted(int(name[1]) for name in names if name))


class _Reader(threading.Thread):
    """Opens and reads a source for ``watch_camera``, which reads what this thread writes.

    newest: the latest frame, or None.
    heard: ``time.monotonic()`` of the latest frame, or of the start.
    opened, finite: whether the source opened, and whether it is a recording that has an end.
    error: an exception of the driver.
    """

    def __init__(self, source: int | str, open_capture: Callable[[int | str], Capture]) -> None:
        # A daemon, so that a driver that never returns does not keep the process alive.
        super().__init__(name=f"camera {source}", daemon=True)
        self.newest: Frame | None = None
        self.heard = time.monotonic()
        self.opened = self.finite = False
        self.error: Exception | None = None
        self._source = source
        self._open_capture = open_capture
        self._stopping = threading.Event()
        # Python before 3.14 aborts when OpenCV returns from a read to an interpreter that is on its
        # way out, so whoever forgot to close the generator is helped here.
        atexit.register(self.stop)

    def stop(self) -> None:
        """End the thread, and wait for that a moment; one that is blocked ends when it wakes."""
        self._stopping.set()
        self.join(FARTHEST_WAIT)
        atexit.unregister(self.stop)

    def run(self) -> None:
        try:
            capture = self._open_capture(self._source)
            try:
                if not self._stopping.is_set() and capture.isOpened():
                    self._read_all(capture)
            finally:
                capture.release()
        except Exception as error:  # whatever a driver raises, the person is told in words
            self.error = error

    def _read_all(self, capture: Capture) -> None:
        self.finite = isinstance(self._source, str) and capture.get(cv2.CAP_PROP_FRAME_COUNT) >= 1
        self.opened = True
        interval = 1 / _pace(capture) if self.finite else 0.0  # a live source keeps its own time
        index, first = 0, 0.0
        while not self._stopping.is_set():
            image = _read(capture)
            if image is None:
                if self.finite:
                    return
                self._stopping.wait(0.01)  # cameras deliver empty frames while they warm up
                continue
            now = time.monotonic()
            first = first or now
            self.newest = Frame(image=image, index=index, seconds=now - first)
            self.heard = now
            index += 1
            if interval:
                self._stopping.wait(max(0.0, first + index * interval - now))


def _open_file(path: Path) -> Capture:
    if not path.is_file():
        raise VideoError(f"There is no video file at {path}; check the name, or choose another.")
    capture = open_capture(str(path))
    if not capture.isOpened():
        capture.release()
        raise VideoError(
            f"{path.name} is not a video that OpenCV can open, or it is cut short; choose another, "
            "or save it as MP4 (H.264)."
        )
    return capture


def _read(capture: Capture) -> NDArray[np.uint8] | None:
    """The next frame as (H, W, 3) RGB, or None where there is none or an empty one."""
    try:
        delivered, image = capture.read()
    except cv2.error:
        return None
    if not delivered or image is None or image.size == 0 or image.dtype != np.uint8:
        return None
    channels = image.shape[2] if image.ndim == 3 else 1
    if channels != 1 and channels not in TO_RGB:
        return None
    rgb: NDArray[np.uint8] = cv2.cvtColor(image, TO_RGB.get(channels, cv2.COLOR_GRAY2RGB))
    return rgb


def _pace(capture: Capture) -> float:
    """Frames per second in [1, 120]."""
    claimed = capture.get(cv2.CAP_PROP_FPS)
    # Some containers tell 0, NaN, or the tick of their clock (1000, 90000) instead.
    if not 0 < claimed < 1000:
        return DEFAULT_PACE
    return min(max(claimed, 1.0), 120.0)


def _what_is_wrong(source: int | str, reader: _Reader, patience: float) -> str:
    name = f"Camera {source}" if isinstance(source, int) else f"The stream {source}"
    if reader.newest is not None:
        what = "stopped delivering pictures"
    elif reader.opened:
        what = "opened, but delivered no picture"
    elif reader.is_alive():
        what = f"did not answer within {patience:g} s"
    else:
        what = "could not be opened"
    return f"{name} {what}. {_way_out(source)}"


def _way_out(source: int | str) -> str:
    if isinstance(source, str):
        return "Check the address and the network, and whether a video player can show it."
    indices = camera_indices()
    if indices == ():
        return (
            "This machine has no camera device (/dev/video*): plug one in, or open an image or a "
            "video file instead."
        )
    if indices is not None and source not in indices:
        return f"There are devices at index {', '.join(map(str, indices))}: choose one of these."
    permission = {
        "darwin": "allow the camera in System Settings > Privacy & Security > Camera",
        "win32": "allow desktop apps the camera in Settings > Privacy & security > Camera",
    }.get(sys.platform, f"check with 'ls -l /dev/video{source}' that you may read the device")
    return (
        "Close other programs that may hold it (a call, a browser), check that it is plugged in, "
        f"{permission}, and try again."
    )
