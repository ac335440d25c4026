"""The balls that a perturbation may not leave, by norm: where it may start, step and end.

All norms are per image: row i of a batch never sees the other rows.
"""

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType

import torch

from engine.adversarial.objective import AttackError

SMALLEST_NORM = 1e-12  # a gradient of zero stays zero instead of becoming 0 / 0


class Ball(ABC):
    """All perturbations of an image whose norm is at most epsilon."""

    @abstractmethod
    def steepest(self, gradient: torch.Tensor) -> torch.Tensor:
        """A new tensor: each image's direction of fastest growth, of norm 1; zero stays zero."""

    @abstractmethod
    def project_(self, perturbation: torch.Tensor, epsilon: float) -> torch.Tensor:
        """Each image's (N, C, H, W) nearest point of the ball of radius epsilon, in place."""

    @abstractmethod
    def sample(self, like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """One point, uniform in the ball of radius 1, of the shape and type of one image."""


class LInfinity(Ball):
    """Every pixel by at most epsilon: the norm is the largest change of a single value."""

    def steepest(self, gradient: torch.Tensor) -> torch.Tensor:
        """The sign of the gradient."""
        return gradient.sign()

    def project_(self, perturbation: torch.Tensor, epsilon: float) -> torch.Tensor:
        """Every value clipped to [-epsilon, epsilon]."""
        return perturbation.clamp_(-epsilon, epsilon)

    def sample(self, like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Every value uniform in [-1, 1]."""
        return torch.rand(like.shape, dtype=like.dtype, generator=generator) * 2 - 1


class L2(Ball):
    """The whole image by at most epsilon: the norm is the Euclidean length of the change."""

    def steepest(self, gradient: torch.Tensor) -> torch.Tensor:
        """The gradient, scaled to length 1."""
        return gradient * (1 / self._lengths(gradient))

    def project_(self, perturbation: torch.Tensor, epsilon: float) -> torch.Tensor:
        """The perturbation, shortened to length epsilon where it is longer."""
        return perturbation.mul_((epsilon / self._lengths(perturbation)).clamp(max=1))

    def sample(self, like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """A Gaussian direction, with the radius u^(1/d) that makes the volume uniform.

        (A radius drawn uniformly in [0, 1] instead, which torchattacks does, crowds the centre.)
        """
        direction = torch.randn(like.shape, dtype=like.dtype, generator=generator)
        radius = torch.rand((), dtype=like.dtype, generator=generator) ** (1 / like.numel())
        point: torch.Tensor = direction * (radius / direction.norm().clamp(min=SMALLEST_NORM))
        return point

    @staticmethod
    def _lengths(vectors: torch.Tensor) -> torch.Tensor:
        lengths = vectors.flatten(1).square().sum(dim=1).sqrt().clamp(min=SMALLEST_NORM)
        return lengths.view(-1, 1, 1, 1)


BALLS: Mapping[str, Ball] = MappingProxyType({"linf": LInfinity(), "l2": L2()})


def ball(norm: str) -> Ball:
    """The ball by the name of its norm, ``linf`` or ``l2``.

    Raises:
        AttackError: there is no such norm here.
    """
    if norm not in BALLS:
        raise AttackError(f"There is no norm '{norm}' here; choose one of {', '.join(BALLS)}.")
    return BALLS[norm]


def check_length(name: str, value: float) -> None:
    """Refuse an epsilon or a step size that is negative, infinite or NaN, with AttackError."""
    if not (math.isfinite(value) and value >= 0):
        raise AttackError(f"{name} is {value}, but must be a finite number of at least 0.")


def random_perturbations(
    within: Ball, images: torch.Tensor, epsilon: float, seed: int | None
) -> torch.Tensor:
    """A perturbation for each image (N, C, H, W), uniform in the ball of radius epsilon.

    It depends on the seed and on the image alone, not on the image's place in the batch or on the
    device, so that an image meets the same start alone and in any batch. Copies of one image in a
    batch are told apart by their order, so that repeating an image gives it several starts.
    Without a seed one is drawn from PyTorch's global generator.
    """
    if seed is None:
        seed = int(torch.randint(2**63 - 1, ()))
    generators: dict[bytes, torch.Generator] = {}
    starts = []
    for image in images.cpu():
        content = hashlib.blake2b(str(seed).encode(), digest_size=8)
        content.update(image.float().numpy().tobytes())
        key = content.digest()
        if key not in generators:
            generators[key] = torch.Generator().manual_seed(int.from_bytes(key))
        starts.append(within.sample(image, generators[key]))
    return epsilon * torch.stack(starts).to(images.device)
