from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.agents import dqn
from engine.agents.environments import EnvironmentChoiceError
from engine.checkpoints import Checkpoint, CheckpointError, load_checkpoint, save_checkpoint
from engine.settings import SettingsError
from engine.snapshot import last

SHORT = dqn.Settings(
    steps=400, warm_up=100, hidden=(16,), evaluation_episodes=2, evaluation_interval=200
)


def test_the_target_is_what_the_formula_says() -> None:
    targets = dqn.bellman_target(
        rewards=torch.tensor([1.0, 1.0, -2.0]),
        max_next_q=torch.tensor([10.0, 10.0, 4.0]),
        terminated=torch.tensor([False, True, False]),
        discount=0.9,
    )
    torch.testing.assert_close(targets, torch.tensor([10.0, 1.0, 1.6]))


def test_a_cut_off_episode_keeps_its_bootstrap_and_a_terminated_one_loses_it(corridor: str) -> None:
    """The corridor by hand: Q*(s, 1) = 1 + 0.5 + 0.25 from 0, and 1 from 2, where the task ends.

    Standing still until the limit of 5 steps cuts the episode is worth 0.5 max Q*(s) for ever: if
    the cut counted as an end, Q(0, 0) would be pulled towards 0 at every fifth step.
    """
    settings = dqn.Settings(
        steps=4_000,
        discount=0.5,
        epsilon_end=1.0,
        hidden=(64,),
        warm_up=200,
        step_size=5e-3,
        target_interval=1,
        evaluation_episodes=0,
    )
    learner = dqn.Learner(corridor, settings)
    last(learner.train())
    values = learner.q_values(np.array([[0.0], [1.0], [2.0]], dtype=np.float32))
    exact = [[0.875, 1.75], [0.75, 1.5], [0.5, 1.0]]
    np.testing.assert_allclose(values, exact, atol=0.05)


def test_the_same_seed_is_the_same_run_whatever_else_draws_numbers() -> None:
    calm = last(dqn.train("CartPole-v1", SHORT))
    for snapshot in dqn.train("CartPole-v1", SHORT):
        torch.rand(3)
        np.random.rand()
        disturbed = snapshot
    np.testing.assert_array_equal(calm.returns, disturbed.returns)
    np.testing.assert_array_equal(calm.losses, disturbed.losses)
    np.testing.assert_array_equal(calm.evaluations, disturbed.evaluations)
    other = last(dqn.train("CartPole-v1", replace(SHORT, seed=1)))
    assert not np.array_equal(calm.losses, other.losses)


def test_a_run_leaves_torchs_own_generator_alone() -> None:
    before = torch.random.get_rng_state()
    next(dqn.train("CartPole-v1", SHORT))
    assert torch.equal(before, torch.random.get_rng_state())


def test_snapshots_say_where_the_run_stands() -> None:
    snapshots = list(dqn.train("CartPole-v1", SHORT))
    first, end = snapshots[0], snapshots[-1]
    assert (first.step, first.progress, first.epsilon) == (0, 0.0, 1.0)
    assert np.isnan(first.loss)
    assert first.last_update is None
    assert (end.step, end.progress, end.replay_size) == (400, 1.0, 400)
    assert end.updates == SHORT.updates * (400 - 96) // SHORT.environments
    slices = 400 // SHORT.environments
    assert len(end.losses) == len(end.epsilons) == len(end.learning_steps) == slices
    assert end.learning_steps[-1] == 400 and end.epsilons[-1] == end.epsilon
    assert np.isnan(end.losses[0]) and end.losses[-1] == end.loss
    assert end.episodes == len(end.returns) == len(end.episode_steps)
    assert end.evaluation_steps.tolist() == [200, 400]
    assert any(snapshot.evaluating for snapshot in snapshots)
    assert end.epsilon == pytest.approx(1 - 0.96 * 400 / 8_000)
    played = end.returns.sum()  # CartPole earns 1 a step
    assert played <= 400
    with pytest.raises(ValueError, match="read-only"):
        end.returns[0] = 0.0


def test_the_numbers_under_the_formula_add_up() -> None:
    updates = [snapshot.last_update for snapshot in dqn.train("CartPole-v1", SHORT)]
    known = [update for update in updates if update is not None]
    for update in known:
        following = 0.0 if update.terminated else update.discount * update.max_next_q
        assert update.target == pytest.approx(update.reward + following, abs=1e-5)
    assert len(known) > 10


def test_nothing_is_built_before_the_first_snapshot() -> None:
    learner = dqn.Learner("CartPole-v1", SHORT)
    observation = np.zeros((1, 4), dtype=np.float32)
    assert learner.network is None
    assert learner.q_values(observation) is None
    with pytest.raises(CheckpointError, match="not begun"):
        learner.checkpoint()
    next(learner.train())
    values = learner.q_values(observation)
    assert values is not None
    assert values.shape == (1, 2)


def test_settings_that_change_in_a_run_act_from_the_next_slice() -> None:
    learner = dqn.Learner("CartPole-v1", SHORT)
    run = learner.train()
    list(islice(run, 20))
    learner.settings = replace(learner.settings, discount=0.5, epsilon_start=0.0, epsilon_end=0.0)
    update = next(run).last_update
    assert update is not None
    assert update.discount == 0.5
    assert learner.epsilon == 0.0


def test_the_run_ends_with_the_weights_that_scored_best() -> None:
    learner = dqn.Learner("CartPole-v1", SHORT)
    end = last(learner.train())
    assert learner.best is not None
    assert learner.network is not None
    assert learner.best.mean_return == end.evaluations.max()
    for name, value in learner.network.state_dict().items():
        assert torch.equal(value, learner.best.weights[name])


def test_it_learns_to_balance() -> None:
    """A random policy earns about 22 on CartPole; a greedy one that learned nothing about 9."""
    settings = dqn.Settings(
        steps=4_000, epsilon_steps=2_000, step_size=2e-3, hidden=(64, 64), evaluation_interval=500
    )
    learner = dqn.Learner("CartPole-v1", settings)
    last(learner.train())
    assert learner.best is not None
    assert learner.best.mean_return > 100


@pytest.mark.parametrize(
    ("environment_id", "words"),
    [("Nope-v1", "no environment"), ("Pendulum-v1", "finite list")],
)
def test_what_dqn_cannot_learn_is_refused_in_words(environment_id: str, words: str) -> None:
    with pytest.raises(EnvironmentChoiceError, match=words):
        next(dqn.train(environment_id))


def test_pictures_are_refused_in_words() -> None:
    with pytest.raises(EnvironmentChoiceError, match="no convolutions"):
        next(dqn.train("ALE/Pong-v5"))


def test_bounded_observations_are_scaled_and_others_are_not() -> None:
    learner = dqn.Learner("CartPole-v1", SHORT)
    next(learner.train())
    assert learner.network is not None
    expected = torch.tensor([1 / 4.8, 1.0, 1 / 0.41887903, 1.0])
    torch.testing.assert_close(learner.network.scale, expected)


def test_a_checkpoint_gives_back_the_same_q_values(tmp_path: Path) -> None:
    learner = dqn.Learner("CartPole-v1", SHORT)
    last(learner.train())
    tensors, header = learner.checkpoint()
    save_checkpoint(tmp_path / "agent.safetensors", dqn.KIND, tensors, header)
    loaded = dqn.load_network(load_checkpoint(tmp_path / "agent.safetensors"), "agent")
    observations = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    np.testing.assert_array_equal(loaded.q_values(observations), learner.q_values(observations))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"environment": None}, "does not name an environment"),
        ({"environment": "antigravity:Game-v0"}, "does not name an environment"),
        ({"settings": None}, "damaged settings"),
        ({"settings": {"hidden": [10**9]}}, "damaged settings"),
        ({"settings": {"hidden": [8]}}, "does not fit"),
    ],
)
def test_a_damaged_checkpoint_is_refused_in_words(change: dict[str, object], words: str) -> None:
    learner = dqn.Learner("CartPole-v1", SHORT)
    next(learner.train())
    tensors, header = learner.checkpoint()
    with pytest.raises(CheckpointError, match=words):
        dqn.load_network(Checkpoint(dqn.KIND, tensors, {**header, **change}), "agent")


def test_settings_that_contradict_each_other_are_refused() -> None:
    assert asdict(dqn.Settings(replay_capacity=64))["batch_size"] == 64
    with pytest.raises(SettingsError, match="too small for batches of 128"):
        dqn.Settings(replay_capacity=64, batch_size=128)
