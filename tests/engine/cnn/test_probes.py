"""Looking inside: what is shown is what was computed, and the network is left as it was found."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import torch
from torch import nn

from engine.cnn.networks import DigitsNetwork, Network
from engine.cnn.probes import look, prepare, recorded
from engine.images import Image
from engine.mosaic import tile


class Overwriting(Network):
    """Colour images through an in-place ReLU, a layer that runs twice, dropout and batch norm."""

    class_names = ("left", "right")
    input_size = (3, 8, 12)

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, kernel_size=3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.norm = nn.BatchNorm2d(3)
        self.pool = nn.MaxPool2d(4)
        self.dropout = nn.Dropout()
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(18, 2))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.relu(self.conv(self.relu(self.conv(images))))
        logits: torch.Tensor = self.head(self.dropout(self.pool(self.norm(maps))))
        return logits


@pytest.fixture
def image() -> Image:
    return np.random.default_rng(0).random((50, 70, 3), dtype=np.float32)


@pytest.fixture
def digits() -> DigitsNetwork:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return DigitsNetwork().eval()


@pytest.fixture
def overwriting() -> Overwriting:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Overwriting().eval()


def test_a_look_is_the_forward_pass(digits: DigitsNetwork, image: Image) -> None:
    shown = look(digits, image)
    pixels = prepare(image, digits)
    with torch.no_grad():
        logits = digits(pixels)[0]
        conv1 = digits.conv1((pixels - digits.mean) / digits.std)[0]
    np.testing.assert_array_equal(shown.input, pixels[0].numpy())
    np.testing.assert_array_equal(shown.logits, logits.numpy())
    np.testing.assert_allclose(shown.probabilities, logits.softmax(0).numpy(), rtol=1e-6)
    np.testing.assert_array_equal(shown.layers[0].maps, conv1.numpy())
    np.testing.assert_array_equal(shown.layers[-1].maps[:, 0, 0], logits.numpy())


def test_the_layers_are_those_of_the_network(digits: DigitsNetwork, image: Image) -> None:
    layers = [
        (layer.name, layer.kind, layer.maps.shape, layer.signed)
        for layer in look(digits, image).layers
    ]
    assert layers == [
        ("conv1", "convolution", (16, 28, 28), True),
        ("relu1", "ReLU", (16, 28, 28), False),
        ("pool1", "max pooling", (16, 14, 14), False),
        ("conv2", "convolution", (32, 14, 14), True),
        ("relu2", "ReLU", (32, 14, 14), False),
        ("pool2", "max pooling", (32, 7, 7), False),
        ("conv3", "convolution", (64, 7, 7), True),
        ("relu3", "ReLU", (64, 7, 7), False),
        ("dense", "dense", (10, 1, 1), True),
    ]


def test_mosaics_are_of_the_maps(digits: DigitsNetwork, image: Image) -> None:
    for layer in look(digits, image).layers:
        shown = layer.mosaic
        expected = tile(layer.maps, columns=shown.columns, gap=shown.gap, signed=layer.signed)
        np.testing.assert_array_equal(shown.pixels, expected.pixels)
        assert layer.maps.dtype == np.float32
        assert shown.limit == pytest.approx(float(np.abs(layer.maps).max()))


def test_an_in_place_relu_falsifies_nothing(overwriting: Overwriting, image: Image) -> None:
    layers = {layer.name: layer for layer in look(overwriting, image).layers}
    assert list(layers) == ["conv", "relu", "conv#2", "relu#2", "norm", "pool", "head.1"]
    assert layers["conv"].maps.min() < 0 and layers["conv#2"].maps.min() < 0
    for run in ("", "#2"):
        expected = layers[f"conv{run}"].maps.clip(min=0)
        np.testing.assert_array_equal(layers[f"relu{run}"].maps, expected)
    assert layers["norm"].kind == "batch normalisation" and layers["norm"].signed


def test_pooling_is_signed_where_its_maps_are(image: Image) -> None:
    class Averaging(Network):
        class_names = ("only",)
        input_size = (3, 4, 4)

        def __init__(self) -> None:
            super().__init__()
            self.shift = nn.Parameter(torch.tensor(-2.0))
            self.pool = nn.AdaptiveAvgPool2d(1)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.pool(images + self.shift).flatten(1)
            return logits

    (layer,) = look(Averaging(), image).layers
    assert layer.signed and layer.kind == "average pooling" and layer.maps.shape == (3, 1, 1)


def hooks(network: nn.Module) -> int:
    return sum(len(module._forward_hooks) for module in network.modules())


def test_the_network_is_left_as_found(overwriting: Overwriting, image: Image) -> None:
    overwriting.train()
    overwriting.norm.eval()  # as someone does who fine-tunes
    modes = [module.training for module in overwriting.modules()]
    weights = {name: value.clone() for name, value in overwriting.state_dict().items()}
    shown = look(overwriting, image)
    assert [module.training for module in overwriting.modules()] == modes
    assert hooks(overwriting) == 0
    assert all(weight.grad is None for weight in overwriting.parameters())
    for name, value in overwriting.state_dict().items():
        assert torch.equal(value, weights[name])
    # Dropout slept: looking twice shows the same.
    np.testing.assert_array_equal(look(overwriting, image).logits, shown.logits)


def test_hooks_go_even_when_the_network_fails(digits: DigitsNetwork) -> None:
    with pytest.raises(RuntimeError), recorded(digits) as records:
        assert hooks(digits) == 9
        digits(torch.rand(1, 1, 20, 20))
    assert hooks(digits) == 0
    assert [name for name, _, _ in records][-1] == "relu3"


def test_a_look_stays_as_it_is(digits: DigitsNetwork, image: Image) -> None:
    shown = look(digits, image)
    kept = [layer.maps.copy() for layer in shown.layers]
    look(digits, 1 - image)
    nn.init.zeros_(digits.conv1.weight)
    for layer, maps in zip(shown.layers, kept, strict=True):
        np.testing.assert_array_equal(layer.maps, maps)
    with pytest.raises(FrozenInstanceError):
        shown.logits = kept[0]  # type: ignore[misc]


def test_gray_is_luma(digits: DigitsNetwork) -> None:
    red = np.zeros((28, 28, 3), np.float32)
    red[..., 0] = 1
    torch.testing.assert_close(prepare(red, digits), torch.full((1, 1, 28, 28), 0.299))
    torch.testing.assert_close(prepare(red, digits, invert=True), torch.full((1, 1, 28, 28), 0.701))
    white = prepare(np.ones((9, 9, 3), np.float32), digits)
    assert white.max() <= 1 and white.min() > 0.999


def test_the_image_is_cropped_about_its_centre(digits: DigitsNetwork) -> None:
    wide = np.zeros((56, 100, 3), np.float32)
    wide[:, 22:78] = 1
    torch.testing.assert_close(prepare(wide, digits), torch.ones(1, 1, 28, 28))


def test_colour_stays_colour(overwriting: Overwriting) -> None:
    green = np.zeros((16, 24, 3), np.float32)
    green[..., 1] = 1
    pixels = prepare(green, overwriting)
    assert pixels.shape == (1, 3, 8, 12)
    assert pixels[0].mean(dim=(1, 2)).tolist() == [0, 1, 0]
