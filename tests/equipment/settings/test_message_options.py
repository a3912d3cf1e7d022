"""The options of messages: what is refused when it is read, and that no secret is repeated or logged."""

from __future__ import annotations

import pytest

from backup_engine.errors import BadInput
from equipment.logs.redaction import Redaction
from equipment.settings import Settings, read, secrets_of

SERVER = {"EQUIPMENT_SMTP_URL": "smtp://mail.example.org", "EQUIPMENT_MAIL_FROM": "lab@example.org"}


@pytest.mark.parametrize(("options", "words"), [
    ({"EQUIPMENT_SMTP_URL": "mail.example.org"}, "EQUIPMENT_SMTP_URL: Value error, use smtp://user@host:port or"),
    ({"EQUIPMENT_SMTP_URL": "smtp://u:SECRET-1@mail.example.org"},
     "no password stands in it: give it as EQUIPMENT_SMTP"),
    ({"EQUIPMENT_SMTP_URL": "smtp://h:99999"}, "EQUIPMENT_SMTP_URL: Value error, host or port cannot be read"),
    ({"EQUIPMENT_SMTP_URL": "smtp://h\r\nx"}, "it holds what no address does"),
    ({"EQUIPMENT_SMTP_URL": "smtp://h?tls=1"}, "must be of starttls=required|off, verify=yes|no"),
    ({"EQUIPMENT_SMTP_URL": "smtp://u@h?starttls=off"}, "the password of a user would travel readable"),
    ({"EQUIPMENT_SMTP_URL": "smtp://user@h"}, "EQUIPMENT_MAIL_FROM: Value error, mails need the address of a sender"),
    ({**SERVER, "EQUIPMENT_MAIL_FROM": "lab"}, "EQUIPMENT_MAIL_FROM: Value error, mails need the address of a sender"),
    ({"EQUIPMENT_MAIL_TO": "a@b.org, c\nBcc: d@e.org"}, "EQUIPMENT_MAIL_TO: Value error, 'c' is no mail address"),
    ({"EQUIPMENT_NOTIFY": "chat=slak://SECRET-1/x"},
     "EQUIPMENT_NOTIFY: Value error, the address of chat cannot be used: slak:// is no service that apprise knows"),
    ({"EQUIPMENT_NOTIFY": "chat=slack://SECRET-1"},
     "EQUIPMENT_NOTIFY: Value error, the address of chat cannot be used: something is missing or wrong in it"),
    ({"EQUIPMENT_NOTIFY": "json://h SECRET-1"}, "address 2 is no name=URL and no URL"),
    ({"EQUIPMENT_NOTIFY": "a=json://h a=json://i"}, "the name a is taken"),
    ({"EQUIPMENT_NOTIFY": "mail=json://h"}, "the name mail is taken"),
    ({"EQUIPMENT_DEAD_MAN_URL": "ftp://h/SECRET-1"}, "use an address such as https://hc-ping.com/"),
    ({"EQUIPMENT_DEAD_MAN_URL": "http://h/SECRET-1"}, "EQUIPMENT_DEAD_MAN_URL must begin with https://"),
])
def test_what_cannot_be_used_is_refused_by_name_without_secrets(options: dict[str, str], words: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(options)
    assert words in str(refused.value)
    assert "SECRET-1" not in str(refused.value)


def test_what_can_be_used() -> None:
    given = read({"EQUIPMENT_SMTP_URL": "smtps://robot%40example.org@mail.example.org",
                  "EQUIPMENT_MAIL_TO": "a@b.org; c@d.org",
                  "EQUIPMENT_NOTIFY": "chat=slack://TokenATokenA/TokenBTokenB/TokenCTokenCTokenCTokenC\njson://h/x?a=b",
                  "EQUIPMENT_DEAD_MAN_URL": " http://h/x ", "EQUIPMENT_DEAD_MAN_PLAIN_HTTP": "true"})
    assert given.mail_from == "robot@example.org"
    assert given.mail_to == "a@b.org,c@d.org"
    assert given.dead_man_url is not None
    assert given.dead_man_url.get_secret_value() == "http://h/x"
    assert read({"EQUIPMENT_NOTIFY": " "}).notify is None


def test_the_log_leaves_out_every_key_whole_and_in_parts() -> None:
    settings = Settings(
        smtp_password="correct horse",  # type: ignore[arg-type] # as all here
        notify="chat=slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ json://u:pass-word@h/",  # type: ignore[arg-type]
        dead_man_url="https://hc-ping.com/1234abcd-5678")  # type: ignore[arg-type]
    hide = Redaction()
    hide.hide(secrets_of(settings))
    said = hide("POST https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ 404; "
                "correct horse; login pass-word; GET /1234abcd-5678/start; slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ")
    assert said == ("POST https://hooks.slack.com/services/***/***/*** 404; ***; login ***; GET /***/start; ***")
    assert "slack" not in repr(settings)
