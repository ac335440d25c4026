"""Checkpoints: safe, atomic, self-describing."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.checkpoints import CheckpointError, load_checkpoint, load_weights, save_checkpoint


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "deep" / "net.safetensors"
    save_checkpoint(path, "cnn", {"weight": torch.arange(6.0).view(2, 3)}, {"seed": 3})
    return path


def test_what_was_saved_comes_back(saved: Path) -> None:
    checkpoint = load_checkpoint(saved, "cnn")
    assert checkpoint.kind == "cnn" and checkpoint.header == {"seed": 3}
    torch.testing.assert_close(checkpoint.tensors["weight"], torch.arange(6.0).view(2, 3))
    assert [file.name for file in saved.parent.iterdir()] == ["net.safetensors"]


def test_tied_and_strided_tensors_are_saved(tmp_path: Path) -> None:
    tied = torch.arange(6.0).view(2, 3)
    save_checkpoint(tmp_path / "a", "cnn", {"one": tied, "two": tied, "turned": tied.t()}, {})
    assert load_checkpoint(tmp_path / "a").tensors["turned"].shape == (3, 2)


def test_another_kind_is_refused_in_words(saved: Path) -> None:
    with pytest.raises(CheckpointError, match=r"holds a 'cnn', but a 'dqn' is needed"):
        load_checkpoint(saved, "dqn")


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 40, 0.5, 0.99])
def test_a_truncated_file_is_refused_in_words(saved: Path, kept: float) -> None:
    content = saved.read_bytes()
    saved.write_bytes(content[: kept if isinstance(kept, int) else int(len(content) * kept)])
    with pytest.raises(CheckpointError, match="not a whole safetensors file"):
        load_checkpoint(saved)


def test_foreign_and_hostile_files_are_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "file.safetensors"
    for content, words in (
        (b"hello, I am a text file", "not a whole safetensors file"),
        ((2**62).to_bytes(8, "little") + b"{}", "not a whole safetensors file"),
        (b"\x80\x04\x95" + bytes(90), "not a whole safetensors file"),
    ):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=words):
            load_checkpoint(path)
    torch.save({"weight": torch.ones(2)}, path)
    with pytest.raises(CheckpointError, match="not a whole safetensors file"):
        load_checkpoint(path)
    save_file({"weight": torch.ones(2)}, path)
    with pytest.raises(CheckpointError, match="not one that Deepscope saved"):
        load_checkpoint(path)
    for description in ("[1, 2]", "{", "[" * 100_000, json.dumps({"format": "x", "kind": 3})):
        save_file({"weight": torch.ones(2)}, path, metadata={"deepscope": description})
        with pytest.raises(CheckpointError):
            load_checkpoint(path)
    with pytest.raises(CheckpointError, match="no checkpoint file"):
        load_checkpoint(tmp_path)
    with pytest.raises(CheckpointError, match="no checkpoint file"):
        load_checkpoint(tmp_path / "missing")


def test_a_newer_format_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "new.safetensors"
    description = json.dumps({"format": 99, "kind": "cnn"})
    save_file({"weight": torch.ones(2)}, path, metadata={"deepscope": description})
    with pytest.raises(CheckpointError, match="newer Deepscope"):
        load_checkpoint(path)


def test_every_single_byte_of_damage_is_refused_or_harmless(saved: Path) -> None:
    content = bytearray(saved.read_bytes())
    for position in range(0, len(content), 3):
        damaged = bytearray(content)
        damaged[position] ^= 0x5A
        saved.write_bytes(damaged)
        try:
            load_checkpoint(saved)
        except CheckpointError as error:
            assert str(error)


def test_a_file_that_cannot_be_written_is_said_and_the_old_one_stays(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(CheckpointError, match="could not be written: No space left"):
        save_checkpoint(saved, "cnn", {"weight": torch.zeros(1)}, {})
    assert saved.read_bytes() == before
    assert len(list(saved.parent.iterdir())) == 1


def test_weights_that_do_not_fit_are_refused_in_words(saved: Path) -> None:
    with pytest.raises(CheckpointError, match="does not fit the network"):
        load_weights(torch.nn.Linear(3, 3, bias=False), load_checkpoint(saved), "net.safetensors")
    fitting = torch.nn.Linear(3, 2, bias=False)
    load_weights(fitting, load_checkpoint(saved), "net.safetensors")
    assert fitting.weight[1, 2] == 5.0
