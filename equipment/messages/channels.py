"""The ways by which somebody is told, as this installation and its administrators have set them up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from equipment.logs.redaction import Redaction
from equipment.messages import mail, services
from equipment.messages.choices import MAIL, Choices
from equipment.messages.kinds import Severity
from equipment.messages.wording import Message
from equipment.settings import Settings, secrets_of
from equipment.settings.message_options import addresses_in, named_urls

__all__ = ["Channel", "channels", "dead_man_words", "is_set_up", "mailer", "recipients"]


@dataclass(frozen=True)
class Channel:
    """One of them. ``send`` gives why a message was not taken, in words without secrets, and nothing when it was."""

    name: str
    words: str
    """Where it leads, without secrets."""
    least: Severity
    send: Callable[[Message], str]


def is_set_up(settings: Settings) -> bool:
    """Whether this installation names anybody to tell, so that the rest need not be loaded."""
    return bool(settings.smtp_url or settings.notify or settings.dead_man_url)


def recipients(settings: Settings, choices: Choices) -> tuple[str, ...]:
    """Who gets mails: whom the option names, else whom an administrator chose."""
    return addresses_in(settings.mail_to) or choices.mail_to


def channels(settings: Settings, choices: Choices) -> Mapping[str, Channel]:
    """Give the channels by name; the mail server first."""
    found: dict[str, Channel] = {}
    if settings.smtp_url:
        found[MAIL] = _mail(settings, choices)
    if settings.notify is not None:
        redaction = _redaction(settings)
        for name, url in named_urls(settings.notify.get_secret_value()).items():
            found[name] = _service(name, url, choices, redaction)
    return found


def dead_man_words(settings: Settings) -> str:
    """Say where the dead-man address is, without its key; empty when there is none."""
    if settings.dead_man_url is None:
        return ""
    split = urlsplit(settings.dead_man_url.get_secret_value())
    return f"{split.hostname} ({split.scheme})"


def mailer(settings: Settings) -> Callable[[Sequence[str], Message], str]:
    """Give what sends a mail to the recipients named; answers as ``Channel.send`` does."""
    server, redaction = _server(settings), _redaction(settings)
    return lambda to, message: redaction(mail.send(server, settings.mail_from, to, message))


def _server(settings: Settings) -> mail.MailServer:
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else ""
    return mail.mail_server(settings.smtp_url, password)


def _redaction(settings: Settings) -> Redaction:
    redaction = Redaction()
    redaction.hide(secrets_of(settings))
    return redaction


def _mail(settings: Settings, choices: Choices) -> Channel:
    send = partial(mailer(settings), recipients(settings, choices))
    return Channel(MAIL, _server(settings).words, choices.least_of(MAIL), send)


def _service(name: str, url: str, choices: Choices, redaction: Redaction) -> Channel:
    def send(message: Message) -> str:
        return redaction(services.send(url, message))

    return Channel(name, services.kind_of(url), choices.least_of(name), send)
