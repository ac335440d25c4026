"""The window as a whole: loading, tabs, keys, images from outside, problems, the end."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from engine.images import save_image
from gui import theme
from gui.settings import Settings
from gui.splash import Splash
from gui.widgets import image_source
from gui.window import TABS, Window


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[Window]:
    """A window with every tab alive."""
    window = Window(Settings(tmp_path / "settings.ini"), device="cpu")
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()  # an X server without a window manager gives nobody the keyboard
    window.begin()
    qtbot.waitUntil(lambda: window.loaded and window.isActiveWindow(), timeout=20_000)
    yield window
    window.close()
    assert window.gone


def test_it_shows_what_it_waits_for_before_torch_is_there(qtbot: QtBot, tmp_path: Path) -> None:
    window = Window(Settings(tmp_path / "settings.ini"))
    qtbot.addWidget(window)
    assert window.station is None and window.tabs == []
    assert isinstance(window.findChild(Splash), Splash)
    window.toggle()
    window.step()
    window.cancel()
    window.paste_image()
    window.close()


def test_every_tab_opens_with_stations_that_have_lessons(window: Window) -> None:
    assert len(window.tabs) == len(TABS)
    for tab in window.tabs:
        for station in tab.stations:
            assert station.lesson_text().startswith("# ")
    assert window.problems.sentence == ""


def test_every_station_comes_alive_and_has_figures(window: Window, qtbot: QtBot) -> None:
    for index, tab in enumerate(window.tabs):
        window.show_tab(index)
        for station in tab.stations:
            tab.show_station(station)
            station.demonstrate()
            qtbot.waitUntil(lambda station=station: bool(station.figures()), timeout=30_000)
            station.cancel()
    assert window.problems.sentence == ""


@pytest.mark.parametrize(("key", "tab"), [(Qt.Key.Key_1, 0), (Qt.Key.Key_2, 1), (Qt.Key.Key_3, 2)])
def test_control_and_a_digit_turn_to_a_tab(
    window: Window, qtbot: QtBot, key: Qt.Key, tab: int
) -> None:
    qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
    assert window.station is window.tabs[tab].station


def test_f1_opens_the_lesson(window: Window, qtbot: QtBot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_F1)
    assert window.lesson is not None and window.lesson.isVisible()
    assert "784 numbers" in window.lesson.text


def test_a_file_is_opened_on_the_worker_and_becomes_the_input(
    window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "white.png"
    save_image(path, np.ones((40, 60, 3), np.float32))
    window.use_image(str(path))
    source = window.tabs[0].station.image_source
    assert source is not None and source.mode == image_source.FILE
    qtbot.waitUntil(lambda: "60 × 40" in source.message, timeout=5000)
    assert source.picture is not None and source.picture.shape == (40, 60, 3)


def test_a_file_that_is_no_image_is_said_in_words(
    window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "letter.png"
    path.write_text("Dear reader")
    window.use_image(str(path))
    source = window.tabs[0].station.image_source
    assert source is not None
    qtbot.waitUntil(lambda: "is not an image" in source.message, timeout=5000)


def test_a_dropped_file_on_a_tab_without_images_goes_to_the_viewer(
    window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "gray.png"
    save_image(path, np.full((8, 8, 3), 0.5, np.float32))
    window.show_tab(1)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    QGuiApplication.clipboard().setMimeData(mime)
    window.paste_image()
    assert window.station is window.tabs[0].station
    source = window.tabs[0].station.image_source
    assert source is not None
    qtbot.waitUntil(lambda: "8 × 8" in source.message, timeout=5000)


def test_a_picture_is_pasted(window: Window) -> None:
    picture = QImage(5, 4, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.red)
    QGuiApplication.clipboard().setImage(picture)
    window.paste_image()
    source = window.tabs[0].station.image_source
    assert source is not None and source.picture is not None
    np.testing.assert_array_equal(source.picture[0, 0], [255, 0, 0])
    QGuiApplication.clipboard().setText("only words")
    window.paste_image()
    assert "no image in that" in source.message


def test_an_image_is_sent_to_the_lab_and_back(window: Window, qtbot: QtBot) -> None:
    for here, there, title in ((0, 2, "CNN Viewer"), (2, 0, "Adversarial Lab")):
        window.show_tab(here)
        sender = window.tabs[here].station.image_source
        assert sender is not None
        buttons = sender.findChildren(QPushButton)
        send = next(button for button in buttons if button.text().startswith("Send to"))
        qtbot.mouseClick(send, Qt.MouseButton.LeftButton)
        assert window.station is window.tabs[there].station
        receiver = window.tabs[there].station.image_source
        assert receiver is not None and receiver.picture is sender.picture
        assert receiver.message == f"From the {title}, 280 × 280"


def test_a_missing_camera_is_said_in_words(window: Window, qtbot: QtBot) -> None:
    window.use_camera(61)
    source = window.tabs[0].station.image_source
    assert source is not None
    qtbot.waitUntil(lambda: "amera 61" in source.message and "Opening" not in source.message)


def test_a_video_plays_and_the_maps_follow(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    import cv2

    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (64, 48))
    for level in range(0, 250, 10):
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    window.show_tab(0)
    window.use_image(str(path))
    station = window.tabs[0].station
    qtbot.waitUntil(lambda: float(station.figures().get("looks_per_second", 0.0)) > 1, timeout=9000)
    assert [job.name for job in window.workspace.worker.jobs if job.name] == ["film.avi"]
    qtbot.waitUntil(lambda: end_button(window) is not None, timeout=3000)
    button = end_button(window)
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not [job for job in window.workspace.worker.jobs if job.name])


def end_button(window: Window) -> QToolButton | None:
    """The status bar's button that ends the job."""
    buttons = window.statusBar().findChildren(QToolButton)
    return next((button for button in buttons if button.toolTip().startswith("End ")), None)


def test_a_problem_is_said_and_unfolds(window: Window, qtbot: QtBot) -> None:
    window.workspace.report("The cart left the rails.", "Traceback …")
    assert window.problems.sentence == "The cart left the rails."


def test_a_device_that_is_not_there_costs_only_that(qtbot: QtBot, tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has the device that the test wants missing")
    window = Window(Settings(tmp_path / "settings.ini"), device="cuda")
    qtbot.addWidget(window)
    window.show()
    window.begin()
    qtbot.waitUntil(lambda: window.loaded, timeout=20_000)
    assert "Use --device auto" in window.problems.sentence
    assert str(window.workspace.device) == "cpu"
    window.close()


def test_themes_change_while_it_runs(window: Window, qtbot: QtBot) -> None:
    window.wear_light()
    assert theme.current() is theme.LIGHT
    window.wear_dark()
    assert theme.current() is theme.DARK
    assert window.workspace.settings.get("theme", "") == "dark"


def test_the_tab_and_the_size_are_remembered(qtbot: QtBot, tmp_path: Path) -> None:
    first = Window(Settings(tmp_path / "settings.ini"))
    qtbot.addWidget(first)
    first.show()
    first.resize(770, 640)  # the offscreen screen is 800 x 800
    first.show_tab(2)
    first.close()
    second = Window(Settings(tmp_path / "settings.ini"))
    qtbot.addWidget(second)
    assert second.current_tab == 2 and second.size() == first.size()
    second.close()
