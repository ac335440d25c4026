"""The DQN station: every button does what it says, and the run is the one without a window."""

import csv
import io
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QSlider, QWidget

from engine.agents import dqn
from engine.device import threads
from engine.job import Job, State
from gui.agents.dqn import AVERAGED, SPEEDS, DQNStation, moving_average
from gui.widgets.bars import Bars
from gui.widgets.curves import Curves
from gui.widgets.image_view import ImageView
from gui.widgets.readout import Readout
from gui.workspace import Workspace

Live = Callable[..., None]
Press = Callable[..., None]
Hints = Callable[..., dict[str, str]]
Write = Callable[..., str]

SMALL = {"environments": 2, "warm_up": 64, "hidden": 16, "updates": 1, "evaluation_episodes": 0}
SETTINGS = {**SMALL, "hidden": (16,)}
FIXED = ("seed", "environments", "hidden", "replay capacity")


@pytest.fixture
def station(workspace: Workspace, shown: Callable[..., None], write: Write) -> DQNStation:
    """The station with a small network, before its first run."""
    station = DQNStation(workspace)
    shown(station, 1256, 700)
    for name, value in SMALL.items():
        write(station.form, name.replace("_", " "), value)
    assert station.form.settings == replace(dqn.Settings(), **SETTINGS)
    return station


def training(station: DQNStation) -> Job[dqn.DQNSnapshot]:
    """The job that the status bar would list."""
    (job,) = [job for job in station.workspace.worker.jobs if job.name]
    return job


def playing(station: DQNStation) -> Job[object]:  # type: ignore[type-var]
    """The player's job, which has no name."""
    (job,) = [job for job in station.workspace.worker.jobs if not job.name and not job.cancel_asked]
    return job


def said(station: DQNStation) -> str:
    readouts = [r.text for r in station.findChildren(Readout)]
    return " ".join(readouts)


def steps_shown(station: DQNStation) -> int:
    """Environment steps, as the line of figures says them; 0 before there are any."""
    first, _, rest = said(station).partition(" steps")
    return int(first.split()[-1].replace(",", "")) if rest else 0


def button(station: DQNStation, text: str) -> QPushButton:
    (found,) = [b for b in station.findChildren(QPushButton) if b.text() == text]
    return found


def curves(station: DQNStation, title: str) -> dict[str, list[tuple[float, float]]]:
    """The points of each curve, as exported."""
    (plot,) = [c for c in station.findChildren(Curves) if c.accessibleName() == title]
    head, *rows = csv.reader(io.StringIO(plot.csv_text()))
    found: dict[str, list[tuple[float, float]]] = {}
    if head[0] == "curve":
        for name, x, y in rows:
            found.setdefault(name, []).append((float(x), float(y)))
    else:
        for place, name in enumerate(head[1:], 1):
            found[name] = [(float(row[0]), float(row[place])) for row in rows]
    return found


def set_speed(station: DQNStation, stop: int) -> None:
    slider = station.transport.findChild(QSlider)
    assert slider is not None
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Home)
    for _ in range(stop):
        QTest.keyClick(slider, Qt.Key.Key_Right)


FASTEST = len(SPEEDS) - 1


def test_it_waits_and_shows_the_game_before_anything_is_learned(
    station: DQNStation, live: Live
) -> None:
    (view,) = station.findChildren(ImageView)
    live(station, lambda: view.accessibleName().startswith("Episode 1, step 1"))
    assert "Press Run" in said(station) and station.figures() == {}
    assert station.workspace.worker.jobs == (playing(station),)
    assert playing(station).state is State.PAUSED


def test_run_learns_and_plays(station: DQNStation, live: Live, press: Press, hints: Hints) -> None:
    set_speed(station, FASTEST)
    press(station, "Run")
    live(station, lambda: station.figures().get("episodes", 0) > 5 and steps_shown(station) > 64)
    assert button(station, "Pause").isEnabled()
    (view,) = station.findChildren(ImageView)
    live(station, lambda: "(greedy)" in view.accessibleName())
    (bars,) = station.findChildren(Bars)
    live(station, lambda: len(hints(bars)) == 2)
    assert all(np.isfinite(float(value)) for value in hints(bars).values())
    live(station, lambda: len(curves(station, "Return of each episode").get("return", ())) > 5)
    live(station, lambda: len(curves(station, "Q(s, a), the last 300 steps")) == 2)
    live(station, lambda: curves(station, "Exploration ε").get("ε"))
    exploration = [y for _, y in curves(station, "Exploration ε")["ε"]]
    assert exploration == sorted(exploration, reverse=True) and exploration[-1] < 1.0


def test_pause_stops_learning_and_playing_and_resume_goes_on(
    station: DQNStation, live: Live, press: Press
) -> None:
    set_speed(station, FASTEST)
    press(station, "Run")
    live(station, lambda: steps_shown(station) > 20)
    press(station, "Pause")
    job, player = training(station), playing(station)
    assert job.state is State.PAUSED and player.state is State.PAUSED
    barrier = station.workspace.worker.channel("barrier")
    barrier.ask(int)
    live(station, lambda: barrier.latest is not None)
    stood = (job.count, player.count, steps_shown(station))
    barrier.forget()
    barrier.ask(int)
    live(station, lambda: barrier.latest is not None)
    assert (job.count, player.count, steps_shown(station)) == stood
    press(station, "Resume")
    live(station, lambda: job.count > stood[0] and player.count > stood[1])


def test_a_step_is_one_slice_and_everything_shows_it(
    station: DQNStation, live: Live, press: Press
) -> None:
    press(station, "Step")  # the first slice: the network as it is before it has learned
    job = training(station)
    live(station, lambda: job.count == 1)
    for count in (2, 3, 4):
        press(station, "Step")
        live(station, lambda count=count: steps_shown(station) == 2 * (count - 1))
        assert job.count == count and job.state is State.PAUSED
    assert [x for x, _ in curves(station, "Exploration ε")["ε"]] == [2.0, 4.0, 6.0]


def test_reset_begins_anew_with_the_settings_of_the_form(
    station: DQNStation, live: Live, press: Press, write: Write
) -> None:
    set_speed(station, FASTEST)
    press(station, "Run")
    live(station, lambda: station.figures().get("episodes", 0) > 1)
    old = training(station)
    press(station, "Reset")
    live(station, lambda: old.ended)
    assert old.state is State.CANCELLED
    assert "Press Run" in said(station) and station.figures() == {}
    assert button(station, "Run").isEnabled() and not button(station, "Reset").isEnabled()
    for title in ("Return of each episode", "Loss", "Exploration ε"):
        assert not any(curves(station, title).values())
    write(station.form, "environments", 3)
    press(station, "Step")
    press(station, "Step")
    live(station, lambda: steps_shown(station) == 3)
    assert training(station).latest.episodes == 0


def test_the_speed_paces_the_learner_and_the_player(station: DQNStation, press: Press) -> None:
    press(station, "Run")
    job, player = training(station), playing(station)
    for stop, (_, rate) in enumerate(SPEEDS):
        set_speed(station, stop)
        assert job.rate == rate
        assert player.rate == (rate or 60.0)


def test_what_is_built_at_the_start_is_locked_while_it_runs(
    station: DQNStation, live: Live, press: Press
) -> None:
    def locked() -> list[str]:
        editors = [w for w in station.form.findChildren(QWidget) if w.accessibleName()]
        return [w.accessibleName() for w in editors if not w.isEnabled()]

    assert locked() == []
    press(station, "Run")
    live(station, lambda: training(station).count > 0)
    assert sorted(locked()) == sorted(FIXED)
    press(station, "Reset")
    assert locked() == []


def test_a_setting_that_is_changed_while_it_runs_reaches_the_learner(
    station: DQNStation, live: Live, press: Press, write: Write
) -> None:
    set_speed(station, FASTEST)
    press(station, "Run")
    live(station, station.figures)
    job = training(station)
    assert job.latest is not None and job.latest.epsilon > 0.5
    write(station.form, "epsilon steps", 1)
    live(station, lambda: "ε 0.04" in said(station))
    assert training(station) is job
    write(station.form, "discount", 0.5)
    live(station, lambda: job.latest.last_update.discount == 0.5)


def test_the_same_seed_learns_the_same_as_without_a_window(
    station: DQNStation, live: Live, press: Press, write: Write
) -> None:
    settings = replace(dqn.Settings(), **SETTINGS, steps=600, seed=7)
    with threads(1):
        alone = list(dqn.train("CartPole-v1", settings))[-1]
    assert alone.episodes > 10 and alone.updates > 200
    write(station.form, "steps", 600)
    write(station.form, "seed", 7)
    set_speed(station, FASTEST)
    press(station, "Run")
    job = training(station)
    live(station, lambda: job.ended)
    assert job.state is State.FINISHED and job.latest is not None
    np.testing.assert_array_equal(job.latest.returns, alone.returns)
    np.testing.assert_array_equal(job.latest.losses, alone.losses)
    live(station, lambda: steps_shown(station) == 600)
    shown = curves(station, "Return of each episode")["return"]
    assert [y for _, y in shown] == alone.returns.tolist()


def test_an_environment_that_fails_is_said_in_words_and_the_player_goes_on(
    station: DQNStation, live: Live, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn = dqn.Learner.train
    reported: list[tuple[str, str]] = []
    station.workspace.problem.connect(lambda *words: reported.append(words))

    def breaks(learner: dqn.Learner) -> Iterator[dqn.DQNSnapshot]:
        for count, snapshot in enumerate(learn(learner)):
            if count == 5:
                raise RuntimeError("the cart left the rails")
            yield snapshot

    monkeypatch.setattr(dqn.Learner, "train", breaks)
    set_speed(station, FASTEST)
    press(station, "Run")
    live(station, lambda: reported)
    sentence = "The training stopped: RuntimeError: the cart left the rails"
    assert sentence in said(station)
    ((words, details),) = reported
    assert words == sentence and "in breaks" in details
    assert not button(station, "Run").isEnabled()
    player = playing(station)
    count = player.count
    live(station, lambda: player.count > count + 3)
    assert len(reported) == 1
    monkeypatch.undo()
    press(station, "Reset")
    press(station, "Run")
    live(station, lambda: steps_shown(station) > 20)


def test_it_learns_out_of_sight_but_does_not_play_there(
    station: DQNStation, live: Live, press: Press
) -> None:
    press(station, "Run")
    live(station, lambda: training(station).count > 0)
    station.leave()
    assert training(station).state is State.RUNNING
    assert playing(station).state is State.PAUSED
    station.enter()
    assert playing(station).state is State.RUNNING
    press(station, "Pause")
    station.leave()
    station.enter()
    assert playing(station).state is State.PAUSED


def test_escape_ends_the_learning_but_leaves_what_was_learned(
    station: DQNStation, live: Live, press: Press
) -> None:
    set_speed(station, FASTEST)
    press(station, "Run")
    live(station, station.figures)
    job = training(station)
    station.cancel()
    live(station, lambda: job.ended)
    assert station.figures()["steps"] == job.latest.step
    live(station, lambda: steps_shown(station) == job.latest.step)
    assert button(station, "Reset").isEnabled()


def test_the_moving_average_is_that_of_the_last_twenty() -> None:
    values = np.random.default_rng(0).normal(size=50)
    expected = [values[max(0, end - AVERAGED) : end].mean() for end in range(1, 51)]
    np.testing.assert_allclose(moving_average(values), expected)
    assert moving_average(values[:0]).shape == (0,)


def test_only_the_worker_touches_the_network(
    station: DQNStation, live: Live, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    callers: set[str] = set()
    forward = dqn.QNetwork.forward

    def watched(network: dqn.QNetwork, observations: object) -> object:
        callers.add(threading.current_thread().name)
        return forward(network, observations)  # type: ignore[arg-type]

    monkeypatch.setattr(dqn.QNetwork, "forward", watched)
    set_speed(station, FASTEST)
    press(station, "Run")
    live(station, station.figures)
    assert callers == {"deepscope-worker"}
