"""The lab: sliders answer, numbers keep their promises, steps can be watched."""

import csv
import io
import re
from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QSlider, QSpinBox

from engine.job import State
from gui import theme
from gui.adversarial.attack_controls import LARGEST_EPSILON
from gui.adversarial.gradient import GradientStation
from gui.widgets.bars import Bars
from gui.widgets.curves import Curves
from gui.widgets.image_view import ImageView
from gui.widgets.mosaic_view import MosaicView
from gui.widgets.picture import as_seen, from_qimage
from gui.widgets.readout import Readout
from gui.workspace import Workspace

Hints = Callable[..., dict[str, str]]
Live = Callable[..., None]
Press = Callable[..., None]


@pytest.fixture
def station(workspace: Workspace, shown: Callable[..., None], live: Live) -> GradientStation:
    """The station, when it has attacked the digit that it begins with."""
    station = GradientStation(workspace)
    shown(station, 1256, 700)
    live(station, station.figures)
    return station


def said(station: GradientStation) -> str:
    assert station.image_source is not None
    own = set(station.findChildren(Readout)) - set(station.image_source.findChildren(Readout))
    (verdict,) = own
    return verdict.text


def linf_shown(station: GradientStation) -> float:
    found = re.search(r"‖δ‖∞ ([\d.]+)", said(station))
    return float(found[1]) if found else float("nan")


def step_shown(station: GradientStation) -> tuple[int, int]:
    found = re.search(r"step (\d+) of (\d+)", said(station))
    return (int(found[1]), int(found[2])) if found else (-1, -1)


def captions(station: GradientStation) -> list[str]:
    assert station.image_source is not None
    views = station.findChildren(ImageView)
    others = station.image_source.findChildren(ImageView)
    return [view.accessibleName() for view in views if view not in others]


def points(station: GradientStation, title: str) -> dict[str, list[float]]:
    (plot,) = [c for c in station.findChildren(Curves) if c.accessibleName() == title]
    head, *rows = csv.reader(io.StringIO(plot.csv_text()))
    assert head[0] == "step"
    return {name: [float(row[i]) for row in rows] for i, name in enumerate(head[1:], 1)}


def set_epsilon(station: GradientStation, level: int) -> None:
    """Move the slider with the keyboard, in 255ths."""
    slider = station.controls.slider
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Home)
    for _ in range(level // slider.pageStep()):
        QTest.keyClick(slider, Qt.Key.Key_PageUp)
    for _ in range(level % slider.pageStep()):
        QTest.keyClick(slider, Qt.Key.Key_Right)
    assert slider.value() == level


def choose(station: GradientStation, box: str, text: str) -> None:
    (combo,) = [c for c in station.findChildren(QComboBox) if c.accessibleName() == box]
    combo.setFocus()
    place = combo.findText(text)
    assert place >= 0, text
    QTest.keyClick(combo, Qt.Key.Key_Home)
    for _ in range(place):
        QTest.keyClick(combo, Qt.Key.Key_Down)
    assert combo.currentText() == text


def set_steps(station: GradientStation, count: int) -> None:
    (box,) = [b for b in station.findChildren(QSpinBox) if b.accessibleName() == "Steps"]
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(box, str(count))
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert box.value() == count


def button(station: GradientStation, text: str) -> QPushButton:
    (found,) = [b for b in station.transport.findChildren(QPushButton) if b.text() == text]
    return found


def test_the_first_attack_is_finished_and_within_its_bound(
    station: GradientStation, hints: Hints
) -> None:
    epsilon = station.controls.slider.value() / 255
    assert 0 < linf_shown(station) <= epsilon + 5e-5  # it is shown with four decimals
    assert station.figures()["linf"] <= epsilon + 1e-6
    assert step_shown(station) == (20, 20)
    original, adversarial = captions(station)
    assert original.startswith("Original: 3, ") and adversarial.startswith("Adversarial: ")
    (perturbation,) = station.findChildren(MosaicView)
    colours = from_qimage(as_seen(perturbation)).reshape(-1, 3)
    signed = {QColor.fromRgba(entry).getRgb()[:3] for entry in theme.signed_table(theme.current())}
    assert len({tuple(map(int, colour)) for colour in colours} & signed) > 5
    bars = station.findChild(Bars)
    assert bars is not None
    rows = hints(bars)
    before = {name: float(pair.split(" → ")[0]) for name, pair in rows.items()}
    after = {name: float(pair.split(" → ")[1]) for name, pair in rows.items()}
    assert sum(before.values()) == pytest.approx(1, abs=1e-3)
    assert sum(after.values()) == pytest.approx(1, abs=1e-3)
    assert before["3"] > after["3"]
    assert len(points(station, "Loss")["loss"]) == 21


def test_the_slider_is_answered(station: GradientStation, live: Live) -> None:
    reached = []
    for level in (5, 40, 100):
        set_epsilon(station, level)
        assert f"{level}/255" in "".join(
            label.text() for label in station.controls.findChildren(QLabel)
        )
        live(
            station,
            lambda level=level: linf_shown(station) == pytest.approx(level / 255, abs=6e-5),
        )
        reached.append(station.figures()["loss_after"])
    assert reached == sorted(reached)
    assert said(station).startswith("Fooled: ")


def test_without_epsilon_nothing_happens(
    station: GradientStation, live: Live, hints: Hints
) -> None:
    set_epsilon(station, 0)
    live(station, lambda: linf_shown(station) == 0.0)
    assert said(station).startswith("Not fooled: the network still says 3.")
    assert "0 pixels changed" in said(station)
    bars = station.findChild(Bars)
    assert bars is not None
    for pair in hints(bars).values():
        before, after = pair.split(" → ")
        assert before == after


def test_fgsm_is_one_step_to_the_corner(station: GradientStation, live: Live) -> None:
    (name,) = [n for n in attack_names(station) if "FGSM" in n or "Fast" in n]
    choose(station, "Attack", name)
    set_epsilon(station, 30)
    live(station, lambda: step_shown(station)[1] == 1 and station.figures()["linf"] > 0.117)
    assert station.figures()["linf"] == pytest.approx(30 / 255, abs=1e-6)
    assert len(points(station, "Loss")["loss"]) == 2
    (steps,) = [b for b in station.findChildren(QSpinBox) if b.accessibleName() == "Steps"]
    assert not steps.isEnabled()


def attack_names(station: GradientStation) -> list[str]:
    (combo,) = [c for c in station.findChildren(QComboBox) if c.accessibleName() == "Attack"]
    return [combo.itemText(index) for index in range(combo.count())]


def test_a_target_is_reached(station: GradientStation, live: Live) -> None:
    set_epsilon(station, 90)
    choose(station, "Goal", "To 8")
    live(station, lambda: said(station).startswith("Fooled: it says 8"))
    losses = points(station, "Loss")["loss"]
    assert losses[-1] < losses[0]
    confidences = points(station, "Confidence")
    assert confidences["new class"][-1] > 0.5 > confidences["new class"][0]


def test_the_length_can_be_bounded_instead(station: GradientStation, live: Live) -> None:
    choose(station, "Norm", "L2")
    epsilon = station.controls.settings().epsilon
    live(station, lambda: 0.5 * epsilon < station.figures()["l2"] <= epsilon + 1e-5)
    assert station.figures()["linf"] > 26 / 255


def test_run_shows_every_step_and_reset_the_end(
    station: GradientStation, live: Live, press: Press
) -> None:
    set_steps(station, 12)
    live(station, lambda: step_shown(station) == (12, 12))
    finished = points(station, "Loss")["loss"]
    press(station, "Step")
    lengths = []
    for step in range(4):
        if step:
            press(station, "Step")
        live(station, lambda step=step: step_shown(station) == (step, 12))
        lengths.append(len(points(station, "Loss")["loss"]))
        assert len(points(station, "Confidence")["true class"]) == lengths[-1]
    assert lengths == [1, 2, 3, 4]
    (job,) = station.workspace.worker.jobs
    assert job.state is State.PAUSED
    slider = station.transport.findChild(QSlider)
    assert slider is not None
    QTest.keyClick(slider, Qt.Key.Key_End)
    press(station, "Resume")
    live(station, lambda: job.ended and step_shown(station) == (12, 12))
    np.testing.assert_array_equal(points(station, "Loss")["loss"], finished)
    press(station, "Reset")
    assert button(station, "Run").isEnabled() and not button(station, "Reset").isEnabled()


def test_reset_returns_to_the_finished_attack(
    station: GradientStation, live: Live, press: Press
) -> None:
    finished = points(station, "Loss")["loss"]
    press(station, "Step")
    live(station, lambda: step_shown(station) == (0, 20))
    press(station, "Reset")
    live(station, lambda: step_shown(station) == (20, 20))
    np.testing.assert_array_equal(points(station, "Loss")["loss"], finished)


def test_a_control_that_moves_ends_the_watching(
    station: GradientStation, live: Live, press: Press
) -> None:
    press(station, "Step")
    live(station, lambda: step_shown(station) == (0, 20))
    (job,) = station.workspace.worker.jobs
    set_epsilon(station, 60)
    live(station, lambda: job.ended and linf_shown(station) == pytest.approx(60 / 255, abs=6e-5))
    assert step_shown(station) == (20, 20)


def test_a_new_drawing_after_a_watched_attack_is_answered(
    station: GradientStation, live: Live, press: Press
) -> None:
    set_steps(station, 2)
    slider = station.transport.findChild(QSlider)
    assert slider is not None
    QTest.keyClick(slider, Qt.Key.Key_End)
    press(station, "Run")
    live(station, lambda: not station.workspace.worker.jobs and step_shown(station) == (2, 2))
    before = captions(station)
    press(station, "Clear")
    live(station, lambda: captions(station)[0] != before[0])


def test_a_picture_that_is_none_is_said_in_words_and_the_next_one_works(
    station: GradientStation, live: Live, press: Press
) -> None:
    assert station.image_source is not None
    station.image_source.set_image(np.full((4, 4, 3), np.nan, np.float32), "A test")
    live(station, lambda: "not numbers (NaN)" in said(station))
    press(station, "Draw")
    live(station, lambda: step_shown(station) == (20, 20))


def test_the_controls_are_remembered(station: GradientStation, workspace: Workspace) -> None:
    set_epsilon(station, 77)
    set_steps(station, 33)
    again = GradientStation(workspace)
    assert again.controls.settings() == station.controls.settings()
    assert again.controls.slider.value() == 77
    again.deleteLater()


def test_damaged_settings_cost_only_themselves(workspace: Workspace) -> None:
    workspace.settings.set("lab/attack", "magic")
    workspace.settings.set("lab/epsilon", 10**6)
    workspace.settings.set("lab/steps", -4)
    station = GradientStation(workspace)
    assert station.controls.slider.value() == LARGEST_EPSILON
    assert station.controls.settings().steps == 1
    station.deleteLater()
