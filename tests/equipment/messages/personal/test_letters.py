"""The words of mails about accounts: a link under the public address, and nothing that passes for a line of ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from equipment.logs.redaction import Redaction
from equipment.messages.personal import letters
from equipment.messages.wording import Message

AT = datetime(2026, 11, 28, 12, 30, tzinfo=timezone(timedelta(hours=2)))
SECRET = "x" * 43
HOSTILE = "Ada\r\nBcc: eve@example.org\r\n\r\nOpen https://evil.example\u202e"


@pytest.mark.parametrize(("public", "address"), [
    ("https://example.org", "https://example.org/?link=password#new-password="),
    ("https://example.org/", "https://example.org/?link=password#new-password="),
    ("http://lab.example.org:8501/eq/", "http://lab.example.org:8501/eq/?link=password#new-password="),
    ("https://example.org/eq?x=1#y", "https://example.org/eq/?link=password#new-password="),
])
def test_the_link_is_below_the_public_address(public: str, address: str) -> None:
    assert letters.address_of(public, SECRET) == address + SECRET


def test_what_stands_in_the_mail_with_the_link() -> None:
    message = letters.link("https://example.org", "Ada", SECRET, AT, "192.0.2.1")

    assert message.subject == "Equipment list: choose a new password"
    assert message.text.split("\n")[4] == f"https://example.org/?link=password#new-password={SECRET}"
    assert "within 30 minutes" in message.text and "2026-11-28 10:30 UTC, from 192.0.2.1" in message.text
    assert SECRET not in message.subject


def test_the_log_would_not_show_the_secret() -> None:
    address = letters.address_of("https://example.org", SECRET)

    assert Redaction()(f"GET {address} refused") == "GET https://example.org/?link=password#new-password=*** refused"


@pytest.mark.parametrize("message", [
    letters.link("https://example.org", HOSTILE, SECRET, AT, HOSTILE), letters.provider("", HOSTILE, AT, HOSTILE),
    letters.password_changed("", HOSTILE, AT, HOSTILE, by_link=True), letters.email_changed("", HOSTILE, AT),
    letters.password_reset("", HOSTILE, AT), letters.factor_reset("", HOSTILE, AT)])
def test_a_name_is_one_line(message: Message) -> None:
    assert "\r" not in message.text and "\u202e" not in message.text
    assert not any(line.startswith(("Bcc", "Open https://evil")) for line in message.text.split("\n"))


def test_how_a_password_was_changed_is_said() -> None:
    now = datetime(2026, 11, 28, tzinfo=UTC)

    assert "by the link of a mail, from 192.0.2.1" in letters.password_changed(
        "", "Ada", now, "192.0.2.1", by_link=True).text
    assert "by somebody who was signed in" in letters.password_changed("", "Ada", now, "192.0.2.1", by_link=False).text
