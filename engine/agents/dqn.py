"""Deep Q-network (Mnih et al. 2015): Q-learning whose table is a neural network.

The network answers, for a state s, one number per action: Q(s, a), the discounted return to
expect from a. It is trained on remembered transitions (s, a, r, s') to agree with what the next
step shows,

    target = r + discount * max_a' Q_target(s', a')        (r alone where s' ends the task),

where the target network follows the network slowly, so that the aim holds still for a while. Read
this file from top to bottom: settings, network, target, snapshot, learner.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import asdict, dataclass
from typing import Any

import gymnasium
import numpy as np
import torch
import torch.nn.functional as F
from gymnasium.spaces import Box
from gymnasium.vector import SyncVectorEnv
from numpy.typing import NDArray

from engine.agents import environments
from engine.agents.evaluation import evaluate
from engine.agents.replay import ReplayMemory, Transitions
from engine.checkpoints import Checkpoint, CheckpointError, load_weights
from engine.history import Series
from engine.settings import SettingsError, check, restore, setting
from engine.snapshot import Snapshot

KIND = "dqn"
LARGEST_OBSERVATION = 4096


@dataclass(frozen=True)
class Settings:
    """What can be set, with meanings and ranges for ``engine.settings.explain``."""

    steps: int = setting(
        20_000, "Environment steps of the whole run, over all environments.", 1, 10**9
    )
    seed: int = setting(0, "Where all randomness starts; the same seed, the same run.", 0, 2**31)
    discount: float = setting(
        0.99, "Worth of a reward one step later (gamma); usually 0.95 to 0.999.", 0.0, 1.0
    )
    step_size: float = setting(
        1e-3, "Step size of the Adam optimiser at the start; usually 1e-4 to 3e-3.", 1e-7, 1.0
    )
    step_size_end: float = setting(
        0.0, "Step size at the end of the run; 0 lets the policy settle. Usually 0 to 1e-3.", 0, 1.0
    )
    epsilon_start: float = setting(
        1.0, "Probability of a random action at the start; usually 1.", 0.0, 1.0
    )
    epsilon_end: float = setting(
        0.04, "Probability of a random action from then on; usually 0.01 to 0.1.", 0.0, 1.0
    )
    epsilon_steps: int = setting(
        8_000, "Steps over which epsilon falls; usually a tenth to a half of the run.", 1, 10**9
    )
    warm_up: int = setting(
        1_000,
        "Steps before learning starts, to fill the memory; usually 1,000 to 50,000.",
        0,
        10**9,
    )
    replay_capacity: int = setting(
        50_000, "Transitions that are remembered; usually 10,000 to 1,000,000.", 64, 10_000_000
    )
    batch_size: int = setting(64, "Transitions in one update; usually 32 to 256.", 1, 8_192)
    environments: int = setting(8, "Environments that step side by side; usually 1 to 32.", 1, 256)
    updates: int = setting(
        4, "Updates after each step of all environments; usually 1 to 16.", 1, 256
    )
    target_interval: int = setting(
        10, "Updates between moves of the target network; usually 1 to 10,000.", 1, 10**6
    )
    target_fraction: float = setting(
        0.1, "How far it moves to the network; 1 copies it. Usually 0.005 to 1.", 1e-6, 1.0
    )
    largest_gradient: float = setting(
        10.0, "Norm to which a larger gradient is shortened; usually 1 to 10.", 1e-6, 1e9
    )
    hidden: tuple[int, ...] = setting(
        (256, 256), "Units of each hidden layer; usually two layers of 64 to 512.", 1, 4_096
    )
    evaluation_episodes: int = setting(
        20, "Greedy episodes in one evaluation; 0 never evaluates. Usually 10 to 100.", 0, 10_000
    )
    evaluation_interval: int = setting(
        1_000, "Steps between two evaluations; usually 1,000 to 100,000.", 1, 10**9
    )

    def __post_init__(self) -> None:
        check(self)
        if self.replay_capacity < max(self.batch_size, self.environments):
            raise SettingsError(
                f"replay_capacity is {self.replay_capacity}, too small for batches of "
                f"{self.batch_size} from {self.environments} environments."
            )


class QNetwork(torch.nn.Module):
    """Observations (B, size) to Q-values (B, actions): fully connected layers with ReLU.

    scale: float32 (size,), what each observed number is multiplied by first, so that an angle of
        0.2 weighs no less than a velocity of 2. It is saved with the weights.
    """

    scale: torch.Tensor

    def __init__(self, scale: NDArray[np.float32], hidden: tuple[int, ...], actions: int) -> None:
        super().__init__()
        self.register_buffer("scale", torch.from_numpy(scale))
        widths = (len(scale), *hidden)
        layers: list[torch.nn.Module] = []
        for inputs, outputs in zip(widths, hidden, strict=False):
            layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
        self.layers = torch.nn.Sequential(*layers, torch.nn.Linear(widths[-1], actions))

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """Q(s, a) of every action."""
        values: torch.Tensor = self.layers(observations * self.scale)
        return values

    def q_values(self, observations: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same in NumPy and without gradients, on whatever device the network is."""
        device = next(self.parameters()).device
        with torch.inference_mode():
            values: NDArray[np.float32] = (
                self(torch.from_numpy(observations).to(device)).cpu().numpy()
            )
        return values


def bellman_target(
    rewards: torch.Tensor, max_next_q: torch.Tensor, terminated: torch.Tensor, discount: float
) -> torch.Tensor:
    """r + discount * max_a' Q_target(s', a'), and r alone where the task ended; all (B,)."""
    return rewards + discount * max_next_q * ~terminated


@dataclass(frozen=True)
class BellmanUpdate:
    """The numbers of one transition of the last update, to stand under the formula's symbols.

    prediction: Q(s, a) before the update. max_next_q: max_a' Q_target(s', a').
    target: reward + discount * max_next_q, or reward alone if terminated.
    """

    action: int
    prediction: float
    reward: float
    discount: float
    max_next_q: float
    target: float
    terminated: bool


@dataclass(frozen=True, kw_only=True)
class DQNSnapshot(Snapshot):
    """What the learner knows after one step of all its environments, or a piece of an evaluation.

    step: environment steps, over all environments. updates: of the network. episodes: finished.
    epsilon: the probability of a random action. loss: mean Huber loss of the slice's updates, and
    gradient_norm of the last one before it was shortened; both NaN before the first update.
    returns, episode_steps: float64 (episodes,), each finished episode's return and the step at
        which it ended.
    losses, epsilons, learning_steps: float64 (slices,), after each slice: the mean loss of its
        updates (NaN where there was none), epsilon, and the step.
    evaluations, evaluation_steps: float64, the mean returns of the frozen greedy policy.
    evaluating: whether an evaluation is going on, and learning waits.
    last_update: one transition of the last batch; None before the first update.
    """

    step: int
    updates: int
    episodes: int
    epsilon: float
    loss: float
    gradient_norm: float
    replay_size: int
    replay_capacity: int
    returns: NDArray[np.float64]
    episode_steps: NDArray[np.float64]
    losses: NDArray[np.float64]
    epsilons: NDArray[np.float64]
    learning_steps: NDArray[np.float64]
    evaluations: NDArray[np.float64]
    evaluation_steps: NDArray[np.float64]
    evaluating: bool
    last_update: BellmanUpdate | None


@dataclass(frozen=True)
class Best:
    """The weights that scored best in a frozen evaluation, and how."""

    weights: dict[str, torch.Tensor]
    step: int
    mean_return: float
    std_return: float
    episodes: int


class Learner:
    """A run of DQN. It costs nothing until the first snapshot is pulled from ``train``.

    network: the live Q-network; None before the first snapshot.
    best: the best evaluated weights; None before the first evaluation.
    settings: may be replaced while it runs. The next slice follows the new one, except in what is
        built at the start: seed, environments, hidden, replay_capacity.
    """

    def __init__(
        self,
        environment_id: str,
        settings: Settings | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        self.environment_id = environment_id
        self.settings = settings or Settings()
        self.device = torch.device(device)
        self.network: QNetwork | None = None
        self.best: Best | None = None
        self.step = 0
        self.updates = 0
        self._returns, self._episode_steps = Series(), Series()
        self._losses, self._epsilons, self._learning_steps = Series(), Series(), Series()
        self._loss = float("nan")
        self._evaluations, self._evaluation_steps = Series(), Series()
        self._gradient_norm = float("nan")
        self._last_update: BellmanUpdate | None = None

    @property
    def epsilon(self) -> float:
        """The probability of a random action now: a straight line down, then constant."""
        settings = self.settings
        done = min(1.0, self.step / settings.epsilon_steps)
        return settings.epsilon_start + done * (settings.epsilon_end - settings.epsilon_start)

    @property
    def step_size(self) -> float:
        """The optimiser's step size now: a straight line over the whole run."""
        settings = self.settings
        done = min(1.0, self.step / settings.steps)
        return settings.step_size + done * (settings.step_size_end - settings.step_size)

    def q_values(self, observations: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """Q-values (B, actions) of the live network; None before the first snapshot."""
        return None if self.network is None else self.network.q_values(observations)

    def train(self) -> Iterator[DQNSnapshot]:
        """Learn until ``settings.steps``; one slice is a step of all environments and its updates.

        The policy dips now and then, so the frozen network is evaluated at intervals, and when the
        run has ended ``network`` holds the weights that scored best.

        Raises:
            EnvironmentChoiceError: the environment cannot be used, or is not one for DQN.
        """
        seed, count = self.settings.seed, self.settings.environments
        vector = environments.make_vector(self.environment_id, count, seed=seed)
        try:
            choices = environments.count_actions(self.environment_id, vector.single_action_space)
            network, target, memory = self._build(vector, choices)
            optimizer = torch.optim.Adam(network.parameters(), fused=True)
            rng = np.random.default_rng(seed)
            running = np.zeros(count)
            evaluated = 0
            observations = np.asarray(vector.reset()[0], dtype=np.float32)
            yield self._snapshot(memory)
            while self.step < self.settings.steps:
                # Act: greedily, except for a random action with probability epsilon.
                actions = network.q_values(observations).argmax(axis=1)
                explore = rng.random(count) < self.epsilon
                actions[explore] = rng.integers(choices, size=explore.sum())
                following, rewards, terminated, truncated, infos = vector.step(actions)
                following = np.asarray(following, dtype=np.float32)
                self.step += count

                # Remember where each step really led, which is not where the next episode begins.
                ended = terminated | truncated
                reached = environments.next_observations(following, ended, infos)
                earned = rewards.astype(np.float32)
                memory.add(Transitions(observations, actions, earned, reached, terminated))
                observations = following
                running += rewards
                for index in np.flatnonzero(ended):
                    self._returns.append(float(running[index]))
                    self._episode_steps.append(self.step)
                    running[index] = 0.0

                # Learn.
                settings = self.settings
                optimizer.param_groups[0]["lr"] = self.step_size
                if self.step >= settings.warm_up and len(memory) >= settings.batch_size:
                    losses = [
                        self._update(
                            network, target, optimizer, memory.sample(settings.batch_size, rng)
                        )
                        for _ in range(settings.updates)
                    ]
                    self._loss = sum(losses) / len(losses)
                self._losses.append(self._loss)
                self._epsilons.append(self.epsilon)
                self._learning_steps.append(self.step)
                yield self._snapshot(memory)

                # Evaluate now and then, and at the end: the policy dips, and the best one is kept.
                due = self.step - evaluated >= settings.evaluation_interval
                if settings.evaluation_episodes and (due or self.step >= settings.steps):
                    evaluated = self.step
                    yield from self._evaluate(network, memory)
            if self.best is not None:
                network.load_state_dict(self.best.weights)
        finally:
            vector.close()

    def _build(
        self, vector: SyncVectorEnv, actions: int
    ) -> tuple[QNetwork, QNetwork, ReplayMemory]:
        """The network, its target and the memory, sized for the environment."""
        settings = self.settings
        space = vector.single_observation_space
        scale = observation_scale(self.environment_id, space)
        # The weights come from the seed alone, whatever else draws from torch's generator.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            network = QNetwork(scale, settings.hidden, actions)
        target = deepcopy(network).to(self.device)
        self.network = network.to(self.device)
        return self.network, target, ReplayMemory(settings.replay_capacity, scale.shape)

    def _update(
        self,
        network: QNetwork,
        target: QNetwork,
        optimizer: torch.optim.Optimizer,
        batch: Transitions,
    ) -> float:
        """One step of gradient descent on the Huber loss, which is returned."""
        settings = self.settings
        observations = torch.from_numpy(batch.observations).to(self.device)
        actions = torch.from_numpy(batch.actions).to(self.device)
        rewards = torch.from_numpy(batch.rewards).to(self.device)
        following = torch.from_numpy(batch.next_observations).to(self.device)
        terminated = torch.from_numpy(batch.terminated).to(self.device)
        with torch.no_grad():
            max_next_q = target(following).amax(dim=1)
            targets = bellman_target(rewards, max_next_q, terminated, settings.discount)
        predictions = network(observations).gather(1, actions[:, None]).squeeze(1)
        loss = F.smooth_l1_loss(predictions, targets)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), settings.largest_gradient)
        optimizer.step()
        self.updates += 1
        if self.updates % settings.target_interval == 0:
            with torch.no_grad():
                for old, new in zip(target.parameters(), network.parameters(), strict=True):
                    old.lerp_(new, settings.target_fraction)
        self._gradient_norm = norm.item()
        self._last_update = BellmanUpdate(
            action=int(batch.actions[0]),
            prediction=predictions[0].item(),
            reward=float(batch.rewards[0]),
            discount=settings.discount,
            max_next_q=max_next_q[0].item(),
            target=targets[0].item(),
            terminated=bool(batch.terminated[0]),
        )
        return loss.item()

    def _evaluate(self, network: QNetwork, memory: ReplayMemory) -> Iterator[DQNSnapshot]:
        """Score the network as it is now, and keep its weights if none scored better."""
        settings = self.settings
        # The same starts every time, and not those that it learns from: scores can be compared.
        evaluation = evaluate(
            network.q_values,
            self.environment_id,
            episodes=settings.evaluation_episodes,
            seed=settings.seed + 1_000_000,
        )
        for result in evaluation:  # noqa: B007  (the last one is what is used)
            yield self._snapshot(memory, evaluating=True)
        self._evaluations.append(result.mean)
        self._evaluation_steps.append(self.step)
        if self.best is None or result.mean >= self.best.mean_return:
            weights = {name: value.clone() for name, value in network.state_dict().items()}
            self.best = Best(weights, self.step, result.mean, result.std, result.episodes)
        yield self._snapshot(memory)

    def _snapshot(self, memory: ReplayMemory, *, evaluating: bool = False) -> DQNSnapshot:
        return DQNSnapshot(
            progress=min(1.0, self.step / self.settings.steps),
            step=self.step,
            updates=self.updates,
            episodes=len(self._returns),
            epsilon=self.epsilon,
            loss=self._loss,
            gradient_norm=self._gradient_norm,
            replay_size=len(memory),
            replay_capacity=memory.capacity,
            returns=self._returns.view(),
            episode_steps=self._episode_steps.view(),
            losses=self._losses.view(),
            epsilons=self._epsilons.view(),
            learning_steps=self._learning_steps.view(),
            evaluations=self._evaluations.view(),
            evaluation_steps=self._evaluation_steps.view(),
            evaluating=evaluating,
            last_update=self._last_update,
        )

    def checkpoint(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        """The best evaluated weights, or the present ones where none was, and their description.

        Raises:
            CheckpointError: nothing was learned yet.
        """
        if self.network is None:
            raise CheckpointError("The run has not begun, so there is nothing to save.")
        best = self.best
        header = {
            "environment": self.environment_id,
            "algorithm": KIND,
            "settings": asdict(self.settings),
            "seed": self.settings.seed,
            "steps": self.step if best is None else best.step,
            "evaluation": None
            if best is None
            else {
                "mean_return": best.mean_return,
                "std_return": best.std_return,
                "episodes": best.episodes,
            },
        }
        return (self.network.state_dict() if best is None else best.weights), header


def train(
    environment_id: str, settings: Settings | None = None, device: torch.device | str = "cpu"
) -> Iterator[DQNSnapshot]:
    """Learn to act in ``environment_id``; see ``Learner.train``."""
    return Learner(environment_id, settings, device).train()


def observation_scale(environment_id: str, space: gymnasium.Space[Any]) -> NDArray[np.float32]:
    """What brings each observed number into [-1, 1] where it has bounds, and 1 where it has none.

    Raises:
        EnvironmentChoiceError: the observations are pictures.
    """
    if not isinstance(space, Box) or space.shape[0] > LARGEST_OBSERVATION:
        raise environments.EnvironmentChoiceError(
            f"{environment_id} shows pictures, {space.shape} numbers at every step; this DQN has "
            f"no convolutions and reads up to {LARGEST_OBSERVATION:,}. Choose CartPole-v1, "
            "Acrobot-v1 or MountainCar-v0."
        )
    bounds = np.maximum(np.abs(space.low), np.abs(space.high)).astype(np.float64)
    bounded = (bounds > 0) & (bounds < 1e6)  # some environments write the largest float for none
    return np.divide(1.0, bounds, out=np.ones_like(bounds), where=bounded).astype(np.float32)


def load_network(checkpoint: Checkpoint, name: str) -> QNetwork:
    """The Q-network that a checkpoint holds; ``name`` is what messages call the file.

    Raises:
        CheckpointError: its description or its weights do not fit.
        EnvironmentChoiceError: its environment cannot be used here.
    """
    environment_id = checkpoint.header.get("environment")
    # "module:Name" would import a module that the file names, which a stranger's file must not.
    if not isinstance(environment_id, str) or ":" in environment_id:
        raise CheckpointError(f"{name} does not name an environment of Gymnasium.")
    try:
        settings = restore(Settings, checkpoint.header.get("settings"))
    except SettingsError as error:
        raise CheckpointError(f"{name} has damaged settings: {error}") from error
    environment = environments.make(environment_id)
    try:
        actions = environments.count_actions(environment_id, environment.action_space)
        scale = observation_scale(environment_id, environment.observation_space)
        network = QNetwork(scale, settings.hidden, actions)
    finally:
        environment.close()
    load_weights(network, checkpoint, name)
    return network
