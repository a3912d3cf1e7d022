"""The options of messages: the mail server, other channels, and whom the silence of this installation tells something.

Secrets (a password, the addresses of services, which are keys themselves) are ``SecretStr``: they come from the
environment or the secrets file only, and the log leaves them out, whole and in parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pydantic import BaseModel, Field, SecretStr, ValidationInfo, field_validator

from equipment.domain.mail_address import is_mail_address

__all__ = ["MessageOptions", "addresses_in", "named_urls", "parts_of", "smtp_problem"]

NAMED_URL = re.compile(r"(?:([a-z][a-z0-9-]{0,31})=)?([A-Za-z][A-Za-z0-9+.-]*://\S+)")
TAKEN = frozenset({"mail", "dead-man"})
SWITCHES = {"starttls": ("required", "off"), "verify": ("yes", "no")}
LONG = 8
"""Letters from which on a part of a service's address may be a key."""


def addresses_in(text: str) -> tuple[str, ...]:
    """Give the mail addresses in a text, with commas, semicolons or blanks between. Raises ``ValueError``."""
    found = tuple(dict.fromkeys(part for part in re.split(r"[,;\s]+", text) if part))
    for address in found:
        if not is_mail_address(address):
            raise ValueError(f"{address[:100]!r} is no mail address such as lab@example.org")
    return found


def named_urls(text: str) -> dict[str, str]:
    """Give the addresses of services by the names of their channels: ``name=URL URL``. Raises ``ValueError``.

    What has no name is called ``notify1``, ``notify2`` …
    """
    found: dict[str, str] = {}
    for number, part in enumerate(text.split(), 1):
        match = NAMED_URL.fullmatch(part)
        if match is None:
            raise ValueError(f"address {number} is no name=URL and no URL such as slack://… or json://host/path")
        name = match[1] or f"notify{number}"
        if name in found or name in TAKEN:
            raise ValueError(f"the name {name} is taken")
        found[name] = match[2]
    return found


def parts_of(text: str) -> Iterator[str]:
    """Give what may be a key in addresses of services: each of them whole, its login, its path and its queries."""
    for part in text.split():
        match = NAMED_URL.fullmatch(part)
        url = match[2] if match else part
        yield url
        try:
            split = urlsplit(url)
        except ValueError:
            continue
        pieces = [*split.netloc.rpartition("@")[0].split(":"), *split.path.split("/")]
        pieces += [value for _, value in parse_qsl(split.query)]
        # in slack://TOKEN/… the first key stands where others have a host
        host = split.netloc.rpartition("@")[2].partition(":")[0]
        pieces += [host] if "." not in host and host != "localhost" else []
        yield from (unquote(piece) for piece in pieces if len(piece) >= LONG)


def smtp_problem(split: SplitResult) -> str:
    """Say what is wrong with the address of a mail server; empty when nothing is."""
    if split.scheme not in ("smtp", "smtps") or not split.hostname or split.path.strip("/"):
        return "use smtp://user@host:port or smtps://user@host:port"
    if split.password is not None:
        return "no password stands in it: give it as EQUIPMENT_SMTP_PASSWORD"
    given = parse_qsl(split.query, keep_blank_values=True)
    for name, value in given:
        if value not in SWITCHES.get(name, ()):
            allowed = ", ".join(f"{known}={'|'.join(values)}" for known, values in SWITCHES.items())
            return f"what follows the question mark must be of {allowed}"
    if split.username and ("starttls", "off") in given and split.scheme == "smtp":
        return "with starttls=off the password of a user would travel readable: take the user or starttls=off away"
    return ""


class MessageOptions(BaseModel):
    """What an installation says about messages."""

    smtp_url: str = Field(
        default="",
        description="Mail server for messages and links to a new password: `smtp://user@host:587` with STARTTLS, or "
                    "`smtps://user@host:465`. `?verify=no` accepts any certificate; `?starttls=off` sends readable, "
                    "without a user only.")
    smtp_password: SecretStr | None = Field(
        default=None, description="Password of the user in EQUIPMENT_SMTP_URL.")
    mail_from: str = Field(
        default="",
        description="Sender of the mails; by default the user in EQUIPMENT_SMTP_URL, if that is an address.")
    mail_to: str = Field(
        default="",
        description="Recipients of the mails, with commas between. Unset, whom an administrator chose in the app.")
    notify: SecretStr | None = Field(
        default=None,
        description="Other channels, `name=URL` with blanks between, each an address as apprise knows them: "
                    "`chat=slack://…`, `ops=mailtos://…`, `json://host/path`.")
    dead_man_url: SecretStr | None = Field(
        default=None,
        description="Address that is asked at `/start`, then itself or `/fail`, around each scheduled backup, as of "
                    "healthchecks.io: it tells somebody when nothing comes. https only.")
    dead_man_plain_http: bool = Field(
        default=False, description="Allow EQUIPMENT_DEAD_MAN_URL to be http: whoever listens can report for you.")

    @field_validator("smtp_url")
    @classmethod
    def _a_mail_server(cls, value: str) -> str:
        text = value.strip()
        if not text:
            return ""
        try:
            split = urlsplit(text)
            problem = "it holds what no address does" if re.search(r"[\s\x00-\x1f]", text) else smtp_problem(split)
            _ = split.port  # a number from 0 to 65535
        except ValueError:
            problem = "host or port cannot be read"
        if problem:
            raise ValueError(problem)
        return text

    @field_validator("mail_to")
    @classmethod
    def _recipients(cls, value: str) -> str:
        return ",".join(addresses_in(value))

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str, info: ValidationInfo) -> str:
        server = info.data.get("smtp_url", "")
        user = unquote(urlsplit(server).username or "") if server else ""
        sender = value.strip() or (user if is_mail_address(user) else "")
        if (value or server) and not is_mail_address(sender):
            raise ValueError("mails need the address of a sender, such as equipment@example.org")
        return sender

    @field_validator("notify")
    @classmethod
    def _channels(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value().strip():
            return None
        named = named_urls(value.get_secret_value())
        try:
            from apprise import Apprise  # 0.2 s, only where somebody uses it
        except ImportError:
            raise ValueError("it needs the package apprise: pip install apprise") from None
        for name, url in named.items():
            if Apprise.instantiate(url, suppress_exceptions=True) is None:
                known = url.partition("://")[0][:40].lower() in {
                    scheme for entry in Apprise().details()["schemas"]
                    for kind in ("protocols", "secure_protocols") for scheme in (entry[kind] or ())}
                what = "something is missing or wrong in it" if known else (
                    f"{url.partition('://')[0][:40]}:// is no service that apprise knows")
                raise ValueError(f"the address of {name} cannot be used: {what}")
        return value

    # plain_http is a field below, so the scheme is looked at there, where both are known
    @field_validator("dead_man_url")
    @classmethod
    def _one_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value().strip():
            return None
        text = value.get_secret_value().strip()
        try:
            split = urlsplit(text)
            usable = split.scheme in ("http", "https") and split.hostname and not re.search(r"[\s\x00-\x1f]", text)
            _ = split.port
        except ValueError:
            usable = False
        if not usable:
            raise ValueError("use an address such as https://hc-ping.com/…")
        return SecretStr(text)

    @field_validator("dead_man_plain_http")
    @classmethod
    def _encrypted(cls, value: bool, info: ValidationInfo) -> bool:
        url = info.data.get("dead_man_url")
        if url is not None and not value and not url.get_secret_value().lower().startswith("https://"):
            raise ValueError("EQUIPMENT_DEAD_MAN_URL must begin with https:// unless this is true")
        return value
