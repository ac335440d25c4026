"""One table for all attacks, norms and directions: what must hold for every one of them."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

from engine.adversarial import AttackSnapshot, attacks, fgsm, fgsm_steps, pgd, pgd_steps

Batch = tuple[torch.Tensor, torch.Tensor]


class Case(NamedTuple):
    attack: Callable[..., torch.Tensor]
    attack_steps: Callable[..., Iterator[AttackSnapshot]]
    norm: str
    epsilon: float
    options: dict[str, Any]

    def keywords(self, **changes: Any) -> dict[str, Any]:
        keywords = {"epsilon": self.epsilon, **self.options, **changes}
        if "step_size" in keywords and "epsilon" in changes:
            keywords["step_size"] = changes["epsilon"] / 4
        return keywords


def pgd_case(norm: str, epsilon: float, *, random_start: bool) -> Case:
    options = {"step_size": epsilon / 4, "steps": 8, "norm": norm, "random_start": random_start}
    return Case(pgd, pgd_steps, norm, epsilon, {**options, "seed": 3})


CASES = {
    "fgsm": Case(fgsm, fgsm_steps, "linf", 0.2, {}),
    "pgd-linf": pgd_case("linf", 0.2, random_start=False),
    "pgd-linf-random": pgd_case("linf", 0.2, random_start=True),
    "pgd-l2": pgd_case("l2", 1.5, random_start=False),
    "pgd-l2-random": pgd_case("l2", 1.5, random_start=True),
}
RANDOM = ("pgd-linf-random", "pgd-l2-random")


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture(params=[False, True], ids=["untargeted", "targeted"])
def targeted(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def lengths(perturbation: torch.Tensor, norm: str) -> torch.Tensor:
    return perturbation.double().flatten(1).norm(p=torch.inf if norm == "linf" else 2, dim=1)


def probability(network: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return network(images).softmax(dim=1)[torch.arange(len(images)), labels]


def wanted(labels: torch.Tensor, targeted: bool) -> torch.Tensor:
    return (labels + 1) % 4 if targeted else labels


def test_stays_in_the_ball_and_among_the_pixels(
    case: Case, targeted: bool, network: nn.Module, batch: Batch
) -> None:
    images, labels = batch
    result = case.attack(
        network, images, wanted(labels, targeted), targeted=targeted, **case.keywords()
    )
    assert result.shape == images.shape and result.dtype == images.dtype
    assert result.min() >= 0 and result.max() <= 1
    measured = lengths(result - images, case.norm)
    assert (measured <= case.epsilon * (1 + 1e-6)).all()
    assert measured.max() > 0.9 * case.epsilon  # it uses what it may use


def test_moves_the_probability_the_right_way(
    case: Case, targeted: bool, network: nn.Module, batch: Batch
) -> None:
    images, labels = batch
    goal = wanted(labels, targeted)
    result = case.attack(network, images, goal, targeted=targeted, **case.keywords())
    before, after = probability(network, images, goal), probability(network, result, goal)
    if targeted:
        assert (after > before).all()
    else:
        assert (after < before).all()
    assert (after - before).abs().mean() > 0.2


def test_every_part_of_the_network_is_left_as_it_was(
    case: Case, network: nn.Module, batch: Batch
) -> None:
    images, labels = batch
    in_eval_mode = case.attack(network, images, labels, **case.keywords())
    network.train()
    network.features[1].eval()  # a mixed state, as of someone who fine-tunes
    network.head[2].weight.requires_grad_(False)
    network.features[0].weight.grad = torch.full_like(network.features[0].weight, 7.0)
    modes = [module.training for module in network.modules()]
    weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    images_before, labels_before = images.clone(), labels.clone()

    in_training_mode = case.attack(network, images, labels, **case.keywords())

    assert torch.equal(in_training_mode, in_eval_mode)
    assert [module.training for module in network.modules()] == modes
    assert all(torch.equal(network.state_dict()[name], weights[name]) for name in weights)
    for name, parameter in network.named_parameters():
        assert parameter.requires_grad == (name != "head.2.weight")
        if name == "features.0.weight":
            assert parameter.grad is not None and (parameter.grad == 7.0).all()
        else:
            assert parameter.grad is None
    assert torch.equal(images, images_before) and torch.equal(labels, labels_before)
    assert not images.requires_grad and not in_training_mode.requires_grad


def test_an_image_meets_the_same_fate_alone_and_in_any_batch(
    case: Case, targeted: bool, network: nn.Module, batch: Batch
) -> None:
    # Double precision, so that a convolution that sums in another order for another batch size
    # does not flip the sign of a gradient near zero.
    network = network.double()
    images, goal = batch[0].double(), wanted(batch[1], targeted)
    keywords = case.keywords(targeted=targeted)
    together = case.attack(network, images, goal, **keywords)
    backwards = case.attack(network, images.flip(0), goal.flip(0), **keywords).flip(0)
    alone = torch.cat(
        [
            case.attack(network, images[i : i + 1], goal[i : i + 1], **keywords)
            for i in range(len(images))
        ]
    )
    torch.testing.assert_close(together, backwards, rtol=0, atol=1e-9)
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-9)


def test_epsilon_zero_returns_the_input_bit_for_bit(
    case: Case, targeted: bool, network: nn.Module, batch: Batch
) -> None:
    images, labels = batch
    for changes in ({"epsilon": 0.0}, {"epsilon": 0, "step_size": 0.1}):
        keywords = {**case.keywords(epsilon=0.0), **changes}
        if case.attack is fgsm:
            keywords.pop("step_size", None)
        result = case.attack(network, images, labels, targeted=targeted, **keywords)
        assert torch.equal(result, images)
        assert result.data_ptr() != images.data_ptr()  # a copy, never the caller's own tensor


def test_the_function_is_the_last_of_the_iterator(
    case: Case, targeted: bool, network: nn.Module, batch: Batch
) -> None:
    images, labels = batch
    keywords = case.keywords(targeted=targeted)
    result = case.attack(network, images, labels, **keywords)
    seen = list(case.attack_steps(network, images, labels, **keywords))
    assert np.array_equal(seen[-1].adversarial, result.numpy())
    steps = case.options.get("steps", 1)
    assert [snapshot.step for snapshot in seen] == list(range(steps + 1))
    assert [snapshot.progress for snapshot in seen] == [i / steps for i in range(steps + 1)]


def test_a_snapshot_tells_the_truth_about_its_own_images(
    case: Case, targeted: bool, network: nn.Module, batch: Batch
) -> None:
    images, labels = batch
    goal = wanted(labels, targeted)
    for snapshot in case.attack_steps(network, images, goal, targeted=targeted, **case.keywords()):
        adversarial = torch.from_numpy(snapshot.adversarial)
        with torch.no_grad():
            logits = network(adversarial)
        at_goal = (logits.argmax(dim=1) == goal).numpy()
        assert np.array_equal(snapshot.fooled, at_goal if targeted else ~at_goal)
        np.testing.assert_allclose(snapshot.probabilities, logits.softmax(1).numpy(), atol=1e-6)
        losses = nn.functional.cross_entropy(logits, goal, reduction="none")
        np.testing.assert_allclose(snapshot.losses, losses.numpy(), atol=1e-5)
        assert np.array_equal(snapshot.perturbation, snapshot.adversarial - images.numpy())
        assert snapshot.adversarial.dtype == np.float32


@pytest.mark.parametrize("name", RANDOM)
def test_the_random_start_is_used_and_seeded(name: str, network: nn.Module, batch: Batch) -> None:
    case, (images, labels) = CASES[name], batch

    def start(**changes: Any) -> np.ndarray:
        return next(
            case.attack_steps(network, images, labels, **case.keywords(**changes))
        ).adversarial

    first = start(seed=1)
    assert lengths(torch.from_numpy(first) - images, case.norm).min() > 0.5 * case.epsilon
    assert np.array_equal(first, start(seed=1))
    assert not np.array_equal(first, start(seed=2))
    assert not np.array_equal(start(seed=None), start(seed=None))
    torch.manual_seed(4)
    once = start(seed=None)
    torch.manual_seed(4)
    assert np.array_equal(once, start(seed=None))
    assert np.array_equal(start(random_start=False), images.numpy())


@pytest.mark.parametrize("name", RANDOM)
def test_a_seed_leaves_the_global_generator_alone(
    name: str, network: nn.Module, batch: Batch
) -> None:
    before = torch.get_rng_state()
    CASES[name].attack(network, *batch, **CASES[name].keywords(seed=1))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_more_steps_never_hurt_the_attacker_much(
    norm: str, network: nn.Module, batch: Batch
) -> None:
    case = CASES[f"pgd-{norm}"]
    result = list(case.attack_steps(network, *batch, **case.keywords(steps=20)))
    losses = [snapshot.losses.mean() for snapshot in result]
    assert losses[-1] > losses[4] > losses[0]


def test_every_attack_of_the_table_is_one_of_the_files() -> None:
    found = attacks()
    assert list(found) == sorted(found)
    assert found["fgsm"].run is fgsm_steps and found["pgd"].run is pgd_steps
    assert found["fgsm"].settings == ("epsilon",)


def test_a_targeted_formula_descends_towards_its_target() -> None:
    shown = {
        targeted: " ".join(
            part.text for part in attacks()["fgsm"].formula_shown(targeted=targeted, norm="linf")
        )
        for targeted in (False, True)
    }
    assert "&minus; &epsilon;" in shown[True] and "<sub>target</sub>" in shown[True]
    assert "+ &epsilon;" in shown[False] and "target" not in shown[False]
