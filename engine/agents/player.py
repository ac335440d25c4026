"""The player that a person watches: one environment of its own, one step at a time, drawn."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.agents import environments
from engine.snapshot import Snapshot

HISTORY_LENGTH = 300  # steps; five seconds at 60 frames a second


@dataclass(frozen=True, kw_only=True)
class PlaySnapshot(Snapshot):
    """One step: what was seen, what the network thought of it, what was done, what came of it.

    frame: uint8 (H, W, 3), the picture of the state that ``q_values`` judges.
    observation: float32 (size,), the same state in numbers.
    q_values: float32 (A,), Q(s, a) of every action; NaN while there is no network.
    action: what was done, in [0, A). greedy: whether it was the action of the largest Q-value.
    reward: what the step earned. episode_return: all that the episode earned up to and with it.
    step: steps of this episode so far. episode: counted from 1.
    terminated, truncated: whether the step ended the episode, by the task or by a limit.
    q_history: float32 (T, A), the Q-values of the last T <= 300 steps, the newest last.
    """

    frame: NDArray[np.uint8]
    observation: NDArray[np.float32]
    q_values: NDArray[np.float32]
    action: int
    greedy: bool
    reward: float
    step: int
    episode: int
    episode_return: float
    terminated: bool
    truncated: bool
    q_history: NDArray[np.float32]
    action_names: tuple[str, ...]


def random_policy(_: NDArray[np.float32]) -> None:
    """The ``q_values`` of an agent without a network: every action is as good as any other."""


def play(
    environment_id: str,
    q_values: Callable[[NDArray[np.float32]], NDArray[np.float32] | None] = random_policy,
    *,
    epsilon: Callable[[], float] = lambda: 0.0,
    seed: int = 0,
) -> Iterator[PlaySnapshot]:
    """Play episode after episode without end, one step for each snapshot.

    q_values: observations (1, size) to Q-values (1, A), asked anew at every step, so that it can be
        a network that is still learning; None while there is no network, and then the player
        acts at random.
    epsilon: the probability in [0, 1] of a random action, asked anew at every step.

    Raises:
        EnvironmentChoiceError: the environment cannot be used, or draws no pictures.
    """
    rng = np.random.default_rng(seed)
    environment = environments.make(environment_id, render=True, seed=seed)
    try:
        count = environments.count_actions(environment_id, environment.action_space)
        names = environments.action_names(environment)
        history = np.empty((0, count), dtype=np.float32)
        unknown = np.full(count, np.nan, dtype=np.float32)
        episode = 0
        while True:
            observation, _ = environment.reset()
            episode, step, episode_return, ended = episode + 1, 0, 0.0, False
            while not ended:
                seen = np.array(observation, dtype=np.float32)
                frame = np.array(environment.render(), dtype=np.uint8)
                judged = q_values(seen[None])
                q = unknown if judged is None else np.array(judged[0], dtype=np.float32)
                history = np.concatenate([history[1 - HISTORY_LENGTH :], q[None]])
                explores = judged is None or rng.random() < epsilon()
                action = int(rng.integers(count)) if explores else int(q.argmax())
                observation, reward, terminated, truncated, _ = environment.step(action)
                step, episode_return = step + 1, episode_return + float(reward)
                ended = terminated or truncated
                yield PlaySnapshot(
                    frame=frame,
                    observation=seen,
                    q_values=q,
                    action=action,
                    greedy=judged is not None and action == int(q.argmax()),
                    reward=float(reward),
                    step=step,
                    episode=episode,
                    episode_return=episode_return,
                    terminated=bool(terminated),
                    truncated=bool(truncated),
                    q_history=history,
                    action_names=names,
                )
    finally:
        environment.close()
