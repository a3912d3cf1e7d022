"""No regular expression of the product can be kept busy: ten times the text takes at most fifteen times as long.

An expression runs while it holds the interpreter: one cell, link or log line that keeps it busy stops every page. Where
a text is so short or so quick that a clock cannot tell, nothing is compared.
"""

from __future__ import annotations

import re
import time

import pytest

from tests.patterns import Pattern, hard_texts, patterns

LENGTHS = {12: 0.004, 18: 0.004, 24: 0.004, 100: 0.01, 1_000: 0.1}
"""Seconds that are the most for a text of so many characters. The shortest come first: at 24 an exponential one takes
seconds, and at 100 one of the fourth power; neither must be given more."""
SHORT, TIMES = 1_000, 10
MOST = 15
LOOKS_AGAIN = 8
TELLS_SECONDS = 0.005
"""Of the long text; less says nothing on a busy machine."""
EVERY = patterns()


def seconds(pattern: Pattern, text: str, looks: int = 3) -> float:
    """The quickest of some looks: whatever else the machine does only makes one slower."""
    best = float("inf")
    for _ in range(looks):
        begun = time.thread_time()
        pattern.ask(text)
        best = min(best, time.thread_time() - begun)
        if best < TELLS_SECONDS:
            break
    return best


def kept_busy_by(pattern: Pattern) -> str:
    """A text that takes too long; empty when there is none."""
    for length, most in LENGTHS.items():
        for text in hard_texts(pattern, length):
            if seconds(pattern, text) > most:
                return text
    for long, short in zip(hard_texts(pattern, SHORT * TIMES), hard_texts(pattern, SHORT), strict=True):
        took = seconds(pattern, long)
        if took > TELLS_SECONDS and took > MOST * seconds(pattern, short) and _still_slow(pattern, long, short):
            return f"{short[:40]!r}… ({took:.3f} s)"
    return ""


def _still_slow(pattern: Pattern, long: str, short: str) -> bool:
    """Look again, at both by turns: three looks that all fell into a busy moment made 15 of a plain 10."""
    pairs = [(seconds(pattern, long, 1), seconds(pattern, short, 1)) for _ in range(LOOKS_AGAIN)]
    return min(long for long, _ in pairs) > MOST * min(short for _, short in pairs)


def test_every_expression_is_found() -> None:
    places = {pattern.place.split()[0].split(":")[0] for pattern in EVERY}

    assert len(EVERY) > 60
    named = {"equipment/domain/values/fields.py", "backup_engine/csv_format/rows.py", "equipment/logs/redaction.py"}
    assert named <= places


@pytest.mark.parametrize("pattern", EVERY, ids=lambda pattern: pattern.place)
def test_no_text_keeps_it_busy(pattern: Pattern) -> None:
    assert kept_busy_by(pattern) == ""


@pytest.mark.parametrize("text", [
    r'"((?:[^"]+|"")*)"',
    r'cookie=(["\'])(?:\\.|(?!\1).)*\1',
    r"<Version>(.*?)</Version>",
    r"[<>~≈]?\s*(?:ca\.?)?\s*([A-Z]{3}|[€$£])?\s*(-?[\d.,' ]*\d)\s*([A-Z]{3})?",
])
def test_those_that_were_slow_are_noticed(text: str) -> None:
    assert kept_busy_by(Pattern("before", re.compile(text), True)) != ""


def test_no_group_bears_a_quantifier_that_gives_nothing_back() -> None:
    """Before Python 3.11.4, as Debian 12 has it, such a group keeps what it had read of a repetition that failed: units
    beside numbers were not read, and secrets stood in the log. An atomic group, ``(?>(?:…)*)``, is right."""
    every = (str(pattern.compiled.pattern) for pattern in EVERY)

    assert [text for text in every if re.search(r"\)(?:[*+?]|\{[\d,]+\})\+", text)] == []
