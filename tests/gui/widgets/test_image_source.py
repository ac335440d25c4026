"""Every way in for an image: what a person does, and what a network then gets."""

import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLineEdit
from pytestqt.qtbot import QtBot

from engine.images import save_image
from engine.job import State
from gui.widgets import image_source
from gui.widgets.image_source import ImageSource
from gui.workspace import Workspace

Live = Callable[..., None]
Press = Callable[..., None]
Show = Callable[..., None]
FRAMES = 12


@pytest.fixture
def source(workspace: Workspace, shown: Show) -> ImageSource:
    """The panel as a station has it."""
    source = ImageSource(workspace, "CNN Viewer", "Adversarial Lab")
    shown(source, 276, 600)
    return source


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A video whose frames grow brighter, 16 by 16 pixels each."""
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 60.0, (16, 16))
    for index in range(FRAMES):
        writer.write(np.full((16, 16, 3), 20 * index, np.uint8))
    writer.release()
    return path


def brightness(source: ImageSource) -> float:
    assert source.picture is not None
    return float(source.picture.mean())


def test_it_begins_with_a_drawn_digit(source: ImageSource) -> None:
    assert source.mode == image_source.DRAW and source.revision > 0
    assert source.picture is not None and source.picture.shape == (280, 280, 3)
    np.testing.assert_array_equal(source.picture, source.pad.image())
    assert 0.02 < brightness(source) < 0.5


def test_the_picture_follows_the_pen_while_it_draws(source: ImageSource, press: Press) -> None:
    press(source, "Clear")
    assert brightness(source) == 0.0
    revisions, inks = [source.revision], [0.0]
    QTest.mousePress(source.pad, Qt.MouseButton.LeftButton, pos=QPoint(40, 127))
    for x in (90, 150, 210):
        QTest.mouseMove(source.pad, QPoint(x, 127))
        revisions.append(source.revision)
        inks.append(brightness(source))
    QTest.mouseRelease(source.pad, Qt.MouseButton.LeftButton, pos=QPoint(210, 127))
    assert revisions == sorted(set(revisions))
    assert inks == sorted(set(inks))
    assert source.picture is not None and source.picture[140, 140, 0] == 1.0
    press(source, "Undo")
    assert brightness(source) == 0.0


@pytest.mark.parametrize(
    ("button", "mode"),
    [
        ("Sample", image_source.SAMPLE),
        ("File", image_source.FILE),
        ("Camera", image_source.CAMERA),
        ("Video", image_source.VIDEO),
    ],
)
def test_a_mode_is_a_click_away_and_so_is_the_pad(
    source: ImageSource, press: Press, button: str, mode: int
) -> None:
    press(source, button)
    assert source.mode == mode and not source.pad.isVisible()
    drawn, revision = source.pad.image(), source.revision
    press(source, "Draw")
    assert source.mode == image_source.DRAW and source.pad.isVisible()
    assert source.revision > revision
    np.testing.assert_array_equal(source.picture, drawn)


def test_samples_go_round_and_round(source: ImageSource, press: Press, live: Live) -> None:
    press(source, "Sample")
    live(source, lambda: source.message.startswith("Number 0 of "))
    count = int(source.message.split()[3].strip(",").replace(",", ""))
    first = source.picture
    assert first is not None and first.shape == (28, 28, 3)
    press(source, "Next ▶")
    live(source, lambda: source.message.startswith("Number 1 of "))
    assert not np.array_equal(source.picture, first)
    press(source, "Previous sample")
    live(source, lambda: source.message.startswith("Number 0 of "))
    np.testing.assert_array_equal(source.picture, first)
    press(source, "Previous sample")
    live(source, lambda: source.message.startswith(f"Number {count - 1:,} of "))
    press(source, "Next ▶")
    live(source, lambda: source.message.startswith("Number 0 of "))


def test_ink_is_inverted_everywhere_but_on_the_pad(source: ImageSource, press: Press) -> None:
    box = source.findChild(QCheckBox)
    assert box is not None and not box.isVisible()
    press(source, "File")
    revision = source.revision
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    assert source.inverted and source.revision > revision
    press(source, "Draw")
    assert not source.inverted and not box.isVisible()
    press(source, "Camera")
    assert source.inverted


def test_a_video_plays_in_a_loop_and_rests_out_of_sight(
    source: ImageSource, workspace: Workspace, live: Live, film: Path
) -> None:
    seen: set[int] = set()
    source.open_file(str(film))
    assert source.mode == image_source.VIDEO
    live(source, lambda: seen.add(round(brightness(source) / 20)) or len(seen) == FRAMES)
    assert "16 × 16, frame" in source.message
    (job,) = workspace.worker.jobs
    assert job.rate == 60.0
    source.leave()
    assert job.state is State.PAUSED
    source.enter()
    assert job.state is State.RUNNING
    before, count = source.revision, job.count
    live(source, lambda: source.revision > before + FRAMES)
    assert job.count > count + FRAMES


@pytest.mark.parametrize("way_out", ["Draw", "Sample", "Stop"])
def test_a_video_ends_with_its_mode(
    source: ImageSource, workspace: Workspace, live: Live, press: Press, film: Path, way_out: str
) -> None:
    source.open_video(str(film))
    live(source, lambda: "frame" in source.message)
    (job,) = workspace.worker.jobs
    press(source, way_out)
    live(source, lambda: job.ended)
    assert job.state is State.CANCELLED and not workspace.worker.jobs
    assert "frame" not in source.message


def test_a_stream_ends_with_its_thread(
    source: ImageSource, live: Live, press: Press, film: Path, qtbot: QtBot
) -> None:
    before = set(threading.enumerate())
    press(source, "Video")
    addresses = [line for line in source.findChildren(QLineEdit) if line.isVisible()]
    assert len(addresses) == 1
    QTest.keyClicks(addresses[0], film.as_uri())
    QTest.keyClick(addresses[0], Qt.Key.Key_Return)
    live(source, lambda: source.message.startswith("16 × 16, frame"))
    press(source, "Draw")
    qtbot.waitUntil(lambda: set(threading.enumerate()) <= before, timeout=5000)


def test_a_file_that_is_no_video_is_said_in_words(
    source: ImageSource, live: Live, tmp_path: Path, workspace: Workspace
) -> None:
    path = tmp_path / "letter.mp4"
    path.write_text("Dear reader")
    revision = source.revision
    source.open_video(str(path))
    live(source, lambda: "letter.mp4" in source.message and "Opening" not in source.message)
    assert source.message.endswith(".") and "Traceback" not in source.message
    assert source.revision == revision and not workspace.worker.jobs


def test_a_file_is_opened_again_after_one_that_was_none(
    source: ImageSource, live: Live, tmp_path: Path
) -> None:
    source.open_file(str(tmp_path / "nowhere.png"))
    live(source, lambda: "nowhere.png" in source.message and "Opening" not in source.message)
    save_image(tmp_path / "gray.png", np.full((3, 5, 3), 0.2, np.float32))
    source.open_file(str(tmp_path / "gray.png"))
    live(source, lambda: source.message.startswith("5 × 3"))
    np.testing.assert_allclose(source.picture, 0.2)


@pytest.mark.parametrize("exists", [True, False])
def test_a_file_that_comes_too_late_changes_nothing(
    source: ImageSource,
    workspace: Workspace,
    live: Live,
    press: Press,
    tmp_path: Path,
    exists: bool,
) -> None:
    if exists:
        save_image(tmp_path / "late.png", np.ones((3, 3, 3), np.float32))
    gate = threading.Event()
    workspace.worker.channel("gate").ask(gate.wait)  # the worker is busy, as with a large file
    source.open_file(str(tmp_path / "late.png"))
    press(source, "Draw")
    drawn, message = source.picture, source.message
    gate.set()
    barrier = workspace.worker.channel("barrier")
    barrier.ask(int)
    live(source, lambda: barrier.latest is not None)
    source.tick()
    assert source.picture is drawn and source.message == message


def test_a_picture_is_pasted_with_the_button(source: ImageSource, press: Press) -> None:
    picture = QImage(7, 5, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.blue)
    QGuiApplication.clipboard().setImage(picture)
    press(source, "File")
    press(source, "Paste")
    assert source.message == "Pasted, 7 × 5"
    assert source.picture is not None and source.picture.shape == (5, 7, 3)
    np.testing.assert_array_equal(source.picture[2, 3], [0, 0, 255])


def test_a_dropped_file_is_opened(source: ImageSource, live: Live, tmp_path: Path) -> None:
    save_image(tmp_path / "dropped.png", np.zeros((4, 6, 3), np.float32))
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "dropped.png"))])
    source.take(mime)
    live(source, lambda: source.message.startswith("6 × 4"))
    assert brightness(source) == 0.0


def test_the_picture_is_sent_to_the_other_tab(
    source: ImageSource, workspace: Workspace, press: Press
) -> None:
    sent: list[tuple[str, object, str]] = []
    workspace.image_sent.connect(lambda *words: sent.append(words))
    press(source, "Send to Adversarial Lab")
    ((tab, picture, origin),) = sent
    assert (tab, origin) == ("Adversarial Lab", "From the CNN Viewer")
    assert picture is source.picture
