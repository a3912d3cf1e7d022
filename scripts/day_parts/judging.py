"""Whether a day was as it must be: what was told, how long changes waited, what was made and what was kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from equipment.messages.kinds import KINDS, RESTORED
from equipment.messages.troubles import AGAIN
from scripts.day_parts import script

__all__ = ["WITHIN", "faults", "slowest", "told"]

Doc = dict[str, Any]
WITHIN = timedelta(seconds=60)
"""From a change to the set that has it."""
CLOCK_JUMPS = 2
MOST_LEFT = 10
"""Thinning clears away when so many may go."""


def faults(lines: Sequence[Doc], end: Doc) -> list[str]:
    """Say what is not as it must be."""
    return [*end["wrong"], *_late(lines, end), *_messages(lines), *_schedule(lines), *_kept(end)]


def told(line: Doc) -> Iterator[tuple[str, str, str, str]]:
    """What a line's messages say: the channel, the phase (``New``), the kind, and of what."""
    for message in line["messages"]:
        for words in message["says"]:
            phase, _, rest = words.partition(": ")
            if phase not in ("New", "Still", "Over"):
                continue
            rest = rest.partition(" × ")[2] or rest
            for kind, about in KINDS.items():
                title = about.over if phase == "Over" else about.title
                if kind != RESTORED and rest.startswith(title):
                    yield message["to"], phase, kind, rest[len(title):].partition(" (since")[0].strip(": ")


def slowest(lines: Iterable[Doc], end: Doc) -> float:
    """Seconds that a change waited at most for its set, where nothing stood in the way."""
    return max((wait.total_seconds() for moment, wait in _waits(lines, end) if not script.excused(moment)), default=0)


def _waits(lines: Iterable[Doc], end: Doc) -> Iterator[tuple[datetime, timedelta]]:
    """When each change was made, and how long it waited; those that no set has wait for ever."""
    edits = [datetime.fromisoformat(moment) for moment in end["edits"]]
    held = 0
    for line in lines:
        for made in line["sets"]:
            at = datetime.fromisoformat(line["at"])
            yield from ((moment, at - moment) for moment in edits[held:made["holds"]])
            held = max(held, made["holds"])
    yield from ((moment, timedelta.max) for moment in edits[held:])


def _late(lines: Sequence[Doc], end: Doc) -> Iterator[str]:
    for moment, wait in _waits(lines, end):
        if wait > WITHIN and not script.excused(moment):
            yield f"the change of {moment:%H:%M:%S} waited for {wait}"


def _messages(lines: Sequence[Doc]) -> Iterator[str]:
    """One in six hours while it lasts, and one when it is over of what was told."""
    last, open_ = dict[tuple[str, str, str], datetime](), set[tuple[str, str, str]]()
    for line in lines:
        at = datetime.fromisoformat(line["at"])
        for channel, phase, kind, subject in told(line):
            about = (channel, kind, subject)
            if phase == "Over":
                if about not in open_:
                    yield f"{at:%H:%M} {channel}: {kind} is over, and was not told"
                open_.discard(about)
                continue
            if about in last and at - last[about] < AGAIN:
                yield f"{at:%H:%M} {channel}: {kind} told twice within six hours"
            last[about] = at
            open_.add(about)
    yield from (f"{channel}: {kind} never ended" for channel, kind, _ in sorted(open_))


def _schedule(lines: Sequence[Doc]) -> Iterator[str]:
    """One set in every hour that is due; a clock that jumps costs one more."""
    hours = Counter(datetime.fromisoformat(line["at"]).astimezone(script.BEGIN.tzinfo).replace(minute=0, second=0)
                    for line in lines for made in line["sets"] if made["trigger"] == "scheduled")
    if (extra := sum(count - 1 for count in hours.values())) > CLOCK_JUMPS:
        yield f"{extra} scheduled backups too many"
    begin, end = (datetime.fromisoformat(lines[number]["at"]) for number in (0, -1))
    for number in range(25):
        hour = script.BEGIN + timedelta(hours=number)
        if begin <= hour <= end and hour not in hours and not script.excused(hour):
            yield f"{hour:%H:%M} UTC: no scheduled backup"


def _kept(end: Doc) -> Iterator[str]:
    left = [each for each in end["kept"] if not each["keep"]]
    yield from (f"{each['label']} is kept for no rule" for each in end["kept"] if each["keep"] and not each["rules"])
    yield from (f"{each['label']} should have gone" for each in left if each["trigger"] != "continuous")
    if len(left) >= MOST_LEFT:
        yield f"{len(left)} backups of the minutes should have gone"
