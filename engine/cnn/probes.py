"""Looking inside a network: every map that every layer computes from one image."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from engine.cnn.networks import Network
from engine.images import Image, fit
from engine.mosaic import Mosaic, tile
from engine.snapshot import Snapshot

LUMA = (0.299, 0.587, 0.114)  # of R, G and B, Rec. ITU-R BT.601
NOTHING_NEW = (nn.Flatten, nn.Unflatten, nn.Identity, nn.Dropout)
NEVER_NEGATIVE = (nn.ReLU, nn.ReLU6, nn.Sigmoid, nn.Softmax, nn.Softplus)
MOSAIC_ASPECT = 1.6  # width over height of the place that a layer's mosaic has in the window
POOLING = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveMaxPool2d, nn.AdaptiveAvgPool2d)
KINDS: tuple[tuple[type[nn.Module], str], ...] = (
    (nn.Conv2d, "convolution"),
    (nn.ReLU, "ReLU"),
    (nn.MaxPool2d, "max pooling"),
    (nn.AvgPool2d, "average pooling"),
    (nn.AdaptiveAvgPool2d, "average pooling"),
    (nn.BatchNorm2d, "batch normalisation"),
    (nn.Linear, "dense"),
)


@dataclass(frozen=True)
class LayerMaps:
    """What one layer computed.

    name: the module's path in the network, with ``#2`` and so on if it ran more than once.
    kind: what it does, in words.
    maps: float32 (C, H, W); the vector of a dense layer is (features, 1, 1).
    signed: whether such a layer can be negative. A ReLU cannot; pooling can where its maps are.
    mosaic: the maps as one image.
    """

    name: str
    kind: str
    maps: NDArray[np.float32]
    signed: bool
    mosaic: Mosaic


@dataclass(frozen=True, kw_only=True)
class Look(Snapshot):
    """All that a network computed from one image.

    input: float32 (C, H, W) in [0, 1], before the normalisation that is part of the network.
    layers: in the order of execution.
    logits: float32 (K,). probabilities: float32 (K,), their softmax.
    """

    input: NDArray[np.float32]
    layers: tuple[LayerMaps, ...]
    logits: NDArray[np.float32]
    probabilities: NDArray[np.float32]


def prepare(image: Image, network: Network, *, invert: bool = False) -> torch.Tensor:
    """``image`` (H, W, 3) as ``network`` takes it: (1, C, H, W) in [0, 1], on its device.

    Cropped about the centre to the network's aspect and scaled; gray where the network has one
    channel.

    invert: exchange dark and light, for dark ink on white paper.
    """
    channels, height, width = network.input_size
    pixels = torch.from_numpy(fit(image, height, width)).permute(2, 0, 1)
    if channels == 1:
        pixels = torch.tensordot(torch.tensor([LUMA]), pixels, dims=1)
    if invert:
        pixels = 1 - pixels
    pixels = pixels.clamp(0, 1).unsqueeze(0).contiguous()
    return pixels.to(next(network.parameters()).device)


def look(network: Network, image: Image, *, invert: bool = False) -> Look:
    """Show ``image`` (H, W, 3) to ``network`` and record every layer; ``invert`` as in ``prepare``.

    The network is left as it was found.
    """
    pixels = prepare(image, network, invert=invert)
    with _evaluating(network), torch.inference_mode():
        with recorded(network) as records:
            logits = network(pixels)
        probabilities = logits.softmax(dim=1)
    return Look(
        input=_array(pixels[0]),
        layers=tuple(_layer(name, module, output) for name, module, output in records),
        logits=_array(logits[0]),
        probabilities=_array(probabilities[0]),
    )


@contextmanager
def recorded(network: nn.Module) -> Iterator[list[tuple[str, nn.Module, torch.Tensor]]]:
    """A list that every leaf module adds to, as it runs: its name, itself and its output.

    Outputs are clones, because a ReLU that works in place would overwrite what came before it.
    Those of ``NOTHING_NEW`` add nothing. The hooks are gone when the block ends, however it does.
    """
    records: list[tuple[str, nn.Module, torch.Tensor]] = []
    runs: dict[str, int] = {}

    def record(name: str, module: nn.Module, inputs: object, output: object) -> None:
        if isinstance(output, torch.Tensor):
            runs[name] = runs.get(name, 0) + 1
            numbered = name if runs[name] == 1 else f"{name}#{runs[name]}"
            records.append((numbered, module, output.detach().clone()))

    handles = [
        module.register_forward_hook(partial(record, name))
        for name, module in network.named_modules()
        if next(module.children(), None) is None and not isinstance(module, NOTHING_NEW)
    ]
    try:
        yield records
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _evaluating(network: nn.Module) -> Iterator[None]:
    """Evaluation mode, then for every module the mode it had: they need not agree."""
    training = [module for module in network.modules() if module.training]
    network.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True


def _layer(name: str, module: nn.Module, output: torch.Tensor) -> LayerMaps:
    maps = _array(output[0])
    if maps.ndim != 3:  # a vector becomes a map a number; anything else one map
        maps = maps.reshape(-1, 1, 1) if maps.ndim < 2 else maps.reshape(1, len(maps), -1)
    kind = next((words for known, words in KINDS if isinstance(module, known)), None)
    if isinstance(module, NEVER_NEGATIVE):
        signed = False
    else:
        signed = not isinstance(module, POOLING) or bool(maps.min() < 0)
    # Single numbers need no gap to be told apart: they are squares of one colour.
    mosaic = tile(maps, signed=signed, aspect=MOSAIC_ASPECT, gap=int(maps.shape[1] > 1))
    return LayerMaps(name, kind or type(module).__name__, maps, signed, mosaic)


def _array(tensor: torch.Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = tensor.detach().float().cpu().numpy()
    return array
