"""Visitors without a session, and pages of others, against the real server: nobody who works notices them."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import psutil
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from tests.mongod import Mongod
from tests.server.accounts import Db, fresh_cookie, inhabited, signed_in_page
from tests.server.page_client import PageClient
from tests.server.running_app import RunningApp, cookie_header, wait_for

Running = tuple[RunningApp, Db]
MANY = 250
"""More than an address may open."""
KEPT_BY_STREAMLIT = 128 * 3 + 10
"""Of sessions whose socket has closed it keeps 128 for two minutes, should they come back, with a loop of three
descriptors each."""


@pytest.fixture(scope="module")
def running(shared_mongod: Mongod) -> Iterator[Running]:
    with inhabited(shared_mongod) as running:
        yield running


def raw_socket(app: RunningApp, cookie: str = "") -> ClientConnection:
    cookies = {"Cookie": cookie_header(app.url, cookie)} if cookie else {}
    return connect(app.url.replace("http", "ws", 1) + "/_stcore/stream", origin=app.url,  # type: ignore[arg-type]
                   additional_headers=cookies, subprotocols=["streamlit"], max_size=None)  # type: ignore[list-item]


def descriptors(app: RunningApp) -> int:
    return psutil.Process(app.process.pid).num_fds()


def memory(app: RunningApp) -> int:
    return psutil.Process(app.process.pid).memory_info().rss


def put(app: RunningApp, path: str, length: str | None, body: bytes, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", app.port, timeout=20)
    connection.putrequest("PUT", path)
    for name, value in {**headers, **({} if length is None else {"Content-Length": length})}.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    with suppress(ConnectionError):  # what is refused is not read to its end
        connection.send(body)
    try:
        return connection.getresponse().status
    finally:
        connection.close()


def test_sockets_of_one_address_are_bounded_people_come_in_and_descriptors_come_back(running: Running) -> None:
    app, db = running
    with PageClient(app.url, cookie=fresh_cookie(app, db, "admin")) as page:
        assert "User Management" in page.run().text()
        before = descriptors(app)
        with ExitStack() as opened:
            refused = 0
            for _ in range(MANY):
                try:
                    opened.enter_context(raw_socket(app))
                except WebSocketException:
                    refused += 1
            assert refused == MANY - 200, "200 strangers an address"
            with PageClient(app.url, cookie=fresh_cookie(app, db, "technician")) as another:
                assert "Equipment Records" in another.run().text(), "who is signed in is not counted with them"
            assert "User Management" in page.run().text()
        wait_for(lambda: descriptors(app) <= before + KEPT_BY_STREAMLIT, "the descriptors")
    with PageClient(app.url) as stranger:
        assert "Sign in" in stranger.run().text(), "and there is room again"


def test_a_stranger_s_message_is_cut_off_at_the_transport(running: Running) -> None:
    app, db = running
    before = memory(app)
    with raw_socket(app) as stranger, pytest.raises(ConnectionClosed):
        for _ in range(60):  # 60 MB of one message
            stranger.send(iter([b"x" * 1024 * 1024]))
        stranger.recv(timeout=20)
    with raw_socket(app, fresh_cookie(app, db, "technician")) as known, pytest.raises(ConnectionClosed) as closed:
        known.send(b"\xff" * 1024 * 1024)
        while True:
            known.recv(timeout=20)
    assert closed.value.rcvd and closed.value.rcvd.code == 1002, "it was read, and is no message of Streamlit's"
    assert memory(app) < before + 50 * 1024 * 1024


def test_whoever_signs_in_on_the_page_is_a_stranger_no_more(running: Running) -> None:
    app, _ = running
    with signed_in_page(app, "technician") as page:
        assert "Equipment Records" in page.run(query="x=" + "y" * 200_000).text()


def test_rubbish_fills_no_log(running: Running) -> None:
    app, _ = running
    before = len(app.console())
    for _ in range(60):
        with raw_socket(app) as stranger, suppress(ConnectionClosed):
            stranger.send(b"\xff" * 60_000)
            while True:
                stranger.recv(timeout=20)

    assert len(app.console()) - before < 60_000, "ten times what it says of one, not sixty"


def test_strangers_and_readers_put_nothing_into_memory(running: Running) -> None:
    app, db = running
    with PageClient(app.url) as stranger:
        path = "/" + stranger.run().upload_path("f.csv").lstrip("/")
        before = memory(app)
        for cookie in ("", cookie_header(app.url, "x" * 43), cookie_header(app.url, fresh_cookie(app, db, "user"))):
            assert put(app, path, str(100 * 1024 * 1024), b"x" * 1024 * 1024, Cookie=cookie) == 403
        own = cookie_header(app.url, fresh_cookie(app, db, "technician"))
        assert put(app, path, None, b"0\r\n\r\n", Cookie=own, Transfer_Encoding="chunked") == 411
        assert put(app, path, str(1024**4), b"x", Cookie=own) == 413
        assert memory(app) < before + 50 * 1024 * 1024


def test_uploads_that_do_not_end_hold_up_nobody_but_their_account(running: Running) -> None:
    app, db = running
    # Streamlit's own check comes first, before it reads: a token that its page gets with the first answer.
    token = app.get("/_stcore/health")[1]["set-cookie"].partition("=")[2].partition(";")[0]
    own, other = (f"equipment_session={fresh_cookie(app, db, role)}; _streamlit_xsrf={token}"
                  for role in ("technician", "manager"))
    with signed_in_page(app, "technician") as page:
        path = "/" + page.upload_path("f.csv").lstrip("/")
        with ExitStack() as opened:
            for _ in range(4):
                slow = opened.enter_context(socket.create_connection(("127.0.0.1", app.port)))
                slow.sendall(f"PUT {path} HTTP/1.1\r\nHost: localhost:{app.port}\r\nContent-Length: 100000\r\n"
                             f"Content-Type: multipart/form-data; boundary=x\r\nCookie: {own}\r\n"
                             f"X-Xsrftoken: {token}\r\n\r\n--x".encode())
            wait_for(lambda: put(app, path, "10", b"x" * 10, Cookie=own) == 429, "the fourth of them")
            assert put(app, path, "10", b"x" * 10, Cookie=other) != 429
            assert "Equipment Records" in page.run().text()
        wait_for(lambda: put(app, path, "10", b"x" * 10, Cookie=own) != 429, "their end")


@pytest.mark.parametrize("origin", [
    None, "null", "http://127.0.0.1:1", "http://localhost.evil.example", "https://evil.example", "{own}.evil.example",
])
def test_pages_of_others_open_no_socket_and_streamlit_is_not_asked(running: Running, origin: str | None) -> None:
    app, db = running
    said = len(app.console())
    with pytest.raises(InvalidStatus) as refused:
        connect(app.url.replace("http", "ws", 1) + "/_stcore/stream",
                origin=origin and origin.format(own=app.url),  # type: ignore[arg-type]
                additional_headers={"Cookie": cookie_header(app.url, fresh_cookie(app, db, "admin"))})

    assert refused.value.response.status_code == 403
    assert "Rejecting WebSocket connection" not in app.console()[said:], "its check asks other machines who we are"


def test_a_name_that_is_not_ours_gets_nothing_but_the_health(running: Running) -> None:
    app, _ = running
    status, _, body = app.get("/", Host="rebound.example")
    assert (status, b"EQUIPMENT_ALLOWED_HOSTS" in body) == (421, True)
    assert app.get("/_stcore/health", Host="rebound.example")[0] == 421
    assert app.get("/livez", Host="10-0-0-7.pod.example")[0] == 200
    assert app.get("/", Host=f"localhost:{app.port}")[0] == 200


def test_silent_connections_and_heads_that_never_end_are_cut_off(running: Running) -> None:
    app, _ = running
    before = descriptors(app)
    with ExitStack() as opened:
        for number in range(300):
            silent = opened.enter_context(socket.create_connection(("127.0.0.1", app.port)))
            silent.sendall((b"", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"\x16\x03\x01")[number % 3])
        assert app.get("/livez")[0] == 200
        wait_for(lambda: descriptors(app) <= before + 5, "the end of all of them")


def test_a_head_of_many_kilobytes_is_refused(running: Running) -> None:
    app, _ = running
    with suppress(ConnectionError):  # it is not read to its end
        assert app.get("/livez", **{f"X-{number}": "x" * 8_000 for number in range(20)})[0] in (400, 431)
    assert app.get("/livez")[0] == 200
