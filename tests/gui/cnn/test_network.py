"""The CNN Viewer: what the network computes is what stands on the screen."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from engine import images
from engine.cnn import networks, probes
from engine.device import threads
from gui.cnn.network import NetworkStation
from gui.widgets.bars import Bars
from gui.widgets.formula import Formula
from gui.widgets.image_source import ImageSource
from gui.widgets.mosaic_view import MosaicView
from gui.widgets.picture import as_seen, from_qimage
from gui.widgets.readout import Readout
from gui.workspace import Workspace

Hints = Callable[..., dict[str, str]]
Live = Callable[..., None]
Press = Callable[..., None]


@pytest.fixture
def station(workspace: Workspace, shown: Callable[..., None], live: Live) -> NetworkStation:
    """The station, when it has looked at the digit that it begins with."""
    station = NetworkStation(workspace)
    shown(station, 1256, 700)
    live(station, station.figures)
    return station


def source_of(station: NetworkStation) -> ImageSource:
    assert station.image_source is not None
    return station.image_source


def said(station: NetworkStation) -> str:
    own = set(station.findChildren(Readout)) - set(source_of(station).findChildren(Readout))
    (readout,) = own
    return readout.text


def expected(station: NetworkStation) -> probes.Look:
    """What the network computes from the picture of the station."""
    picture = source_of(station).picture
    assert picture is not None
    with threads(1):
        return probes.look(networks.load("digits", "cpu"), images.from_array(picture))


def draw_a_one(station: NetworkStation, press: Press) -> None:
    press(station, "Clear")
    pad = source_of(station).pad
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=QPoint(127, 40))
    for y in range(60, 220, 20):
        QTest.mouseMove(pad, QPoint(127, y))
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=QPoint(127, 215))


def test_it_says_what_the_first_digit_is(station: NetworkStation, hints: Hints) -> None:
    assert said(station).startswith("y = 3 · ")
    assert station.figures()["prediction"] == "3"
    bars = station.findChild(Bars)
    assert bars is not None
    shares = {name: float(value) for name, value in hints(bars).items()}
    assert sorted(shares) == [str(digit) for digit in range(10)]
    assert shares["3"] > 0.9 and sum(shares.values()) == pytest.approx(1.0, abs=1e-4)


def test_the_maps_on_the_screen_are_those_of_the_network(station: NetworkStation) -> None:
    look = expected(station)
    views = station.findChildren(MosaicView)
    assert len(views) == len(look.layers) == station.figures()["layers"]
    for view, layer in zip(views, look.layers, strict=True):
        reference = MosaicView()
        reference.resize(view.size())
        shape = "\u2009×\u2009".join(map(str, layer.maps.shape))
        reference.set_maps(f"{layer.name} · {layer.kind}", shape, layer.mosaic, layer.maps)
        np.testing.assert_array_equal(
            from_qimage(as_seen(view)), from_qimage(as_seen(reference)), layer.name
        )


def test_the_formula_shows_the_softmax_of_the_answer(station: NetworkStation, hints: Hints) -> None:
    look = expected(station)
    formula = station.findChild(Formula)
    assert formula is not None
    numbers = list(hints(formula).values())
    assert numbers[0] == f"{look.probabilities[3]:.4f}"
    assert float(numbers[1]) / float(numbers[2]) == pytest.approx(look.probabilities[3], abs=1e-3)
    assert float(numbers[3]) == pytest.approx(look.logits[3], abs=1e-3)


def test_everything_follows_the_pen(
    station: NetworkStation, live: Live, press: Press, hints: Hints
) -> None:
    before = [from_qimage(as_seen(view)) for view in station.findChildren(MosaicView)]
    draw_a_one(station, press)
    live(station, lambda: said(station).startswith("y = 1"))
    after = [from_qimage(as_seen(view)) for view in station.findChildren(MosaicView)]
    assert all((old != new).any() for old, new in zip(before, after, strict=True))
    bars = station.findChild(Bars)
    assert bars is not None
    look = expected(station)
    live(station, lambda: abs(float(hints(bars)["1"]) - look.probabilities[1]) < 1e-5)


def test_a_picture_that_is_none_is_said_in_words_and_the_next_one_works(
    station: NetworkStation, live: Live, press: Press
) -> None:
    source_of(station).set_image(np.full((4, 4, 3), 7.0, np.float32), "A test")
    live(station, lambda: "floats from 7 to 7" in said(station))
    press(station, "Draw")
    live(station, lambda: said(station).startswith("y = 3"))


def test_it_looks_once_at_a_picture_that_stays(station: NetworkStation, live: Live) -> None:
    looking = station.workspace.worker.channel("cnn viewer: look")
    barrier = station.workspace.worker.channel("barrier")
    live(station, lambda: not looking.busy)
    answer = looking.latest
    barrier.ask(int)
    live(station, lambda: barrier.latest is not None)
    assert looking.latest is answer and not looking.busy
