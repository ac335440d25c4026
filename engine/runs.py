"""Each algorithm as the headless commands see it: how a run is made, watched and judged.

A run is a learner whose generator can be pulled, and which says in words and in columns how it
went; the learners themselves know nothing of commands.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

import torch

from engine import snapshot
from engine.agents import dqn
from engine.agents.evaluation import evaluate
from engine.checkpoints import Checkpoint
from engine.cnn import networks, training
from engine.data import load_dataset
from engine.settings import override

RECENT_EPISODES = 20  # whose mean return the progress bar shows

SettingsType = TypeVar("SettingsType")

Curve: TypeAlias = tuple[tuple[str, ...], Sequence[Sequence[float | None]]]
"""Names and columns of a table; None where nothing was measured."""

Judgement: TypeAlias = tuple[dict[str, Any], str]
"""The figures of an evaluation, for JSON, and the same in a sentence."""


class Run(Protocol):
    """What ``headless.train`` needs of a run of any algorithm."""

    def train(self) -> Iterator[snapshot.Snapshot]:
        """The generator that the window runs."""

    def describe(self) -> str:
        """Where the run stands, for the progress bar."""

    def curve(self) -> Curve:
        """Names and columns of ``returns.csv``."""

    def checkpoint(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        """Weights and header; ``CheckpointError`` while there is nothing to save."""


class DQNRun:
    """A run of DQN."""

    def __init__(
        self,
        environment_id: str,
        steps: int | None,
        seed: int,
        overrides: Sequence[str],
        device: torch.device,
    ) -> None:
        settings = _settings(dqn.Settings, steps, seed, overrides)
        self._learner = dqn.Learner(environment_id, settings, device)
        self._latest: dqn.DQNSnapshot | None = None
        self.checkpoint = self._learner.checkpoint

    def train(self) -> Iterator[dqn.DQNSnapshot]:
        for latest in self._learner.train():
            self._latest = latest
            yield latest

    def describe(self) -> str:
        latest = self._latest
        if latest is None:
            return "starting"
        words = f"{latest.step:,} steps, {latest.episodes:,} episodes"
        if latest.episodes:
            words += f", return {latest.returns[-RECENT_EPISODES:].mean():.1f}"
        return words

    def curve(self) -> Curve:
        names, latest = ("episode", "step", "return"), self._latest
        if latest is None:
            return names, ((), (), ())
        episodes = range(1, latest.episodes + 1)
        steps = [int(step) for step in latest.episode_steps]
        return names, (episodes, steps, latest.returns.tolist())


def judge_dqn(checkpoint: Checkpoint, path: Path, episodes: int, seed: int) -> Judgement:
    """The greedy policy's returns in fresh episodes of its environment.

    Raises:
        CheckpointError, EnvironmentChoiceError: as ``dqn.load_network``.
    """
    network = dqn.load_network(checkpoint, path.name)
    environment_id = str(checkpoint.header["environment"])
    result = snapshot.last(evaluate(network.q_values, environment_id, episodes=episodes, seed=seed))
    figures = {
        "algorithm": "dqn",
        "environment": environment_id,
        "episodes": episodes,
        "seed": seed,
        "mean_return": result.mean,
        "std_return": result.std,
    }
    sentence = (
        f"{environment_id}: mean return {result.mean:.2f}, standard deviation {result.std:.2f}, "
        f"over {episodes} greedy episodes."
    )
    return figures, sentence


class CNNRun:
    """The training of a CNN; its environment is a data set."""

    def __init__(
        self,
        dataset_name: str,
        steps: int | None,
        seed: int,
        overrides: Sequence[str],
        device: torch.device,
    ) -> None:
        settings = _settings(training.Settings, steps, seed, overrides)
        self._learner = training.Learner(dataset_name, settings, device)
        self._latest: training.TrainingSnapshot | None = None
        self.checkpoint = self._learner.checkpoint

    def train(self) -> Iterator[training.TrainingSnapshot]:
        for latest in self._learner.train():
            self._latest = latest
            yield latest

    def describe(self) -> str:
        latest = self._latest
        if latest is None:
            return "starting"
        words = f"{latest.step:,} batches, loss {latest.loss:.4f}"
        if latest.test_accuracy is not None:
            words += f", test accuracy {latest.test_accuracy:.2%}"
        return words

    def curve(self) -> Curve:
        names, latest = ("step", "loss", "accuracy"), self._latest
        if latest is None:
            return names, ((), (), ())
        measured = dict(zip(latest.test_steps, latest.test_accuracies, strict=True))
        steps = range(1, latest.step + 1)
        # Accuracy stays empty at the steps where it was not measured.
        return names, (steps, latest.losses.tolist(), [measured.get(step) for step in steps])


def judge_cnn(checkpoint: Checkpoint, path: Path, episodes: int, seed: int) -> Judgement:
    """The accuracy on all test images; nothing is drawn, so episodes and seed have no part.

    Raises:
        NetworkError, DataError: the network or its data set cannot be loaded.
    """
    network = networks.load(str(path))
    dataset = load_dataset(str(checkpoint.header.get("dataset")), train=False)
    accuracy = training.evaluate(network, dataset.images, dataset.labels)
    images = len(dataset.labels)
    figures = {
        "algorithm": "cnn",
        "dataset": dataset.name,
        "images": images,
        "accuracy": accuracy,
    }
    return figures, f"{dataset.name}: {accuracy:.2%} of {images:,} test images read right."


def _settings(
    settings_type: type[SettingsType], steps: int | None, seed: int, overrides: Sequence[str]
) -> SettingsType:
    """The settings with ``name=value`` overrides; ``steps`` None leaves the algorithm's own."""
    values = override(settings_type, overrides) | {"seed": seed}
    if steps is not None:
        values["steps"] = steps
    return settings_type(**values)
