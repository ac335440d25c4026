"""FGSM (Goodfellow et al. 2015): one step of length epsilon along the sign of the gradient.

    x' = x + epsilon * sign(grad_x L(theta, x, y)),   clipped to [0, 1]

That is PGD's first step, from the image itself, as long as the ball is wide; so it is computed.
"""

from collections.abc import Iterator

import torch

from engine.adversarial.ascent import AttackSnapshot
from engine.adversarial.attack import ASCENT, GRADIENT, SIGN, Attack, FormulaPart
from engine.adversarial.projected_gradient_descent import pgd, pgd_steps


def fgsm(
    model: torch.nn.Module,
    images: torch.Tensor,
    labels: torch.Tensor,
    *,
    epsilon: float,
    targeted: bool = False,
) -> torch.Tensor:
    """Adversarial images by the fast gradient sign method, (N, C, H, W) in [0, 1].

    epsilon: the largest change of a pixel, in pixel units; 8 / 255 is usual for photos, 0.3 for
    handwritten digits. The rest, and what raises AttackError, is as in ``pgd``.
    """
    return pgd(
        model,
        images,
        labels,
        epsilon=epsilon,
        step_size=epsilon,
        steps=1,
        random_start=False,
        targeted=targeted,
    )


def fgsm_steps(
    model: torch.nn.Module,
    images: torch.Tensor,
    labels: torch.Tensor,
    *,
    epsilon: float,
    targeted: bool = False,
) -> Iterator[AttackSnapshot]:
    """The same as ``fgsm``, watched: a snapshot of the originals and one of the result."""
    return pgd_steps(
        model,
        images,
        labels,
        epsilon=epsilon,
        step_size=epsilon,
        steps=1,
        random_start=False,
        targeted=targeted,
    )


ATTACK = Attack(
    name="fgsm",
    title="Fast gradient sign method (FGSM)",
    formula=(
        FormulaPart("<i>x</i>&prime;", "adversarial"),
        FormulaPart("="),
        FormulaPart("<i>x</i>", "original"),
        ASCENT,
        FormulaPart("&epsilon;", "epsilon"),
        SIGN,
        GRADIENT,
        FormulaPart(")"),
    ),
    source="Goodfellow et al. 2015, Explaining and harnessing adversarial examples",
    settings=("epsilon",),
    run=fgsm_steps,
)
