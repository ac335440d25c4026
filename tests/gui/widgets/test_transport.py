"""Run, pause, step, reset, speed: who may press what, and what is said."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from gui import theme
from gui.widgets.picture import as_seen
from gui.widgets.transport import State, StopSlider, Transport

Show = Callable[..., None]
STOPS = ("¼×", "real time", "2×", "10×", "as fast as it goes")


@pytest.fixture
def transport(shown: Show) -> Transport:
    """A transport at real time."""
    transport = Transport(STOPS, 1)
    shown(transport, 700, 40)
    return transport


@pytest.fixture
def said(transport: Transport) -> list[object]:
    """Everything that the transport signals."""
    heard: list[object] = []
    transport.run.connect(lambda: heard.append("run"))
    transport.pause.connect(lambda: heard.append("pause"))
    transport.step.connect(lambda: heard.append("step"))
    transport.reset.connect(lambda: heard.append("reset"))
    transport.speed_changed.connect(heard.append)
    return heard


def buttons(transport: Transport) -> list[QPushButton]:
    return transport.findChildren(QPushButton)


def test_the_toggle_asks_for_what_its_text_says(transport: Transport, said: list[object]) -> None:
    toggle = buttons(transport)[0]
    for state, text in (("idle", "Run"), ("running", "Pause"), ("paused", "Resume")):
        transport.set_state(state)
        assert toggle.text() == text
        QTest.mouseClick(toggle, Qt.MouseButton.LeftButton)
    assert said == ["run", "pause", "run"]


@pytest.mark.parametrize(
    ("state", "enabled"),
    [
        ("idle", (True, True, False)),
        ("running", (True, False, True)),
        ("paused", (True, True, True)),
        ("finished", (False, False, True)),
        ("failed", (False, False, True)),
    ],
)
def test_buttons_that_would_do_nothing_are_disabled(
    transport: Transport, said: list[object], state: State, enabled: tuple[bool, ...]
) -> None:
    transport.set_state(state)
    assert tuple(button.isEnabled() for button in buttons(transport)) == enabled
    for button in buttons(transport):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert len(said) == sum(enabled)
    assert all(button.toolTip() for button in buttons(transport))


def test_a_click_on_the_slider_goes_to_the_nearest_stop(
    transport: Transport, said: list[object]
) -> None:
    slider = transport.findChild(StopSlider)
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() - 8, 10))
    assert said == [4]
    assert transport.speed == 4
    assert STOPS[4] in [label.text() for label in transport.findChildren(QLabel)]
    QTest.keyClick(slider, Qt.Key.Key_Left)
    assert said == [4, 3]


def test_only_a_person_makes_signals(transport: Transport, said: list[object]) -> None:
    transport.set_speed(3)
    transport.set_state("running")
    transport.set_state("failed")
    assert said == []
    assert transport.speed == 3
    assert STOPS[3] in [label.text() for label in transport.findChildren(QLabel)]


def test_nothing_moves_when_texts_change(transport: Transport) -> None:
    slider = transport.findChild(StopSlider)
    places = set()
    for state in ("idle", "running", "paused", "finished", "failed"):
        for stop in range(len(STOPS)):
            transport.set_state(state)
            transport.set_speed(stop)
            transport.layout().activate()
            places.add((slider.x(), slider.width()))
    assert len(places) == 1


def test_it_follows_the_look(transport: Transport, look: theme.Theme) -> None:
    image = as_seen(transport)
    colours = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(0, 40, 3)}
    assert look.accent in colours
    assert look.on_accent in colours, "the icon of the primary button"
