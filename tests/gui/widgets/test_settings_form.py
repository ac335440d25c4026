"""The form of an algorithm's settings: what is typed is what the learner gets."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import pytest
from PySide6.QtWidgets import QLabel, QWidget

from engine.agents import dqn
from engine.settings import SettingsError, check, setting
from gui.widgets.settings_form import SettingsForm

Show = Callable[..., None]
Write = Callable[..., str]


@dataclass(frozen=True)
class Settings:
    """One setting of each kind, and two that have to fit each other."""

    count: int = setting(8, "How many.", 1, 100)
    step_size: float = setting(0.01, "How far.", 1e-6, 1.0)
    hidden: tuple[int, ...] = setting((64, 32), "How wide.", 1, 4096)
    room: int = setting(50, "At least the count.", 1, 100_000)

    def __post_init__(self) -> None:
        check(self)
        if self.room < self.count:
            raise SettingsError("There is no room for so many.")


@pytest.fixture
def form(shown: Show) -> SettingsForm:
    """A form on the screen."""
    form = SettingsForm(Settings())
    shown(form, 260, 300)
    return form


@pytest.fixture
def told(form: SettingsForm) -> list[Settings]:
    """The settings at every change that the form signals."""
    seen: list[Settings] = []
    form.changed.connect(lambda: seen.append(form.settings))
    return seen


def row(form: SettingsForm, name: str) -> QWidget:
    """The editor of a setting."""
    (editor,) = [w for w in form.findChildren(QWidget) if w.accessibleName() == name]
    return editor


def problem(form: SettingsForm) -> str:
    """What the form complains of; empty if it is content."""
    labels = [label for label in form.findChildren(QLabel) if label.property("role") == "problem"]
    return "".join(label.text() for label in labels if label.isVisible())


def test_every_setting_has_a_row_with_its_value_and_its_meaning(shown: Show) -> None:
    form = SettingsForm(dqn.Settings())
    shown(form, 260, 600)
    for field in fields(dqn.Settings):
        editor = row(form, field.name.replace("_", " "))
        assert field.metadata["explanation"].help in editor.toolTip()
    assert row(form, "discount").property("text") == "0.99"
    assert row(form, "step size").property("text") == "0.001"
    assert row(form, "hidden").property("text") == "256, 256"
    assert row(form, "steps").property("value") == 20_000


@pytest.mark.parametrize(
    ("name", "text", "shows", "value"),
    [
        ("count", "13", "13", 13),
        ("step size", "2e-5", "2e-05", 2e-5),
        ("step size", "0.25", "0.25", 0.25),
        ("hidden", "16", "16", (16,)),
        ("hidden", "8, 9,10", "8, 9,10", (8, 9, 10)),
    ],
)
def test_what_is_typed_is_what_counts(
    write: Write,
    form: SettingsForm,
    told: list[Settings],
    name: str,
    text: str,
    shows: str,
    value: object,
) -> None:
    assert write(form, name, text) == shows
    assert getattr(told[-1], name.replace(" ", "_")) == value
    assert len(told) == 1 and problem(form) == ""


@pytest.mark.parametrize(("name", "text"), [("count", "400"), ("step size", "7"), ("count", "")])
def test_what_is_out_of_range_does_not_count(
    write: Write, form: SettingsForm, told: list[Settings], name: str, text: str
) -> None:
    write(form, name, text)
    settings = form.settings
    check(settings)
    shown_value = row(form, name).property("value")
    assert shown_value == getattr(settings, name.replace(" ", "_"))


@pytest.mark.parametrize("text", ["wide", "64, ", "1.5", ""])
def test_words_that_are_no_widths_are_taken_back(
    write: Write, form: SettingsForm, told: list[Settings], text: str
) -> None:
    assert write(form, "hidden", text) == "64, 32"
    assert problem(form).startswith("hidden: write whole numbers with commas, such as 64, 64.")
    assert problem(form).endswith("It stays at 64, 32.")
    assert told == [] and form.settings == Settings()
    write(form, "hidden", "5")
    assert problem(form) == "" and form.settings.hidden == (5,)


def test_a_value_that_does_not_fit_the_others_is_taken_back(
    write: Write, form: SettingsForm, told: list[Settings]
) -> None:
    assert write(form, "count", "90") == "8"
    assert problem(form) == "There is no room for so many. It stays at 8."
    assert form.settings == Settings() and told == []
    write(form, "room", "95")
    assert problem(form) == ""
    assert write(form, "count", "90") == "90"
    assert told == [Settings(room=95), Settings(count=90, room=95)]


def test_a_frozen_row_takes_no_key(write: Write, form: SettingsForm, told: list[Settings]) -> None:
    form.freeze(("count",), True)
    write(form, "count", "3")
    assert form.settings.count == 8 and told == []
    write(form, "room", "60")
    form.freeze(("count",), False)
    write(form, "count", "3")
    assert told == [Settings(room=60), Settings(count=3, room=60)]
