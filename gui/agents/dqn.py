"""Deep Q-network, live: the game, the Q-values, one update in numbers, and the curves."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QComboBox, QFormLayout, QGridLayout, QHBoxLayout, QWidget

from engine.agents import dqn, player
from engine.job import Job, State, in_full
from gui.station import Figures, Station
from gui.widgets.bars import Bars
from gui.widgets.curves import Curves
from gui.widgets.formula import Formula, Term
from gui.widgets.image_view import ImageView
from gui.widgets.lettering import figure
from gui.widgets.panel import panel
from gui.widgets.readout import Readout
from gui.widgets.settings_form import SettingsForm
from gui.widgets.transport import OF_A_JOB, Transport
from gui.workspace import Workspace

ENVIRONMENTS = ("CartPole-v1", "Acrobot-v1", "MountainCar-v0")
REAL_TIME = 60.0  # steps a second
SPEEDS: tuple[tuple[str, float | None], ...] = (
    ("¼ of real time", REAL_TIME / 4),
    ("real time", REAL_TIME),
    ("twice real time", 2 * REAL_TIME),
    ("as fast as it goes", None),
)
TURNS = 6  # frames in which every plot is painted once, and that of the Q-values twice
AVERAGED = 20  # episodes in the moving average
ACTION_COLOURS = ("prediction", "target", "returns", "exploration", "loss")
FIXED_WHILE_RUNNING = ("seed", "environments", "hidden", "replay_capacity")
TERMS = (
    Term("Q(s, a)", "prediction", "What the network predicts for this memory", "prediction"),
    Term("→"),
    Term("target", "target", "What the prediction is moved towards", "target"),
    Term("="),
    Term("r", "reward", "The reward of the step that was remembered", "returns"),
    Term("+"),
    Term("γ", "discount", "The discount: worth of a reward one step later"),
    Term("·"),
    Term(
        "max<sub>a′</sub> Q(s′, a′)",
        "max_next_q",
        "The best Q-value of the next state, by the older copy of the network; it counts nothing "
        "where the step ended the task",
        "prediction",
    ),
)


class DQNStation(Station):
    """DQN learns in one job; a player with the same network plays in another, for the eye."""

    title = "Deep Q-network"
    order = 30
    lesson = "dqn"
    show_time = 12.0

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._learner: dqn.Learner
        self._training: Job[dqn.DQNSnapshot] | None = None
        self._playing: Job[player.PlaySnapshot]
        self._seen_slices = self._seen_steps = -1  # snapshots that are on screen
        self._q_is_old = False
        self._told: Job[Any] | None = None  # the job whose failure was told
        self._greedy = False
        self._turn = 0
        self._build()
        self._renew()

    # Commands.

    def toggle(self) -> None:
        """Run, pause or go on."""
        if self._training is None:
            self._begin(paused=False)
        elif self._training.state is State.RUNNING:
            self._training.pause()
            self._playing.pause()
        elif self._training.state is State.PAUSED:
            self._training.resume()
            self._playing.resume()

    def step(self) -> None:
        """One step of the learner's environments with its updates, and one of the player."""
        if self._training is None:
            self._begin(paused=True)
        if self._training is not None and not self._training.ended:
            self._training.step()
            self._playing.step()

    def cancel(self) -> None:
        """End the training; what was learned stays in sight until Reset."""
        if self._training is not None:
            self._training.cancel()

    def reset(self) -> None:
        """Forget what was learned and begin anew with the settings in the form."""
        self.cancel()
        self._training = None
        self._playing.cancel()
        self._renew()

    def enter(self) -> None:
        """Play on while somebody looks."""
        if self._training is not None and self._training.state is not State.PAUSED:
            self._playing.resume()

    def leave(self) -> None:
        """Learning goes on; playing is only for the eye."""
        self._playing.pause()

    def demonstrate(self) -> None:
        """Learn as fast as it goes."""
        self.transport.set_speed(len(SPEEDS) - 1)
        self._pace()
        if self._training is None:
            self.toggle()

    def figures(self) -> Figures:
        """The learner's newest numbers."""
        now = None if self._training is None else self._training.latest
        if now is None or not now.episodes or math.isnan(now.loss):
            return {}
        return {
            "steps": now.step,
            "episodes": now.episodes,
            "mean_return": float(now.returns[-AVERAGED:].mean()),
            "best_return": float(now.returns.max()),
            "loss": now.loss,
            "epsilon": now.epsilon,
            "player_return": 0.0 if self._play is None else self._play.episode_return,
        }

    # The runs.

    @property
    def _play(self) -> player.PlaySnapshot | None:
        return self._playing.latest

    def _renew(self) -> None:
        """A learner that has learned nothing, and a player that waits at its first step."""
        settings = self.form.settings
        environment_id = self._environment.currentText()
        learner = dqn.Learner(environment_id, settings, self.workspace.device or "cpu")
        self._learner = learner
        self._playing = self.workspace.worker.start(
            player.play(
                environment_id,
                learner.q_values,
                epsilon=lambda: 0.0 if self._greedy else learner.epsilon,
                seed=settings.seed,
            ),
            name="",
            rate=REAL_TIME,
            paused=True,
        )
        self._playing.step()
        self._seen_slices = self._seen_steps = -1
        self._q_is_old = False
        for curves in (self._returns, self._losses, self._epsilon):
            curves.clear()
        self._q_curves.remove_all()
        self._q_names: tuple[str, ...] = ()
        self._formula.set_values(dict.fromkeys((term.key for term in TERMS if term.key), "–"))
        self._numbers.say("Press Run: the network knows nothing yet.")
        self.form.freeze(FIXED_WHILE_RUNNING, False)
        self.transport.set_state("idle")

    def _begin(self, *, paused: bool) -> None:
        self._learner.settings = self.form.settings
        self._training = self.workspace.worker.start(
            self._learner.train(), name=f"DQN on {self._learner.environment_id}", paused=paused
        )
        self._pace()
        if not paused:
            self._playing.resume()
        self.form.freeze(FIXED_WHILE_RUNNING, True)
        self._numbers.say("Preparing the environments and the network …")

    def _pace(self) -> None:
        rate = SPEEDS[self.transport.speed][1]
        self._playing.rate = rate or REAL_TIME
        if self._training is not None:
            self._training.rate = rate

    def _settings_changed(self) -> None:
        if self._training is None:
            self.reset()
        elif not self._training.ended:
            self._learner.settings = self.form.settings

    # The frame.

    def tick(self) -> None:
        """Show the newest snapshots of the learner and the player.

        The game and its Q-values move at every frame. Plots and figures take turns, each about ten
        times a second: a plot takes 2 to 4 ms to paint, and the learner waits for most of that.
        """
        self._turn = (self._turn + 1) % TURNS
        self._tick_player(self._playing)
        if self._training is not None:
            self._tick_learner(self._training)

    def _tick_player(self, playing: Job[player.PlaySnapshot]) -> None:
        now = playing.latest
        if now is not None and playing.count != self._seen_steps:
            self._seen_steps = playing.count
            kind = "greedy" if now.greedy else "random"
            self._view.set_image(now.frame)
            self._view.set_caption(
                f"Episode {now.episode}, step {now.step}, return {now.episode_return:g} · "
                f"{now.action_names[now.action]} ({kind})"
            )
            self._bars.set_values(now.action_names, now.q_values.tolist(), now.action)
            self._q_is_old = not np.isnan(now.q_values).all()
        if now is not None and self._q_is_old and self._turn in (0, TURNS // 2):
            self._q_is_old = False
            self._show_q_history(now)
        if playing.state is State.FAILED and playing is not self._told:
            self._told = playing
            self._tell(playing, "The game stopped")

    def _tick_learner(self, training: Job[dqn.DQNSnapshot]) -> None:
        running = training.state is State.RUNNING
        if training.latest is not None and training.count != self._seen_slices:
            # Whoever steps by hand, or has come to the end, sees all of it at once.
            turns = (self._turn,) if running else range(TURNS)
            for turn in turns:
                self._show_training(training.latest, turn)
            if not running:
                self._seen_slices = training.count
        if training.state is State.FAILED and training is not self._told:
            self._told = training
            self._tell(training, "The training stopped")
        self.transport.set_state(OF_A_JOB[training.state])
        if training.state in (State.FINISHED, State.CANCELLED) and training.latest is not None:
            steps = f"{training.latest.step:,} steps"
            self._numbers.say(
                f"Finished after {steps}; you see the best weights play. Reset begins anew."
                if training.state is State.FINISHED
                else f"Ended after {steps}. Reset begins anew."
            )
            self.form.freeze(FIXED_WHILE_RUNNING, False)

    def _tell(self, job: Job[Any], what: str) -> None:
        if job.error is not None:
            self._numbers.say(f"{what}: {job.problem}", problem=True)
            self.workspace.report(f"{what}: {job.problem}", in_full(job.error))

    def _show_q_history(self, now: player.PlaySnapshot) -> None:
        if now.action_names != self._q_names:
            self._q_names = now.action_names
            for action, name in enumerate(now.action_names):
                self._q_curves.add(name, ACTION_COLOURS[action % len(ACTION_COLOURS)], width=1.0)
        ago = np.arange(1 - len(now.q_history), 1, dtype=np.float64)
        for action, name in enumerate(now.action_names):
            self._q_curves.set_data(name, ago, now.q_history[:, action])

    def _show_training(self, now: dqn.DQNSnapshot, turn: int) -> None:
        if turn == 1:
            steps = now.episode_steps
            self._returns.set_data("return", steps, now.returns)
            self._returns.set_data("moving average", steps, moving_average(now.returns))
            self._returns.set_data("greedy evaluation", now.evaluation_steps, now.evaluations)
        elif turn == 2:
            self._losses.set_data("loss", now.learning_steps, now.losses)
        elif turn == 4:
            self._epsilon.set_data("ε", now.learning_steps, now.epsilons)
        elif turn == 5:
            self._show_figures(now)

    def _show_figures(self, now: dqn.DQNSnapshot) -> None:
        update = now.last_update
        if update is not None:
            self._formula.set_values(
                {
                    "prediction": f"{update.prediction:.3f}",
                    "target": f"{update.target:.3f}",
                    "reward": f"{update.reward:g}",
                    "discount": f"{update.discount:g}",
                    "max_next_q": "ended" if update.terminated else f"{update.max_next_q:.3f}",
                }
            )
        mean = float(now.returns[-AVERAGED:].mean()) if now.episodes else math.nan
        evaluating = " · evaluating" if now.evaluating else ""
        self._numbers.say(
            f"{now.step:,} steps · {now.updates:,} updates · {now.episodes:,} episodes · "
            f"mean of the last {AVERAGED}: {figure(mean)} · ε {now.epsilon:.2f} · "
            f"loss {figure(now.loss)} · gradient {figure(now.gradient_norm)} · "
            f"memory {now.replay_size:,} of {now.replay_capacity:,}{evaluating}"
        )

    # The widgets.

    def _build(self) -> None:
        self.transport = Transport([name for name, _ in SPEEDS], speed=1)
        self.transport.run.connect(self.toggle)
        self.transport.pause.connect(self.toggle)
        self.transport.step.connect(self.step)
        self.transport.reset.connect(self.reset)
        self.transport.speed_changed.connect(lambda _: self._pace())
        self._view = ImageView()
        self._view.set_placeholder("The game")
        self._bars = Bars("signed")
        self._bars.set_title("Q(s, a) of this state")
        self._q_curves = Curves("Q(s, a), the last 300 steps", "steps ago", "Q")
        self._formula = Formula(TERMS)
        self._numbers = Readout()
        self._returns = Curves("Return of each episode", "environment steps", "return")
        self._returns.add("return", "returns", faint=True)
        self._returns.add("moving average", "returns", width=2.5)
        self._returns.add("greedy evaluation", "target", markers=True)
        self._losses = Curves("Loss", "environment steps", "Huber loss")
        self._losses.add("loss", "loss", width=1.0)
        self._epsilon = Curves("Exploration ε", "environment steps", "ε")
        self._epsilon.add("ε", "exploration", width=2.0)
        self._epsilon.set_y_range(0.0, 1.05)

        grid = QGridLayout()
        grid.setSpacing(10)
        grid.addWidget(panel(self._view), 0, 0, 2, 1)
        grid.addWidget(panel(self._bars), 0, 1)
        grid.addWidget(panel(self._q_curves), 1, 1)
        grid.addWidget(panel(self._formula, self._numbers), 2, 0, 1, 2)
        curves = QHBoxLayout()
        curves.setSpacing(10)
        curves.addWidget(panel(self._returns), 2)
        curves.addWidget(panel(self._losses), 1)
        curves.addWidget(panel(self._epsilon), 1)
        grid.addLayout(curves, 3, 0, 1, 2)
        grid.setColumnStretch(0, 5)
        grid.setColumnStretch(1, 4)
        for row, stretch in enumerate((2, 3, 0, 4)):
            grid.setRowStretch(row, stretch)

        right = QWidget()
        column = QGridLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.transport, 0, 0)
        column.addLayout(grid, 1, 0)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self._settings_panel())
        layout.addWidget(right, 1)

    def _settings_panel(self) -> QWidget:
        self._environment = QComboBox()
        self._environment.addItems(ENVIRONMENTS)
        self._environment.setAccessibleName("Environment")
        self._environment.currentIndexChanged.connect(self.reset)
        self._policy = QComboBox()
        self._policy.addItems(("the learner, with its ε", "the greedy policy"))
        self._policy.setAccessibleName("What to watch")
        self._policy.setToolTip("The learner explores; the greedy policy shows what it knows")
        self._policy.currentIndexChanged.connect(self._watch)
        top = QWidget()
        rows = QFormLayout(top)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addRow("Game", self._environment)
        rows.addRow("Watch", self._policy)
        self.form = SettingsForm(dqn.Settings())
        self.form.changed.connect(self._settings_changed)
        frame = panel(top, self.form, title="DQN")
        frame.setFixedWidth(276)
        return frame

    def _watch(self, index: int) -> None:
        self._greedy = index == 1


def moving_average(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of each value and up to 19 before it, shape as ``values``."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(0, ends - AVERAGED)
    average: NDArray[np.float64] = (sums[ends] - sums[starts]) / (ends - starts)
    return average
