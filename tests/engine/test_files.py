"""Files are written as a whole or not at all, and everyone may read them who could before."""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.files import write_atomically

needs_modes = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")


@pytest.fixture
def umask() -> Iterator[int]:
    """A umask that is nobody's default: the group may not write, others may do nothing."""
    before = os.umask(0o027)
    yield 0o027
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_content_is_whole_and_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "file.bin"
    content = bytes(range(256)) * 1_000
    write_atomically(path, content)
    assert path.read_bytes() == content
    write_atomically(path, b"shorter\r\n")
    assert path.read_bytes() == b"shorter\r\n"
    assert list(path.parent.iterdir()) == [path]


@needs_modes
def test_a_new_file_has_the_mode_of_any_new_file(tmp_path: Path, umask: int) -> None:
    path, ordinary = tmp_path / "file", tmp_path / "ordinary"
    ordinary.touch()
    write_atomically(path, b"content")
    assert mode(path) == mode(ordinary) == 0o666 & ~umask


@needs_modes
@pytest.mark.parametrize("kept", [0o600, 0o664, 0o444])
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path, umask: int, kept: int) -> None:
    path = tmp_path / "file"
    path.touch()
    path.chmod(kept)
    write_atomically(path, b"content")
    assert mode(path) == kept and path.read_bytes() == b"content"


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no space left")

    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(os if failing == "fsync" else Path, failing, fail)
    with pytest.raises(OSError, match="no space left"):
        write_atomically(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_in_the_way_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    with pytest.raises(OSError):
        write_atomically(tmp_path / "file" / "below", b"new")
    assert (tmp_path / "file").read_bytes() == b"in the way"
