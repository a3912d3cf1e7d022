"""What waits for a channel: nothing is lost while it is away, and it is bounded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from equipment.messages.outbox import MOST_NEWS, Box, Written, after, due, put, put_letter, take
from equipment.messages.troubles import News
from equipment.messages.wording import Sender

NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SENDER = Sender("L")


def news(number: int = 1, kind: str = "backup") -> list[News]:
    return [News("new", kind, "", "", NOW, NOW)] * number


def test_nothing_waits_for_an_empty_box() -> None:
    assert (Box().waiting, due(Box(), NOW), take(Box(), NOW, SENDER)) == (0, False, [])


def test_what_was_taken_is_gone_and_noted() -> None:
    box = put_letter(put(Box(), news(2)), Written("weekly", "text"))
    messages = take(box, NOW, SENDER)
    assert [message.subject for message in messages] == ["[L] 2 new", "weekly"]

    assert after(box, NOW, messages, "") == Box(sent="weekly", sent_at=NOW)
    halfway = after(box, NOW, messages[:1], "away")
    assert (halfway.news, halfway.letters, halfway.sent) == ((), (Written("weekly", "text"),), "[L] 2 new")
    assert after(box, NOW, [], "away").waiting == 3


def test_it_is_tried_again_less_and_less_often() -> None:
    box, pauses, now = put(Box(), news()), [], NOW
    for _ in range(6):
        assert due(box, now)
        box = after(box, now, [], "away")
        assert box.next_try is not None
        assert not due(box, box.next_try - MINUTE / 60)
        pauses.append((box.next_try - now) // MINUTE)
        now = box.next_try
    assert pauses == [1, 5, 15, 60, 60, 60]
    assert (box.tries, box.problem) == (6, "away")
    assert after(box, now, take(box, now, SENDER), "").tries == 0


def test_a_clock_that_goes_back_does_not_silence() -> None:
    box = after(put(Box(), news()), NOW, [], "away")
    assert due(box, NOW - timedelta(days=300))


def test_too_many_are_counted_by_kind_and_stay_one_message() -> None:
    box = put(Box(), news(MOST_NEWS))
    box = put(put(box, news(9_900, "verify")), news(3))
    assert len(box.news) == 3
    assert box.waiting == MOST_NEWS + 9_903
    messages = take(box, NOW, SENDER)
    assert len(messages) == 1
    assert messages[0].text.splitlines()[:2] == ["New: 203 × A backup failed", "New: 9,900 × A backup is damaged"]
    assert after(box, NOW, messages, "").waiting == 0


def test_letters_are_bounded() -> None:
    box = Box()
    for number in range(9):
        box = put_letter(box, Written(str(number), ""))
    assert [letter.subject for letter in box.letters] == ["5", "6", "7", "8"]
