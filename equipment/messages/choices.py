"""What administrators choose about messages: who gets mails, from which severity on a channel is used, what is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from backup_engine.errors import BadInput
from equipment.messages.kinds import KINDS, SEVERITIES, Severity
from equipment.settings.message_options import addresses_in

__all__ = ["DAYS", "MAIL", "Choices", "checked", "differences", "stored"]

MAIL: Final = "mail"
"""The channel of the mail server."""
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_RECIPIENTS: Final = 50


@dataclass(frozen=True)
class Choices:
    """What counts."""

    mail_to: tuple[str, ...] = ()
    least: Mapping[str, Severity] = field(default_factory=dict)
    """From which severity on a channel is used, by its name."""
    off: tuple[str, ...] = ()
    """Kinds of which nobody is told."""
    summary: bool = True
    calibration: bool = False
    calibration_column: str = "Location"
    """By which column the calibration mail is grouped."""
    calibration_days: int = 30
    weekday: int = 0
    """Of the weekly messages: 0 is Monday."""
    hour: int = 7
    version: int = 0

    def least_of(self, channel: str) -> Severity:
        """From which severity on a channel is used: mails tell everything, others warnings, unless chosen."""
        return self.least.get(channel, "info" if channel == MAIL else "warning")


def stored(document: Mapping[str, Any]) -> Choices:
    """Read what is stored; what cannot be used, by a later version or by hand, counts as not chosen."""
    found = Choices()
    for name, rule in _RULES.items():
        if name in document:
            try:
                found = replace(found, **{name: rule(document[name])})
            except BadInput:
                continue
    number = document.get("version")
    return replace(found, version=number if type(number) is int else 0)


def checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Give changes as they are stored. Raises ``BadInput`` naming what cannot be used."""
    unknown = sorted(changes.keys() - _RULES.keys())
    if unknown:
        raise BadInput(f"There is no setting of messages called {', '.join(unknown)}.")
    values = {name: _RULES[name](value) for name, value in changes.items()}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def differences(before: Choices, after: Choices) -> str:
    """Say in words what changed."""
    parts = []
    for each in fields(Choices):
        old, new = getattr(before, each.name), getattr(after, each.name)
        if old != new and each.name != "version":
            parts.append(f"{_NAMES[each.name]}: {_said(each.name, old)} → {_said(each.name, new)}")
    return "; ".join(parts)


def _said(name: str, value: Any) -> str:
    if name == "weekday":
        return DAYS[value]
    if name == "off":
        return ", ".join(KINDS[kind].title for kind in value) or "nothing"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, Mapping):
        return ", ".join(f"{channel} from {least}" for channel, least in sorted(value.items())) or "as usual"
    if isinstance(value, tuple):
        return ", ".join(value) or "nobody"
    return str(value)


def _recipients(value: Any) -> tuple[str, ...]:
    text = value if isinstance(value, str) else " ".join(map(str, value)) if isinstance(value, (list, tuple)) else None
    if text is None:
        raise BadInput("Recipients are mail addresses.")
    try:
        found = addresses_in(text)
    except ValueError as problem:
        raise BadInput(f"{str(problem)[:1].upper()}{str(problem)[1:]}.") from None
    if len(found) > MOST_RECIPIENTS:
        raise BadInput(f"At most {MOST_RECIPIENTS} recipients.", hint="Give the address of a mailing list.")
    return found


def _least(value: Any) -> dict[str, Severity]:
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise BadInput("Severities are given by channel.")
    wrong = [str(least)[:40] for least in value.values() if least not in SEVERITIES]
    if wrong:
        raise BadInput(f"{wrong[0]} is no severity: use {', '.join(SEVERITIES)}.")
    return dict(value)


def _kinds(value: Any) -> tuple[str, ...]:
    chosen = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    wrong = [str(kind)[:40] for kind in chosen if not isinstance(kind, str) or kind not in KINDS]
    if wrong:
        raise BadInput(f"{wrong[0]} is nothing that messages tell of: use {', '.join(KINDS)}.")
    return tuple(kind for kind in KINDS if kind in chosen)


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadInput("A weekly message is on or off.")
    return value


def _column(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value.strip()) <= 200:
        raise BadInput("The calibration mail is grouped by the name of a column.")
    return value


def _number(what: str, least: int, most: int) -> Callable[[Any], int]:
    def rule(value: Any) -> int:
        # A bool is an int to Python.
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise BadInput(f"{what} is a whole number from {least} to {most}.")
        return value

    return rule


_RULES: dict[str, Callable[[Any], Any]] = {
    "mail_to": _recipients, "least": _least, "off": _kinds, "summary": _switch, "calibration": _switch,
    "calibration_column": _column, "calibration_days": _number("How far the calibration mail looks ahead", 1, 365),
    "weekday": _number("The day of the weekly messages", 0, 6), "hour": _number("Their hour", 0, 23),
}
_NAMES = {
    "mail_to": "recipients", "least": "severities", "off": "not told of", "summary": "weekly summary",
    "calibration": "calibration mail", "calibration_column": "calibration mail grouped by",
    "calibration_days": "calibration mail looks ahead, in days", "weekday": "day of the weekly messages",
    "hour": "hour of the weekly messages",
}
