"""The one way to torchvision, with and without compiled operators that fit."""

import importlib
from types import ModuleType

import pytest
import torch

from engine import torchvision_import
from engine.torchvision_import import import_torchvision


def test_torchvision_works_here() -> None:
    torchvision = import_torchvision()
    assert import_torchvision() is torchvision
    transforms = importlib.import_module("torchvision.transforms.v2")
    assert transforms.functional.horizontal_flip(torch.eye(2)).tolist() == [[0, 1], [1, 0]]
    importlib.import_module("torchvision.models.feature_extraction")


def test_nothing_is_declared_where_the_plain_import_works(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ModuleType("torchvision")
    monkeypatch.setattr(importlib, "import_module", lambda name: whole)
    monkeypatch.setattr(torchvision_import, "_declare_operators", lambda: pytest.fail("declared"))
    assert import_torchvision.__wrapped__() is whole


def test_another_failure_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> ModuleType:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(importlib, "import_module", fail)
    monkeypatch.setattr(torchvision_import, "_declare_operators", lambda: pytest.fail("declared"))
    with pytest.raises(RuntimeError, match="out of memory"):
        import_torchvision.__wrapped__()
