"""Data sets of labelled images: MNIST from its own files, and one that Deepscope draws itself."""

import gzip
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray

from engine import drawn_digits

NAMES = ("mnist", "drawn")
DIGITS = tuple("0123456789")
IMAGES_MAGIC, LABELS_MAGIC = 0x803, 0x801  # unsigned bytes in 3 and in 1 dimensions
LARGEST_FILE = 256 * 1024**2  # bytes once unpacked; MNIST's largest file holds 47 MB
BESIDE_THE_PROJECT = Path(__file__).resolve().parents[2] / "shared" / "data"


class DataError(Exception):
    """A data set that cannot be used; the message says why and what to do, in a sentence."""


@dataclass(frozen=True)
class Dataset:
    """Labelled images.

    name: as in ``NAMES``.
    images: uint8 (N, C, H, W); 0 to 255 stands for [0, 1].
    labels: int64 (N,), indices into ``class_names``.
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]


def load_dataset(name: str, folder: Path | None = None, train: bool = True) -> Dataset:
    """The training or the test images of the data set called ``name``.

    ``"mnist"`` (LeCun et al. 1998): 60,000 and 10,000 digits, read from ``MNIST/raw`` in ``folder``
    or, without one, in the first of ``folders()`` that holds it. ``"drawn"``: 20,000 and 2,000
    digits of ``engine.drawn_digits``; needs no file.

    Raises:
        DataError: no such data set, or its files are missing, cut short, foreign or do not match.
    """
    if name == "drawn":
        count, seed = (20_000, 0) if train else (2_000, 1)
        return Dataset(name, *drawn_digits.draw(count, seed), DIGITS)
    if name != "mnist":
        raise DataError(f"There is no data set '{name}'; choose one of {', '.join(NAMES)}.")
    part = "train" if train else "t10k"
    raw = _find_mnist(part, [folder] if folder is not None else folders())
    images_path = _existing(raw / f"{part}-images-idx3-ubyte")
    labels_path = _existing(raw / f"{part}-labels-idx1-ubyte")
    images = _read_idx(images_path, IMAGES_MAGIC, dimensions=3)
    labels = _read_idx(labels_path, LABELS_MAGIC, dimensions=1)
    if len(images) != len(labels):
        raise DataError(
            f"{images_path} holds {len(images):,} images, but {labels_path.name} beside it "
            f"{len(labels):,} labels: they are not of the same set. Download both again."
        )
    if len(labels) == 0:
        raise DataError(f"{images_path} holds no image. Download it again.")
    if images.shape[1:] != (28, 28):
        height, width = images.shape[1:]
        raise DataError(
            f"{images_path} holds images of {height} x {width} pixels, but MNIST's are 28 x 28. "
            "Download it again."
        )
    if labels.max() >= len(DIGITS):
        raise DataError(
            f"{labels_path} holds the label {labels.max()}, but MNIST's go from 0 to 9. "
            "Download it again."
        )
    return Dataset(name, images[:, np.newaxis], labels.astype(np.int64), DIGITS)


def folders() -> list[Path]:
    """Where data sets are looked for when nobody names a folder, in this order."""
    named = os.environ.get("DEEPSCOPE_DATA")
    own = Path(platformdirs.user_data_dir("deepscope"))
    return [*([Path(named)] if named else []), own, BESIDE_THE_PROJECT]


def _find_mnist(part: str, places: list[Path]) -> Path:
    """The first ``MNIST/raw`` with the images and labels of ``part``, plain or packed by gzip."""
    for place in places:
        raw = place / "MNIST" / "raw"
        names = (f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte")
        if all(_existing(raw / name).is_file() for name in names):
            return raw
    looked = ", ".join(str(place / "MNIST" / "raw") for place in places)
    raise DataError(
        f"MNIST was not found; Deepscope looked in {looked}. Put {part}-images-idx3-ubyte and "
        f"{part}-labels-idx1-ubyte (or their .gz files) there, or let the environment variable "
        "DEEPSCOPE_DATA name the folder that holds MNIST/raw."
    )


def _existing(path: Path) -> Path:
    """``path``, or the ``.gz`` of the same name where only that is there."""
    packed = path.with_name(f"{path.name}.gz")
    return packed if not path.is_file() and packed.is_file() else path


def _read_idx(path: Path, magic: int, dimensions: int) -> NDArray[np.uint8]:
    """The array in an IDX file: big-endian magic number, the lengths, then the bytes."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} could not be read ({reason}). Download it again.") from error
    header = 4 + 4 * dimensions
    if content[:4] != struct.pack(">I", magic):
        raise DataError(
            f"{path} is not the file its name says: it does not begin with the magic number "
            f"{magic:#06x}. Download it again."
        )
    if len(content) < header:
        raise DataError(f"{path} is cut short inside its header. Download it again.")
    shape = struct.unpack(f">{dimensions}I", content[4:header])
    expected = int(np.prod(shape, dtype=object))
    if len(content) - header != expected:
        raise DataError(
            f"{path} announces {expected:,} bytes of data, but holds {len(content) - header:,}: it "
            "is damaged or cut short. Download it again."
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
