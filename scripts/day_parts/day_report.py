"""The tables of docs/a-day.md, from the lines of a day."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from scripts.day_parts.judging import slowest
from scripts.fault_parts.report import table

__all__ = ["MEASURED", "hours", "kept", "numbers", "read"]

Doc = dict[str, Any]
MEASURED = Path(__file__).resolve().parents[2] / "docs" / "measured" / "day.jsonl"


def read(path: Path = MEASURED) -> tuple[list[Doc], Doc]:
    """Give the lines of a day, and its end."""
    *lines, end = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return lines, end


def numbers(lines: Sequence[Doc], end: Doc) -> str:
    """Say what came of it in numbers."""
    sets = sum(len(line["sets"]) for line in lines)
    messages = Counter(message["to"] for line in lines for message in line["messages"])
    said = " and ".join(f"{count} messages to the {channel}" for channel, count in messages.items())
    kept = sum(each["keep"] for each in end["kept"])
    return (f"{len(end['edits'])} changes, {sets} backups of which each was read back and held the list as it was, "
            f"{said}. Where nothing stood in the way a change waited {slowest(lines, end):g} s at most for its "
            f"backup. {kept} backups are kept at the end, with those of the days before.")


def hours(lines: Iterable[Doc]) -> str:
    """Time × what happened × sets made since the row before × messages; rows where something was said or happened."""
    return table(("time", "what happened", "backups made until then", "messages sent"), _rows(lines))


def kept(end: Doc) -> str:
    """Rule × how many sets are kept for it alone or with others × the oldest of them × the newest."""
    by_rule = dict[str, list[Doc]]()
    for each in end["kept"]:
        by_rule.setdefault(_rule(each), []).append(each)
    body = [(rule, str(len(its)), _moment(its[0]["label"]), _moment(its[-1]["label"]))
            for rule, its in ((rule, sorted(its, key=_label)) for rule, its in by_rule.items())]
    return table(("kept because it is", "backups", "oldest", "newest"), body)


def _rows(lines: Iterable[Doc]) -> Iterator[tuple[str, ...]]:
    made = Counter[str]()
    for line in lines:
        made.update(each["trigger"] for each in line["sets"])
        if line["happened"] or line["messages"]:
            happened = "; ".join(words.rstrip(".") for words in line["happened"])
            yield (f"{line['at'][11:16]} {line['at'][19:22]}", happened,
                   ", ".join(f"{count} {trigger}" for trigger, count in sorted(made.items())), _messages(line))
            made.clear()


def _messages(line: Doc) -> str:
    to = dict[str, list[str]]()
    for message in line["messages"]:
        to.setdefault(_words(message), []).append(message["to"])
    return "; ".join(f"{', '.join(channels)}: {words}" for words, channels in to.items())


def _words(message: Doc) -> str:
    says = message["says"]
    if len(says) == 1 or not says[0].startswith(("New", "Still", "Over", "Done")):
        return str(message["subject"]).partition("] ")[2]
    return " – ".join(words.partition(" (since")[0] for words in says)


def _rule(each: Doc) -> str:
    if not each["keep"]:
        return "not kept: goes with the next ones"
    return {
        "protected": "one of the newest good ones, or what retention never takes", "base": "under one that is kept",
        "minutes": "of continuous protection: the newest of its minute or ten minutes",
        "days": "not older than the days",
    }.get(each["rules"][0], f"the newest of its {' and '.join(RULES.get(rule, rule) for rule in each['rules'])}")


RULES = {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month", "yearly": "year"}


def _label(each: Doc) -> str:
    return str(each["label"])


def _moment(label: str) -> str:
    return f"{label[:4]}-{label[4:6]}-{label[6:8]} {label[9:11]}:{label[11:13]}"
