"""Moving pictures: real files, and fake cameras that behave as badly as real ones."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine import video
from engine.video import (
    Frame,
    Opening,
    VideoError,
    camera_indices,
    frames_per_second,
    read_video,
    watch_camera,
)

ROOT = Path(__file__).parents[2]
FORMATS = [("MJPG", ".avi"), ("mp4v", ".mp4")]


def write_video(
    path: Path, codec: str = "MJPG", *, frames: int = 20, pace: float = 10.0, size: int = 48
) -> Path:
    """A video of size x size whose frame i is all (R, G, B) = (10 i, 0, 100)."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), pace, (size, size))
    for index in range(frames):
        writer.write(np.full((size, size, 3), (100, 0, 10 * index), np.uint8))
    writer.release()
    return path


class FakeCamera:
    """A camera whose every read is given: a frame, None for a read that fails, or a deed."""

    def __init__(
        self, *reads: NDArray[Any] | Callable[[], None] | None, opens: bool = True
    ) -> None:
        self.reads = iter(reads)
        self.opens = opens
        self.released = False
        self.frames_per_second = 30.0
        self.frame_count = -1.0

    def __call__(self, source: int | str) -> "FakeCamera":
        return self

    def isOpened(self) -> bool:
        return self.opens

    def get(self, property_id: int) -> float:
        return {
            cv2.CAP_PROP_FPS: self.frames_per_second,
            cv2.CAP_PROP_FRAME_COUNT: self.frame_count,
        }[property_id]

    def read(self) -> tuple[bool, NDArray[Any] | None]:
        read = next(self.reads, None)
        if callable(read):
            read()
            return False, None
        return read is not None, read

    def release(self) -> None:
        self.released = True


def bgr(level: int = 0, shape: tuple[int, ...] = (4, 6, 3)) -> NDArray[np.uint8]:
    return np.full(shape, level, np.uint8)


def pull(camera: Iterator[Frame | Opening], until: Callable[[Frame], bool]) -> Frame:
    """Pull as a view would until there is the frame that is waited for."""
    for snapshot in camera:
        if isinstance(snapshot, Frame) and until(snapshot):
            return snapshot
        time.sleep(0.001)
    raise AssertionError("The camera ended without the frame.")


def first_error(camera: Iterator[Frame | Opening]) -> str:
    with pytest.raises(VideoError) as caught:
        for _ in camera:
            time.sleep(0.001)
    return str(caught.value)


def camera_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("camera ")]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    deadline = time.monotonic() + 5
    while camera_threads() and time.monotonic() < deadline:
        time.sleep(0.001)
    assert camera_threads() == []


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a blocked driver waits for; opened when the test is over, so that no thread is left."""
    event = threading.Event()
    yield event
    event.set()


# Files.


@pytest.mark.parametrize(("codec", "suffix"), FORMATS)
def test_every_frame_once_and_in_order(tmp_path: Path, codec: str, suffix: str) -> None:
    path = write_video(tmp_path / f"vidéo 猫{suffix}", codec)
    frames = list(read_video(path))
    assert [frame.index for frame in frames] == list(range(20))
    assert [frame.seconds for frame in frames] == pytest.approx([i / 10 for i in range(20)])
    assert [frame.progress for frame in frames] == pytest.approx([(i + 1) / 20 for i in range(20)])
    for frame in frames:
        assert frame.image.dtype == np.uint8
        assert frame.image.shape == (48, 48, 3)
        colour = frame.image.mean(axis=(0, 1))
        assert colour == pytest.approx([10 * frame.index, 0, 100], abs=6)


@pytest.mark.parametrize(("codec", "suffix"), FORMATS)
def test_odd_sizes(tmp_path: Path, codec: str, suffix: str) -> None:
    frames = list(read_video(str(write_video(tmp_path / f"a{suffix}", codec, size=47))))
    assert len(frames) == 20
    # Chroma subsampling may cost an odd row and column.
    assert frames[0].image.shape in ((47, 47, 3), (46, 46, 3))


def test_the_same_file_gives_the_same_frames(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", "mp4v")
    pairs = zip(read_video(path), read_video(path), strict=True)
    assert all(np.array_equal(one.image, other.image) for one, other in pairs)


def test_a_loop_starts_over_and_has_no_end(tmp_path: Path) -> None:
    frames = read_video(write_video(tmp_path / "a.avi", frames=3), loop=True)
    pulled = [next(frames) for _ in range(8)]
    assert [frame.index for frame in pulled] == [0, 1, 2, 0, 1, 2, 0, 1]
    assert all(frame.progress is None for frame in pulled)
    assert np.array_equal(pulled[1].image, pulled[4].image)


def test_a_loop_whose_file_went_away_says_so(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", frames=2)
    frames = read_video(path, loop=True)
    next(frames), next(frames)
    path.rename(tmp_path / "b.avi")
    with pytest.raises(VideoError, match="There is no video file"):
        next(frames)


def test_a_damaged_tail_costs_only_the_tail(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi")
    content = path.read_bytes()
    path.write_bytes(content[: int(0.8 * len(content))])
    frames = list(read_video(path))
    assert 5 < len(frames) < 20
    assert [frame.index for frame in frames] == list(range(len(frames)))


@pytest.mark.parametrize("share", [0.0, 0.02, 0.1])
@pytest.mark.parametrize(("codec", "suffix"), FORMATS)
def test_a_stump_is_refused(tmp_path: Path, codec: str, suffix: str, share: float) -> None:
    path = write_video(tmp_path / f"a{suffix}", codec)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(VideoError, match=f"a{suffix} .*(cut short|damaged)"):
        list(read_video(path))


@pytest.mark.parametrize("seed", range(20))
def test_damage_gives_words_or_frames(tmp_path: Path, seed: int) -> None:
    codec, suffix = FORMATS[seed % 2]
    path = write_video(tmp_path / f"a{suffix}", codec, frames=6)
    content = bytearray(path.read_bytes())
    random = np.random.default_rng(seed)
    for position in random.integers(0, len(content), size=int(random.choice([1, 10, 100]))):
        content[position] ^= 1 << random.integers(8)
    path.write_bytes(content)
    try:
        frames = list(read_video(path))
    except VideoError as error:
        assert path.name in str(error)
    else:
        assert frames
        assert all(frame.image.shape[2] == 3 and frame.image.size for frame in frames)


@pytest.mark.parametrize("ask", [frames_per_second, lambda path: next(read_video(path))])
def test_what_is_no_video(tmp_path: Path, ask: Callable[[Path], object]) -> None:
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(VideoError, match=r"noise\.mp4 is not a video .* save it as MP4"):
        ask(tmp_path / "noise.mp4")
    for path in (tmp_path, tmp_path / "missing.mp4"):
        with pytest.raises(VideoError, match="There is no video file at"):
            ask(path)


@pytest.mark.parametrize("pace", [10.0, 30.0, 60.0])
def test_the_pace_of_a_file(tmp_path: Path, pace: float) -> None:
    assert frames_per_second(write_video(tmp_path / "a.avi", pace=pace)) == pytest.approx(pace)


@pytest.mark.parametrize(
    ("claimed", "pace"),
    [
        (0, 25),
        (-1, 25),
        (float("nan"), 25),
        (90000, 25),
        (1000, 25),
        (240, 120),
        (0.2, 1),
        (24, 24),
    ],
)
def test_a_pace_that_makes_no_sense(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claimed: float, pace: float
) -> None:
    camera = FakeCamera(bgr())
    camera.frames_per_second = claimed
    monkeypatch.setattr(video, "open_capture", camera)
    (tmp_path / "a.avi").touch()
    assert frames_per_second(tmp_path / "a.avi") == pace
    assert camera.released


def test_a_file_is_closed_with_its_generator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = FakeCamera(*[bgr()] * 9)
    monkeypatch.setattr(video, "open_capture", camera)
    (tmp_path / "a.avi").touch()
    frames = read_video(tmp_path / "a.avi")
    assert isinstance(frames, Generator)
    next(frames)
    assert not camera.released
    frames.close()
    assert camera.released


# Cameras.


def test_a_camera_shows_its_newest_frame(gate: threading.Event) -> None:
    fake = FakeCamera(bgr(1), bgr(2), bgr(3), lambda: gate.wait() and None)
    camera = watch_camera(0, open_capture=fake)
    frame = pull(camera, until=lambda frame: frame.index == 2)
    assert (frame.image == 3).all()
    assert frame.seconds >= 0
    assert frame.progress is None
    assert next(camera) is frame  # nothing newer: the same again, at once
    gate.set()
    camera.close()
    assert fake.released


def test_nothing_happens_before_the_first_pull() -> None:
    fake = FakeCamera(bgr())
    watch_camera(0, open_capture=fake).close()
    assert camera_threads() == []
    assert next(fake.reads) is not None


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (np.full((3, 5, 3), (1, 2, 3), np.uint8), (3, 2, 1)),
        (np.full((3, 5, 4), (1, 2, 3, 9), np.uint8), (3, 2, 1)),
        (np.full((3, 5, 1), 7, np.uint8), (7, 7, 7)),
        (np.full((3, 5), 7, np.uint8), (7, 7, 7)),
    ],
)
def test_frames_of_every_kind_become_rgb(
    image: NDArray[np.uint8], expected: tuple[int, int, int]
) -> None:
    camera = watch_camera(0, open_capture=FakeCamera(image))
    frame = pull(camera, until=lambda _: True)
    assert frame.image.shape == (3, 5, 3)
    assert (frame.image == expected).all()
    assert not np.shares_memory(frame.image, image)
    camera.close()


def test_empty_and_odd_frames_are_skipped() -> None:
    odd = [None, bgr(shape=(0, 0, 3)), bgr(shape=(4, 6, 2)), np.zeros((4, 6, 3), np.float32)]
    camera = watch_camera(0, open_capture=FakeCamera(*odd, bgr(9)))
    frame = pull(camera, until=lambda _: True)
    assert frame.index == 0
    assert (frame.image == 9).all()
    camera.close()


def test_a_driver_that_never_answers_blocks_nobody(gate: threading.Event) -> None:
    def block(source: int | str) -> FakeCamera:
        gate.wait()
        return fake

    fake = FakeCamera(bgr())
    camera = watch_camera(3, patience=0.3, open_capture=block)
    snapshot = next(camera)
    assert isinstance(snapshot, Opening)
    assert snapshot.seconds >= 0
    words = first_error(camera)
    assert words.startswith("Camera 3 did not answer within 0.3 s. ")
    (thread,) = camera_threads()
    assert thread.daemon
    gate.set()  # it wakes after all: it lets go of the device, without a read
    thread.join(5)
    assert fake.released
    assert next(fake.reads) is not None


def test_closing_does_not_wait_for_a_blocked_read(gate: threading.Event) -> None:
    fake = FakeCamera(bgr(), lambda: gate.wait() and None)
    camera = watch_camera(0, open_capture=fake)
    pull(camera, until=lambda _: True)
    camera.close()
    assert camera_threads() != []  # it returned though the read still blocks
    assert not fake.released


def test_a_camera_that_does_not_open() -> None:
    fake = FakeCamera(opens=False)
    assert first_error(watch_camera(5, open_capture=fake)).startswith(
        "Camera 5 could not be opened."
    )
    assert fake.released


def test_a_camera_that_opens_and_delivers_nothing() -> None:
    words = first_error(watch_camera(0, patience=0.3, open_capture=FakeCamera()))
    assert words.startswith("Camera 0 opened, but delivered no picture. ")


def test_a_camera_that_vanishes() -> None:
    camera = watch_camera(0, patience=0.3, open_capture=FakeCamera(bgr(), bgr()))
    pull(camera, until=lambda frame: frame.index == 1)
    assert first_error(camera).startswith("Camera 0 stopped delivering pictures.")


def test_a_driver_that_raises() -> None:
    def crash() -> None:
        raise RuntimeError("the bus is gone")

    camera = watch_camera(0, open_capture=FakeCamera(bgr(), crash))
    with pytest.raises(VideoError, match="Camera 0 ") as caught:
        for _ in camera:
            time.sleep(0.001)
    assert str(caught.value.__cause__) == "the bus is gone"


def test_a_recording_behind_a_url_plays_to_its_end() -> None:
    fake = FakeCamera(*(bgr(level) for level in range(5)))
    fake.frame_count, fake.frames_per_second = 5, 100
    frames = []
    for snapshot in watch_camera("rtsp://lecture/1", open_capture=fake):
        if isinstance(snapshot, Frame):
            frames.append(snapshot)
        time.sleep(0.001)
    assert frames[-1].index == 4
    assert frames[-1].seconds >= 0.039  # at its own pace, not as fast as it decodes


def test_the_way_out_fits_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    def words(source: int | str, indices: tuple[int, ...] | None, platform: str) -> str:
        monkeypatch.setattr(video, "camera_indices", lambda: indices)
        monkeypatch.setattr(sys, "platform", platform)
        return first_error(watch_camera(source, open_capture=FakeCamera(opens=False)))

    assert "has no camera device" in words(0, (), "linux")
    assert "at index 1, 2: choose" in words(0, (1, 2), "linux")
    assert "Close other programs" in words(0, (0,), "linux")
    assert "ls -l /dev/video0" in words(0, (0,), "linux")
    assert "System Settings > Privacy" in words(0, None, "darwin")
    assert "Settings > Privacy & security" in words(0, None, "win32")
    url = words("http://nowhere/x", (), "linux")
    assert url.startswith("The stream http://nowhere/x could not be opened. Check the address")


def test_camera_indices_are_the_devices_of_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    def devices(folder: Path, pattern: str) -> Iterator[Path]:
        return (folder / name for name in ("video10", "video2", "video-dec", "video0"))

    monkeypatch.setattr(Path, "glob", devices)
    monkeypatch.setattr(sys, "platform", "linux")
    assert camera_indices() == (0, 2, 10)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert camera_indices() is None


# Real captures, in a process of their own, because what counts is how it exits.

STALLED = """
import sys, threading
from engine.video import Opening, watch_camera
camera = watch_camera(sys.argv[1])
assert isinstance(next(camera), Opening)
camera.close()
print([thread.daemon for thread in threading.enumerate() if thread.name.startswith("camera ")])
"""

DAMAGED = """
import sys
from engine.video import VideoError, frames_per_second, watch_camera
try:
    frames_per_second(sys.argv[1])
except VideoError:
    print("refused")
try:
    for snapshot in watch_camera(97):
        pass
except VideoError:
    print("refused")
"""

LEFT_OPEN = """
import sys, time, cv2
from engine.video import Frame, watch_camera

class Endless:
    # Plays a file again and again as fast as it can: nearly always inside OpenCV.
    def __init__(self, source):
        self.file = cv2.VideoCapture(sys.argv[1])
    def isOpened(self):
        return True
    def get(self, property_id):
        return 0.0
    def read(self):
        delivered, image = self.file.read()
        if not delivered:
            self.file = cv2.VideoCapture(sys.argv[1])
            return self.file.read()
        return delivered, image
    def release(self):
        self.file.release()

camera = watch_camera(0, open_capture=Endless)
while not isinstance(next(camera), Frame):
    time.sleep(0.001)
print("watching")
"""


def run(script: str, argument: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", script, argument],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert result.stderr == ""
    assert result.returncode == 0
    return result.stdout.strip()


def test_opencv_and_ffmpeg_stay_silent(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", "mp4v")
    path.write_bytes(path.read_bytes()[:900])
    assert run(DAMAGED, str(path)).split() == ["refused", "refused"]  # run: and nothing on stderr


def test_the_process_exits_while_opencv_waits_for_a_silent_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:  # accepts, and never says a word
        words = run(STALLED, f"http://127.0.0.1:{server.getsockname()[1]}/live.mjpg")
    assert words == "[True]"  # OpenCV was still waiting


def test_the_process_exits_though_nobody_closed_the_camera(tmp_path: Path) -> None:
    """Without the hook at exit this aborts with 134 (8 of 8 on Python 3.11)."""
    assert run(LEFT_OPEN, str(write_video(tmp_path / "a.avi"))) == "watching"
