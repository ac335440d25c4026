import numpy as np
import pytest

from engine.agents.replay import ReplayMemory, Transitions


def numbered(first: int, count: int) -> Transitions:
    """Transitions that carry their own number everywhere."""
    numbers = np.arange(first, first + count)
    observations = np.repeat(numbers[:, None], 2, axis=1).astype(np.float32)
    return Transitions(
        observations, numbers, numbers.astype(np.float32), observations + 1, numbers % 3 == 0
    )


def test_a_full_memory_forgets_the_oldest_and_keeps_transitions_together() -> None:
    memory = ReplayMemory(10, (2,))
    for first in range(0, 24, 4):
        memory.add(numbered(first, 4))
    assert len(memory) == memory.capacity == 10
    drawn = [memory.sample(10, np.random.default_rng(seed)) for seed in range(50)]
    actions = np.concatenate([batch.actions for batch in drawn])
    assert set(actions) == set(range(14, 24))
    for batch in drawn:
        np.testing.assert_array_equal(batch.observations[:, 1], batch.actions)
        np.testing.assert_array_equal(batch.next_observations[:, 0], batch.actions + 1)
        np.testing.assert_array_equal(batch.rewards, batch.actions)
        np.testing.assert_array_equal(batch.terminated, batch.actions % 3 == 0)


def test_a_sample_is_a_copy() -> None:
    memory = ReplayMemory(4, (2,))
    memory.add(numbered(0, 4))
    memory.sample(4, np.random.default_rng(0)).observations[:] = -1.0
    assert memory.sample(4, np.random.default_rng(0)).observations.min() >= 0.0


def test_it_refuses_to_sample_before_it_holds_enough() -> None:
    memory = ReplayMemory(10, (2,))
    memory.add(numbered(0, 3))
    with pytest.raises(ValueError, match=r"holds 3 transitions.*batch of 4.*warm-up"):
        memory.sample(4, np.random.default_rng(0))


def test_it_refuses_more_than_it_holds() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        ReplayMemory(2, (2,)).add(numbered(0, 3))
    with pytest.raises(ValueError, match="not for 0"):
        ReplayMemory(0, (2,))
