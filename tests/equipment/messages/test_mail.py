"""Mails to a real mail server, and to servers that hang, refuse and lie."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest

from equipment.messages.mail import MailServer, mail_server as read, send
from equipment.messages.wording import Message
from tests.equipment.messages.servers import PASSWORD, USER, Inbox, certificate, liar, mail_server
from tests.ports import free_port

MESSAGE = Message("[Lab on host] A backup failed", "New: A backup failed.\nÄrger: ±5 °C\n.\n", "error")
FROM, TO = "lab@example.org", ("ada@example.org", "bob@example.org")
Contexts = tuple[ssl.SSLContext, ssl.SSLContext]


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> Contexts:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture(scope="module")
def with_starttls(contexts: Contexts, inbox: Inbox) -> Iterator[int]:
    with mail_server(inbox, starttls=contexts[0], login=True) as port:
        yield port


def place(port: int, *, tls: bool = False, starttls: bool = False, verify: bool = True, user: str = "",
          password: str = PASSWORD) -> MailServer:
    return MailServer("127.0.0.1", port, tls, starttls, verify, user, password)


def test_a_mail_over_starttls_with_a_login(with_starttls: int, inbox: Inbox, contexts: Contexts) -> None:
    server = place(with_starttls, starttls=True, user=USER)

    assert send(server, FROM, TO, MESSAGE, trusted=contexts[1]) == ""

    mail = inbox.mails[-1]
    assert (mail["from"], mail["to"], mail["subject"]) == (FROM, ", ".join(TO), MESSAGE.subject)
    assert mail.get_content().replace("\r\n", "\n") == MESSAGE.text
    assert mail["auto-submitted"] == "auto-generated"
    assert mail["message-id"].endswith("@example.org>")
    assert mail["date"].datetime.utcoffset() is not None
    assert (inbox.recipients[-1], inbox.encrypted[-1], inbox.as_whom[-1]) == (list(TO), True, USER)


def test_tls_from_the_first_byte(contexts: Contexts) -> None:
    with mail_server(inbox := Inbox(), tls=contexts[0], login=True) as port:
        assert send(place(port, tls=True, user=USER), FROM, TO, MESSAGE, trusted=contexts[1]) == ""
    assert len(inbox.mails) == 1


def test_an_unknown_certificate_is_refused_unless_that_was_allowed(with_starttls: int, inbox: Inbox) -> None:
    before = len(inbox.mails)
    said = send(place(with_starttls, starttls=True, user=USER), FROM, TO, MESSAGE)
    assert said.startswith("the server's certificate is not to be trusted: self")
    assert "verify=no" in said
    assert len(inbox.mails) == before

    assert send(place(with_starttls, starttls=True, user=USER, verify=False), FROM, TO, MESSAGE) == ""


def test_a_wrong_password_is_said_and_not_quoted(with_starttls: int) -> None:
    server = place(with_starttls, starttls=True, user=USER, password="wrong-and-secret")
    said = send(server, FROM, TO, MESSAGE, trusted=_any())
    assert said.startswith(f"the server refused the login of {USER}: 535")
    assert "wrong-and-secret" not in said


def _any() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def test_no_mail_is_sent_readable_where_starttls_is_required() -> None:
    with mail_server(inbox := Inbox()) as port:
        assert send(place(port, starttls=True), FROM, TO, MESSAGE) == (
            "the server cannot be used: STARTTLS extension not supported by server.")
        assert not inbox.mails
        assert send(place(port), FROM, TO, MESSAGE) == ""
        assert inbox.encrypted == [False]


def test_refused_recipients() -> None:
    with mail_server(inbox := Inbox(refused=("bob@example.org",))) as port:
        assert send(place(port), FROM, TO, MESSAGE) == (
            "the server refused 1 of 2 recipients: bob@example.org: 550 5.1.1 nobody of that name")
        assert inbox.recipients == [["ada@example.org"]]
        assert send(place(port), FROM, TO[1:], MESSAGE) == (
            "the server refused every recipient: bob@example.org: 550 5.1.1 nobody of that name")
        assert send(place(port), FROM, (), MESSAGE) == "nobody is named who gets mails"


def test_names_with_line_breaks_end_no_header() -> None:
    with mail_server(inbox := Inbox()) as port:
        evil = Message("[Lab\r\nBcc: eve@example.org\r\n\r\nbody] x\u2028y\x00", "text\n")
        assert send(place(port), FROM, TO, evil) == ""
    mail = inbox.mails[0]
    assert mail["bcc"] is None
    assert mail["subject"] == "[Lab Bcc: eve@example.org body] x y"
    assert mail.get_content().strip() == "text"
    assert inbox.recipients == [list(TO)]


OK = dict.fromkeys(("ehlo", "mail", "rcpt", "RSET", "rset", "MAIL", "RCPT", "EHLO"), b"250 fine\r\n")


@pytest.mark.parametrize(("script", "banner", "said"), [
    ({}, None, "the server closed the connection before it had taken the mail"),
    ({}, b"", "no answer within 0.3 s"),
    ({}, b"220 ", "no answer within 0.3 s"),
    ({}, b"554 \xff\xfe go away \x1b[31m\r\n", "the server refused: 554 \ufffd\ufffd go away [31m"),
    ({}, b"\xff\xfe\r\n", "what answers there speaks no SMTP"),
    (OK | {"data": None}, b"220 \xe4\xf6 here\r\n", "the server closed the connection before it had taken the mail"),
    (OK | {"data": b"354 go on\r\n", ".": b"451 4.3.0 not now\r\n"}, b"220 x\r\n",
     "the server refused: 451 4.3.0 not now"),
    (OK | {"data": b"354 go on\r\n", ".": None}, b"220 x\r\n",
     "the server closed the connection before it had taken the mail"),
    (OK | {"data": b"354 go on\r\n"}, b"220 x\r\n", "no answer within 0.3 s"),
    (OK | {"data": b"354 go on\r\n", ".": b"250 taken\r\n", "quit": None}, b"220 x\r\n", ""),
    (OK | {"rcpt": b"550 5.1.1 nobody\r\n", "RCPT": b"550 5.1.1 nobody\r\n"}, b"220 x\r\n",
     "the server refused every recipient: ada@example.org: 550 5.1.1 nobody"),
    (OK | {"mail": b"452 \xc3\xa4\r\n", "MAIL": b"452 \xc3\xa4\r\n"}, b"220 x\r\n", "the server refused: 452 ä"),
], ids=["closes", "silent", "half a banner", "refuses in no UTF-8", "speaks no SMTP", "closes at the text",
        "takes all but the text", "closes after the text", "hangs after the text", "takes it and says no more",
        "refuses the recipients", "refuses the sender"])
def test_servers_that_hang_refuse_and_lie(script: dict[str, bytes | None], banner: bytes | None, said: str) -> None:
    with liar(script, banner) as port:
        assert send(place(port), FROM, TO, MESSAGE, seconds=0.3) == said


def test_a_server_that_is_not_there() -> None:
    assert send(place(free_port()), FROM, TO, MESSAGE) == "the connection failed: Connection refused"


@pytest.mark.parametrize(("url", "words"), [
    ("smtp://mail.example.org", "mail.example.org:587 (STARTTLS)"),
    ("smtps://a%40b.org@mail.example.org", "mail.example.org:465 as a@b.org (TLS)"),
    ("smtp://mail.example.org?starttls=off", "mail.example.org:25 (not encrypted)"),
    ("smtp://u@mail.example.org:2525?verify=no",
     "mail.example.org:2525 as u (STARTTLS, any certificate accepted)"),
])
def test_an_address_in_words(url: str, words: str) -> None:
    assert read(url, "secret").words == words
