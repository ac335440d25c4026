"""The replay memory of DQN: the last so many transitions, to learn from in random order."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Transitions:
    """B transitions (s, a, r, s', end).

    observations, next_observations: float32 (B, *observation_shape); next_observations is where
        the step led, also at the end of an episode.
    actions: int64 (B,). rewards: float32 (B,).
    terminated: bool (B,), whether s' is an end of the task, after which nothing more is earned.
        An episode that was merely cut off by a time limit is not: its s' still has a value.
    """

    observations: NDArray[np.float32]
    actions: NDArray[np.int64]
    rewards: NDArray[np.float32]
    next_observations: NDArray[np.float32]
    terminated: NDArray[np.bool_]


class ReplayMemory:
    """A ring of transitions in arrays that are allocated once (Lin 1992; Mnih et al. 2015)."""

    def __init__(self, capacity: int, observation_shape: tuple[int, ...]) -> None:
        if capacity < 1:
            raise ValueError(f"A replay memory needs room for a transition, not for {capacity}.")
        self._observations = np.empty((capacity, *observation_shape), dtype=np.float32)
        self._actions = np.empty(capacity, dtype=np.int64)
        self._rewards = np.empty(capacity, dtype=np.float32)
        self._next_observations = np.empty_like(self._observations)
        self._terminated = np.empty(capacity, dtype=np.bool_)
        self._next = 0
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def capacity(self) -> int:
        """How many transitions fit before the oldest is forgotten."""
        return len(self._actions)

    def add(self, transitions: Transitions) -> None:
        """Remember B transitions in the place of the B oldest.

        Raises:
            ValueError: there are more of them than the memory holds.
        """
        count = len(transitions.actions)
        if count > self.capacity:
            raise ValueError(f"{count} transitions do not fit into {self.capacity} places.")
        rows = (self._next + np.arange(count)) % self.capacity
        self._observations[rows] = transitions.observations
        self._actions[rows] = transitions.actions
        self._rewards[rows] = transitions.rewards
        self._next_observations[rows] = transitions.next_observations
        self._terminated[rows] = transitions.terminated
        self._next = (self._next + count) % self.capacity
        self._size = min(self._size + count, self.capacity)

    def sample(self, batch_size: int, rng: np.random.Generator) -> Transitions:
        """``batch_size`` transitions, each drawn uniformly (one may come twice), as copies.

        Raises:
            ValueError: the memory holds fewer than that.
        """
        if batch_size > self._size:
            raise ValueError(
                f"The replay memory holds {self._size} transitions, too few for a batch of "
                f"{batch_size}: let it fill first (a longer warm-up, or a smaller batch)."
            )
        rows = rng.integers(self._size, size=batch_size)
        return Transitions(
            self._observations[rows],
            self._actions[rows],
            self._rewards[rows],
            self._next_observations[rows],
            self._terminated[rows],
        )
