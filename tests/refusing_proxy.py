"""A MongoDB that refuses some commands: a real server behind a proxy that answers these itself.

To the driver it is the server: it speaks the wire protocol (``OP_MSG``, as MongoDB's manual describes it), and only
looks at the command's document before it hands a message on.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from tests.mongod import Mongod

__all__ = ["Answer", "refusing", "unknown"]

Answer = Callable[[RawBSONDocument], dict[str, Any] | None]
"""Gives what to answer to a command in the server's place, or None to let it through."""
OP_MSG = 2013
RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)


def unknown(*commands: str) -> Answer:
    """Answer as a server does that has no such commands."""
    def answer(command: RawBSONDocument) -> dict[str, Any] | None:
        name = next(iter(command))
        if name not in commands:
            return None
        return {"ok": 0.0, "errmsg": f"no such command: '{name}'", "code": 59, "codeName": "CommandNotFound"}

    return answer


@contextmanager
def refusing(server: Mongod, answer: Answer) -> Iterator[str]:
    """Give the address of a proxy before the server; it ends with the block."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ended = threading.Event()
        threading.Thread(target=_accept, args=(listening, server, answer, ended), daemon=True).start()
        try:
            # poll: a monitor that is sent answers without asking would need more than one answer for one message
            yield (f"mongodb://127.0.0.1:{listening.getsockname()[1]}/?directConnection=true"
                   "&serverMonitoringMode=poll&serverSelectionTimeoutMS=10000")
        finally:
            ended.set()


def _accept(listening: socket.socket, server: Mongod, answer: Answer, ended: threading.Event) -> None:
    listening.settimeout(0.2)
    while not ended.is_set():
        with suppress(TimeoutError, OSError):
            client, _ = listening.accept()
            threading.Thread(target=_serve, args=(client, server, answer), daemon=True).start()


def _serve(client: socket.socket, server: Mongod, answer: Answer) -> None:
    upstream = socket.socket(socket.AF_UNIX)
    upstream.connect(str(server.socket))
    with client, upstream, suppress(ConnectionError):
        while message := _message(client):
            refusal = _refusal(message, answer)
            if refusal is not None:
                client.sendall(refusal)
                continue
            upstream.sendall(message)
            if not _flags(message) & 2:  # moreToCome: nobody waits for an answer
                client.sendall(_message(upstream))


def _message(side: socket.socket) -> bytes:
    head = _exactly(side, 4)
    return head + _exactly(side, struct.unpack("<i", head)[0] - 4) if head else b""


def _exactly(side: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        more = side.recv(count - len(received))
        if not more:
            return b""
        received += more
    return received


def _flags(message: bytes) -> int:
    return int(struct.unpack_from("<I", message, 16)[0]) if struct.unpack_from("<i", message, 12)[0] == OP_MSG else 0


def _refusal(message: bytes, answer: Answer) -> bytes | None:
    _, request, _, kind = struct.unpack_from("<iiii", message)
    if kind != OP_MSG:
        return None  # the driver's first greeting
    place = 20
    while message[place]:  # a sequence of documents; the command's own comes as kind 0
        place += 1 + int(struct.unpack_from("<i", message, place + 1)[0])
    size = struct.unpack_from("<i", message, place + 1)[0]
    said = answer(RawBSONDocument(message[place + 1:place + 1 + size], RAW))
    if said is None:
        return None
    body = struct.pack("<I", 0) + b"\0" + bson.encode(said)
    return struct.pack("<iiii", 16 + len(body), 1, request, OP_MSG) + body
