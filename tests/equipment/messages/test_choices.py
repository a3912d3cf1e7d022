"""What administrators choose: what is refused, what a damaged document counts as, and changes in words."""

from __future__ import annotations

from typing import Any

import pytest

from backup_engine.errors import BadInput
from equipment.messages.choices import Choices, checked, differences, stored


@pytest.mark.parametrize(("changes", "words"), [
    ({"mail_to": "ada@example.org\nBcc: eve@example.org"}, "'Bcc:' is no mail address such as lab@example.org."),
    ({"mail_to": "ada"}, "'ada' is no mail address such as lab@example.org."),
    ({"mail_to": " ".join(f"a{number}@b.org" for number in range(51))}, "At most 50 recipients."),
    ({"mail_to": 5}, "Recipients are mail addresses."),
    ({"least": {"mail": "loud"}}, "loud is no severity: use info, warning, error."),
    ({"least": "info"}, "Severities are given by channel."),
    ({"off": ["everything"]}, "everything is nothing that messages tell of: use overdue, backup, verify"),
    ({"summary": "yes"}, "A weekly message is on or off."),
    ({"calibration_column": " "}, "The calibration mail is grouped by the name of a column."),
    ({"calibration_days": 0}, "How far the calibration mail looks ahead is a whole number from 1 to 365."),
    ({"weekday": True}, "The day of the weekly messages is a whole number from 0 to 6."),
    ({"hour": 24}, "Their hour is a whole number from 0 to 23."),
    ({"smtp_password": "x"}, "There is no setting of messages called smtp_password."),
])
def test_what_cannot_be_used_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput) as refused:
        checked(changes)
    assert str(refused.value).startswith(words)


def test_what_can_be_used() -> None:
    values = checked({"mail_to": "b@x.org; a@x.org,b@x.org", "off": ["disk", "backup"], "least": {"mail": "error"}})
    assert values == {"mail_to": ["b@x.org", "a@x.org"], "off": ["backup", "disk"], "least": {"mail": "error"}}
    found = stored({**values, "version": 3})
    assert (found.mail_to, found.off, found.version) == (("b@x.org", "a@x.org"), ("backup", "disk"), 3)
    assert [found.least_of(name) for name in ("mail", "chat")] == ["error", "warning"]
    assert Choices().least_of("mail") == "info"


def test_a_damaged_document_counts_as_not_chosen() -> None:
    assert stored({"mail_to": [1], "least": 5, "off": {}, "summary": 1, "weekday": "x", "version": "y", "z": 1,
                   "calibration_days": 14}) == Choices(calibration_days=14)


def test_changes_in_words() -> None:
    after = Choices(mail_to=("a@x.org",), least={"mail": "error"}, off=("disk",), summary=False, weekday=4, hour=6,
                    version=1)
    assert differences(Choices(), after) == (
        "recipients: nobody → a@x.org; severities: as usual → mail from error; "
        "not told of: nothing → The disk is nearly full; weekly summary: on → off; "
        "day of the weekly messages: Monday → Friday; hour of the weekly messages: 7 → 6")
    assert differences(after, after) == ""
