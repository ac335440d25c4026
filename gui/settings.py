"""What the app remembers between two starts: geometry, tab, folders, the values of controls."""

from pathlib import Path
from typing import TypeVar

from platformdirs import user_config_path
from PySide6.QtCore import QByteArray, QSettings

VERSION = 1

Value = TypeVar("Value", bool, int, float, str, QByteArray)


def settings_file() -> Path:
    """Where the settings lie on this machine."""
    return user_config_path("deepscope") / "settings.ini"


class Settings:
    """Remembered values, each checked when it is read.

    A value that is missing, of the wrong type or out of its range is the default again, so a
    damaged file costs what was damaged in it and never stops the app from starting. Qt writes the
    file atomically.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = settings_file() if file is None else file
        self._store = self._open()
        if self.get("version", VERSION) != VERSION:
            self._store.clear()
        self.set("version", VERSION)

    def _open(self) -> QSettings:
        store = QSettings(str(self.file), QSettings.Format.IniFormat)
        store.allKeys()  # the file is read, and its state known, at the first question
        if store.status() == QSettings.Status.FormatError:
            # Qt would refuse to write over what it cannot read, for ever. The old object has to be
            # gone first, because Qt shares what it read among all objects of one file.
            del store
            self.file.unlink(missing_ok=True)
            store = QSettings(str(self.file), QSettings.Format.IniFormat)
        return store

    def get(self, key: str, default: Value) -> Value:
        """The value under ``key``, of the type of ``default``; ``default`` if there is none."""
        try:
            value = self._store.value(key, default, type(default))
        except (TypeError, ValueError, OverflowError):  # PySide's conversion of a damaged value
            return default
        return value if isinstance(value, type(default)) else default

    def choice(self, key: str, default: str, choices: tuple[str, ...]) -> str:
        """Like ``get``, for one of a list of words."""
        value = self.get(key, default)
        return value if value in choices else default

    def set(self, key: str, value: bool | int | float | str | QByteArray) -> None:
        """Remember ``value`` under ``key``."""
        self._store.setValue(key, value)

    def save(self) -> bool:
        """Write to disk now; returns whether that worked (a read-only folder costs memory only)."""
        self._store.sync()
        return self._store.status() == QSettings.Status.NoError


def reset(file: Path | None = None) -> None:
    """Forget everything remembered."""
    (settings_file() if file is None else file).unlink(missing_ok=True)
