"""The device, by name or by choice."""

import pytest
import torch

from engine import device


def test_the_processor_is_always_there() -> None:
    assert device.choose_device("cpu") == torch.device("cpu")
    assert device.describe(torch.device("cpu")).startswith("CPU, ")


def test_auto_prefers_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.choose_device("auto").type == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert device.choose_device("auto").type == "mps"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert device.choose_device("auto").type == "cpu"


def test_a_device_that_is_not_there_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(device.DeviceError, match="Use --device auto"):
        device.choose_device("cuda")
    with pytest.raises(device.DeviceError, match="choose one of auto, cpu"):
        device.choose_device("tpu")


def test_threads_are_given_back() -> None:
    before = torch.get_num_threads()
    with device.threads(2):
        assert torch.get_num_threads() == 2
    assert torch.get_num_threads() == before
