"""Gymnasium environments, made so that every algorithm can use them alike.

Observations are always one row of numbers: a position in a table becomes a one-hot row, a picture
a long row. Actions of a discrete environment always count from 0.
"""

import os
import warnings
from functools import partial
from typing import Any, TypeAlias

# pygame reads this when it is imported, which Gymnasium does at the first rendered frame.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import FlattenObservation, TransformAction
from numpy.typing import NDArray

Environment: TypeAlias = "gymnasium.Env[Any, Any]"

LONGEST_EPISODE = 27_000
"""Steps after which an episode is truncated where an environment sets no limit of its own.

A greedy policy can walk in a circle for ever. This is the limit of the Atari literature: half an
hour of play at 60 frames a second and four frames a step.
"""

ACTION_NAMES = {
    "Acrobot": ("torque -1", "torque 0", "torque +1"),
    "Blackjack": ("stick", "hit"),
    "CartPole": ("left", "right"),
    "CliffWalking": ("up", "right", "down", "left"),
    "FrozenLake": ("left", "down", "right", "up"),
    "LunarLander": ("nothing", "left engine", "main engine", "right engine"),
    "MountainCar": ("left", "coast", "right"),
    "Taxi": ("south", "north", "east", "west", "pick up", "drop off"),
}


class EnvironmentChoiceError(Exception):
    """An environment that cannot be used; the message says why and what will do instead."""


def make(environment_id: str, *, render: bool = False, seed: int | None = None) -> Environment:
    """One environment, seeded; with ``render``, its ``render()`` gives a uint8 (H, W, 3) frame.

    Raises:
        EnvironmentChoiceError: the id is unknown, needs a package that is not installed, or is
            to be drawn and cannot be.
    """
    if render:
        # Frames are drawn into memory. The dummy drivers keep pygame from opening a display, an
        # audio device, or on macOS a Cocoa application outside the main thread.
        os.environ["SDL_VIDEODRIVER"] = os.environ["SDL_AUDIODRIVER"] = "dummy"
    try:
        if environment_id.startswith("ALE/"):
            import ale_py

            gymnasium.register_envs(ale_py)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # advice on newer versions: the person chose this one
            environment: Environment = gymnasium.make(
                environment_id,
                render_mode="rgb_array" if render else None,
                disable_env_checker=True,
            )
    except (gymnasium.error.DependencyNotInstalled, ImportError) as error:
        raise EnvironmentChoiceError(
            f"{environment_id} needs a package that is not installed here: {error} "
            "CartPole-v1 works without it."
        ) from error
    except gymnasium.error.Error as error:
        raise EnvironmentChoiceError(
            f"There is no environment '{environment_id}': {error} "
            "Try CartPole-v1, Acrobot-v1 or MountainCar-v0."
        ) from error
    if render and "rgb_array" not in environment.metadata.get("render_modes", ()):
        environment.close()
        raise EnvironmentChoiceError(
            f"{environment_id} draws no pictures, so it cannot be watched. It can be trained all "
            "the same."
        )
    if environment.spec is not None and environment.spec.max_episode_steps is None:
        environment = gymnasium.wrappers.TimeLimit(environment, LONGEST_EPISODE)
    actions = environment.action_space
    if isinstance(actions, Discrete) and actions.start != 0:
        shift = int(actions.start)
        environment = TransformAction(
            environment, lambda action: action + shift, Discrete(int(actions.n))
        )
    observations = environment.observation_space
    if not isinstance(observations, Box) or len(observations.shape) != 1:
        environment = FlattenObservation(environment)
    environment.reset(seed=seed)
    return environment


def make_vector(environment_id: str, count: int, *, seed: int) -> SyncVectorEnv:
    """``count`` environments that step together, the i-th seeded with ``seed + i``.

    An environment whose episode ends starts the next one in the same step; the observation that
    the episode really ended with is what ``next_observations`` gives.

    Raises:
        EnvironmentChoiceError: as ``make``.
    """
    return SyncVectorEnv(
        [partial(make, environment_id, seed=seed + index) for index in range(count)],
        autoreset_mode=AutoresetMode.SAME_STEP,
    )


def next_observations(
    observations: NDArray[np.float32], ended: NDArray[np.bool_], infos: dict[str, Any]
) -> NDArray[np.float32]:
    """Where each step really led: the s' of (s, a, r, s'), shape (count, size).

    ``observations`` is what ``step`` of a vector returned: for an environment whose episode has
    ended, that is already the first observation of its next episode, and s' is in ``infos``.
    """
    if not ended.any():
        return observations
    reached = observations.copy()
    for index in np.flatnonzero(ended):
        reached[index] = infos["final_obs"][index]
    return reached


def count_actions(environment_id: str, actions: gymnasium.Space[Any]) -> int:
    """How many actions a value-based agent chooses from.

    Raises:
        EnvironmentChoiceError: the actions are not a finite list.
    """
    if not isinstance(actions, Discrete):
        raise EnvironmentChoiceError(
            f"{environment_id} has the actions {actions}, and DQN needs a finite list: it takes "
            "the largest of one Q-value per action. Choose an environment with discrete actions "
            "(CartPole-v1, Acrobot-v1, MountainCar-v0), or a policy gradient for this one."
        )
    return int(actions.n)


def action_names(environment: Environment) -> tuple[str, ...]:
    """What each action does, in a word or two; ``action 0``, ``action 1`` where nobody said."""
    count = int(getattr(environment.action_space, "n", 0))
    meanings = getattr(environment.unwrapped, "get_action_meanings", None)
    if meanings is not None:  # Atari
        return tuple(name.lower() for name in meanings())
    name = environment.spec.name if environment.spec is not None else ""
    known = ACTION_NAMES.get(name, ())
    return known if len(known) == count else tuple(f"action {index}" for index in range(count))
