"""One mail to a mail server: TLS, STARTTLS and AUTH by ``smtplib``. Nothing here is tried twice.

The certificate is verified unless the address says ``verify=no``; without ``starttls=off`` a server that offers no
STARTTLS is refused, as is one that offers no AUTH when there is a user.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from equipment.messages.wording import Message, in_one_line

__all__ = ["SOCKET_SECONDS", "MailServer", "mail_server", "send"]

SOCKET_SECONDS: Final = 10.0
PORTS: Final = {"smtps": 465, "starttls": 587, "plain": 25}


@dataclass(frozen=True)
class MailServer:
    """Where mails go, and as whom."""

    host: str
    port: int
    tls: bool
    """From the first byte on; else by STARTTLS if that is ``required``."""
    starttls: bool
    verify: bool
    user: str = ""
    password: str = ""

    @property
    def words(self) -> str:
        """Say it without the password."""
        how = "TLS" if self.tls else "STARTTLS" if self.starttls else "not encrypted"
        unproven = "" if self.verify or how == "not encrypted" else ", any certificate accepted"
        login = f" as {self.user}" if self.user else ""
        return f"{self.host}:{self.port}{login} ({how}{unproven})"


def mail_server(url: str, password: str = "") -> MailServer:
    """Read the address of a mail server that the settings have checked."""
    split = urlsplit(url)
    options = dict(parse_qsl(split.query))
    tls = split.scheme == "smtps"
    starttls = not tls and options.get("starttls") != "off"
    port = split.port or PORTS["smtps" if tls else "starttls" if starttls else "plain"]
    return MailServer(split.hostname or "", port, tls, starttls, options.get("verify") != "no",
                      unquote(split.username or ""), password)


def send(
    server: MailServer, sender: str, recipients: Sequence[str], message: Message, *,
    seconds: float = SOCKET_SECONDS, trusted: ssl.SSLContext | None = None,
) -> str:
    """Send one mail; gives why it was not taken, or not for whom, in words, and nothing when it was.

    ``trusted`` is a context with certificates of one's own. Raises nothing that a server, a network or a name can
    cause.
    """
    if not recipients:
        return "nobody is named who gets mails"
    try:
        refused = _talk(server, sender, recipients, _mail(sender, recipients, message), seconds, trusted)
    except smtplib.SMTPRecipientsRefused as problem:
        return f"the server refused every recipient: {_first(problem.recipients)}"
    except smtplib.SMTPAuthenticationError as problem:
        return f"the server refused the login of {server.user}: {_reply(problem.smtp_code, problem.smtp_error)}"
    except smtplib.SMTPResponseException as problem:
        if problem.smtp_code < 0:  # smtplib's, for a line without a number
            return "what answers there speaks no SMTP"
        return f"the server refused: {_reply(problem.smtp_code, problem.smtp_error)}"
    except smtplib.SMTPServerDisconnected as problem:
        if isinstance(problem.__context__, TimeoutError):  # smtplib calls that a closed connection, too
            return f"no answer within {seconds:g} s"
        return "the server closed the connection before it had taken the mail"
    except smtplib.SMTPException as problem:
        return f"the server cannot be used: {in_one_line(str(problem), 200)}"
    except ssl.SSLCertVerificationError as problem:
        return (f"the server's certificate is not to be trusted: {problem.verify_message}. With verify=no in "
                "EQUIPMENT_SMTP_URL any is accepted")
    except ssl.SSLError as problem:
        return f"no encrypted connection: {problem.reason or type(problem).__name__}"
    except socket.gaierror:
        return f"there is no host {in_one_line(server.host)}"
    except TimeoutError:
        return f"no answer within {seconds:g} s"
    # UnicodeError: a host or an answer in letters that no mail knows; ValueError: an answer that smtplib cannot take
    except (OSError, UnicodeError, ValueError) as problem:
        return f"the connection failed: {getattr(problem, 'strerror', None) or type(problem).__name__}"
    if refused:
        return f"the server refused {len(refused)} of {len(recipients)} recipients: {_first(refused)}"
    return ""


def _mail(sender: str, recipients: Sequence[str], message: Message) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, ", ".join(recipients)
    mail["Subject"] = in_one_line(message.subject, 200)
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])  # without it this asks the name service
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes in return
    mail.set_content(message.text)
    return mail


def _talk(
    server: MailServer, sender: str, recipients: Sequence[str], mail: EmailMessage, seconds: float,
    trusted: ssl.SSLContext | None,
) -> dict[str, tuple[int, bytes]]:
    context = trusted or ssl.create_default_context()
    if not server.verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    own = "equipment.invalid"  # RFC 2606; without a name smtplib asks the name service, which may hang
    smtp: smtplib.SMTP
    if server.tls:
        smtp = smtplib.SMTP_SSL(server.host, server.port, local_hostname=own, timeout=seconds, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, local_hostname=own, timeout=seconds)
    try:
        if server.starttls:
            smtp.starttls(context=context)  # raises where it is not offered
        if server.user:
            smtp.login(server.user, server.password)
        return smtp.send_message(mail, sender, list(recipients))
    finally:
        smtp.close()  # no QUIT: the mail is taken or refused, and a server that hangs now would only cost time


def _reply(code: int, text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {in_one_line(said, 200)}".strip()


def _first(refused: dict[str, tuple[int, bytes]]) -> str:
    recipient, (code, text) = next(iter(refused.items()))
    return f"{recipient}: {_reply(code, text)}"
