"""The attacks against the network that Deepscope ships, on real handwritten digits."""

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.adversarial import pgd
from engine.adversarial.comparison import Settings, compare
from engine.cnn.networks import load

COUNT = 64


@pytest.fixture
def digits(shared: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """The first images (64, 1, 28, 28) of MNIST's test set, in [0, 1], and their labels."""
    folder = shared / "data" / "MNIST" / "raw"
    pixels = np.fromfile(folder / "t10k-images-idx3-ubyte", np.uint8, COUNT * 784, offset=16)
    labels = np.fromfile(folder / "t10k-labels-idx1-ubyte", np.uint8, COUNT, offset=8)
    images = torch.from_numpy(pixels.reshape(-1, 1, 28, 28).astype(np.float32) / 255)
    return images, torch.from_numpy(labels.astype(np.int64))


@pytest.mark.shared
def test_pgd_leaves_no_digit_standing(digits: tuple[torch.Tensor, torch.Tensor]) -> None:
    network, (images, labels) = load("digits"), digits
    adversarial = pgd(network, images, labels, epsilon=0.3, step_size=0.01, steps=40, seed=0)
    with torch.no_grad():
        assert (network(images).argmax(dim=1) == labels).float().mean() >= 0.98
        assert not (network(adversarial).argmax(dim=1) == labels).any()


@pytest.mark.shared
def test_a_digit_is_turned_into_any_other_and_survives_saving(
    digits: tuple[torch.Tensor, torch.Tensor],
) -> None:
    network, (images, labels) = load("digits"), digits
    for target in set(range(10)) - {int(labels[0])}:
        settings = Settings(epsilon=0.3, steps=40, targeted=True, target=target)
        shown = compare(network, images[0], settings)
        assert shown.fools and shown.still_fools_when_saved
        assert shown.prediction == target and shown.label == labels[0]
