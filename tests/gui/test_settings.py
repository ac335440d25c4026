"""What is remembered, and what a damaged file costs."""

from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray

from gui.settings import Settings, reset


def test_values_come_back_with_their_types(tmp_path: Path) -> None:
    first = Settings(tmp_path / "deep" / "settings.ini")
    values = {"flag": True, "count": 7, "share": 0.25, "text": "ε, ‘quoted’; [x]", "empty": ""}
    for key, value in values.items():
        first.set(key, value)
    first.set("bytes", QByteArray(b"\x00\xff\x10"))
    assert first.save()
    second = Settings(first.file)
    assert second.get("flag", False) is True
    assert second.get("count", 0) == 7
    assert second.get("share", 0.0) == 0.25
    assert second.get("text", "") == values["text"] and second.get("empty", "x") == ""
    assert second.get("bytes", QByteArray()) == QByteArray(b"\x00\xff\x10")


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\xff" * 500, b"[window]\ntab=banana\ngeometry=7\n", b"[[[[=\n===\n", b"version=x"],
)
def test_a_corrupt_file_costs_only_the_settings(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "settings.ini"
    file.write_bytes(content)
    settings = Settings(file)
    assert settings.get("window/tab", 1) in (0, 1)
    assert isinstance(settings.get("window/geometry", QByteArray()), QByteArray)
    settings.set("window/tab", 2)
    assert settings.save()
    assert Settings(file).get("window/tab", 0) == 2


def test_a_newer_version_is_not_misread(tmp_path: Path) -> None:
    file = tmp_path / "settings.ini"
    file.write_text("[General]\nversion=99\n\n[window]\ntab=2\n")
    assert Settings(file).get("window/tab", 0) == 0


def test_a_choice_is_one_of_the_choices(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.ini")
    settings.set("theme", "pink")
    assert settings.choice("theme", "system", ("system", "light", "dark")) == "system"


def test_a_folder_that_cannot_be_written_costs_memory_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    settings = Settings(tmp_path / "file" / "settings.ini")
    settings.set("window/tab", 2)
    assert settings.get("window/tab", 0) == 2
    assert not settings.save()


def test_reset_forgets(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.ini")
    settings.set("window/tab", 2)
    settings.save()
    reset(settings.file)
    reset(settings.file)
    assert Settings(settings.file).get("window/tab", 0) == 0
