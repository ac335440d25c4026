"""A small network that really classifies, trained in a moment on images made here."""

from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from engine.device import threads

SIDE = 12
CLASSES = 4


def blobs(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Noisy images (count, 1, 12, 12) in [0, 1] with a bright square in the quadrant of the class.

    The whole of [0, 1] is used, black and white included, so that clipping matters.
    """
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(CLASSES, (count,), generator=generator)
    images = torch.rand(count, 1, SIDE, SIDE, generator=generator) * 0.6 - 0.1
    half = SIDE // 2
    for image, label in zip(images, labels.tolist(), strict=True):
        row, column = half * (label // 2), half * (label % 2)
        image[:, row + 1 : row + half - 1, column + 1 : column + half - 1] += 0.6
    return images.clamp(0, 1), labels


class BlobNetwork(nn.Module):
    """Batch norm and dropout are here because they answer differently outside eval mode."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 8, 3, padding=1),
            nn.ReLU(),
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(8 * 36, CLASSES))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.features((images - 0.3) / 0.3))
        return logits


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """As in the worker: two threads cost a network this small far more than they save."""
    with threads(1):
        yield


@pytest.fixture(scope="session")
def trained_weights(one_thread: None) -> dict[str, torch.Tensor]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = BlobNetwork()
        optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
        for step in range(40):
            images, labels = blobs(64, seed=1000 + step)
            optimizer.zero_grad()
            F.cross_entropy(network(images), labels).backward()
            optimizer.step()
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}


@pytest.fixture
def network(trained_weights: dict[str, torch.Tensor]) -> nn.Module:
    """The trained network in eval mode; a fresh copy for each test."""
    fresh = BlobNetwork()
    fresh.load_state_dict(trained_weights)
    return fresh.eval()


@pytest.fixture
def batch(network: nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
    """Sixteen images (16, 1, 12, 12) that the network classifies rightly, and their labels."""
    images, labels = blobs(64, seed=5)
    with torch.no_grad():
        right = network(images).argmax(dim=1) == labels
    return images[right][:16], labels[right][:16]
