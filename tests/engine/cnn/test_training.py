"""Training: it learns, a seed decides it, and it leaves no trace but its snapshots."""

import math
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from engine import snapshot
from engine.checkpoints import CheckpointError, save_checkpoint
from engine.cnn import networks, training
from engine.cnn.augmentation import augment
from engine.cnn.training import Learner, Settings, one_cycle, train
from engine.data import DataError
from engine.drawn_digits import draw
from engine.settings import SettingsError


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small data set of drawn digits in MNIST's files: 1,000 to learn from, 600 to be judged."""
    folder = tmp_path_factory.mktemp("data")
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, count, seed in (("train", 1_000, 0), ("t10k", 600, 1)):
        images, labels = draw(count, seed)
        header = struct.pack(">4I", 0x803, count, 28, 28)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(header + images.tobytes())
        header = struct.pack(">2I", 0x801, count)
        content = header + labels.astype(np.uint8).tobytes()
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(content)
    return folder


SHORT = Settings(steps=60, batch_size=32, evaluation_interval=40)


def test_it_learns(data: Path) -> None:
    learner = Learner("mnist", SHORT, data=data)
    end = snapshot.last(learner.train())
    assert end.losses[:5].mean() > 2.0 and end.losses[-10:].mean() < 1.2
    assert end.test_accuracy is not None and end.test_accuracy > 0.75
    assert end.train_accuracy > 0.4 and end.progress == 1.0
    assert end.step == 60 and end.epoch == pytest.approx(60 / 31)
    assert end.test_steps.tolist() == [40, 60]
    # What it reports is what the network does.
    assert learner.network is not None
    assert training.evaluate(learner.network, *draw(600, seed=1)) == end.test_accuracy


def test_snapshots_tell_the_run(data: Path) -> None:
    settings = Settings(steps=4, batch_size=16, evaluation_interval=2)
    told = [
        (state.step, state.evaluating, len(state.losses), len(state.test_steps))
        for state in train("mnist", settings, data=data)
    ]
    assert told == [
        (0, False, 0, 0),
        (1, False, 1, 0),
        (2, False, 2, 0),
        (2, True, 2, 0),
        (2, True, 2, 0),
        (2, False, 2, 1),
        (3, False, 3, 1),
        (4, False, 4, 1),
        (4, True, 4, 1),
        (4, True, 4, 1),
        (4, False, 4, 2),
    ]


def losses(data: Path, seed: int) -> list[float]:
    settings = Settings(steps=12, batch_size=16, seed=seed)
    return snapshot.last(train("mnist", settings, data=data)).losses.tolist()


def test_a_seed_decides_every_digit(data: Path) -> None:
    torch.manual_seed(1)
    first = losses(data, seed=3)
    torch.manual_seed(2)
    assert losses(data, seed=3) == first
    assert losses(data, seed=4) != first


def test_the_shared_generator_is_left_alone(data: Path) -> None:
    before = torch.get_rng_state()
    losses(data, seed=3)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_cancelled_run_leaves_nothing(data: Path) -> None:
    files = sorted(data.rglob("*"))
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    learner = Learner("mnist", SHORT, data=data)
    run = learner.train()
    assert learner.network is None
    for _ in range(3):
        next(run)
    run.close()
    assert learner.step == 2
    with pytest.raises(StopIteration):
        next(run)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads and torch.is_grad_enabled()
    assert sorted(data.rglob("*")) == files


def test_what_was_trained_is_saved_and_comes_back(data: Path, tmp_path: Path) -> None:
    learner = Learner("mnist", Settings(steps=3, batch_size=16), data=data)
    with pytest.raises(CheckpointError, match="has not begun"):
        learner.checkpoint()
    end = snapshot.last(learner.train())
    tensors, header = learner.checkpoint()
    assert header["steps"] == 3 and header["settings"]["batch_size"] == 16
    assert header["evaluation"] == {"test_accuracy": end.test_accuracy, "test_images": 600}
    path = tmp_path / "mine.safetensors"
    save_checkpoint(path, header["algorithm"], tensors, header)
    again = networks.load(str(path))
    assert training.evaluate(again, *draw(600, seed=1)) == end.test_accuracy


def test_weights_that_nobody_judged_carry_no_score(data: Path) -> None:
    settings = Settings(steps=5, batch_size=16, evaluation_interval=2)
    learner = Learner("mnist", settings, data=data)
    for state in learner.train():
        if state.step == 3:
            break
    assert learner.checkpoint()[1]["evaluation"] is None


def test_a_batch_larger_than_the_data_is_all_of_it(data: Path) -> None:
    settings = Settings(steps=2, batch_size=4_096)
    assert snapshot.last(train("mnist", settings, data=data)).epoch == 2.0


def test_bad_input_is_refused_in_words(data: Path) -> None:
    with pytest.raises(SettingsError, match="batch_size is 0"):
        Settings(batch_size=0)
    with pytest.raises(DataError, match="no data set 'letters'"):
        next(train("letters"))
    with pytest.raises(ValueError, match="at least one image"):
        training.evaluate(networks.DigitsNetwork(), *draw(0, seed=0))


def test_the_learning_rate_is_one_cycle() -> None:
    rates = [one_cycle(progress, peak=2.0) for progress in np.linspace(0, 1, 11)]
    assert rates[0] == 0 and rates[2] == 2.0 and rates[-1] == pytest.approx(0)
    assert rates[1] == pytest.approx(1.0) and rates[6] == pytest.approx(1.0)
    assert rates[2:] == sorted(rates[2:], reverse=True)


def images() -> torch.Tensor:
    return torch.from_numpy(draw(64, seed=2)[0]) / 255


def test_augmentation_of_no_strength_changes_nothing() -> None:
    same = augment(images(), 0.0, torch.Generator().manual_seed(0))
    torch.testing.assert_close(same, images(), atol=1e-5, rtol=0)


def test_augmentation_moves_and_thickens_within_range() -> None:
    changed = augment(images(), 1.0, torch.Generator().manual_seed(0))
    assert changed.shape == (64, 1, 28, 28)
    assert changed.min() >= 0 and changed.max() <= 1
    ink = changed.sum(dim=(1, 2, 3)) / images().sum(dim=(1, 2, 3))
    assert ink.min() < 0.8 and ink.max() > 1.3
    rows = (changed.sum(dim=3).squeeze(1) * torch.arange(28)).sum(dim=1) / changed.sum(
        dim=(1, 2, 3)
    )
    assert 1 < rows.std() < 3
    assert not math.isclose(changed.sum().item(), images().sum().item(), rel_tol=1e-3)
