"""Networks by name and by file, and the bundled one: what its record says, it does."""

import json
from pathlib import Path

import pytest
import torch

from engine.checkpoints import load_checkpoint, save_checkpoint
from engine.cnn import training
from engine.cnn.networks import CHECKPOINTS, DigitsNetwork, NetworkError, load
from engine.data import load_dataset
from engine.drawn_digits import draw


def test_the_digits_network_is_as_described() -> None:
    network = DigitsNetwork()
    assert sum(weight.numel() for weight in network.parameters()) == 54_666
    assert network.input_size == (1, 28, 28) and network.class_names == tuple("0123456789")
    assert network(torch.rand(3, 1, 28, 28)).shape == (3, 10)
    assert not any(getattr(module, "inplace", False) for module in network.modules())


def test_normalisation_is_inside() -> None:
    network = DigitsNetwork()
    seen: list[torch.Tensor] = []
    handle = network.conv1.register_forward_hook(lambda _module, inputs, _out: seen.append(*inputs))
    network(torch.full((1, 1, 28, 28), 0.1307 + 0.3081))
    handle.remove()
    torch.testing.assert_close(seen[0], torch.ones(1, 1, 28, 28))


def test_the_bundled_network_is_ready() -> None:
    network = load("digits")
    assert not network.training
    assert isinstance(network, DigitsNetwork)


def test_the_bundled_record_is_the_header_of_its_file() -> None:
    record = json.loads((CHECKPOINTS / "digits.json").read_text(encoding="utf-8"))
    header = load_checkpoint(CHECKPOINTS / "digits.safetensors", "cnn").header
    assert record == header
    assert header["architecture"] == "digits" and header["dataset"] == "mnist"
    assert header["command"].startswith("main.py train cnn mnist --steps")
    assert header["evaluation"]["test_images"] == 10_000
    assert header["evaluation"]["test_accuracy"] >= 0.993
    assert header["settings"]["seed"] == header["seed"] and header["versions"]["torch"]


def test_the_bundled_network_reads_mnist(shared: Path) -> None:
    test = load_dataset("mnist", shared / "data", train=False)
    # All 10,000 are judged in the record.
    assert training.evaluate(load("digits"), test.images[:2_000], test.labels[:2_000]) >= 0.99


def test_the_bundled_network_reads_other_hands() -> None:
    assert training.evaluate(load("digits"), *draw(500, seed=11)) >= 0.97


def saved(path: Path, network: DigitsNetwork, **header: object) -> str:
    save_checkpoint(path, "cnn", network.state_dict(), {"architecture": "digits"} | header)
    return str(path)


def test_a_saved_network_comes_back(tmp_path: Path) -> None:
    network, images = DigitsNetwork(), torch.rand(2, 1, 28, 28)
    again = load(saved(tmp_path / "mine.safetensors", network))
    torch.testing.assert_close(again(images), network(images), rtol=0, atol=0)


@pytest.mark.parametrize("name", ["digit", "", "colour", "photo.png"])
def test_an_unknown_name_is_refused_in_words(name: str) -> None:
    with pytest.raises(NetworkError, match=f"no network '{name}'; choose digits"):
        load(name)


def test_files_that_cannot_be_used_are_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    with pytest.raises(NetworkError, match="no checkpoint file"):
        load(str(path))
    for architecture in ("transformer", None, ["digits"]):
        saved(path, DigitsNetwork(), architecture=architecture)
        with pytest.raises(NetworkError, match="this Deepscope knows digits"):
            load(str(path))
    save_checkpoint(path, "dqn", {}, {})
    with pytest.raises(NetworkError, match="holds a 'dqn', but a 'cnn' is needed"):
        load(str(path))
    save_checkpoint(path, "cnn", {"dense.bias": torch.zeros(10)}, {"architecture": "digits"})
    with pytest.raises(NetworkError, match="does not fit the network"):
        load(str(path))
    broken = DigitsNetwork()
    torch.nn.init.constant_(broken.dense.bias, float("nan"))
    with pytest.raises(NetworkError, match="not finite"):
        load(saved(path, broken))
