"""The very pixels of torchattacks and Foolbox, where they are installed."""

import warnings
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

from engine.adversarial import fgsm, pgd
from engine.cnn.networks import load

Batch = tuple[torch.Tensor, torch.Tensor]


@pytest.fixture
def foolbox() -> ModuleType:
    with warnings.catch_warnings():
        # Foolbox 3.3.4 imports gaussian_filter from a place that SciPy has renamed.
        warnings.filterwarnings("ignore", "Please import `gaussian_filter`", DeprecationWarning)
        module: ModuleType = pytest.importorskip("foolbox")
    return module


@pytest.fixture
def torchattacks() -> ModuleType:
    module: ModuleType = pytest.importorskip("torchattacks")
    return module


def target(labels: torch.Tensor) -> torch.Tensor:
    return (labels + 1) % 4


def of_torchattacks(attack: Any, batch: Batch, targeted: bool) -> torch.Tensor:
    images, labels = batch
    if targeted:
        attack.set_mode_targeted_by_label(quiet=True)
    result: torch.Tensor = attack(images, target(labels) if targeted else labels)
    return result


def of_foolbox(
    foolbox: ModuleType, attack: Any, network: nn.Module, batch: Batch, **options: Any
) -> torch.Tensor:
    images, labels = batch
    epsilon, targeted = options["epsilon"], options["targeted"]
    if targeted:
        criterion = foolbox.criteria.TargetedMisclassification(target(labels))
    else:
        criterion = foolbox.criteria.Misclassification(labels)
    model = foolbox.PyTorchModel(network, bounds=(0, 1), device="cpu")
    result: torch.Tensor = attack.run(model, images, criterion, epsilon=epsilon)
    return result


def ours(attack: Any, network: nn.Module, batch: Batch, targeted: bool, **options: Any) -> Any:
    images, labels = batch
    goal = target(labels) if targeted else labels
    return attack(network, images, goal, targeted=targeted, **options)


@pytest.mark.parametrize("targeted", [False, True])
@pytest.mark.parametrize("epsilon", [8 / 255, 0.1, 0.3])
def test_fgsm_gives_the_pixels_of_torchattacks(
    epsilon: float, targeted: bool, torchattacks: ModuleType, network: nn.Module, batch: Batch
) -> None:
    theirs = of_torchattacks(torchattacks.FGSM(network, eps=epsilon), batch, targeted)
    assert torch.equal(ours(fgsm, network, batch, targeted, epsilon=epsilon), theirs)


@pytest.mark.parametrize("targeted", [False, True])
@pytest.mark.parametrize("epsilon", [8 / 255, 0.1, 0.3])
def test_pgd_gives_the_pixels_of_torchattacks(
    epsilon: float, targeted: bool, torchattacks: ModuleType, network: nn.Module, batch: Batch
) -> None:
    peer = torchattacks.PGD(network, eps=epsilon, alpha=0.013, steps=20, random_start=False)
    theirs = of_torchattacks(peer, batch, targeted)
    options = {"epsilon": epsilon, "step_size": 0.013, "steps": 20, "random_start": False}
    assert torch.equal(ours(pgd, network, batch, targeted, **options), theirs)


def test_l2_pgd_agrees_with_torchattacks(
    torchattacks: ModuleType, network: nn.Module, batch: Batch
) -> None:
    # To rounding only: torchattacks adds 1e-10 to the gradient's norm, Foolbox and we do not. So a
    # very confident network, with gradients of 1e-9, gets shorter steps there; this one is less so.
    with torch.no_grad():
        for parameter in network.head[2].parameters():
            parameter.mul_(0.1)
    peer = torchattacks.PGDL2(network, eps=1.0, alpha=0.2, steps=10, random_start=False)
    options = {"epsilon": 1.0, "step_size": 0.2, "steps": 10, "random_start": False}
    found = ours(pgd, network, batch, False, norm="l2", **options)
    torch.testing.assert_close(found, of_torchattacks(peer, batch, False), rtol=0, atol=1e-4)


@pytest.mark.parametrize("targeted", [False, True])
@pytest.mark.parametrize("epsilon", [8 / 255, 0.1, 0.3])
def test_fgsm_gives_the_pixels_of_foolbox(
    epsilon: float, targeted: bool, foolbox: ModuleType, network: nn.Module, batch: Batch
) -> None:
    # Foolbox's FGSM refuses a target; its PGD with one step of length epsilon is the same sum.
    peer = foolbox.attacks.LinfProjectedGradientDescentAttack(
        abs_stepsize=epsilon, steps=1, random_start=False
    )
    theirs = of_foolbox(foolbox, peer, network, batch, epsilon=epsilon, targeted=targeted)
    assert torch.equal(ours(fgsm, network, batch, targeted, epsilon=epsilon), theirs)
    if not targeted:
        plain = foolbox.attacks.LinfFastGradientAttack()
        options = {"epsilon": epsilon, "targeted": False}
        assert torch.equal(theirs, of_foolbox(foolbox, plain, network, batch, **options))


@pytest.mark.parametrize("targeted", [False, True])
@pytest.mark.parametrize("case", [("linf", 8 / 255), ("linf", 0.3), ("l2", 0.5), ("l2", 2.0)])
def test_pgd_gives_the_pixels_of_foolbox(
    case: tuple[str, float],
    targeted: bool,
    foolbox: ModuleType,
    network: nn.Module,
    batch: Batch,
) -> None:
    (norm, epsilon), step_size = case, {"linf": 0.013, "l2": 0.2}[case[0]]
    name = {"linf": "LinfProjectedGradientDescentAttack", "l2": "L2ProjectedGradientDescentAttack"}
    peer = getattr(foolbox.attacks, name[norm])(
        abs_stepsize=step_size, steps=20, random_start=False
    )
    theirs = of_foolbox(foolbox, peer, network, batch, epsilon=epsilon, targeted=targeted)
    options = {"epsilon": epsilon, "step_size": step_size, "steps": 20, "random_start": False}
    assert torch.equal(ours(pgd, network, batch, targeted, norm=norm, **options), theirs)


def test_the_pixels_are_those_of_both_on_the_digits_network(
    torchattacks: ModuleType, foolbox: ModuleType
) -> None:
    network = load("digits")
    images = torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        batch = images, network(images).argmax(dim=1)
    plain = ours(fgsm, network, batch, False, epsilon=0.3)
    assert torch.equal(plain, of_torchattacks(torchattacks.FGSM(network, eps=0.3), batch, False))
    options = {"epsilon": 0.3, "step_size": 0.01, "steps": 40, "random_start": False}
    found = ours(pgd, network, batch, False, **options)
    peer = torchattacks.PGD(network, eps=0.3, alpha=0.01, steps=40, random_start=False)
    assert torch.equal(found, of_torchattacks(peer, batch, False))
    other = foolbox.attacks.LinfPGD(abs_stepsize=0.01, steps=40, random_start=False)
    theirs = of_foolbox(foolbox, other, network, batch, epsilon=0.3, targeted=False)
    assert torch.equal(found, theirs)
