"""What the lab shows of one attack on one image."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine.adversarial import AttackError, attacks, pgd
from engine.adversarial.comparison import Settings, compare, compare_steps, default_step_size
from engine.settings import SettingsError, explain

Batch = tuple[torch.Tensor, torch.Tensor]
STRONG = Settings(epsilon=0.3, steps=6)


def answers(network: nn.Module, image: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return network(torch.from_numpy(image)[None])[0].softmax(dim=0).numpy()


@pytest.mark.parametrize("attack", attacks())
@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("targeted", [False, True])
def test_every_number_is_that_of_the_pictures_shown(
    attack: str, norm: str, targeted: bool, network: nn.Module, batch: Batch
) -> None:
    settings = replace(STRONG, attack=attack, norm=norm, targeted=targeted)
    shown = compare(network, batch[0][0], settings)
    before, after = answers(network, shown.original), answers(network, shown.adversarial)
    assert shown.label == before.argmax() and shown.prediction == after.argmax()
    assert shown.target == (before.argmin() if targeted else None)
    np.testing.assert_allclose(shown.probabilities_before, before, atol=1e-6)
    np.testing.assert_allclose(shown.probabilities_after, after, atol=1e-6)

    def fools(probabilities: np.ndarray) -> bool:
        chosen = probabilities.argmax()
        return bool(chosen == shown.target if targeted else chosen != shown.label)

    assert shown.fools == fools(after)
    assert shown.saved.dtype == np.uint8
    assert np.abs(shown.saved / 255 - shown.adversarial).max() <= 0.5 / 255 + 1e-6
    opened = shown.saved.astype(np.float32) / 255
    assert shown.still_fools_when_saved == fools(answers(network, opened))
    assert np.array_equal(shown.original, batch[0][0].numpy())
    assert np.array_equal(shown.perturbation, shown.adversarial - shown.original)
    change = shown.perturbation.astype(np.float64)
    assert shown.linf == pytest.approx(np.abs(change).max())
    assert shown.l2 == pytest.approx(np.sqrt((change**2).sum()))
    assert shown.l0 == np.count_nonzero(change)  # one channel: pixels are values
    assert shown.progress == 1.0 and shown.seconds > 0


def test_the_curves_cover_every_step_and_only_grow(network: nn.Module, batch: Batch) -> None:
    seen = list(compare_steps(network, batch[0][0], STRONG))
    assert [one.step for one in seen] == list(range(7))
    for one in seen:
        assert (
            len(one.losses) == len(one.true_confidence) == len(one.new_confidence) == one.step + 1
        )
        np.testing.assert_allclose(one.losses[-1], -np.log(one.true_confidence[-1]), rtol=1e-4)
        assert one.true_confidence[-1] == one.probabilities_after[one.label]
    assert np.array_equal(seen[-1].losses[:4], seen[3].losses)
    final = compare(network, batch[0][0], STRONG)
    assert np.array_equal(final.adversarial, seen[-1].adversarial)
    assert np.array_equal(final.losses, seen[-1].losses)


def test_the_result_is_that_of_the_plain_function(network: nn.Module, batch: Batch) -> None:
    images, labels = batch[0][:1], batch[1][:1]
    shown = compare(network, images, replace(STRONG, seed=9))
    step_size = default_step_size(0.3, 6)
    plain = pgd(network, images, labels, epsilon=0.3, step_size=step_size, steps=6, seed=9)
    assert np.array_equal(shown.adversarial, plain[0].numpy())
    chosen = compare(network, images, replace(STRONG, seed=9, step_size=0.01))
    assert chosen.linf != 0 and not np.array_equal(chosen.adversarial, shown.adversarial)


def test_saving_rounds_and_never_truncates(batch: Batch) -> None:
    # Saved values of k/255 - 0.4/255 must become k: truncation would give k - 1 everywhere.
    network = nn.Sequential(nn.Flatten(), nn.Linear(144, 4))
    image = torch.full((1, 12, 12), 99.6 / 255)
    assert (compare(network, image, Settings(epsilon=0.0)).saved == 100).all()


def test_a_label_that_the_network_already_misses_is_fooled_from_the_start(
    network: nn.Module, batch: Batch
) -> None:
    wrong = (int(batch[1][0]) + 1) % 4
    settings = replace(STRONG, random_start=False)
    first = next(compare_steps(network, batch[0][0], settings, label=wrong))
    assert first.fools and first.label == wrong and first.prediction != wrong
    assert np.isfinite(compare(network, batch[0][0], settings, label=wrong).losses).all()


def test_a_tie_gives_no_nan() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 3))
    nn.init.zeros_(network[1].weight)
    nn.init.zeros_(network[1].bias)
    for targeted in (False, True):
        shown = compare(network, torch.rand(3, 2, 2), replace(STRONG, norm="l2", targeted=targeted))
        assert np.isfinite(shown.adversarial).all() and np.isfinite(shown.losses).all()
        assert not shown.fools  # argmax gives a tie to the first class, the label
        assert shown.target == (1 if targeted else None)


def test_a_target_that_is_shown_already_is_refused_in_words(
    network: nn.Module, batch: Batch
) -> None:
    shown = compare(network, batch[0][0], STRONG)
    with pytest.raises(AttackError, match="shows already"):
        compare(network, batch[0][0], replace(STRONG, targeted=True, target=shown.label))


def test_a_changed_pixel_counts_once_whatever_its_channels() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 2))
    shown = compare(network, torch.full((3, 2, 2), 0.5), Settings(attack="fgsm", epsilon=0.1))
    assert shown.l0 == 4 and np.count_nonzero(shown.perturbation) == 12


def test_a_snapshot_keeps_nothing_that_the_caller_may_write_to(
    network: nn.Module, batch: Batch
) -> None:
    image = batch[0][0].clone()
    shown = compare(network, image, STRONG)
    image.zero_()
    assert shown.original.max() > 0


@pytest.mark.parametrize(
    ("image", "settings", "options", "message"),
    [
        (torch.rand(2, 1, 12, 12), STRONG, {}, "must be .channels, height, width."),
        (torch.rand(12, 12), STRONG, {}, "must be .channels, height, width."),
        (torch.rand(1, 12, 12) + 1, STRONG, {}, "leave normalisation"),
        (np.zeros((1, 12, 12), dtype=np.uint8), STRONG, {}, "divide 8-bit images"),
        (torch.rand(1, 12, 12), replace(STRONG, attack="fsgm"), {}, "no attack 'fsgm'.*fgsm, pgd"),
        (torch.rand(1, 12, 12), replace(STRONG, targeted=True, target=4), {}, "label 4 is out of"),
        (torch.rand(1, 12, 12), STRONG, {"label": 4}, "label 4 is out of range"),
        (torch.rand(1, 12, 12), STRONG, {"label": -1}, "label -1 is out of range"),
    ],
)
def test_what_cannot_be_attacked_is_refused_in_words(
    image: Any, settings: Settings, options: dict[str, int], message: str, network: nn.Module
) -> None:
    with pytest.raises(AttackError, match=message):
        compare(network, image, settings, **options)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"epsilon": -1.0}, "epsilon is -1.0, but must lie between 0 and 10,000"),
        ({"epsilon": float("nan")}, "epsilon is nan, but must be a number"),
        ({"epsilon": None}, "epsilon is None"),
        ({"step_size": -0.1}, "step_size is -0.1"),
        ({"steps": -1}, "steps is -1"),
        ({"steps": 2.5}, "steps is 2.5, but must be a whole number"),
        ({"norm": "l1"}, "norm is 'l1', but must be one of linf, l2"),
        ({"random_start": 1}, "random_start is 1, but must be True or False"),
        ({"target": -1}, "target is -1"),
        ({"attack": None}, "attack is None, but must be a word"),
    ],
)
def test_a_setting_that_no_attack_can_use_is_refused_by_name(
    setting: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        replace(STRONG, **setting)


def test_every_setting_explains_itself_and_every_attack_uses_real_ones() -> None:
    explanations = explain(Settings)
    names = {entry.name for entry in fields(Settings)}
    assert set(explanations) == names
    assert all(len(explanation.help) > 20 for explanation in explanations.values())
    for attack in attacks().values():
        assert set(attack.settings) <= names
        assert attack.title and attack.source
        assert {"adversarial", "epsilon", "loss"} <= {part.quantity for part in attack.formula}
