"""Single images of a data set, as pictures to look at."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from engine.data import DataError, Dataset, load_dataset

TITLES = {"drawn": "Drawn digits", "mnist": "MNIST test"}


@dataclass(frozen=True)
class Sample:
    """One image of a data set.

    picture: uint8 (H, W, 3). caption: which one it is, and its label.
    """

    picture: NDArray[np.uint8]
    caption: str


@cache
def available() -> tuple[str, ...]:
    """The data sets whose test images are on this machine; the drawn ones always are."""
    found = ["drawn"]
    try:
        _test_images("mnist")
    except DataError:
        return tuple(found)
    return (*found, "mnist")


def sample(name: str, index: int) -> Sample:
    """Image number ``index`` of the test images of a data set, counted round and round.

    Raises:
        DataError: the data set is not there, or damaged.
    """
    dataset = _test_images(name)
    place = index % len(dataset.labels)
    image = dataset.images[place].transpose(1, 2, 0)
    picture = np.ascontiguousarray(np.broadcast_to(image, (*image.shape[:2], 3)))
    label = dataset.class_names[dataset.labels[place]]
    return Sample(picture, f"Number {place:,} of {len(dataset.labels):,}, labelled {label}")


@cache
def _test_images(name: str) -> Dataset:
    return load_dataset(name, train=False)
