"""What one press in the lab shows: an image, what an attack makes of it, and what that does."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from engine.adversarial.ascent import AttackSnapshot
from engine.adversarial.attack import attacks
from engine.adversarial.balls import BALLS
from engine.adversarial.objective import AttackError, answers, check_images
from engine.settings import check, setting
from engine.snapshot import Snapshot

LARGEST_LENGTH = 10_000  # in pixel units; from black to white, 12 megapixels change by 6,000


@dataclass(frozen=True)
class Settings:
    """What the lab can set, with meanings and ranges for ``engine.settings.explain``.

    Which of them an attack uses is in ``Attack.settings``; all use ``targeted`` and ``target``.
    """

    attack: str = setting("pgd", "Which attack; one of engine.adversarial.attacks().")
    epsilon: float = setting(
        0.1,
        "Largest perturbation, in pixel units. L∞: 8/255 for photos, 0.3 for digits; L2: 0.5 to 3.",
        0,
        LARGEST_LENGTH,
    )
    step_size: float | None = setting(
        None,
        "Length of one step (alpha), in pixel units; none: 2.5 epsilon / steps.",
        0,
        LARGEST_LENGTH,
    )
    steps: int = setting(10, "Gradient steps; usually 10 to 100.", 0, 100_000)
    norm: str = setting(
        "linf",
        "What epsilon measures: linf, the largest change of a pixel; l2, the whole length.",
        choices=tuple(BALLS),
    )
    random_start: bool = setting(True, "Start at a random point of the ball, not at the image.")
    targeted: bool = setting(False, "Push towards one class, instead of away from the true one.")
    target: int | None = setting(
        None,
        "The class to push towards; none: the one that the network finds least likely.",
        0,
        10**6,
    )
    seed: int = setting(0, "Of the random start; the same seed, the same result.", 0, 2**31)

    def __post_init__(self) -> None:
        check(self)


def default_step_size(epsilon: float, steps: int) -> float:
    """2.5 epsilon / steps: from any start, the steps reach the far side and can still move there.

    Source: the L2 and L-infinity experiments of Madry et al. 2018, with 100 steps.
    """
    return 2.5 * epsilon / max(steps, 1)


@dataclass(frozen=True, kw_only=True)
class Comparison(Snapshot):
    """An image beside its adversarial version as it stands after ``step`` of ``steps`` moves.

    settings: what was asked for.
    original, adversarial, perturbation: (C, H, W) float32; the images in [0, 1], the perturbation
        is adversarial minus original.
    saved: the adversarial image as a saved picture holds it, (C, H, W), rounded to 8 bits.
    label: the true class: given, or else what the network says of the original.
    target: the class that a targeted attack aims for; None if untargeted.
    prediction: what the network says of the adversarial image.
    fools: away from the label, or at the target, on the adversarial image itself.
    still_fools_when_saved: the same, on the network's answer to ``saved``.
    probabilities_before, probabilities_after: of each class, (K,), original and adversarial.
    losses: cross-entropy to the label, or to the target, at each step so far, (step + 1,), nats.
    true_confidence: probability of the label at each step so far, (step + 1,).
    new_confidence: of the target, or else of the most probable class that is not the label.
    l0: pixels that changed, in any channel. l2, linf: length and largest value of the perturbation.
    seconds: what the attack has computed so far, without pauses.
    """

    settings: Settings
    step: int
    steps: int
    original: NDArray[np.float32]
    adversarial: NDArray[np.float32]
    perturbation: NDArray[np.float32]
    saved: NDArray[np.uint8]
    label: int
    target: int | None
    prediction: int
    fools: bool
    still_fools_when_saved: bool
    probabilities_before: NDArray[np.float32]
    probabilities_after: NDArray[np.float32]
    losses: NDArray[np.float32]
    true_confidence: NDArray[np.float32]
    new_confidence: NDArray[np.float32]
    l0: int
    l2: float
    linf: float
    seconds: float


def compare(
    network: torch.nn.Module,
    image: torch.Tensor | NDArray[np.floating],
    settings: Settings,
    *,
    label: int | None = None,
) -> Comparison:
    """Attack one image, (C, H, W) or (1, C, H, W) in [0, 1], to the end.

    label: what the image really shows; None for what the network says of it.

    Raises:
        AttackError: the image, the network or a setting does not allow it; the message says why.
    """
    attempt = _Attempt(network, image, settings, label)
    for snapshot in attempt.snapshots():
        newest = snapshot
    return attempt.comparison(newest)


def compare_steps(
    network: torch.nn.Module,
    image: torch.Tensor | NDArray[np.floating],
    settings: Settings,
    *,
    label: int | None = None,
) -> Iterator[Comparison]:
    """The same, watched: how it stands at the start and after each step."""
    attempt = _Attempt(network, image, settings, label)
    for snapshot in attempt.snapshots():
        yield attempt.comparison(snapshot)


class _Attempt:
    """One attack on one image, and the record of its steps."""

    def __init__(
        self,
        network: torch.nn.Module,
        image: torch.Tensor | NDArray[np.floating],
        settings: Settings,
        label: int | None,
    ) -> None:
        weights = next(network.parameters(), None)
        self._network = network
        self._device = torch.device("cpu") if weights is None else weights.device
        self._original = _as_batch(image).to(self._device, copy=True)
        check_images(self._original)
        self._before = self._probabilities(self._original)
        self._label = int(self._before.argmax()) if label is None else label
        if not 0 <= self._label < len(self._before):
            raise AttackError(
                f"The label {self._label} is out of range: the network knows {len(self._before)} "
                f"classes, 0 to {len(self._before) - 1}."
            )
        self._target = self._chosen_target(settings) if settings.targeted else None
        if self._target == self._label:
            raise AttackError(
                "The target is what the image shows already; choose another class to push towards."
            )
        self._settings = settings
        self._losses: list[np.float32] = []
        self._probabilities_by_step: list[NDArray[np.float32]] = []
        self._seconds = 0.0

    def snapshots(self) -> Iterator[AttackSnapshot]:
        """Run the attack, keeping of every step what the curves show."""
        settings = self._settings
        attack = attacks().get(settings.attack)
        if attack is None:
            raise AttackError(
                f"There is no attack '{settings.attack}'; choose one of {', '.join(attacks())}."
            )
        if settings.step_size is None:
            step_size = default_step_size(settings.epsilon, settings.steps)
            settings = replace(settings, step_size=step_size)
        wanted = self._label if self._target is None else self._target
        running = attack.run(
            self._network,
            self._original,
            torch.tensor([wanted]),
            targeted=settings.targeted,
            **{name: getattr(settings, name) for name in attack.settings},
        )
        while True:
            began = time.perf_counter()
            snapshot = next(running, None)
            self._seconds += time.perf_counter() - began
            if snapshot is None:
                return
            self._losses.append(snapshot.losses[0])
            self._probabilities_by_step.append(snapshot.probabilities[0])
            yield snapshot

    def comparison(self, snapshot: AttackSnapshot) -> Comparison:
        """How things stand at the newest snapshot."""
        saved = np.rint(snapshot.adversarial[0] * 255).astype(np.uint8)
        opened = torch.from_numpy(saved).to(self._device, torch.float32)[None] / 255
        prediction = int(snapshot.probabilities[0].argmax())
        prediction_saved = int(self._probabilities(opened).argmax())
        curves = np.stack(self._probabilities_by_step)
        others = np.delete(curves, self._label, axis=1).max(axis=1)
        change = snapshot.perturbation[0]
        return Comparison(
            progress=snapshot.progress,
            settings=self._settings,
            step=snapshot.step,
            steps=snapshot.steps,
            original=self._original[0].cpu().numpy(),
            adversarial=snapshot.adversarial[0],
            perturbation=change,
            saved=saved,
            label=self._label,
            target=self._target,
            prediction=prediction,
            fools=bool(snapshot.fooled[0]),
            still_fools_when_saved=self._fools(prediction_saved),
            probabilities_before=self._before,
            probabilities_after=snapshot.probabilities[0],
            losses=np.array(self._losses, dtype=np.float32),
            true_confidence=curves[:, self._label],
            new_confidence=others if self._target is None else curves[:, self._target],
            l0=int((change != 0).any(axis=0).sum()),
            l2=float(np.linalg.norm(change)),
            linf=float(np.abs(change).max()),
            seconds=self._seconds,
        )

    def _probabilities(self, images: torch.Tensor) -> NDArray[np.float32]:
        with torch.no_grad():
            shares = answers(self._network, images)[0].float().softmax(dim=0)
        array: NDArray[np.float32] = shares.cpu().numpy()
        return array

    def _fools(self, prediction: int) -> bool:
        return prediction != self._label if self._target is None else prediction == self._target

    def _chosen_target(self, settings: Settings) -> int:
        if settings.target is not None:
            return settings.target
        others = np.where(np.arange(len(self._before)) == self._label, np.inf, self._before)
        return int(others.argmin())


def _as_batch(image: torch.Tensor | NDArray[np.floating]) -> torch.Tensor:
    tensor = torch.as_tensor(image)
    if tensor.ndim == 3:
        tensor = tensor[None]
    if tensor.ndim != 4 or len(tensor) != 1:
        raise AttackError(
            f"The image has shape {tuple(tensor.shape)}, but must be (channels, height, width)."
        )
    return tensor.float() if tensor.is_floating_point() else tensor
