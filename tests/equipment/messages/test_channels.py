"""From the options of an installation to a mail that arrives, and what is said of a channel."""

from __future__ import annotations

from pathlib import Path

from equipment.messages.channels import channels, dead_man_words, is_set_up, recipients
from equipment.messages.choices import Choices
from equipment.messages.wording import Message
from equipment.settings import Settings, read
from tests.equipment.messages.servers import PASSWORD, USER, Inbox, certificate, mail_server


def settings(**options: str) -> Settings:
    return read({f"EQUIPMENT_{name.upper()}": value for name, value in options.items()})


def test_a_mail_by_the_options_alone(tmp_path: Path) -> None:
    served, _ = certificate(tmp_path)
    with mail_server(inbox := Inbox(), starttls=served, login=True) as port:
        place = {"mail_from": "lab@example.org", "smtp_password": PASSWORD}
        url = f"smtp://{USER}@127.0.0.1:{port}"
        chosen = Choices(mail_to=("ada@example.org",), least={"mail": "error"})
        strict = channels(settings(smtp_url=url, **place), chosen)["mail"]
        assert strict.send(Message("a", "b")).startswith("the server's certificate is not to be trusted")
        lax = channels(settings(smtp_url=f"{url}?verify=no", **place), chosen)["mail"]
        assert lax.send(Message("a", "b")) == ""
        assert (lax.least, lax.words) == (
            "error", f"127.0.0.1:{port} as {USER} (STARTTLS, any certificate accepted)")
        assert PASSWORD not in repr(lax)
    assert inbox.recipients == [["ada@example.org"]]
    assert inbox.as_whom == [USER]


def test_an_option_names_the_recipients_or_an_administrator_does() -> None:
    chosen = Choices(mail_to=("ada@example.org",))
    assert recipients(settings(mail_to="lab@example.org"), chosen) == ("lab@example.org",)
    assert recipients(settings(), chosen) == ("ada@example.org",)


def test_what_is_set_up() -> None:
    assert not is_set_up(settings(mail_to="a@b.org"))
    assert list(channels(settings(), Choices())) == []
    given = settings(notify="chat=json://h/KEY json://i/KEY", dead_man_url="https://hc-ping.com/KEY")
    assert is_set_up(given)
    ways = channels(given, Choices(least={"chat": "info"}))
    assert [(each.name, each.words, each.least) for each in ways.values()] == [
        ("chat", "json", "info"), ("notify2", "json", "warning")]
    assert (dead_man_words(given), dead_man_words(settings())) == ("hc-ping.com (https)", "")
