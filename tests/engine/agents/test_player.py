from itertools import islice

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.agents.environments import EnvironmentChoiceError
from engine.agents.player import HISTORY_LENGTH, PlaySnapshot, play


def right(observations: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.tile(np.array([1.0, 2.0], dtype=np.float32), (len(observations), 1))


def test_before_there_is_a_network_it_acts_at_random_and_claims_nothing() -> None:
    steps = list(islice(play("CartPole-v1", seed=0), 60))
    assert {step.action for step in steps} == {0, 1}
    assert all(np.isnan(step.q_values).all() and not step.greedy for step in steps)
    assert steps[0].frame.shape == (400, 600, 3)
    assert steps[0].frame.dtype == np.uint8
    assert steps[0].action_names == ("left", "right")


def test_a_network_that_arrives_is_followed_from_the_next_step() -> None:
    ready = False

    def later(observations: NDArray[np.float32]) -> NDArray[np.float32] | None:
        return right(observations) if ready else None

    player = play("CartPole-v1", later, seed=0)
    before = next(player)
    ready = True
    after = list(islice(player, 30))
    assert not before.greedy
    assert all(step.action == 1 and step.greedy for step in after)
    assert np.isnan(after[0].q_history[0]).all()
    np.testing.assert_array_equal(after[-1].q_history[1:], [[1.0, 2.0]] * 30)


def test_epsilon_one_explores_and_still_tells_what_the_network_thinks() -> None:
    steps = list(islice(play("CartPole-v1", right, epsilon=lambda: 1.0, seed=0), 60))
    assert {step.action for step in steps} == {0, 1}
    assert all(step.greedy == (step.action == 1) for step in steps)
    np.testing.assert_array_equal(steps[0].q_values, [1.0, 2.0])


def test_steps_episodes_and_returns_are_counted() -> None:
    steps: list[PlaySnapshot] = list(islice(play("CartPole-v1", right, seed=0), 40))
    ends = [step for step in steps if step.terminated]
    assert [step.episode for step in ends] == list(range(1, len(ends) + 1))
    assert all(step.episode_return == step.step for step in steps)
    follower = steps[ends[0].step]
    assert (follower.step, follower.episode, follower.episode_return) == (1, 2, 1.0)
    assert np.abs(follower.observation).max() <= 0.05  # a fresh start


def test_the_frame_shows_the_state_that_is_judged() -> None:
    """The cart is drawn in black around x, and a start is near the middle."""
    first = next(play("CartPole-v1", right, seed=0))
    columns = np.flatnonzero((first.frame[295] == 0).all(axis=1))
    middle = 300 + first.observation[0] * 600 / 4.8
    assert columns.mean() == pytest.approx(middle, abs=3)


def test_the_history_is_bounded_and_copied() -> None:
    steps = list(islice(play("CartPole-v1", right, seed=0), HISTORY_LENGTH + 20))
    assert steps[9].q_history.shape == (10, 2)
    assert steps[-1].q_history.shape == (HISTORY_LENGTH, 2)
    assert not np.shares_memory(steps[-1].q_history, steps[-2].q_history)


def test_the_same_seed_is_the_same_play() -> None:
    runs = [list(islice(play("CartPole-v1", seed=5), 50)) for _ in range(2)]
    assert [step.action for step in runs[0]] == [step.action for step in runs[1]]
    np.testing.assert_array_equal(runs[0][-1].frame, runs[1][-1].frame)


def test_one_player_that_closes_leaves_another_drawing() -> None:
    """pygame is one for the whole process, and closing an environment shuts it down."""
    first, second = play("CartPole-v1", seed=0), play("CartPole-v1", seed=0)
    next(first)
    next(second)
    first.close()  # type: ignore[attr-defined]
    assert next(second).frame.min() < next(second).frame.max()


def test_what_cannot_be_watched_is_refused_in_words(corridor: str) -> None:
    with pytest.raises(EnvironmentChoiceError, match="draws no pictures"):
        next(play(corridor))
    with pytest.raises(EnvironmentChoiceError, match="finite list"):
        next(play("Pendulum-v1"))
