"""How good a frozen policy is: the returns of whole greedy episodes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.agents import environments
from engine.snapshot import Snapshot

QValues: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Observations (B, size) to Q-values (B, actions)."""

LARGEST_VECTOR = 20
STEPS_A_SLICE = 10


@dataclass(frozen=True, kw_only=True)
class EvaluationSnapshot(Snapshot):
    """The episodes that have ended so far.

    returns: float64 (finished,), undiscounted, in the order in which they ended.
    episodes: how many there will be.
    """

    returns: NDArray[np.float64]
    episodes: int

    @property
    def mean(self) -> float:
        """Mean return of the finished episodes; NaN before the first."""
        return float(self.returns.mean()) if len(self.returns) else float("nan")

    @property
    def std(self) -> float:
        """Standard deviation over the finished episodes (divided by n); NaN before the first."""
        return float(self.returns.std()) if len(self.returns) else float("nan")


def evaluate(
    q_values: QValues, environment_id: str, *, episodes: int, seed: int
) -> Iterator[EvaluationSnapshot]:
    """Play ``episodes`` whole episodes greedily, several side by side.

    Each environment has a fixed share of the episodes. Taking the first to end instead would
    favour short ones, which in most tasks are the bad ones.

    Raises:
        ValueError: fewer than one episode.
        EnvironmentChoiceError: the environment cannot be used.
    """
    if episodes < 1:
        raise ValueError(f"An evaluation needs at least one episode, not {episodes}.")
    count = min(episodes, LARGEST_VECTOR)
    remaining = np.array([len(share) for share in np.array_split(np.arange(episodes), count)])
    running = np.zeros(count)
    returns: list[float] = []
    vector = environments.make_vector(environment_id, count, seed=seed)
    try:
        environments.count_actions(environment_id, vector.single_action_space)
        observations, _ = vector.reset()
        steps = 0
        while len(returns) < episodes:
            actions = q_values(np.asarray(observations, dtype=np.float32)).argmax(axis=1)
            observations, rewards, terminated, truncated, _ = vector.step(actions)
            running += rewards
            for index in np.flatnonzero(terminated | truncated):
                if remaining[index] > 0:
                    remaining[index] -= 1
                    returns.append(float(running[index]))
                running[index] = 0.0
            steps += 1
            if steps % STEPS_A_SLICE == 0 or len(returns) == episodes:
                yield EvaluationSnapshot(
                    progress=len(returns) / episodes, returns=np.array(returns), episodes=episodes
                )
    finally:
        vector.close()
