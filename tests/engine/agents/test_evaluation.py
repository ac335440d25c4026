import numpy as np
import pytest
from numpy.typing import NDArray

from engine.agents.evaluation import EvaluationSnapshot, evaluate
from engine.snapshot import last


def right(observations: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.tile(np.array([0.0, 1.0], dtype=np.float32), (len(observations), 1))


@pytest.mark.parametrize("episodes", [1, 7, 20, 50])
def test_exactly_so_many_episodes_are_counted(corridor: str, episodes: int) -> None:
    result = last(evaluate(right, corridor, episodes=episodes, seed=0))
    assert result.returns.tolist() == [3.0] * episodes
    assert (result.mean, result.std, result.progress) == (3.0, 0.0, 1.0)


def test_long_episodes_are_not_crowded_out_by_short_ones(corridor: str) -> None:
    """20 environments, the first 10 walk (3 steps, return 3) and the others stand (5 steps, 0)."""

    def half(observations: NDArray[np.float32]) -> NDArray[np.float32]:
        values = np.zeros((len(observations), 2), dtype=np.float32)
        values[: len(observations) // 2, 1] = 1.0
        return values

    result = last(evaluate(half, corridor, episodes=60, seed=0))
    assert result.mean == 1.5


def test_the_same_seed_gives_the_same_returns() -> None:
    runs = [last(evaluate(right, "CartPole-v1", episodes=5, seed=3)) for _ in range(2)]
    np.testing.assert_array_equal(runs[0].returns, runs[1].returns)


def test_bad_requests_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match="at least one episode"):
        next(evaluate(right, "CartPole-v1", episodes=0, seed=0))
    assert np.isnan(EvaluationSnapshot(returns=np.array([]), episodes=3).mean)
