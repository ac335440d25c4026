"""The geometry of the attacks: starts, steepest directions and projections."""

import math

import pytest
import torch

from engine.adversarial.balls import BALLS, ball, random_perturbations
from engine.adversarial.objective import AttackError


@pytest.mark.parametrize("dimensions", [2, 12])
def test_l2_starts_are_uniform_in_the_ball(dimensions: int) -> None:
    # In a uniform ball the share of the volume within radius r is r^d, so (radius / epsilon)^d is
    # uniform in [0, 1]: its Kolmogorov distance from that stays below 1.63 / sqrt(n) 99 times in
    # 100, and the seed is fixed.
    count, epsilon = 4000, 0.25
    images = torch.full((count, 1, 1, dimensions), 0.5)
    starts = random_perturbations(BALLS["l2"], images, epsilon, seed=0).flatten(1).double()
    shares = ((starts.norm(dim=1) / epsilon) ** dimensions).sort().values
    expected = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    assert (shares - expected).abs().max() < 1.63 / math.sqrt(count)
    # No direction is preferred: the mean is 0 and every coordinate has the variance e^2 / (d + 2).
    assert starts.mean(dim=0).abs().max() < 0.02
    variances = starts.var(dim=0) * (dimensions + 2) / epsilon**2
    torch.testing.assert_close(variances, torch.ones_like(variances), rtol=0, atol=0.1)


def test_linf_starts_are_uniform_in_the_cube() -> None:
    images = torch.full((500, 1, 3, 3), 0.5)
    starts = random_perturbations(BALLS["linf"], images, 0.3, seed=0).flatten().double()
    shares = ((starts / 0.3 + 1) / 2).sort().values
    expected = (torch.arange(len(shares), dtype=torch.float64) + 0.5) / len(shares)
    assert (shares - expected).abs().max() < 1.63 / math.sqrt(len(shares))


@pytest.mark.parametrize("norm", BALLS)
def test_a_start_belongs_to_the_image_and_copies_get_starts_of_their_own(norm: str) -> None:
    images = torch.rand(5, 3, 4, 4)
    whole = random_perturbations(BALLS[norm], images, 0.1, seed=7)
    alone = random_perturbations(BALLS[norm], images[3:4], 0.1, seed=7)
    assert torch.equal(whole[3], alone[0])
    copies = random_perturbations(BALLS[norm], images[[3, 0, 3]], 0.1, seed=7)
    assert torch.equal(copies[0], whole[3]) and torch.equal(copies[1], whole[0])
    assert not torch.equal(copies[2], copies[0])


@pytest.mark.parametrize("norm", BALLS)
def test_directions_and_projections_are_per_image(norm: str) -> None:
    # One image's huge gradient must not shrink its neighbour's step.
    gradient = torch.rand(3, 1, 4, 4) - 0.5
    gradient[0] *= 1e6
    gradient[2] = 0
    order = torch.inf if norm == "linf" else 2
    steepest = BALLS[norm].steepest(gradient)
    torch.testing.assert_close(
        steepest.flatten(1).norm(p=order, dim=1), torch.tensor([1.0, 1.0, 0.0])
    )
    projected = BALLS[norm].project_(gradient.clone(), 0.5)
    assert projected[0].norm(p=order).item() == pytest.approx(0.5)
    assert torch.equal(BALLS[norm].project_(gradient * 1e-6, 0.5)[1], gradient[1] * 1e-6)
    assert torch.equal(projected[2], gradient[2])


def test_projection_onto_the_l2_ball_keeps_the_direction() -> None:
    vector = torch.tensor([[[[3.0, 4.0]]]])
    torch.testing.assert_close(BALLS["l2"].project_(vector.clone(), 1.0), vector / 5)


def test_an_unknown_norm_is_refused_by_name() -> None:
    with pytest.raises(AttackError, match=r"no norm 'l1'.*linf, l2"):
        ball("l1")
