"""Training the digits network: AdamW (Loshchilov & Hutter 2019) under a one-cycle learning rate.

Read this file from top to bottom: settings, learning rate, snapshot, learner, evaluation.
"""

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from engine.checkpoints import CheckpointError
from engine.cnn.augmentation import augment
from engine.cnn.networks import KIND, DigitsNetwork, Network
from engine.data import load_dataset
from engine.history import Series
from engine.settings import check, setting
from engine.snapshot import Snapshot

RECENT_BATCHES = 100
EVALUATION_BATCH = 500
WARM_UP = 0.2  # fraction of the run in which the learning rate rises


@dataclass(frozen=True)
class Settings:
    """What can be set, with meanings and ranges for ``engine.settings.explain``."""

    steps: int = setting(
        7_000, "Batches of the whole run; 469 of 128 images are one epoch of MNIST.", 1, 10**7
    )
    seed: int = setting(0, "Where all randomness starts; the same seed, the same run.", 0, 2**31)
    batch_size: int = setting(128, "Images in one batch; usually 32 to 512.", 1, 8_192)
    learning_rate: float = setting(
        4e-3, "Peak of the one-cycle learning rate of AdamW; usually 1e-3 to 1e-2.", 1e-7, 1.0
    )
    weight_decay: float = setting(
        1e-2, "How strongly AdamW pulls the weights to zero; usually 1e-4 to 1e-1.", 0.0, 10.0
    )
    augmentation: float = setting(
        1.0,
        "Strength of random moves, turns and strokes; 0 shows the images as they are.",
        0.0,
        2.0,
    )
    evaluation_interval: int = setting(
        1_000, "Batches between two evaluations on the test images; usually 500 to 5,000.", 1, 10**7
    )

    def __post_init__(self) -> None:
        check(self)


def one_cycle(progress: float, peak: float) -> float:
    """The learning rate at ``progress`` in [0, 1]: half a cosine up to ``peak``, then one to 0.

    As Smith & Topin (2018), with the cosine in place of their straight lines, and without the
    momentum that mirrors it.
    """
    if progress < WARM_UP:
        return peak * (1 - math.cos(math.pi * progress / WARM_UP)) / 2
    return peak * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP))) / 2


@dataclass(frozen=True, kw_only=True)
class TrainingSnapshot(Snapshot):
    """What the learner knows after one batch, or after a piece of an evaluation.

    step: batches so far. epoch: passes over the training images so far, not whole.
    loss: cross-entropy of the last batch; NaN before the first. learning_rate: of the last batch.
    train_accuracy: over the last ``RECENT_BATCHES`` batches, augmented and before each update; NaN
        before the first.
    test_accuracy: of the latest evaluation, on all test images; None before the first.
    losses: float64 (step,), of every batch.
    test_accuracies, test_steps: float64, of every evaluation.
    evaluating: whether an evaluation is going on, and learning waits.
    """

    step: int
    epoch: float
    loss: float
    learning_rate: float
    train_accuracy: float
    test_accuracy: float | None
    losses: NDArray[np.float64]
    test_accuracies: NDArray[np.float64]
    test_steps: NDArray[np.float64]
    evaluating: bool


class Learner:
    """A training run. It costs nothing until the first snapshot is pulled from ``train``.

    network: the network being trained; None before the first snapshot.
    """

    def __init__(
        self,
        dataset_name: str,
        settings: Settings | None = None,
        device: torch.device | str = "cpu",
        data: Path | None = None,
    ) -> None:
        """``data`` is the folder of the data set, as ``engine.data.load_dataset`` takes it."""
        self.dataset_name = dataset_name
        self.settings = settings or Settings()
        self.device = torch.device(device)
        self.network: Network | None = None
        self.step = 0
        self._folder = data
        self._test_images = 0
        self._losses, self._test_accuracies, self._test_steps = Series(), Series(), Series()

    def train(self) -> Iterator[TrainingSnapshot]:
        """Train until ``settings.steps``; one slice is one batch, or 500 images of an evaluation.

        All randomness comes from ``settings.seed``, and torch's global generator is left alone. On
        the CPU with a given number of threads the same seed gives the same run to the last bit.

        Raises:
            DataError: the data set cannot be used.
        """
        settings = self.settings
        training = load_dataset(self.dataset_name, self._folder, train=True)
        test = load_dataset(self.dataset_name, self._folder, train=False)
        self._test_images = len(test.labels)
        images = torch.tensor(training.images, device=self.device)
        labels = torch.tensor(training.labels, device=self.device)
        batches_per_epoch = max(1, len(labels) // settings.batch_size)
        self.network = network = _initial_network(settings.seed).to(self.device)
        optimizer = torch.optim.AdamW(network.parameters(), weight_decay=settings.weight_decay)
        generator = torch.Generator().manual_seed(settings.seed)
        recent: deque[float] = deque(maxlen=RECENT_BATCHES)
        order = torch.empty(0, dtype=torch.int64)

        def snapshot(*, evaluating: bool = False) -> TrainingSnapshot:
            losses, accuracies = self._losses.view(), self._test_accuracies.view()
            return TrainingSnapshot(
                progress=self.step / settings.steps,
                step=self.step,
                epoch=self.step / batches_per_epoch,
                loss=float(losses[-1]) if len(losses) else math.nan,
                learning_rate=float(optimizer.param_groups[0]["lr"]),
                train_accuracy=float(np.mean(recent)) if recent else math.nan,
                test_accuracy=float(accuracies[-1]) if len(accuracies) else None,
                losses=losses,
                test_accuracies=accuracies,
                test_steps=self._test_steps.view(),
                evaluating=evaluating,
            )

        optimizer.param_groups[0]["lr"] = 0.0
        yield snapshot()
        while self.step < settings.steps:
            # The images of the next batch, from an order that is shuffled anew for every epoch.
            position = self.step % batches_per_epoch * settings.batch_size
            if position == 0:
                order = torch.randperm(len(labels), generator=generator)
            chosen = order[position : position + settings.batch_size].to(self.device)
            batch = augment(images[chosen] / 255, settings.augmentation, generator)

            # One step of gradient descent.
            fraction = (self.step + 1) / (settings.steps + 1)
            optimizer.param_groups[0]["lr"] = one_cycle(fraction, settings.learning_rate)
            network.train()
            logits = network(batch)
            loss = F.cross_entropy(logits, labels[chosen])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            self.step += 1
            self._losses.append(loss.item())
            recent.append((logits.argmax(1) == labels[chosen]).float().mean().item())
            yield snapshot()

            if self.step % settings.evaluation_interval == 0 or self.step == settings.steps:
                correct = 0
                for correct_here in _correct(network, test.images, test.labels):
                    correct += correct_here
                    yield snapshot(evaluating=True)
                self._test_accuracies.append(correct / len(test.labels))
                self._test_steps.append(self.step)
                yield snapshot()

    def checkpoint(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        """The present weights and their description, for ``engine.checkpoints.save_checkpoint``.

        The evaluation is there only if it judged these very weights.

        Raises:
            CheckpointError: nothing was learned yet.
        """
        if self.network is None:
            raise CheckpointError("The run has not begun, so there is nothing to save.")
        steps, accuracies = self._test_steps.view(), self._test_accuracies.view()
        judged = len(steps) > 0 and steps[-1] == self.step
        header = {
            "algorithm": KIND,
            "architecture": "digits",
            "dataset": self.dataset_name,
            "settings": asdict(self.settings),
            "seed": self.settings.seed,
            "steps": self.step,
            "evaluation": {
                "test_accuracy": float(accuracies[-1]),
                "test_images": self._test_images,
            }
            if judged
            else None,
        }
        return self.network.state_dict(), header


def train(
    dataset_name: str,
    settings: Settings | None = None,
    device: torch.device | str = "cpu",
    data: Path | None = None,
) -> Iterator[TrainingSnapshot]:
    """Train the digits network on ``dataset_name``; see ``Learner.train``."""
    return Learner(dataset_name, settings, device, data).train()


def evaluate(network: Network, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> float:
    """The fraction of ``images`` (N, C, H, W) that ``network`` gives its label (N,).

    Raises:
        ValueError: there is no image.
    """
    if len(labels) == 0:
        raise ValueError("An accuracy needs at least one image.")
    return sum(_correct(network, images, labels)) / len(labels)


def _initial_network(seed: int) -> Network:
    """Weights that come from the seed alone, without a trace in the generator that all share."""
    with torch.random.fork_rng(devices=[]):
        # Not torch.manual_seed, which would seed the GPUs as well.
        torch.default_generator.manual_seed(seed)
        return DigitsNetwork()


def _correct(
    network: Network, images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> Iterator[int]:
    """How many images are read right, one batch at a time."""
    device = next(network.parameters()).device
    for start in range(0, len(labels), EVALUATION_BATCH):
        part = slice(start, start + EVALUATION_BATCH)
        batch = torch.tensor(images[part], device=device) / 255
        was_training = network.training
        network.eval()
        with torch.inference_mode():
            found = network(batch).argmax(1).cpu().numpy()
        network.train(was_training)
        yield int((found == labels[part]).sum())
