"""Data sets: read exactly, and refused in words where a file is not what it should be."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from engine.data import DataError, folders, load_dataset

IMAGES = np.arange(3 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(3, 28, 28)
LABELS = np.array([7, 0, 9], np.uint8)


def idx(array: np.ndarray) -> bytes:
    """The bytes of an IDX file."""
    header = struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """The folder of a tiny, whole test set."""
    folder = tmp_path / "MNIST" / "raw"
    folder.mkdir(parents=True)
    (folder / "t10k-images-idx3-ubyte").write_bytes(idx(IMAGES))
    (folder / "t10k-labels-idx1-ubyte").write_bytes(idx(LABELS))
    return folder


def test_idx_files_are_read_exactly(raw: Path, tmp_path: Path) -> None:
    dataset = load_dataset("mnist", tmp_path, train=False)
    assert dataset.images.dtype == np.uint8 and dataset.labels.dtype == np.int64
    np.testing.assert_array_equal(dataset.images, IMAGES[:, np.newaxis])
    assert dataset.labels.tolist() == [7, 0, 9]
    assert dataset.class_names == tuple("0123456789") and dataset.name == "mnist"


def test_packed_files_are_read_too(raw: Path, tmp_path: Path) -> None:
    path = raw / "t10k-images-idx3-ubyte"
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    dataset = load_dataset("mnist", tmp_path, train=False)
    np.testing.assert_array_equal(dataset.images[:, 0], IMAGES)


def test_the_variable_names_a_folder(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSCOPE_DATA", str(tmp_path))
    assert folders()[0] == tmp_path
    assert len(load_dataset("mnist", train=False).labels) == 3


def test_missing_files_say_where_deepscope_looked(raw: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="train-images-idx3-ubyte") as caught:
        load_dataset("mnist", tmp_path, train=True)
    assert str(raw) in str(caught.value) and "DEEPSCOPE_DATA" in str(caught.value)


def test_an_unknown_name_is_refused_with_those_known() -> None:
    with pytest.raises(DataError, match="no data set 'minst'; choose one of mnist, drawn"):
        load_dataset("minst")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("images", idx(IMAGES)[:-1], "announces 2,352 bytes of data, but holds 2,351"),
        ("images", idx(IMAGES) + b"!", "announces 2,352 bytes of data, but holds 2,353"),
        ("images", idx(IMAGES)[:9], "cut short inside its header"),
        ("images", b"", "magic number 0x0803"),
        ("images", idx(LABELS), "magic number 0x0803"),
        ("images", idx(IMAGES[:2]), "2 images, but t10k-labels-idx1-ubyte beside it 3 labels"),
        ("images", idx(IMAGES[:, :14]), "images of 14 x 28 pixels"),
        ("images", struct.pack(">4I", 0x803, *3 * [2**32 - 1]), "but holds 0"),
        ("labels", idx(LABELS + 1), "the label 10"),
        ("labels", b"<html>not found</html>", "magic number 0x0801"),
    ],
)
def test_files_that_are_not_what_they_should_be_are_refused(
    raw: Path, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    dimensions = {"images": 3, "labels": 1}[name]
    (raw / f"t10k-{name}-idx{dimensions}-ubyte").write_bytes(content)
    with pytest.raises(DataError, match=words):
        load_dataset("mnist", tmp_path, train=False)


def test_an_empty_set_is_refused(raw: Path, tmp_path: Path) -> None:
    (raw / "t10k-images-idx3-ubyte").write_bytes(idx(IMAGES[:0]))
    (raw / "t10k-labels-idx1-ubyte").write_bytes(idx(LABELS[:0]))
    with pytest.raises(DataError, match="holds no image"):
        load_dataset("mnist", tmp_path, train=False)


@pytest.mark.parametrize("kept", [1, 5, 12, 40, -1])
def test_a_cut_packed_file_is_refused(raw: Path, tmp_path: Path, kept: int) -> None:
    path = raw / "t10k-images-idx3-ubyte"
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes())[:kept])
    path.unlink()
    with pytest.raises(DataError, match=r"ubyte\.gz could not be read"):
        load_dataset("mnist", tmp_path, train=False)


def test_drawn_digits_need_no_file() -> None:
    dataset = load_dataset("drawn", train=False)
    assert dataset.images.shape == (2_000, 1, 28, 28) and dataset.images.dtype == np.uint8
    assert set(dataset.labels.tolist()) == set(range(10))


def test_the_real_mnist(shared: Path) -> None:
    test = load_dataset("mnist", shared / "data", train=False)
    assert test.images.shape == (10_000, 1, 28, 28)
    assert test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert len(load_dataset("mnist", shared / "data").labels) == 60_000
