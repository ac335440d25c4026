"""What attacks refuse, in words, and what they leave behind when they are stopped."""

from typing import Any

import pytest
import torch
from torch import nn

from engine.adversarial import AttackError, fgsm, fgsm_steps, pgd, pgd_steps
from engine.adversarial.objective import Objective

Batch = tuple[torch.Tensor, torch.Tensor]
USUAL: dict[str, Any] = {"epsilon": 0.1, "step_size": 0.05, "steps": 2}


class Through(nn.Module):
    """A linear network behind any function of the pixels, and before any of the logits."""

    def __init__(self, before: Any = lambda x: x, after: Any = lambda x: x) -> None:
        super().__init__()
        self.linear = nn.Linear(144, 4)
        self.before, self.after = before, after

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.after(self.linear(self.before(images).flatten(1)))
        return logits


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x.index_fill(0, torch.tensor([2]), torch.nan), "NaN"),
        (lambda x: x + 0.5, r"\[0.*leave normalisation to the network"),
        (lambda x: x - 0.1, r"\[-0\.1"),
        (lambda x: x * torch.inf, "NaN|inf"),
        (lambda x: (x * 255).to(torch.uint8), "uint8.*divide 8-bit images by 255"),
        (lambda x: x.numpy(), "ndarray"),
        (lambda x: x[0], r"shape \(1, 12, 12\)"),
        (lambda x: x[:0], "at least one image"),
        (lambda x: x.double(), "float64 on cpu, but the network is torch.float32"),
    ],
)
def test_images_that_are_no_batch_of_pixels_are_refused(
    change: Any, message: str, network: nn.Module, batch: Batch
) -> None:
    images, labels = batch
    count = 0 if message == "at least one image" else len(labels)
    with pytest.raises(AttackError, match=message):
        pgd(network, change(images), labels[:count], **USUAL)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y: y + 4, "out of range: the network knows 4 classes, 0 to 3"),
        (lambda y: y - 5, "labels start at 0"),
        (lambda y: y.float(), "float32"),
        (lambda y: y.tolist(), "list"),
        (lambda y: y[:-1], r"shape \(15,\)"),
        (lambda y: nn.functional.one_hot(y, 4), r"shape \(16, 4\)"),
    ],
)
def test_labels_that_are_no_classes_are_refused(
    change: Any, message: str, network: nn.Module, batch: Batch
) -> None:
    images, labels = batch
    with pytest.raises(AttackError, match=message):
        fgsm(network, images, change(labels), epsilon=0.1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epsilon": -0.1}, "epsilon is -0.1"),
        ({"epsilon": float("nan")}, "epsilon is nan"),
        ({"epsilon": float("inf")}, "epsilon is inf"),
        ({"step_size": -1.0}, "step_size is -1.0"),
        ({"steps": -1}, "steps is -1"),
        ({"steps": 2.5}, "steps is 2.5"),
        ({"norm": "l1"}, "no norm 'l1'"),
    ],
)
def test_impossible_settings_are_refused_before_anything_runs(
    changes: dict[str, Any], message: str, network: nn.Module, batch: Batch
) -> None:
    with pytest.raises(AttackError, match=message):
        pgd_steps(network, *batch, **{**USUAL, **changes})


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (Through(before=torch.detach), "not depend differentiably"),
        (Through(after=lambda z: z.argmax(1, keepdim=True).expand(-1, 4).float()), "differentiabl"),
        (Through(after=torch.detach), "not depend differentiably"),
        (Through(after=lambda z: z * torch.nan), "output is not a finite number"),
        (Through(after=lambda z: z.exp() * 1e38 * 1e38), "output is not a finite number"),
        (Through(before=lambda x: (x - x).sqrt()), "gradient.*is not a finite number"),
        (Through(after=lambda z: z.argmax(1, keepdim=True).expand(-1, 4)), "answered with .*int64"),
        (Through(after=lambda z: (z, z)), "answered with tuple"),
        (Through(after=lambda z: z[:, 0]), r"shape \(16,\)"),
        (Through(after=lambda z: z[:, :1]), "at least two classes"),
        (Through(after=lambda z: z[:3]), r"shape \(3, 4\)"),
    ],
)
def test_networks_without_a_usable_gradient_are_refused(
    broken: nn.Module, message: str, batch: Batch
) -> None:
    broken.train()
    with pytest.raises(AttackError, match=message):
        fgsm(broken, *batch, epsilon=0.1)
    assert all(module.training for module in broken.modules())


def test_a_network_that_breaks_only_on_the_result_is_refused_when_watched(batch: Batch) -> None:
    images, labels = batch[0] * 0 + 0.5, batch[1]
    network = Through(before=lambda x: x if bool((x == 0.5).all()) else x * torch.nan)
    watched = fgsm_steps(network, images, labels, epsilon=0.1)
    next(watched)
    with pytest.raises(AttackError, match="not a finite number"):
        next(watched)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_a_gradient_of_zero_moves_nothing_and_makes_no_nan(norm: str, batch: Batch) -> None:
    images, labels = batch
    saturated = Through(before=lambda x: x * 0)
    result = pgd(saturated, images, labels, **USUAL, norm=norm, random_start=False)
    assert torch.equal(result, images)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_a_gradient_that_is_one_number_stretched_over_all_pixels_is_followed(norm: str) -> None:
    class Brightness(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.sum(dim=(2, 3))  # its gradient is an expanded view, which shares memory

    images = torch.full((2, 3, 2, 2), 0.5)
    settings = {**USUAL, "norm": norm, "random_start": False}
    change = pgd(Brightness(), images, torch.tensor([0, 2]), **settings) - images
    assert (change[0, 0] < 0).all() and (change[0, 1:] > 0).all()
    assert (change[1, 2] < 0).all() and (change[1, :2] > 0).all()


def test_the_network_is_as_found_at_every_pause_and_after_an_early_end(
    network: nn.Module, batch: Batch
) -> None:
    network.train()
    watched = pgd_steps(network, *batch, **USUAL)
    next(watched)
    assert all(module.training for module in network.modules())  # another job may train it now
    next(watched)
    watched.close()
    assert all(module.training for module in network.modules())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_an_exception_of_the_network_leaves_it_as_found(batch: Batch) -> None:
    def fail(_: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("a broken layer")

    network = Through(after=fail)
    with pytest.raises(RuntimeError, match="a broken layer"):
        fgsm(network, *batch, epsilon=0.1)
    assert all(module.training for module in network.modules())


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_a_caller_without_gradients_gets_the_same_result(
    mode: Any, network: nn.Module, batch: Batch
) -> None:
    expected = pgd(network, *batch, **USUAL, seed=0)
    with mode():
        found = pgd(network, *batch, **USUAL, seed=0)
    assert torch.equal(found, expected)


def test_no_weight_gradient_is_computed(network: nn.Module, batch: Batch) -> None:
    computed = []
    for parameter in network.parameters():
        parameter.register_hook(lambda _: computed.append(1))
    objective = Objective(network, *batch)
    objective.gradient(objective.images)
    assert not computed


def test_what_the_caller_writes_later_does_not_reach_a_running_attack(
    network: nn.Module, batch: Batch
) -> None:
    images, labels = batch[0].clone(), batch[1].clone()
    expected = [s.adversarial for s in pgd_steps(network, images, labels, **USUAL, seed=0)]
    watched = pgd_steps(network, images, labels, **USUAL, seed=0)
    next(watched)
    images.zero_()
    labels.zero_()
    next(watched)
    assert (next(watched).adversarial == expected[-1]).all()
