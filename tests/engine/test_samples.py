"""Single images of data sets."""

from pathlib import Path

import numpy as np
import pytest

from engine import samples
from engine.data import DataError


def test_drawn_digits_are_always_there_and_are_pictures() -> None:
    assert "drawn" in samples.available()
    first, again, second = (samples.sample("drawn", index) for index in (0, 0, 1))
    assert first.picture.shape == (28, 28, 3) and first.picture.dtype == np.uint8
    np.testing.assert_array_equal(first.picture, again.picture)
    assert not np.array_equal(first.picture, second.picture)
    assert first.caption.startswith("Number 0 of 2,000, labelled ")


def test_the_count_goes_round() -> None:
    np.testing.assert_array_equal(
        samples.sample("drawn", 0).picture, samples.sample("drawn", 2000).picture
    )


def test_mnist_where_it_is(shared: Path) -> None:
    assert "mnist" in samples.available()
    assert samples.sample("mnist", 0).caption == "Number 0 of 10,000, labelled 7"


def test_an_unknown_set_is_refused_in_words() -> None:
    with pytest.raises(DataError, match="There is no data set 'imagenet'"):
        samples.sample("imagenet", 0)
