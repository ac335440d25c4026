from dataclasses import asdict, dataclass, replace
from typing import Any

import pytest

from engine.agents import dqn
from engine.settings import SettingsError, check, explain, override, restore, setting


@dataclass(frozen=True)
class Kitchen:
    """One setting of each kind that DQN does not have."""

    flame: str = setting("gas", "What heats the pot.", choices=("gas", "coal"))
    dish: str = setting("soup", "What is in the pot, in a word of your own.")
    covered: bool = setting(True, "Whether the lid is on.")
    minutes: float | None = setting(None, "How long it cooks; none: until it is done.", 0, 60)
    guests: int | None = setting(None, "Who eats; none: whoever comes.", 1, 9)

    def __post_init__(self) -> None:
        check(self)


def test_every_setting_explains_itself_and_its_default_is_in_range() -> None:
    explanations = explain(dqn.Settings)
    assert set(explanations) == set(asdict(dqn.Settings()))
    assert all(len(explanation.help) > 20 for explanation in explanations.values())


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("discount", 1.5, "must lie between 0.0 and 1.0"),
        ("discount", float("nan"), "must be a number"),
        ("steps", 2.5, "must be a whole number"),
        ("updates", True, "must be a whole number"),
        ("hidden", (), "one to eight numbers"),
        ("hidden", (64, 0), "must lie between 1 and 4,096"),
        ("replay_capacity", 65, None),
        ("batch_size", 8_000, None),
    ],
)
def test_bad_values_are_refused_by_name(name: str, value: object, words: str | None) -> None:
    settings = dqn.Settings(replay_capacity=7_999 if name == "batch_size" else 50_000)
    if name == "replay_capacity":
        settings, words = replace(settings, batch_size=66), "too small for batches"
    with pytest.raises(SettingsError, match=words or "too small for batches"):
        replace(settings, **{name: value})


def test_overrides_are_read_as_their_defaults_types() -> None:
    assert override(dqn.Settings, ["discount=0.9", "hidden=64,32", "updates=2"]) == {
        "discount": 0.9,
        "hidden": (64, 32),
        "updates": 2,
    }


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"flame": "oil"}, "flame is 'oil', but must be one of gas, coal"),
        ({"flame": None}, "flame is None, but must be a word"),
        ({"dish": 7}, "dish is 7, but must be a word"),
        ({"covered": 1}, "covered is 1, but must be True or False"),
        ({"covered": None}, "covered is None, but must be True or False"),
        ({"minutes": 61}, "minutes is 61, but must lie between 0 and 60"),
        ({"minutes": float("inf")}, "minutes is inf, but must be a number"),
        ({"minutes": "long"}, "minutes is 'long', but must be a number"),
        ({"guests": 2.0}, "guests is 2.0, but must be a whole number"),
        ({"guests": 10**400}, "but must lie between 1 and 9"),
    ],
)
def test_words_truths_and_optional_numbers_are_checked(values: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Kitchen(**values)


def test_words_truths_and_optional_numbers_are_read() -> None:
    assignments = ["flame=coal", "dish=stew", "covered=False", "minutes=2.5", "guests=none"]
    values = override(Kitchen, assignments)
    assert Kitchen(**values) == Kitchen("coal", "stew", covered=False, minutes=2.5, guests=None)
    assert restore(Kitchen, asdict(Kitchen(guests=3))) == Kitchen(guests=3)
    for assignment in ("covered=perhaps", "minutes=", "guests=2.5"):
        with pytest.raises(SettingsError, match="its default is"):
            override(Kitchen, [assignment])
    assert explain(Kitchen)["flame"].choices == ("gas", "coal")


@pytest.mark.parametrize("assignment", ["gamma=0.9", "discount", "updates=two"])
def test_overrides_that_set_nothing_are_refused(assignment: str) -> None:
    with pytest.raises(SettingsError, match=assignment.partition("=")[0]):
        override(dqn.Settings, [assignment])


def test_settings_survive_a_checkpoint() -> None:
    settings = dqn.Settings(hidden=(64, 32), seed=9)
    described = {**asdict(settings), "hidden": [64, 32]}
    assert restore(dqn.Settings, described) == settings
    for damaged in (None, {"discount": "high"}, {"gamma": 0.9}, {"hidden": [[64]]}):
        with pytest.raises(SettingsError):
            restore(dqn.Settings, damaged)
