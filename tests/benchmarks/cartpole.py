"""CartPole from nothing: steps and seconds until 20 greedy episodes have a mean of at least 475.

    python tests/benchmarks/cartpole.py [--seeds 5] [--peer-steps 50000]

Prints a line for each seed, then median and worst, for Deepscope's DQN and, where it can be
imported, for the DQN of Stable-Baselines3 with the settings that its zoo of tuned agents gives for
CartPole. Both are judged every 1,000 steps by the same 20 greedy episodes, and the time that this
takes is not counted. One torch thread.
"""

import argparse
import importlib.util
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine.agents import dqn
from engine.agents.evaluation import evaluate
from engine.snapshot import last

ENVIRONMENT = "CartPole-v1"
SOLVED = 475.0
INTERVAL = 1_000  # steps between two judgements
JUDGING_SEED = 900_000_000  # starts that no learner chose its best weights by


class Stopwatch:
    """Seconds and CPU seconds of learning, with pauses, and the step at which it was solved."""

    def __init__(self) -> None:
        self._started = time.perf_counter(), time.process_time()
        self._paused = [0.0, 0.0]
        self.solved: tuple[int, float, float] | None = None

    def seconds(self) -> tuple[float, float]:
        return (
            time.perf_counter() - self._started[0] - self._paused[0],
            time.process_time() - self._started[1] - self._paused[1],
        )

    def judge(self, step: int, q_values: Callable[[NDArray[Any]], NDArray[Any]]) -> None:
        """Note the first time that the policy passes."""
        if self.solved is not None:
            return
        before = time.perf_counter(), time.process_time()
        if mean_return(q_values, 20) >= SOLVED:
            self.solved = (step, *self.seconds())
        self._paused[0] += time.perf_counter() - before[0]
        self._paused[1] += time.process_time() - before[1]


def mean_return(q_values: Callable[[NDArray[Any]], NDArray[Any]], episodes: int) -> float:
    return last(evaluate(q_values, ENVIRONMENT, episodes=episodes, seed=JUDGING_SEED)).mean


def deepscope(seed: int) -> tuple[Stopwatch, float]:
    """One run; the mean return of 100 greedy episodes of the network that it ends with."""
    learner = dqn.Learner(ENVIRONMENT, dqn.Settings(seed=seed, evaluation_interval=INTERVAL))
    watch, judged = Stopwatch(), 0
    # Deepscope's own evaluations are part of its run, and so of its seconds.
    for snapshot in learner.train():
        if snapshot.step - judged >= INTERVAL and learner.network is not None:
            judged = snapshot.step
            watch.judge(judged, learner.network.q_values)
    assert learner.network is not None
    report("Deepscope", seed, watch, end := mean_return(learner.network.q_values, 100))
    return watch, end


def stable_baselines3(seed: int, steps: int) -> tuple[Stopwatch, float]:
    """The same for the peer, which ends with the network of its last step."""
    from stable_baselines3 import DQN
    from stable_baselines3.common.callbacks import BaseCallback

    model = DQN(
        "MlpPolicy",
        ENVIRONMENT,
        learning_rate=2.3e-3,
        batch_size=64,
        buffer_size=100_000,
        learning_starts=1_000,
        gamma=0.99,
        target_update_interval=10,
        train_freq=256,
        gradient_steps=128,
        exploration_fraction=0.16,
        exploration_final_eps=0.04,
        policy_kwargs={"net_arch": [256, 256]},
        seed=seed,
        device="cpu",
    )

    def q_values(observations: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            values: NDArray[np.float32] = model.q_net(torch.from_numpy(observations)).numpy()
        return values

    watch = Stopwatch()

    class Judge(BaseCallback):
        def _on_step(self) -> bool:
            if self.num_timesteps % INTERVAL == 0:
                watch.judge(self.num_timesteps, q_values)
            return True

    model.learn(steps, callback=Judge())
    report("Stable-Baselines3", seed, watch, end := mean_return(q_values, 100))
    return watch, end


def report(name: str, seed: int, watch: Stopwatch, end: float) -> None:
    total = watch.seconds()[0]
    solved = "not solved"
    if watch.solved is not None:
        step, seconds, cpu = watch.solved
        solved = f"solved after {step:6,} steps, {seconds:6.2f} s ({cpu:.2f} CPU s)"
    print(f"{name:18} seed {seed}: {solved}; the whole run {total:.1f} s, ends at {end:.1f}")


def summarise(name: str, runs: list[tuple[Stopwatch, float]]) -> None:
    solved = [watch.solved for watch, _ in runs if watch.solved is not None]
    still = sum(end >= SOLVED for _, end in runs)
    print(f"{name}: {len(solved)} of {len(runs)} solved, {still} still solved at the end", end="")
    if solved:
        steps, seconds, cpu = zip(*solved, strict=True)
        print(
            f"; median {median(steps):,.0f} steps, {median(seconds):.2f} s ({median(cpu):.2f} CPU "
            f"s); worst {max(steps):,} steps, {max(seconds):.2f} s ({max(cpu):.2f} CPU s)",
            end="",
        )
    print(".")


def main() -> None:
    parser = argparse.ArgumentParser(description="CartPole from nothing, against a peer.")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--peer-steps", type=int, default=50_000)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    summarise("Deepscope", [deepscope(seed) for seed in range(arguments.seeds)])
    if importlib.util.find_spec("stable_baselines3") is None:
        print("Stable-Baselines3 is not installed here, so there is nothing to compare with.")
        return
    peer = [stable_baselines3(seed, arguments.peer_steps) for seed in range(arguments.seeds)]
    summarise("Stable-Baselines3", peer)


if __name__ == "__main__":
    main()
