"""The words of a message. Pure: the same news give the same text, and nothing of a record stands in it.

Names that people gave (of users, hosts, remotes, groups) are put into one line of what can be printed, so that none of
them ends a header or passes for a line of ours.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from equipment.messages.kinds import KINDS, SEVERITIES, Severity
from equipment.messages.troubles import News, Phase

__all__ = ["MOST_LINES", "Message", "Sender", "in_one_line", "letter", "moment", "of_news", "trial"]

MOST_LINES = 20
"""News that stand one by one; more are counted by kind."""
LONGEST_NAME = 80
WORDS: dict[Phase, str] = {"new": "New", "still": "Still", "over": "Over", "done": "Done"}


@dataclass(frozen=True)
class Message:
    """What a channel is given."""

    subject: str
    text: str
    severity: Severity = "info"


@dataclass(frozen=True)
class Sender:
    """Who sends: the installation's name for people, and the address people use, if it was said."""

    name: str
    public_url: str = ""


def in_one_line(text: str, longest: int = LONGEST_NAME) -> str:
    """Give a name as one line of printable text, cut where it is too long."""
    # Cc: line breaks and escapes; Cf: what turns the direction of writing; Zl, Zp: other line breaks; Cs: halves
    visible = "".join(" " if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") else letter
                      for letter in text)
    line = re.sub(r"\s+", " ", visible).strip()
    return line if len(line) <= longest else f"{line[:longest - 1]}…"


def moment(when: datetime, now: datetime) -> str:
    """Give a moment on the clock of ``now``: ``2026-11-27 10:00 UTC+01:00``."""
    local = when.astimezone(now.tzinfo)
    offset = f"{local:%z}"
    return f"{local:%Y-%m-%d %H:%M} UTC{'' if offset == '+0000' else f'{offset[:3]}:{offset[3:]}'}"


def of_news(
    news: Sequence[News], now: datetime, sender: Sender, *, counted: Sequence[tuple[Phase, str, int]] = ()
) -> Message:
    """Make one message of all these news; of the ``counted`` ones nothing but phase, kind and number is known."""
    ordered = sorted(news, key=lambda each: each.when)
    counts = Counter({(phase, kind): count for phase, kind, count in counted})
    counts.update((each.phase, each.kind) for each in ordered)
    one_by_one = not counted and len(ordered) <= MOST_LINES
    lines = [_line(each, now) for each in ordered] if one_by_one else _counts(counts)
    subject = _title(ordered[0]) if one_by_one and len(ordered) == 1 else _numbers(counts)
    grave = max((KINDS[kind].severity for _, kind in counts), key=SEVERITIES.index)
    return Message(_subject(sender, subject), "\n".join([*lines, "", *_end(sender)]), grave)


def letter(subject: str, lines: Sequence[str], sender: Sender) -> Message:
    """Make a message of lines."""
    return Message(_subject(sender, subject), "\n".join([*lines, "", *_end(sender)]))


def trial(sender: Sender, channel: str, asked_by: str) -> Message:
    """The message of *Send a test message*."""
    return letter("Test message", [f"This is a test of the channel {in_one_line(channel)}, asked for by "
                                   f"{in_one_line(asked_by)}. Nothing is wrong."], sender)


def _subject(sender: Sender, text: str) -> str:
    return f"[{in_one_line(sender.name)}] {in_one_line(text, 120)}"


def _end(sender: Sender) -> list[str]:
    where = [f"Open the app: {sender.public_url}"] if sender.public_url else []
    return [*where, f"Sent by the equipment list {in_one_line(sender.name)}. What is sent to whom: Backup & Restore, "
                    "Auto Backup, Messages."]


def _title(news: News) -> str:
    kind = KINDS[news.kind]
    about = f": {in_one_line(news.subject)}" if news.subject else ""
    if news.phase == "over":
        return f"{kind.over}{about}"
    return f"{'Still: ' if news.phase == 'still' else ''}{kind.title}{about}"


def _line(news: News, now: datetime) -> str:
    detail = f" {in_one_line(news.detail, 200)}" if news.detail else ""
    since = "" if news.phase == "done" else f" (since {moment(news.since, now)})"
    at = f", {moment(news.when, now)}" if news.phase in ("done", "over") else ""
    title = _title(news).removeprefix("Still: ")
    return f"{WORDS[news.phase]}: {title}{since}{at}.{detail}"


def _counts(counts: Counter[tuple[Phase, str]]) -> list[str]:
    order = list(WORDS)
    return [f"{WORDS[phase]}: {count:,} × {KINDS[kind].over if phase == 'over' else KINDS[kind].title}"
            for (phase, kind), count in sorted(counts.items(), key=lambda item: (order.index(item[0][0]), item[0][1]))]


def _numbers(counts: Counter[tuple[Phase, str]]) -> str:
    found = {phase: sum(count for (each, _), count in counts.items() if each == phase) for phase in WORDS}
    return ", ".join(f"{count:,} {WORDS[phase].lower()}" for phase, count in found.items() if count)
