"""What can be set: each setting with its meaning and its range, for tooltips, forms and checks.

An algorithm declares ``@dataclass(frozen=True) class Settings`` whose fields are made by
``setting``; a window reads ``explain``, the command line ``override``, a checkpoint ``restore``.
A field's annotation says what it may hold: ``bool``, ``int``, ``float`` or ``str``, several
(``tuple[int, ...]``), or none (``float | None``).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import NoneType
from typing import Any, NamedTuple, TypeGuard, TypeVar, get_args, get_origin, get_type_hints

SettingsType = TypeVar("SettingsType")

TRUTHS = {"true": True, "false": False}  # as the command line writes them


class SettingsError(ValueError):
    """A setting that does not exist or lies outside its range; the message names both."""


@dataclass(frozen=True)
class Explanation:
    """What a form shows of one setting: its meaning and usual range in words, and its limits.

    low, high: of a number, inclusive. choices: the words that a word is one of; empty for any.
    """

    help: str
    low: float
    high: float
    choices: tuple[str, ...]


def setting(
    default: Any,
    meaning: str,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    choices: tuple[str, ...] = (),
) -> Any:
    """A dataclass field with one line of meaning and its limits (of each item, if many)."""
    explanation = Explanation(meaning, low, high, choices)
    return field(default=default, metadata={"explanation": explanation})


def explain(settings: Any) -> dict[str, Explanation]:
    """Name to explanation of every setting, in order; takes the class or a value of it."""
    return {
        entry.name: entry.metadata["explanation"]
        for entry in fields(settings)
        if "explanation" in entry.metadata
    }


class _Kind(NamedTuple):
    """What an annotation allows: a value of type ``item``, several of them, or also None."""

    item: type
    many: bool
    optional: bool


def _kinds(settings_type: type) -> dict[str, _Kind]:
    kinds = {}
    for name, annotation in get_type_hints(settings_type).items():
        parts = get_args(annotation) or (annotation,)
        kinds[name] = _Kind(parts[0], get_origin(annotation) is tuple, NoneType in parts)
    return kinds


def check(settings: Any) -> None:
    """Refuse settings of the wrong type or outside their ranges.

    Raises:
        SettingsError: the first such setting, with what it may be.
    """
    kinds = _kinds(type(settings))
    for name, explanation in explain(settings).items():
        value, kind = getattr(settings, name), kinds[name]
        if value is None and kind.optional:
            continue
        if kind.many and (not isinstance(value, tuple) or not 1 <= len(value) <= 8):
            raise SettingsError(f"{name} is {value!r}, but must be one to eight numbers.")
        for item in value if kind.many else (value,):
            if demand := _unmet_demand(item, kind.item, explanation):
                raise SettingsError(f"{name} is {value!r}, but must {demand}.")


def _unmet_demand(item: object, kind: type, explanation: Explanation) -> str | None:
    """What ``item`` must be or do and is not or does not; None where all is well."""
    choices, low, high = explanation.choices, explanation.low, explanation.high
    if kind is bool:
        return None if isinstance(item, bool) else "be True or False"
    if kind is str:
        if not isinstance(item, str):
            return "be a word"
        return f"be one of {', '.join(choices)}" if choices and item not in choices else None
    if not _is_number(item, whole=kind is int):
        return "be a whole number" if kind is int else "be a number"
    return None if low <= item <= high else f"lie between {low:,} and {high:,}"


def _is_number(item: object, *, whole: bool) -> TypeGuard[int | float]:
    # To Python, True is a whole number; and a whole number may be too large for math.isfinite.
    if isinstance(item, int):
        return not isinstance(item, bool)
    return isinstance(item, float) and not whole and math.isfinite(item)


def override(settings_type: type[Any], assignments: Sequence[str]) -> dict[str, Any]:
    """The values in ``["discount=0.98", "hidden=64,64"]``, each read as its setting's type.

    Raises:
        SettingsError: an assignment that is no ``name=value``, or names no setting.
    """
    kinds = _kinds(settings_type)
    defaults = {entry.name: entry.default for entry in fields(settings_type)}
    values: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or name not in defaults:
            raise SettingsError(
                f"'{assignment}' sets nothing. Write name=value with one of: {', '.join(defaults)}."
            )
        try:
            values[name] = _read(text, kinds[name])
        except (KeyError, ValueError) as error:
            raise SettingsError(
                f"{name} cannot be '{text}'; its default is {defaults[name]!r}."
            ) from error
    return values


def _read(text: str, kind: _Kind) -> Any:
    """The value that ``text`` means; KeyError or ValueError if it means none."""
    if kind.optional and text.lower() == "none":
        return None
    if kind.many:
        return tuple(kind.item(part) for part in text.split(","))
    return TRUTHS[text.lower()] if kind.item is bool else kind.item(text)


def restore(settings_type: type[SettingsType], described: object) -> SettingsType:
    """Settings from the JSON object of a checkpoint.

    Raises:
        SettingsError: it is no object, or holds an unknown name or a value outside its range.
    """
    if not isinstance(described, Mapping):
        raise SettingsError("The settings are missing.")
    values = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in described.items()
    }
    try:
        return settings_type(**values)
    except TypeError as error:
        raise SettingsError(f"The settings do not fit ({error}).") from error
