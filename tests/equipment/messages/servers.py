"""Servers that messages go to: a real mail server, one that lies by a script, and one that is asked by HTTP."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.ports import free_port

USER, PASSWORD = "robot", "correct horse"


@dataclass
class Inbox:
    """What a mail server took, and what it refuses."""

    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    refused: tuple[str, ...] = ()
    encrypted: list[bool] = field(default_factory=list)
    as_whom: list[object] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address in self.refused:
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        mail = message_from_bytes(envelope.content, policy=policy.SMTP)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients.append(envelope.rcpt_tos)
        self.encrypted.append(session.ssl is not None)
        self.as_whom.append(session.auth_data)
        return "250 taken"


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for 127.0.0.1; gives the server's context, and one that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail of a test")])
    now = datetime.now(UTC)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), False)
            .add_extension(x509.BasicConstraints(True, 0), True).sign(key, hashes.SHA256()))
    both = folder / "mail.pem"
    both.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(both)
    return server, ssl.create_default_context(cafile=str(both))


@contextmanager
def mail_server(inbox: Inbox, *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None,
                login: bool = False) -> Iterator[int]:
    """Run aiosmtpd; gives its port."""

    def knows(server: SMTP, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        ok = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=ok, handled=ok, auth_data=USER if ok else None)

    options: dict[str, Any] = {"authenticator": knows, "auth_required": True} if login else {}
    if starttls is not None:
        options |= {"tls_context": starttls, "require_starttls": True}
    elif tls is not None:
        options |= {"auth_require_tls": False}  # it does not know that the connection is encrypted already
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), ssl_context=tls, server_hostname="test",
                            **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@contextmanager
def liar(script: dict[str, bytes | None], banner: bytes | None = b"220 here\r\n") -> Iterator[int]:
    """Answer each command by its first word; ``None`` closes the connection, a missing one is not answered at all."""
    listening = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                talk, _ = listening.accept()
            except OSError:
                return
            held.append(talk)
            threading.Thread(target=_answer, args=(talk, script, banner), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for talk in held:
            talk.close()
        thread.join(5)


def _answer(talk: socket.socket, script: dict[str, bytes | None], banner: bytes | None) -> None:
    try:
        if banner is None:
            talk.close()
            return
        talk.sendall(banner)
        with talk.makefile("rb") as lines:
            for line in lines:
                word = line.split()[0].decode("latin-1") if line.split() else ""
                if word in script:
                    answer = script[word]
                    if answer is None:
                        talk.close()
                        return
                    talk.sendall(answer)
    except OSError:
        return


@dataclass
class Asked:
    """What an HTTP server was asked: method, path and body; and how it answers."""

    requests: list[tuple[str, str, str]] = field(default_factory=list)
    status: int = 200
    location: str = ""
    came: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, count: int) -> list[str]:
        """Wait until that many requests came; gives their paths."""
        with self.came:
            assert self.came.wait_for(lambda: len(self.requests) >= count, 10), self.requests
            return [path for _, path, _ in self.requests]


@contextmanager
def http_server() -> Iterator[tuple[int, Asked]]:
    """Run a server that notes what it is asked; gives its port."""
    asked = Asked()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            status = asked.status
            with asked.came:
                asked.requests.append((self.command, self.path, body))
                asked.came.notify_all()
            self.send_response(status)
            if asked.location:
                self.send_header("location", asked.location)
            self.send_header("content-length", "0")
            self.end_headers()

        do_POST = do_HEAD = do_GET  # noqa: N815 - names of http.server

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
