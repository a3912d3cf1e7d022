"""What was told to whom and what waits, as one value that survives a restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, get_args

from equipment.messages.entries import Heard
from equipment.messages.kinds import KINDS
from equipment.messages.outbox import Box, Written
from equipment.messages.troubles import Known, News, Phase

__all__ = ["State", "as_data", "from_data"]


@dataclass(frozen=True)
class State:
    """All that messages remember."""

    turn: int = 0
    """Grows with every change; of two that are found the later one counts."""
    first: datetime | None = None
    """When this installation first looked."""
    troubles: tuple[Known, ...] = ()
    boxes: Mapping[str, Box] = field(default_factory=dict)
    heard: Heard = field(default_factory=Heard)
    weekly: Mapping[str, str] = field(default_factory=dict)
    """The day (as ISO text) for which each weekly message was last made."""
    week: Mapping[str, int] = field(default_factory=dict)
    """How often each kind was news since the last summary."""
    choices: Mapping[str, Any] = field(default_factory=dict)
    """What administrators chose, as last read: who gets mails has to be known with the database down, too."""


def as_data(state: State) -> dict[str, Any]:
    """Give it as JSON and MongoDB keep it: moments are texts, names of channels are no keys."""
    data: dict[str, Any] = _plain(asdict(state))
    data["boxes"] = [{"channel": name, **_plain(asdict(box))} for name, box in state.boxes.items()]
    return data


def from_data(data: Mapping[str, Any]) -> State:
    """Read it without trusting it. Raises ``ValueError``, ``LookupError`` or ``TypeError`` for what is none."""
    if not data:
        return State()
    heard = data["heard"]
    return State(
        turn=_count(data["turn"]), first=_moment(data["first"]),
        troubles=tuple(_known(each) for each in data["troubles"]),
        boxes={str(each["channel"]): _box(each) for each in data["boxes"]},
        heard=Heard(_moment(heard["position"]), tuple(map(str, heard["seen"])),
                    tuple((_kind(kind), str(why)) for kind, why in heard["failing"])),
        weekly={str(name): str(day) for name, day in data["weekly"].items()},
        week={_kind(kind): _count(number) for kind, number in data["week"].items()},
        choices=dict(data["choices"]),
    )


def _known(each: Mapping[str, Any]) -> Known:
    return Known(_kind(each["kind"]), str(each["subject"]), str(each["detail"]), _some(each["since"]),
                 _moment(each["told"]), each["said"] is True, each["present"] is True)


def _box(each: Mapping[str, Any]) -> Box:
    return Box(
        news=tuple(News(_phase(one["phase"]), _kind(one["kind"]), str(one["subject"]), str(one["detail"]),
                        _some(one["since"]), _some(one["when"])) for one in each["news"]),
        letters=tuple(Written(str(one["subject"]), str(one["text"])) for one in each["letters"]),
        counted=tuple((_phase(phase), _kind(kind), _count(count)) for phase, kind, count in each["counted"]),
        tries=_count(each["tries"]), next_try=_moment(each["next_try"]), problem=str(each["problem"]),
        sent=str(each["sent"]), sent_at=_moment(each["sent_at"]),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def _kind(text: Any) -> str:
    if text not in KINDS:
        raise ValueError("an unknown kind")
    return str(text)


def _phase(text: Any) -> Any:
    if text not in get_args(Phase):
        raise ValueError("an unknown phase")
    return text


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("no count")
    return value


def _moment(text: Any) -> datetime | None:
    return None if text is None else _some(text)


def _some(text: Any) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without its zone")
    return moment
