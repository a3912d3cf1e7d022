"""When somebody is told: at the beginning, every six hours, and once at the end; on an injected clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from equipment.messages.troubles import Known, News, Trouble, told

START = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
FAILED = Trouble("backup", "", "Not enough disk space.")
State = tuple[Known, ...]


class Story:
    """Looks one after the other, and what was told at each."""

    def __init__(self) -> None:
        self.state: State = ()
        self.now = START

    def look(self, *present: Trouble, minutes: float = 0, unknown: tuple[str, ...] = ()) -> list[str]:
        self.now += timedelta(minutes=minutes)
        self.state, news = told(self.state, present, self.now, unknown=unknown)
        return [f"{each.phase} {each.kind}{':' if each.subject else ''}{each.subject}" for each in news]


def test_one_message_a_trouble_in_six_hours_and_one_when_it_is_over() -> None:
    story = Story()
    assert story.look(FAILED) == ["new backup"]
    assert [story.look(FAILED, minutes=1) for _ in range(359)] == [[]] * 359
    assert story.look(FAILED, minutes=1) == ["still backup"]
    assert story.look(FAILED, minutes=359) == []
    assert story.look(minutes=1) == ["over backup"]
    assert [story.look(minutes=60) for _ in range(24)] == [[]] * 24
    assert story.state == ()
    assert story.look(FAILED) == ["new backup"]


def test_what_comes_and_goes_is_told_once_in_six_hours() -> None:
    story = Story()
    said = [story.look(*[FAILED][: minute % 2], minutes=1) for minute in range(1, 361)]
    assert [words for words in said if words] == [["new backup"], ["over backup"]]
    assert story.look(FAILED, minutes=1) == ["new backup"]
    assert story.look(minutes=1) == ["over backup"]


def test_each_trouble_is_told_for_itself() -> None:
    story = Story()
    one, other = Trouble("upload", "cloud"), Trouble("upload", "disk")
    assert story.look(one) == []
    assert story.look(one, other, minutes=5) == ["new upload:cloud"]
    assert story.look(one, other, minutes=5) == ["new upload:disk"]
    assert story.look(other, minutes=1) == ["over upload:cloud"]


def test_a_server_that_is_started_anew_is_no_trouble() -> None:
    story = Story()
    down = Trouble("database")
    assert story.look(down) == []
    assert story.look(down, minutes=1.9) == []
    assert story.look(minutes=0.1) == []
    assert story.state == ()
    assert story.look(down) == []
    assert story.look(down, minutes=2) == ["new database"]


def test_what_cannot_be_known_stays_as_it_was() -> None:
    story = Story()
    assert story.look(FAILED) == ["new backup"]
    assert story.look(minutes=400, unknown=("backup",)) == []
    assert story.look(FAILED, minutes=1, unknown=("backup",)) == []
    assert story.look(minutes=1) == ["over backup"]


@pytest.mark.parametrize("years", [-10, 10])
def test_a_clock_that_jumps_neither_floods_nor_silences(years: int) -> None:
    story = Story()
    assert story.look(FAILED) == ["new backup"]
    jumped = story.look(FAILED, minutes=years * 365 * 1440)
    assert jumped == ([] if years < 0 else ["still backup"])
    assert [story.look(FAILED, minutes=60) for _ in range(6)] == [[]] * 5 + [["still backup"]]
    assert story.look(minutes=1) == ["over backup"]


def test_ten_thousand_at_once_are_told_once() -> None:
    story = Story()
    many = [Trouble("verify", f"set {number}") for number in range(10_000)]
    assert len(story.look(*many)) == 10_000
    assert story.look(*many, minutes=1) == []
    assert len(story.look(minutes=1)) == 10_000


def test_what_is_told() -> None:
    state, news = told((), [FAILED], START)
    assert news == [News("new", "backup", "", "Not enough disk space.", START, START)]
    later = START + timedelta(hours=1)
    _, news = told(state, (), later)
    assert news == [News("over", "backup", "", "", START, later)]


def test_a_trouble_of_three_days_is_twelve_messages_and_one() -> None:
    story = Story()
    said = [words for _ in range(3 * 24 * 4) for words in story.look(FAILED, minutes=15)]
    assert said == ["new backup"] + ["still backup"] * 11
    assert story.look(minutes=15) == ["over backup"]
