"""Gradient ascent: FGSM and PGD, with the epsilon slider answered on the next frame."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout

from engine import images
from engine.adversarial.attack import FormulaPart
from engine.adversarial.comparison import (
    Comparison,
    Settings,
    compare,
    compare_steps,
    default_step_size,
)
from engine.cnn import networks, probes
from engine.job import Job, State, in_full
from engine.mosaic import tile
from gui.adversarial.attack_controls import LEVELS, AttackControls
from gui.station import Figures, Station
from gui.widgets.bars import Bars
from gui.widgets.curves import Curves
from gui.widgets.formula import Formula, Term
from gui.widgets.image_source import ImageSource, Picture
from gui.widgets.image_view import ImageView
from gui.widgets.mosaic_view import MosaicView
from gui.widgets.panel import panel
from gui.widgets.picture import from_tensor
from gui.widgets.readout import Readout
from gui.widgets.transport import OF_A_JOB, Transport
from gui.workspace import Workspace

SPEEDS: tuple[tuple[str, float | None], ...] = (
    ("1 step a second", 1.0),
    ("4 steps a second", 4.0),
    ("15 steps a second", 15.0),
    ("as fast as it goes", None),
)
QUANTITIES = {
    "adversarial": ("The adversarial image, and what the network says of it", "adversarial"),
    "original": ("The original image, and what the network says of it", "original"),
    "epsilon": ("How far the attack may go; Π brings the image back to within it", None),
    "step_size": ("The length of one step, in pixel units", None),
    "loss": ("The gradient of the loss; below it the loss before and after", "loss"),
}


@dataclass(frozen=True)
class Goal:
    """What one answer was asked for: an image, by its revision, and settings."""

    revision: int
    settings: Settings


class GradientStation(Station):
    """Every change asks the worker for the finished attack; Run shows it step by step instead."""

    title = "Gradient ascent"
    order = 10
    lesson = "gradient"

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._network: networks.Network | None = None
        self._loading = workspace.worker.channel("lab: load")
        self._attacking = workspace.worker.channel("lab: attack")
        self._asked: Goal | None = None
        self._shown = 0  # ticket of the answer on screen
        self._watched: Job[Comparison] | None = None
        self._watched_count = 0
        self._watched_revision = 0  # of the image that is attacked step by step
        self._now: Comparison | None = None
        self.image_source = ImageSource(workspace, "Adversarial Lab", "CNN Viewer")
        self._formulas: dict[tuple[FormulaPart, ...], Formula] = {}
        self._build()
        self._changed()
        self._loading.ask(networks.load, "digits", workspace.device)

    # Commands.

    def toggle(self) -> None:
        """Watch the attack step by step: run, pause or go on."""
        watched = self._watched
        if watched is None or watched.ended:
            self._watch(paused=False)
        elif watched.state is State.RUNNING:
            watched.pause()
        else:
            watched.resume()

    def step(self) -> None:
        """One step of the attack."""
        if self._watched is None or self._watched.ended:
            self._watch(paused=True)
        if self._watched is not None:
            self._watched.step()

    def cancel(self) -> None:
        """Back to the finished attack."""
        self._stop_watching()

    def figures(self) -> Figures:
        """What the attack on screen did."""
        now = self._now
        if now is None:
            return {}
        return {
            "label": now.label,
            "prediction": now.prediction,
            "fools": str(now.fools),
            "still_fools_when_saved": str(now.still_fools_when_saved),
            "epsilon": now.settings.epsilon,
            "linf": now.linf,
            "l2": now.l2,
            "loss_before": abs(float(now.losses[0])),
            "loss_after": float(now.losses[-1]),
            "seconds": now.seconds,
        }

    def _stop_watching(self) -> None:
        if self._watched is not None:
            self._watched.cancel()
            self._watched = None
            self._asked = None
            self.transport.set_state("idle")

    # The frame.

    def tick(self) -> None:
        """Ask about what changed; paint what came."""
        assert self.image_source is not None
        self.image_source.tick()
        source = self.image_source
        if source.revision != self._watched_revision and not source.is_live:
            self._stop_watching()  # another image: the finished attack on that one
        if self._network is None:
            self._take_network()
        elif self._watched is not None:
            self._tick_watched(self._watched)
        else:
            self._tick_finished(self._network)

    def _take_network(self) -> None:
        answer = self._loading.latest
        if answer is None:
            return
        if answer.value is None:
            self._verdict.say(answer.problem or "", problem=True)
            return
        self._network = answer.value
        self.controls.set_classes(answer.value.class_names)

    def _tick_finished(self, network: networks.Network) -> None:
        source = self.image_source
        assert source is not None
        goal = Goal(source.revision, self.controls.settings())
        if goal != self._asked and source.picture is not None:
            self._asked = goal
            self._attacking.ask(attack, network, source.picture, source.inverted, goal.settings)
        answer = self._attacking.latest
        if answer is None or answer.ticket == self._shown:
            return
        self._shown = answer.ticket
        if answer.value is None:
            self._verdict.say(answer.problem or "", problem=True)
        else:
            self._show(answer.value)

    def _tick_watched(self, watched: Job[Comparison]) -> None:
        if watched.count != self._watched_count and watched.latest is not None:
            self._watched_count = watched.count
            self._show(watched.latest)
        if watched.error is not None:
            self.workspace.report(watched.problem or "", in_full(watched.error))
        if watched.ended:  # back to the finished attack, and Run begins anew
            self._stop_watching()
        else:
            self.transport.set_state(OF_A_JOB[watched.state])

    def _watch(self, *, paused: bool) -> None:
        source = self.image_source
        assert source is not None
        if self._network is None or source.picture is None:
            return
        self._watched_count, self._watched_revision = 0, source.revision
        self._watched = self.workspace.worker.start(
            watch(self._network, source.picture, source.inverted, self.controls.settings()),
            name=self.controls.attack.title,
            rate=SPEEDS[self.transport.speed][1],
            paused=paused,
        )

    def _pace(self) -> None:
        if self._watched is not None:
            self._watched.rate = SPEEDS[self.transport.speed][1]

    def _show(self, now: Comparison) -> None:
        names = self._network.class_names if self._network is not None else ()
        before, after = now.probabilities_before, now.probabilities_after
        label, said = names[now.label], names[now.prediction]
        self._now = now
        self._original.set_image(from_tensor(now.original))
        self._original.set_caption(f"Original: {label}, {before[now.label]:.1%}")
        self._adversarial.set_image(from_tensor(now.adversarial))
        self._adversarial.set_caption(f"Adversarial: {said}, {after[now.prediction]:.1%}")
        # The end of the colour scale stands for the largest change, where a pixel's would be 1.
        amplified = f", amplified {1 / now.linf:.3g} ×" if now.linf > 0 else ""
        shape = "\u2009×\u2009".join(str(length) for length in now.perturbation.shape)
        mosaic = tile(now.perturbation, signed=True)
        self._perturbation.set_maps(f"Perturbation{amplified}", shape, mosaic, now.perturbation)
        self._bars.set_pair(names, before.tolist(), after.tolist())
        steps = np.arange(len(now.losses), dtype=np.float64)
        self._losses.set_data("loss", steps, now.losses)
        self._confidences.set_data("true class", steps, now.true_confidence)
        self._confidences.set_data("new class", steps, now.new_confidence)
        settings = now.settings
        step_size = default_step_size(settings.epsilon, settings.steps)
        self._formula().set_values(
            {
                "adversarial": f"“{said}”",
                "original": f"“{label}”",
                "epsilon": f"{settings.epsilon:.3f}",
                "step_size": f"{step_size:.4f}",
                "loss": f"{abs(now.losses[0]):.3f} → {abs(now.losses[-1]):.3f}",
            }
        )
        self._verdict.say(self._verdict_on(now, said))

    def _verdict_on(self, now: Comparison, said: str) -> str:
        if not now.fools:
            verdict = f"Not fooled: the network still says {said}."
        elif now.still_fools_when_saved:
            verdict = f"Fooled: it says {said}, and still does after rounding to 8 bits."
        else:
            verdict = f"Fooled: it says {said}, but no longer after rounding to 8 bits."
        return (
            f"{verdict}  ‖δ‖∞ {now.linf:.4f} = {LEVELS * now.linf:.1f}/255 · ‖δ‖₂ {now.l2:.3f} · "
            f"{now.l0:,} pixels changed · step {now.step} of {now.steps} · "
            f"{1000 * now.seconds:.1f} ms"
        )

    def _changed(self) -> None:
        """A control moved: the finished attack at the new settings, on the next frame."""
        self._stop_watching()
        self._formula_stack.setCurrentWidget(self._formula())

    def _formula(self) -> Formula:
        """The formula of the chosen attack and goal."""
        settings = self.controls.settings()
        parts = self.controls.attack.formula_shown(targeted=settings.targeted, norm=settings.norm)
        if parts not in self._formulas:
            terms = [
                Term(part.text, part.quantity, *QUANTITIES.get(part.quantity or "", ("", None)))
                for part in parts
            ]
            self._formulas[parts] = Formula(terms)
            self._formula_stack.addWidget(self._formulas[parts])
        return self._formulas[parts]

    # The widgets.

    def _build(self) -> None:
        assert self.image_source is not None
        self.transport = Transport([name for name, _ in SPEEDS], speed=1)
        self.transport.run.connect(self.toggle)
        self.transport.pause.connect(self.toggle)
        self.transport.step.connect(self.step)
        self.transport.reset.connect(self.cancel)
        self.transport.speed_changed.connect(lambda _: self._pace())
        self.controls = AttackControls(self.workspace.settings, self.transport)
        self.controls.changed.connect(self._changed)
        self._original, self._adversarial = ImageView(), ImageView()
        self._perturbation = MosaicView()
        self._perturbation.set_placeholder("The perturbation")
        pictures = QHBoxLayout()
        pictures.setSpacing(10)
        for view in (self._original, self._perturbation, self._adversarial):
            pictures.addWidget(panel(view), 1)
        self._bars = Bars("probability")
        self._bars.set_title("Prediction")
        self._losses = Curves("Loss", "step", "cross-entropy")
        self._losses.add("loss", "loss", width=2.0)
        self._confidences = Curves("Confidence", "step", "probability")
        self._confidences.add("true class", "original", width=2.0)
        self._confidences.add("new class", "adversarial", width=2.0)
        self._confidences.set_y_range(0.0, 1.05)
        self._formula_stack = QStackedWidget()
        self._verdict = Readout("Loading the network …")
        measured = QHBoxLayout()
        measured.setSpacing(10)
        for widget, stretch in ((self._bars, 5), (self._losses, 4), (self._confidences, 4)):
            measured.addWidget(panel(widget), stretch)
        right = QVBoxLayout()
        right.setSpacing(10)
        right.addWidget(panel(self.controls))
        right.addLayout(pictures, 5)
        right.addWidget(panel(self._formula_stack, self._verdict))
        right.addLayout(measured, 4)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.image_source)
        layout.addLayout(right, 1)


def attack(
    network: networks.Network, picture: Picture, invert: bool, settings: Settings
) -> Comparison:
    """The finished attack on a picture; runs on the worker."""
    return compare(network, prepare(network, picture, invert), settings)


def watch(
    network: networks.Network, picture: Picture, invert: bool, settings: Settings
) -> Iterator[Comparison]:
    """The attack on a picture, step by step; runs on the worker."""
    yield from compare_steps(network, prepare(network, picture, invert), settings)


def prepare(network: networks.Network, picture: Picture, invert: bool) -> torch.Tensor:
    """A picture as the network's input (1, C, H, W)."""
    return probes.prepare(images.from_array(picture), network, invert=invert)
