"""The networks that the viewer and the lab look into, found by name or by file."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from engine.checkpoints import CheckpointError, load_checkpoint, load_weights

KIND = "cnn"
CHECKPOINTS = Path(__file__).resolve().parents[2] / "resources" / "checkpoints"
BUNDLED = ("digits",)


class NetworkError(Exception):
    """A network that cannot be used; the message says why and what to do, in a sentence."""


class Network(nn.Module):
    """An image classifier: (N, C, H, W) in [0, 1] to logits (N, K).

    Normalisation happens inside, so that pixels are what a picture holds and attacks live there.

    class_names: the K classes.
    input_size: (C, H, W).
    """

    class_names: tuple[str, ...]
    input_size: tuple[int, int, int]


class DigitsNetwork(Network):
    """Three rows of convolution, ReLU and pooling, then one dense layer: 54,666 parameters.

    For white digits on black. The last row keeps its 7 x 7 positions, so that the dense layer knows
    where on the image a feature was found.
    """

    class_names = tuple("0123456789")
    input_size = (1, 28, 28)
    mean, std = 0.1307, 0.3081  # of all pixels of MNIST's training images

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, kernel_size=3, padding=1)
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3, padding=1)
        self.relu2 = nn.ReLU()
        self.pool2 = nn.MaxPool2d(2)
        self.conv3 = nn.Conv2d(32, 64, kernel_size=3, padding=1)
        self.relu3 = nn.ReLU()
        self.flatten = nn.Flatten()
        self.dense = nn.Linear(64 * 7 * 7, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (N, 10) of images (N, 1, 28, 28) in [0, 1]."""
        maps = (images - self.mean) / self.std
        maps = self.pool1(self.relu1(self.conv1(maps)))
        maps = self.pool2(self.relu2(self.conv2(maps)))
        maps = self.relu3(self.conv3(maps))
        logits: torch.Tensor = self.dense(self.flatten(maps))
        return logits


ARCHITECTURES: dict[str, Callable[[], Network]] = {"digits": DigitsNetwork}


def load(name: str, device: torch.device | str = "cpu") -> Network:
    """The network called ``name``, in evaluation mode, on ``device``.

    ``name`` is one of ``BUNDLED``, or the path of a network that Deepscope trained and saved.

    Raises:
        NetworkError: there is no such network, or its file cannot be used.
    """
    if name in BUNDLED:
        path = CHECKPOINTS / f"{name}.safetensors"
    elif Path(name).suffix == ".safetensors":
        path = Path(name)
    else:
        raise NetworkError(
            f"There is no network '{name}'; choose {' or '.join(BUNDLED)}, or a .safetensors file "
            "that Deepscope saved."
        )
    return _load_file(path).to(device)


def _load_file(path: Path) -> Network:
    """The network that a checkpoint describes and holds."""
    try:
        checkpoint = load_checkpoint(path, KIND)
        architecture = checkpoint.header.get("architecture")
        if not isinstance(architecture, str) or architecture not in ARCHITECTURES:
            raise NetworkError(
                f"{path.name} holds a network of the architecture '{architecture}', but this "
                f"Deepscope knows {', '.join(ARCHITECTURES)}. Update Deepscope or train it again."
            )
        network = ARCHITECTURES[architecture]()
        load_weights(network, checkpoint, path.name)
    except CheckpointError as error:
        raise NetworkError(str(error)) from error
    if not all(bool(weight.isfinite().all()) for weight in network.parameters()):
        raise NetworkError(
            f"{path.name} holds weights that are not finite numbers: its training broke down. "
            "Train it again with a smaller learning rate."
        )
    return network.eval()
