"""The digits that Deepscope draws itself: the same for a seed, and of MNIST's convention."""

import numpy as np
import pytest

from engine.drawn_digits import DOTS, HANDS, _hands, draw


def test_a_seed_decides_everything() -> None:
    images, labels = draw(300, seed=5)
    again, labels_again = draw(300, seed=5)
    np.testing.assert_array_equal(images, again)
    np.testing.assert_array_equal(labels, labels_again)
    others, _ = draw(300, seed=6)
    assert (images != others).any()


def test_nothing_global_is_drawn_from() -> None:
    before = np.random.get_state()[1].copy()
    draw(10, seed=0)
    np.testing.assert_array_equal(before, np.random.get_state()[1])


def test_the_convention_is_that_of_mnist() -> None:
    images, labels = draw(1_000, seed=0)
    assert images.shape == (1_000, 1, 28, 28) and images.dtype == np.uint8
    assert labels.shape == (1_000,) and labels.dtype == np.int64
    light = images[:, 0].astype(float)
    mass = light.sum(axis=(1, 2))
    places = np.arange(28)
    rows = (light.sum(axis=2) * places).sum(axis=1) / mass
    columns = (light.sum(axis=1) * places).sum(axis=1) / mass
    # Centred by mass, but for a shift of about half a pixel.
    assert abs(rows.mean() - 13.5) < 0.2 and abs(columns.mean() - 13.5) < 0.2
    assert rows.std() < 1 and columns.std() < 1
    assert (light.max(axis=(1, 2)) > 200).all()
    # The larger side is the line's 17 to 20 pixels and the breadth of the pen.
    lit = light > 127
    heights = lit.any(axis=2).sum(axis=1)
    widths = lit.any(axis=1).sum(axis=1)
    larger = np.maximum(heights, widths)
    assert larger.min() >= 16 and larger.max() <= 25
    assert (light[:, [0, -1]] < 128).mean() > 0.99


def test_digits_of_one_kind_differ() -> None:
    images, labels = draw(500, seed=1)
    for digit in range(10):
        of_one_kind = images[labels == digit].reshape(-1, 784)
        assert len(np.unique(of_one_kind, axis=0)) == len(of_one_kind) > 20


def test_no_digits_and_too_few() -> None:
    assert draw(0, seed=0)[0].shape == (0, 1, 28, 28)
    with pytest.raises(ValueError, match="cannot be negative"):
        draw(-1, seed=0)


@pytest.mark.parametrize("digit", range(10))
def test_the_pen_passes_its_points(digit: int) -> None:
    for strokes, hand in zip(HANDS[digit], _hands(digit), strict=True):
        dots = hand.way @ hand.points
        assert dots.shape == (DOTS, 2)
        # Weights that add up to 1: moving all points moves the line as it is.
        np.testing.assert_allclose(hand.way.sum(axis=1), 1, atol=1e-5)
        distances = np.linalg.norm(dots[:, np.newaxis] - hand.points, axis=-1).min(axis=0)
        assert distances.max() < 0.03
        assert (hand.drawn == 0).sum() == len(strokes) - 1
        gaps = np.linalg.norm(np.diff(dots, axis=0), axis=1)[hand.drawn == 1]
        assert gaps.max() < 0.07  # of 20 pixels: less than the pen's breadth
