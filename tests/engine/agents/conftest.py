"""A corridor whose every number is known beforehand."""

from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small networks are many times slower with more threads than free cores."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Corridor(gymnasium.Env[Any, Any]):
    """Start at 0; action 1 goes one right and earns 1; at 3 the task ends. Action 0 stays."""

    observation_space = Box(0.0, 3.0, (1,), np.float32)
    action_space = Discrete(2)

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self._place = 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self._place = 0
        return self._observation(), {}

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self._place += int(action)
        return self._observation(), float(action), self._place == 3, False, {}

    def _observation(self) -> Any:
        return np.array([self._place], dtype=np.float32)


@pytest.fixture
def corridor() -> Iterator[str]:
    """The id of the corridor, cut off by a time limit of 5 steps."""
    name = "DeepscopeCorridor-v0"
    gymnasium.register(name, entry_point=Corridor, max_episode_steps=5)
    yield name
    del gymnasium.registry[name]
