"""What an attack climbs: the loss of a network on a batch of images, and whether it succeeds."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F


class AttackError(ValueError):
    """An attack that cannot be run; the message says why and what to do, in a sentence."""


@contextmanager
def evaluating(network: torch.nn.Module) -> Iterator[None]:
    """Put every part of the network in eval mode, then each back into the mode it was in.

    Held for one pass only, never across a ``yield``: between two steps of an attack the network is
    as it was found, so another job may train it meanwhile, and an attack that is closed or that
    fails in mid-run leaves nothing behind.
    """
    training = [module for module in network.modules() if module.training]
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True


def answers(network: torch.nn.Module, images: torch.Tensor) -> torch.Tensor:
    """What the network in eval mode says of images (N, C, H, W): finite logits (N, K).

    Raises:
        AttackError: the answer is NaN or infinite, or not one number per class for each image.
    """
    with evaluating(network):
        logits = network(images)
    if not isinstance(logits, torch.Tensor) or not logits.is_floating_point():
        raise AttackError(
            f"The network answered with {_type_in_words(logits)}, but an attack needs one tensor "
            "of logits; wrap the network in a module that returns only those."
        )
    if logits.ndim != 2 or len(logits) != len(images) or logits.shape[1] < 2:
        raise AttackError(
            f"The network answered with shape {tuple(logits.shape)}, but an attack needs one "
            f"logit for each of at least two classes: ({len(images)}, classes)."
        )
    if not bool(logits.isfinite().all()):
        raise AttackError(
            "The network's output is not a finite number (NaN or infinity) on these images; "
            "check its weights."
        )
    return logits


class Objective:
    """The cross-entropy L(theta, x, y) of each image of a batch, its gradient, and its success.

    images: the originals (N, C, H, W) in [0, 1]; a copy, so the caller's tensor stays untouched.
    labels: (N,); what the images show, or, if targeted, what the network shall see in them.
    direction: +1 to climb the loss (untargeted), -1 to descend it (targeted).

    Only the gradient with respect to the images is computed: weights, their ``requires_grad`` and
    their ``.grad`` stay untouched.
    """

    def __init__(
        self,
        network: torch.nn.Module,
        images: torch.Tensor,
        labels: torch.Tensor,
        *,
        targeted: bool = False,
    ) -> None:
        """Raises AttackError where images or labels are not as described above."""
        check_images(images)
        _check_labels(labels, len(images))
        weights = next(network.parameters(), None)
        if weights is not None and (weights.device, weights.dtype) != (images.device, images.dtype):
            raise AttackError(
                f"The images are {images.dtype} on {images.device}, but the network is "
                f"{weights.dtype} on {weights.device}; convert the images to the same."
            )
        self._network = network
        with torch.inference_mode(False):  # where copies are tensors that autograd accepts
            self.images = images.detach().clone()
            self.labels = labels.detach().to(images.device, torch.int64, copy=True)
        self.targeted = targeted
        self.direction = -1.0 if targeted else 1.0
        self._largest_label = int(labels.max())

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """The network's checked answers to images (N, C, H, W): one logit per class, (N, K).

        Raises:
            AttackError: as ``answers``, or a label is no class of the network.
        """
        logits = answers(self._network, images)
        if self._largest_label >= logits.shape[1]:
            raise AttackError(
                f"The label {self._largest_label} is out of range: the network knows "
                f"{logits.shape[1]} classes, 0 to {logits.shape[1] - 1}."
            )
        return logits

    def gradient(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (N, K), and the gradient of each image's own loss, shape (N, C, H, W).

        The losses are summed, not averaged, so that an image's gradient is the same in any batch.

        Raises:
            AttackError: as ``logits``, or the gradient is NaN or infinite, or the output does not
                depend differentiably on the images.
        """
        with torch.inference_mode(False), torch.enable_grad():
            # A caller in inference mode moves to tensors that autograd refuses; a copy is not one.
            images = images.clone() if images.is_inference() else images.detach()
            images.requires_grad_()
            logits = self.logits(images)
            loss = self.losses(logits).sum()
            gradient = (
                torch.autograd.grad(loss, images, allow_unused=True)[0]
                if loss.requires_grad
                else None
            )
        if gradient is None:
            raise AttackError(
                "The network's output does not depend differentiably on the image, so there is no "
                "gradient to follow; remove what detaches or leaves PyTorch in it, or use a "
                "black-box attack."
            )
        # sign(NaN) is 0 in PyTorch: without this check a broken network would look robust.
        if not math.isfinite(gradient.sum().item()):
            raise AttackError(
                "The gradient of the network's loss is not a finite number (NaN or infinity), so "
                "there is no direction to follow; check the network's weights."
            )
        return logits.detach(), gradient

    def losses(self, logits: torch.Tensor) -> torch.Tensor:
        """The cross-entropy of each image, (N,), in nats."""
        return F.cross_entropy(logits, self.labels, reduction="none")

    def fooled(self, logits: torch.Tensor) -> torch.Tensor:
        """Whether each image succeeds, (N,) bool: away from its label, or, if targeted, at it."""
        at_label = logits.argmax(dim=1) == self.labels
        return at_label if self.targeted else ~at_label


def check_images(images: torch.Tensor) -> None:
    """Refuse what is no batch (N, C, H, W) of pixels in [0, 1], with AttackError."""
    if not isinstance(images, torch.Tensor) or not images.is_floating_point():
        found = _type_in_words(images)
        raise AttackError(
            f"The images are {found}, but an attack needs a tensor of floating-point numbers in "
            "[0, 1]; divide 8-bit images by 255."
        )
    if images.ndim != 4 or images.numel() == 0:
        raise AttackError(
            f"The images have shape {tuple(images.shape)}, but an attack needs a batch "
            "(images, channels, height, width) with at least one image."
        )
    low, high = images.min().item(), images.max().item()
    if not (low >= 0 and high <= 1):  # written so that NaN is refused too
        found = "are NaN in places" if math.isnan(low) else f"lie in [{low:g}, {high:g}]"
        raise AttackError(
            f"The pixels {found}, but attacks work in [0, 1]; leave normalisation to the network."
        )


def _check_labels(labels: torch.Tensor, count: int) -> None:
    integers = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)
    if not isinstance(labels, torch.Tensor) or labels.dtype not in integers:
        raise AttackError(
            f"The labels are {_type_in_words(labels)}, but an attack needs a tensor of whole "
            "numbers, one class for each image."
        )
    if labels.shape != (count,):
        raise AttackError(
            f"The labels have shape {tuple(labels.shape)}, but {count} images need one label "
            f"each: ({count},)."
        )
    if int(labels.min()) < 0:
        raise AttackError(f"The label {int(labels.min())} is out of range: labels start at 0.")


def _type_in_words(value: object) -> str:
    return str(value.dtype) if isinstance(value, torch.Tensor) else type(value).__name__
