import os
import subprocess
import sys

import numpy as np
import pytest

from engine.agents import environments
from engine.agents.environments import EnvironmentChoiceError


def test_an_unknown_id_is_refused_in_words() -> None:
    with pytest.raises(EnvironmentChoiceError, match=r"no environment 'Nope-v1'.*CartPole-v1"):
        environments.make("Nope-v1")


def test_a_missing_package_is_named() -> None:
    with pytest.raises(EnvironmentChoiceError, match="no_such_module"):
        environments.make("no_such_module:Game-v0")


def test_continuous_actions_are_refused_with_the_reason() -> None:
    environment = environments.make("Pendulum-v1")
    with pytest.raises(EnvironmentChoiceError, match=r"finite list.*policy gradient"):
        environments.count_actions("Pendulum-v1", environment.action_space)
    environment.close()


@pytest.mark.parametrize(
    ("environment_id", "size", "names"),
    [
        ("CartPole-v1", 4, ("left", "right")),
        ("FrozenLake-v1", 16, ("left", "down", "right", "up")),
        ("Blackjack-v1", 45, ("stick", "hit")),
        ("Pendulum-v1", 3, ()),
    ],
)
def test_observations_are_one_row_and_actions_have_names(
    environment_id: str, size: int, names: tuple[str, ...]
) -> None:
    environment = environments.make(environment_id, seed=0)
    observation, _ = environment.reset()
    assert np.shape(observation) == (size,)
    assert environments.action_names(environment) == names
    environment.close()


def test_unnamed_actions_are_counted(corridor: str) -> None:
    environment = environments.make(corridor)
    assert environments.action_names(environment) == ("action 0", "action 1")


def test_an_environment_without_a_limit_gets_one() -> None:
    environment = environments.make("Blackjack-v1")
    assert environment.has_wrapper_attr("_max_episode_steps")
    assert environment.get_wrapper_attr("_max_episode_steps") == environments.LONGEST_EPISODE
    environment.close()


def test_the_seed_decides_the_first_observations() -> None:
    starts = [environments.make_vector("CartPole-v1", 3, seed=7).reset()[0] for _ in range(2)]
    other = environments.make_vector("CartPole-v1", 3, seed=8).reset()[0]
    np.testing.assert_array_equal(starts[0], starts[1])
    assert not np.array_equal(starts[0], other)
    assert len(np.unique(starts[0][:, 0])) == 3


def test_the_end_of_an_episode_keeps_its_real_last_observation(corridor: str) -> None:
    vector = environments.make_vector(corridor, 2, seed=0)
    vector.reset()
    seen = []
    for _ in range(5):  # the first walks to its end at 3; the second stands still until it is cut
        observations, _, terminated, truncated, infos = vector.step(np.array([1, 0]))
        ended = terminated | truncated
        reached = environments.next_observations(observations, ended, infos)
        seen.append((reached[:, 0].tolist(), terminated.tolist(), truncated.tolist()))
    assert seen[2] == ([3.0, 0.0], [True, False], [False, False])
    assert seen[3] == ([1.0, 0.0], [False, False], [False, False])
    assert seen[4] == ([2.0, 0.0], [False, False], [False, True])


def test_importing_agents_and_drawing_a_frame_is_silent_and_needs_no_display() -> None:
    script = (
        "import sys\n"
        "import engine.agents.dqn, engine.agents.player, engine.headless\n"
        "assert 'pygame' not in sys.modules\n"
        "from engine.agents import environments\n"
        "environment = environments.make('CartPole-v1', render=True, seed=0)\n"
        "assert environment.render().shape == (400, 600, 3)\n"
    )
    unwanted = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "SDL_AUDIODRIVER")
    clean = {name: value for name, value in os.environ.items() if name not in unwanted}
    done = subprocess.run(
        [sys.executable, "-c", script], env=clean, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
