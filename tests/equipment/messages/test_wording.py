"""Every text of a message, as it is sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from equipment.messages.kinds import KINDS, RESTORED
from equipment.messages.troubles import News, Phase
from equipment.messages.wording import Sender, in_one_line, letter, moment, of_news, trial

ZONE = timezone(timedelta(hours=1))
SINCE = datetime(2026, 11, 27, 7, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 27, 10, 30, tzinfo=ZONE)
SENDER = Sender("Equipment_DB on lab1", "https://example.org/lab")
END = ("\n\nOpen the app: https://example.org/lab\nSent by the equipment list Equipment_DB on lab1. What is sent to "
       "whom: Backup & Restore, Auto Backup, Messages.")


def news(phase: Phase, kind: str, subject: str = "", detail: str = "") -> News:
    return News(phase, kind, subject, detail, SINCE, NOW)


@pytest.mark.parametrize(("one", "subject", "line", "severity"), [
    (news("new", "overdue", "", "The newest good one began at 2026-11-27 06:00 UTC+01:00; the schedule is every hour."),
     "No good backup for two intervals",
     "New: No good backup for two intervals (since 2026-11-27 08:00 UTC+01:00). The newest good one began at "
     "2026-11-27 06:00 UTC+01:00; the schedule is every hour.", "error"),
    (news("new", "backup", "", "Not enough disk space. Activity has the rest."), "A backup failed",
     "New: A backup failed (since 2026-11-27 08:00 UTC+01:00). Not enough disk space. Activity has the rest.", "error"),
    (news("still", "backup"), "Still: A backup failed",
     "Still: A backup failed (since 2026-11-27 08:00 UTC+01:00).", "error"),
    (news("over", "backup"), "Backups succeed again",
     "Over: Backups succeed again (since 2026-11-27 08:00 UTC+01:00), 2026-11-27 10:30 UTC+01:00.", "error"),
    (news("new", "upload", "cloud", "2 backups waiting. Remote storage failed."),
     "Backups do not reach a remote: cloud",
     "New: Backups do not reach a remote: cloud (since 2026-11-27 08:00 UTC+01:00). 2 backups waiting. Remote storage "
     "failed.", "warning"),
    (news("over", "upload", "cloud"), "The remote gets backups again: cloud",
     "Over: The remote gets backups again: cloud (since 2026-11-27 08:00 UTC+01:00), 2026-11-27 10:30 UTC+01:00.",
     "warning"),
    (news("done", RESTORED, "", "By ada: 5,000 records in Equipment."), "Data was restored",
     "Done: Data was restored, 2026-11-27 10:30 UTC+01:00. By ada: 5,000 records in Equipment.", "warning"),
    (news("new", "sign_up", "", "1 person waits."), "Somebody waits for an account",
     "New: Somebody waits for an account (since 2026-11-27 08:00 UTC+01:00). 1 person waits.", "info"),
])
def test_a_message_of_one(one: News, subject: str, line: str, severity: str) -> None:
    message = of_news([one], NOW, SENDER)
    assert (message.subject, message.text, message.severity) == (
        f"[Equipment_DB on lab1] {subject}", line + END, severity)


def test_the_words_of_every_kind() -> None:
    assert {name: (kind.severity, kind.title, kind.over) for name, kind in KINDS.items()} == {
        "overdue": ("error", "No good backup for two intervals", "A good backup is there again"),
        "backup": ("error", "A backup failed", "Backups succeed again"),
        "verify": ("error", "A backup is damaged", "No backup is damaged any more"),
        "drill": ("error", "A restore drill failed", "A restore drill succeeded again"),
        "upload": ("warning", "Backups do not reach a remote", "The remote gets backups again"),
        "retention": ("warning", "Retention is suspended", "Retention goes on"),
        "disk": ("error", "The disk is nearly full", "There is room on the disk again"),
        "database": ("error", "The database cannot be reached", "The database is reached again"),
        "sign_up": ("info", "Somebody waits for an account", "Nobody waits for an account any more"),
        "restored": ("warning", "Data was restored", ""),
    }


def test_several_in_one_message() -> None:
    message = of_news([news("over", "backup"), news("new", "disk"), news("new", "sign_up")], NOW, SENDER)
    assert message.subject == "[Equipment_DB on lab1] 2 new, 1 over"
    assert message.text == (
        "Over: Backups succeed again (since 2026-11-27 08:00 UTC+01:00), 2026-11-27 10:30 UTC+01:00.\n"
        "New: The disk is nearly full (since 2026-11-27 08:00 UTC+01:00).\n"
        "New: Somebody waits for an account (since 2026-11-27 08:00 UTC+01:00)." + END)
    assert message.severity == "error"


def test_ten_thousand_are_one_message_with_counts() -> None:
    many = [news("new", "verify", f"set {number}") for number in range(9_999)] + [news("over", "disk")]
    message = of_news(many, NOW, SENDER, counted=[("new", "backup", 3)])
    assert message.subject == "[Equipment_DB on lab1] 10,002 new, 1 over"
    assert message.text == ("New: 3 × A backup failed\nNew: 9,999 × A backup is damaged\n"
                            "Over: 1 × There is room on the disk again" + END)


def test_more_than_twenty_are_counted() -> None:
    assert of_news([news("done", RESTORED)] * 20, NOW, SENDER).text.count("Done: Data was restored") == 20
    assert of_news([news("done", RESTORED)] * 21, NOW, SENDER).text == "Done: 21 × Data was restored" + END


def test_a_test_and_a_letter_without_an_address() -> None:
    there = Sender("Equipment_DB on lab1")
    assert trial(there, "mail", "ada\nSubject: x").text == (
        "This is a test of the channel mail, asked for by ada Subject: x. Nothing is wrong.\n\nSent by the equipment "
        "list Equipment_DB on lab1. What is sent to whom: Backup & Restore, Auto Backup, Messages.")
    assert letter("Weekly summary", ["a", "b"], SENDER).text == "a\nb" + END


@pytest.mark.parametrize(("name", "line"), [
    ("ada\r\nBcc: eve@example.org", "ada Bcc: eve@example.org"), ("a\x00\x1b[31mb", "a [31mb"),
    ("a\u202eb\u2028c\u2029d\x85e", "a b c d e"), ("\ud800x", "x"), ("x" * 81, "x" * 79 + "…"), ("  ", ""),
])
def test_names_are_one_line_of_printable_text(name: str, line: str) -> None:
    assert in_one_line(name) == line


def test_every_name_goes_through_it() -> None:
    evil = "x\r\nBcc: eve@example.org"
    message = of_news([news("new", "upload", evil, evil)], NOW, Sender(evil))
    assert "\n" not in message.subject
    assert "\nBcc" not in message.text
    assert "\r" not in message.text
    assert "\nBcc" not in trial(Sender(evil), evil, evil).text


@pytest.mark.parametrize(("zone", "text"), [
    (ZONE, "2026-11-27 10:30 UTC+01:00"), (UTC, "2026-11-27 09:30 UTC"),
    (timezone(-timedelta(hours=3, minutes=30)), "2026-11-27 06:00 UTC-03:30"),
])
def test_moments_are_on_the_clock_of_now(zone: timezone, text: str) -> None:
    assert moment(NOW, datetime(2027, 1, 1, tzinfo=zone)) == text
