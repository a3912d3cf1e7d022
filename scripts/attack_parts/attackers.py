"""What a hostile visitor does, again and again until it is told to stop; a program of its own.

    python -m scripts.attack_parts.attackers NAME URL SECONDS COOKIE

It prints how often it did it. It comes from addresses of this machine that are no proxy's: 127.0.1.1, and as many more
as stand for a crowd of machines.
"""

from __future__ import annotations

import http.client
import itertools
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from http.cookies import SimpleCookie
from urllib.parse import urlsplit
from urllib.request import urlopen

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from tests.server.page_client import PageClient
from tests.server.running_app import cookie_header

__all__ = ["ATTACKS"]

MB = 1024 * 1024
FAULTS = (OSError, WebSocketException, http.client.HTTPException, EOFError)
"""What being refused looks like."""
FILE = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.csv"\r\n\r\n'
"""How the body of an upload begins."""
LONG_WRONG = "wrong horse battery"


class Target:
    """The server, until when it is attacked, and how often that was done."""

    def __init__(self, url: str, seconds: float, cookie: str) -> None:
        self.url, self.cookie = url, cookie
        self.host, self.port = str(urlsplit(url).hostname), int(urlsplit(url).port or 80)
        self.done = itertools.count()
        self._until = time.monotonic() + seconds

    def lasts(self) -> bool:
        """Whether to go on."""
        return time.monotonic() < self._until

    def together(self, count: int, once: Callable[[int], None]) -> None:
        """Do it in so many threads until the time is over; what is refused is tried again."""
        def again(number: int) -> None:
            while self.lasts():
                with suppress(*FAULTS, StopIteration, TimeoutError):
                    once(number)
                    next(self.done)
                    continue
                next(self.done)

        for number in range(count):
            threading.Thread(target=again, args=(number,), daemon=True).start()
        while self.lasts():
            time.sleep(0.1)

    def page(self, number: int = 0, cookie: str = "") -> PageClient:
        """Open a page from an address of one's own."""
        return PageClient(self.url, cookie=cookie, address=address(number))

    def socket(self, *, origin: str | None = None, number: int = 0) -> ClientConnection:
        """Open the page's web socket without a page."""
        return connect(self.url.replace("http", "ws", 1) + "/_stcore/stream",
                       origin=origin or self.url,  # type: ignore[arg-type]
                       subprotocols=["streamlit"], max_size=None, open_timeout=20,  # type: ignore[list-item]
                       source_address=(address(number), 0))

    def plain(self) -> socket.socket:
        """Open a connection."""
        return socket.create_connection((self.host, self.port), timeout=20, source_address=(address(0), 0))

    def send_file(self, path: str, size: int, cookie: str = "") -> None:
        """Put a file in pieces of a megabyte, as far as the server reads it."""
        with self.plain() as sent:
            sent.sendall(head("PUT", path, self.url, size, cookie))
            for _ in range(size // MB):
                sent.sendall(b"x" * MB)
            sent.recv(1_000)


def address(number: int) -> str:
    """Give one of this machine's addresses for each number."""
    return f"127.0.{1 + number // 250}.{number % 250 + 1}"


def head(method: str, path: str, url: str, size: int, cookie: str = "", token: str = "") -> bytes:
    """Write the head of a request as a page's script does, with the token that Streamlit compares with its cookie."""
    own = f"Cookie: {cookie_header(url, cookie)}; _streamlit_xsrf={token}\r\n" if cookie else ""
    shown = f"X-Xsrftoken: {token}\r\n" if token else ""
    return (f"{method} {path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nOrigin: {url}\r\n{own}{shown}"
            f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {size}\r\n\r\n").encode()


def token_of(url: str) -> str:
    """Give what a page has to show with what it sends: Streamlit sets it as a cookie with its first answer."""
    with urlopen(url + "/_stcore/health", timeout=20) as answer:
        return str(SimpleCookie(answer.headers["Set-Cookie"])["_streamlit_xsrf"].value)


def uploads(target: Target) -> None:
    """Twenty at a time, of 100 MB each, without a sign-in."""
    with target.page() as page:
        path = "/" + page.run().upload_path("f.csv").lstrip("/")
        target.together(20, lambda _: target.send_file(path, 100 * MB))


def slow_uploads(target: Target) -> None:
    """Fifty at a time by somebody who may import: a byte now and then; four are read, the rest refused."""
    with target.page(cookie=target.cookie) as page:
        path = "/" + page.run().upload_path("f.csv").lstrip("/")
        token = token_of(target.url)

        def slowly(_: int) -> None:
            with target.plain() as sent:
                sent.sendall(head("PUT", path, target.url, 100 * MB, target.cookie, token) + FILE)
                while target.lasts():
                    sent.sendall(b"x")
                    time.sleep(0.2)

        target.together(50, slowly)


def long_message(target: Target) -> None:
    """One message of 200 MB through the page's socket, four at a time."""
    def one(_: int) -> None:
        with target.socket() as opened:
            opened.send(iter([b"x" * MB] * 200))

    target.together(4, one)


def rubbish(target: Target) -> None:
    """Messages that are none of Streamlit's, from 40 addresses."""
    def flood(number: int) -> None:
        with target.socket(number=number) as opened:
            while target.lasts():
                opened.send(b"\xff" * 60_000)
                next(target.done)

    target.together(40, flood)


def forged(target: Target) -> None:
    """Runs of the page with widget states that nobody saw, from 40 addresses, five sockets each."""
    message = BackMsg()
    message.rerun_script.query_string = "q=" + "%2A" * 300
    message.rerun_script.widget_states.widgets.extend(
        [WidgetState(id=f"forged-{number}", string_value="x" * 200) for number in range(100)])
    text = message.SerializeToString()

    def flood(number: int) -> None:
        with target.socket(number=number % 40) as opened:
            while target.lasts():
                opened.send(text)
                next(target.done)

    target.together(200, flood)


def handshakes(target: Target) -> None:
    """Forty at a time with the origin of another site."""
    def knock(_: int) -> None:
        with target.socket(origin="https://evil.example"):
            pass

    target.together(40, knock)


def sign_ups(target: Target) -> None:
    """Requests for an account, from 20 addresses at a time and another one for each."""
    numbers = itertools.count()

    def ask(_: int) -> None:
        number = next(numbers)
        with target.page(number) as page:
            page.run()
            _fill_last(page, "Name", f"newcomer {number}")
            for label in ("Password", "Password again"):
                _fill_last(page, label, f"a long sentence of mine {number}")
            page.press("Ask for an account")

    target.together(20, ask)


def sign_ins(target: Target) -> None:
    """Wrong passwords for the administrator's account, from another address each time."""
    numbers = itertools.count(20_000)

    def guess(_: int) -> None:
        with target.page(next(numbers)) as page:
            page.run().fill("Name", "admin").fill("Password", LONG_WRONG).press("Sign in")

    target.together(20, guess)


def tickets(target: Target) -> None:
    """Made-up tickets at the route that gives cookies."""
    def guess(_: int) -> None:
        opened = http.client.HTTPConnection(target.host, target.port, timeout=20, source_address=(address(0), 0))
        try:
            for _ in range(100):
                opened.request("POST", "/account/sign-in", "x" * 43, {"Origin": target.url,
                                                                     "Content-Type": "text/plain"})
                opened.getresponse().read()
                next(target.done)
        finally:
            opened.close()

    target.together(20, guess)


def silent(target: Target) -> None:
    """Four hundred connections that say nothing, or begin and do not end; as one is cut off, another comes."""
    with ExitStack() as opened:
        while target.lasts():
            for begun in (b"", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"\x16\x03\x01"):
                with suppress(OSError):
                    sent = opened.enter_context(target.plain())
                    sent.sendall(begun)
                    next(target.done)
            time.sleep(0.005)


def heads(target: Target) -> None:
    """Heads of requests of 64 kB and more, 20 at a time."""
    long = b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"".join(
        b"X-%d: %s\r\n" % (number, b"x" * 8_000) for number in range(9))

    def one(_: int) -> None:
        with target.plain() as sent:
            sent.sendall(long + b"\r\n")
            sent.recv(1_000)

    target.together(20, one)


def _fill_last(page: PageClient, label: str, value: str) -> None:
    """Fill the last field of that label: the form to sign in stands above."""
    field = [field for field in page.elements("text_input") if field.label == label][-1]
    page._states[field.id] = WidgetState(id=field.id, string_value=value)


ATTACKS: dict[str, Callable[[Target], None]] = {
    "uploads": uploads, "slow uploads": slow_uploads, "long messages": long_message, "rubbish": rubbish,
    "forged runs": forged, "foreign handshakes": handshakes, "sign-ups": sign_ups, "wrong sign-ins": sign_ins,
    "made-up tickets": tickets, "silent connections": silent, "long heads": heads,
}


def main() -> None:
    """Attack as the command line says."""
    name, url, seconds, cookie = sys.argv[1:]
    target = Target(url, float(seconds), cookie)
    ATTACKS[name](target)
    print(next(target.done), flush=True)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    import os

    os._exit(0)  # its threads may wait for answers that are not worth waiting for
