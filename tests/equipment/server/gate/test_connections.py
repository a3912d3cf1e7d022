"""Connections that never become a request end, and an address may hold so many of them; on a real uvicorn."""

from __future__ import annotations

import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import uvicorn

from equipment.server.gate import connections
from equipment.server.gate.connections import BoundedConnections, raise_descriptors
from equipment.server.gate.sockets import LONGEST_OF_STRANGERS
from tests.ports import free_port
from tests.server.running_app import wait_for

HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


async def page(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@contextmanager
def served(proxies: str = "") -> Iterator[tuple[int, uvicorn.Config]]:
    port = free_port()
    config = uvicorn.Config(BoundedConnections(page), port=port, log_level="critical", forwarded_allow_ips=proxies,
                            timeout_keep_alive=30, lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started, "the server")
    try:
        yield port, config
    finally:
        server.should_exit = True
        thread.join(10)


def is_cut(connection: socket.socket) -> bool:
    connection.settimeout(10)
    try:
        return connection.recv(100) == b""
    except ConnectionResetError:
        return True


def asked(connection: socket.socket) -> bytes:
    connection.settimeout(10)
    connection.sendall(HEAD + b"\r\n")
    answer = b""
    while not answer.endswith(b"ok") and (piece := connection.recv(1_000)):
        answer += piece
    return answer


def is_cut_when_asked(connection: socket.socket) -> bool:
    try:
        return not asked(connection).endswith(b"ok")
    except ConnectionError:
        return True


@pytest.mark.parametrize("sent", [b"", b"GET / HT", HEAD, HEAD + b"X: " + b"x" * 1_000])
def test_a_head_that_does_not_come_ends_the_connection(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    with served() as (port, _), socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(sent)
        assert is_cut(connection)


def test_nor_does_a_second_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    with served() as (port, _), socket.create_connection(("127.0.0.1", port)) as connection:
        assert asked(connection).endswith(b"ok")
        connection.sendall(b"GET /agai")
        assert is_cut(connection)


def test_a_connection_between_two_requests_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    with served() as (port, _), socket.create_connection(("127.0.0.1", port)) as kept:
        assert asked(kept).endswith(b"ok")
        with socket.create_connection(("127.0.0.1", port)) as silent:
            assert is_cut(silent), "so that as much time has gone by"
        assert asked(kept).endswith(b"ok")


def test_an_address_holds_so_many_and_a_proxy_as_many_as_it_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "AN_ADDRESS", 3)
    for proxies, allowed in (("", 3), ("127.0.0.1", 6)):
        with served(proxies) as (port, _), ExitStack() as opened:
            held = [opened.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(6)]
            assert [asked(connection).endswith(b"ok") for connection in held[:allowed]] == [True] * allowed
            assert all(is_cut(connection) for connection in held[allowed:])
            held[0].close()

            def comes_in(port: int = port) -> bool:
                with socket.create_connection(("127.0.0.1", port)) as again:
                    return not is_cut_when_asked(again)

            wait_for(comes_in, "room for another one")


def test_never_more_than_there_are_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_most", lambda: 2)
    with served("127.0.0.1") as (port, _), ExitStack() as opened:
        held = [opened.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(3)]
        assert asked(held[0]).endswith(b"ok") and asked(held[1]).endswith(b"ok") and is_cut(held[2])


def test_the_transport_of_a_socket_reads_short_messages_at_first() -> None:
    with served() as (_, config):
        assert config.ws_max_size == LONGEST_OF_STRANGERS


def test_as_many_descriptors_as_the_machine_allows() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
        raise_descriptors()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(hard, connections.DESCRIPTORS), hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def waits(connection: socket.socket) -> bool:
    """Whether nothing comes for a while to who has asked."""
    connection.settimeout(0.3)
    connection.sendall(HEAD + b"\r\n")
    try:
        connection.recv(100)
    except TimeoutError:
        return True
    return False


def test_connections_of_an_address_take_turns_and_those_of_others_and_of_a_proxy_do_not_wait(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "AT_ONCE", 2)
    monkeypatch.setattr(connections, "A_SECOND", 0.01)
    for proxies in ("", "127.0.0.1"):
        with served(proxies) as (port, _), ExitStack() as opened:
            first, second, third = (
                opened.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(3))
            assert asked(first).endswith(b"ok") and asked(second).endswith(b"ok")
            assert waits(third) is not bool(proxies)
            other = socket.create_connection(("127.0.0.1", port), source_address=("127.0.0.2", 0))
            assert asked(opened.enter_context(other)).endswith(b"ok")
            assert asked(first).endswith(b"ok"), "a connection that is there is not new"


def test_whoever_waited_is_answered_and_has_all_the_time_for_a_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "AT_ONCE", 1)
    monkeypatch.setattr(connections, "A_SECOND", 2)
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    with served() as (port, _), ExitStack() as opened:
        one, gone, last = (opened.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(3))
        gone.close()
        last.sendall(HEAD)
        assert asked(one).endswith(b"ok")
        last.sendall(b"\r\n")
        last.settimeout(10)
        assert last.recv(1_000).startswith(b"HTTP/1.1 200"), "after a second, which is more than a head may take"
        with socket.create_connection(("127.0.0.1", port)) as silent:
            assert is_cut(silent)
