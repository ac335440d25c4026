"""The loop of every gradient attack, over tensors, and the snapshots that a window makes of it.

    for each step:  look at the gradient of the loss at x,  then  x <- move(x, gradient)

An attack is a ``move`` and a start. The loop copies nothing and computes nothing that only a
picture needs; ``snapshots`` does, and takes the probabilities of a step from the very forward pass
that computes its gradient.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from engine.adversarial.objective import Objective
from engine.snapshot import Snapshot

Move = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Iterate(NamedTuple):
    """Where an attack stands: images (N, C, H, W) and the network's logits (N, K) on them.

    The logits of the last iterate are None: no gradient is wanted there, so nothing computed them.
    """

    images: torch.Tensor
    logits: torch.Tensor | None


@dataclass(frozen=True, kw_only=True)
class AttackSnapshot(Snapshot):
    """What an attack on a batch has reached; step 0 is its start.

    step, steps: moves made so far, and of the whole attack.
    adversarial: the images now, (N, C, H, W) float32 in [0, 1].
    perturbation: adversarial minus original, (N, C, H, W) float32.
    losses: cross-entropy to the label (it climbs) or to the target (it falls), in nats, (N,).
    probabilities: of each class, (N, K) float32.
    fooled: whether each image succeeds as it stands, (N,) bool.
    """

    step: int
    steps: int
    adversarial: NDArray[np.float32]
    perturbation: NDArray[np.float32]
    losses: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    fooled: NDArray[np.bool_]


def ascend(objective: Objective, start: torch.Tensor, move: Move, steps: int) -> Iterator[Iterate]:
    """Yield the start and the images after each of ``steps`` moves: steps + 1 iterates.

    ``move(images, gradient)`` answers with new images and writes to neither.

    Raises:
        AttackError: as ``Objective.gradient``.
    """
    images = start
    for _ in range(steps):
        logits, gradient = objective.gradient(images)
        yield Iterate(images, logits)
        images = move(images, gradient)
    yield Iterate(images, None)


def snapshots(
    objective: Objective, iterates: Iterator[Iterate], steps: int
) -> Iterator[AttackSnapshot]:
    """Each iterate as a snapshot, with success computed from those very images.

    Raises:
        AttackError: as ``Objective.gradient``, also for the last iterate's logits.
    """
    for step, (images, known_logits) in enumerate(iterates):
        with torch.no_grad():
            logits = objective.logits(images) if known_logits is None else known_logits
        yield AttackSnapshot(
            progress=step / steps if steps else 1.0,
            step=step,
            steps=steps,
            adversarial=_array(images.float()),
            perturbation=_array((images - objective.images).float()),
            losses=_array(objective.losses(logits).float()),
            probabilities=_array(logits.float().softmax(dim=1)),
            fooled=_array(objective.fooled(logits)),
        )


def last_images(iterates: Iterator[Iterate]) -> torch.Tensor:
    """Run an attack to its end; its images (N, C, H, W)."""
    for iterate in iterates:
        images = iterate.images
    return images


def _array(tensor: torch.Tensor) -> NDArray[Any]:
    array: NDArray[Any] = tensor.cpu().numpy()
    return array
