"""PGD (Kurakin et al. 2016; Madry et al. 2018): many small steps uphill, never leaving the ball.

    x_{t+1} = project(x_t + step_size * steepest(grad_x L(theta, x_t, y)))

The projection is around the original, first onto the ball, then onto the pixel range [0, 1].
"""

from collections.abc import Iterator

import torch

from engine.adversarial.ascent import AttackSnapshot, Iterate, ascend, last_images, snapshots
from engine.adversarial.attack import ASCENT, GRADIENT, SIGN, Attack, FormulaPart
from engine.adversarial.balls import ball, check_length, random_perturbations
from engine.adversarial.objective import AttackError, Objective


def pgd(
    model: torch.nn.Module,
    images: torch.Tensor,
    labels: torch.Tensor,
    *,
    epsilon: float,
    step_size: float,
    steps: int,
    norm: str = "linf",
    random_start: bool = True,
    targeted: bool = False,
    seed: int | None = None,
) -> torch.Tensor:
    """Adversarial images by projected gradient descent, (N, C, H, W) in [0, 1].

    model: answers (N, C, H, W) in [0, 1] with logits (N, K); normalisation is inside it. It is
        run in eval mode and is left exactly as it was found.
    images, labels: (N, C, H, W) in [0, 1] and (N,); if targeted, the labels are what the network
        shall see.
    epsilon, step_size: length of the whole perturbation and of one step, in pixel units and in
        the norm, ``"linf"`` or ``"l2"``, of each image.
    steps: gradient steps; 0 gives the start.
    random_start: start uniformly in the ball (``random_perturbations``) and not at the image.
    seed: of the random start; None for another start at each call.

    An image's result does not depend on the rest of the batch, beyond the rounding of the
    network's own arithmetic.

    Raises:
        AttackError: anything of the above is not as described, or the network's output or gradient
            is NaN, infinite, or does not depend differentiably on the images.
    """
    objective = Objective(model, images, labels, targeted=targeted)
    return last_images(
        _iterates(
            objective,
            epsilon=epsilon,
            step_size=step_size,
            steps=steps,
            norm=norm,
            random_start=random_start,
            seed=seed,
        )
    )


def pgd_steps(
    model: torch.nn.Module,
    images: torch.Tensor,
    labels: torch.Tensor,
    *,
    epsilon: float,
    step_size: float,
    steps: int,
    norm: str = "linf",
    random_start: bool = True,
    targeted: bool = False,
    seed: int | None = None,
) -> Iterator[AttackSnapshot]:
    """The same as ``pgd``, watched: a snapshot of the start and one after each step."""
    objective = Objective(model, images, labels, targeted=targeted)
    iterates = _iterates(
        objective,
        epsilon=epsilon,
        step_size=step_size,
        steps=steps,
        norm=norm,
        random_start=random_start,
        seed=seed,
    )
    return snapshots(objective, iterates, steps)


def _iterates(
    objective: Objective,
    *,
    epsilon: float,
    step_size: float,
    steps: int,
    norm: str,
    random_start: bool,
    seed: int | None,
) -> Iterator[Iterate]:
    check_length("epsilon", epsilon)
    check_length("step_size", step_size)
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 0:
        raise AttackError(f"steps is {steps}, but must be a whole number of at least 0.")
    within, originals = ball(norm), objective.images

    def move(images: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        # In place on the new tensor of the direction: to allocate costs more than to compute here.
        moved = within.steepest(gradient).mul_(objective.direction * step_size).add_(images)
        # Clipping the difference, and not between precomputed bounds, rounds as the peers do.
        return within.project_(moved.sub_(originals), epsilon).add_(originals).clamp_(0, 1)

    start = originals
    if random_start:
        noise = random_perturbations(within, originals, epsilon, seed)
        start = (originals + noise).clamp(0, 1)
    return ascend(objective, start, move, steps)


ATTACK = Attack(
    name="pgd",
    title="Projected gradient descent (PGD)",
    formula=(
        FormulaPart("<i>x</i><sub>t+1</sub>", "adversarial"),
        FormulaPart("="),
        FormulaPart("&Pi;<sub>&epsilon;</sub>", "epsilon"),
        FormulaPart("("),
        FormulaPart("<i>x</i><sub>t</sub>"),
        ASCENT,
        FormulaPart("&alpha;", "step_size"),
        SIGN,
        GRADIENT,
        FormulaPart("))"),
    ),
    source="Madry et al. 2018, Towards deep learning models resistant to adversarial attacks",
    settings=("epsilon", "step_size", "steps", "norm", "random_start", "seed"),
    run=pgd_steps,
)
