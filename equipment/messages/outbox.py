"""What waits for a channel, and when it is tried again. Pure.

A mail server that is away for a day gets one message with everything that happened meanwhile. What waits is bounded:
more than 200 news are counted by kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from equipment.messages.troubles import News, Phase
from equipment.messages.wording import Message, Sender, of_news

__all__ = ["MOST_NEWS", "Box", "Written", "after", "due", "put", "put_letter", "take"]

MOST_NEWS: Final = 200
MOST_LETTERS: Final = 4
PAUSES: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
"""After the first try that failed, the second …; the last one counts from then on."""


@dataclass(frozen=True)
class Written:
    """A message that is whole as it stands: the weekly ones."""

    subject: str
    text: str


@dataclass(frozen=True)
class Box:
    """One channel: what waits for it, and how its last tries ended."""

    news: tuple[News, ...] = ()
    letters: tuple[Written, ...] = ()
    counted: tuple[tuple[Phase, str, int], ...] = ()
    """News of which only phase and kind are kept, and how many they are."""
    tries: int = 0
    """Failed ones in a row."""
    next_try: datetime | None = None
    problem: str = ""
    """Why the last try failed; empty after one that did not."""
    sent: str = ""
    """Subject of what was sent last."""
    sent_at: datetime | None = None

    @property
    def waiting(self) -> int:
        """How much waits."""
        return len(self.news) + len(self.letters) + sum(count for _, _, count in self.counted)


def put(box: Box, news: Sequence[News]) -> Box:
    """Add news."""
    together = (*box.news, *news)
    if len(together) <= MOST_NEWS:
        return replace(box, news=together)
    counts = Counter({(phase, kind): count for phase, kind, count in box.counted})
    counts.update((each.phase, each.kind) for each in together)
    return replace(box, news=(), counted=tuple((phase, kind, count) for (phase, kind), count in counts.items()))


def put_letter(box: Box, written: Written) -> Box:
    """Add a message that is whole as it stands; the oldest goes when too many wait."""
    return replace(box, letters=(*box.letters, written)[-MOST_LETTERS:])


def due(box: Box, now: datetime) -> bool:
    """Whether something is to be sent now."""
    if not box.waiting:
        return False
    # a next try that lies far ahead was set by a clock that has gone back since
    return box.next_try is None or now >= box.next_try or box.next_try - now > PAUSES[-1]


def take(box: Box, now: datetime, sender: Sender) -> list[Message]:
    """Give the messages that it makes: one of all news, and the letters."""
    news = [of_news(box.news, now, sender, counted=box.counted)] if box.news or box.counted else []
    return [*news, *(Message(each.subject, each.text) for each in box.letters)]


def after(box: Box, now: datetime, sent: Sequence[Message], problem: str) -> Box:
    """Note how a try ended: these messages, the first of ``take``, were taken, and then there was that problem."""
    left = box
    if sent:
        taken_news = bool(box.news or box.counted)
        left = replace(box, news=(), counted=(), letters=box.letters[len(sent) - taken_news:], sent=sent[-1].subject,
                       sent_at=now)
    if problem:
        pause = PAUSES[min(left.tries, len(PAUSES) - 1)]
        return replace(left, tries=left.tries + 1, next_try=now + pause, problem=problem)
    return replace(left, tries=0, next_try=None, problem="")
