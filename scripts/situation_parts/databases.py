"""MongoDB that cannot be reached: what the diagnosis says, and how soon."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack

from scripts.situation_parts.ground import Ground
from scripts.situation_parts.judging import judged
from scripts.situation_parts.situation import SAYS, NotHere, Outcome, Situation
from tests.mongod import Mongod, binary, with_access_control

KIND = "MongoDB"
LOOK = 'exec "$PYTHON" test_backup_system.py'
WITHIN = 10


def _at(uri: str) -> Callable[[Ground], Outcome]:
    return lambda ground: judged(ground.shell(LOOK, MONGODB_URI=uri), ground)


def _silent(backlog: int, callers: int) -> Callable[[Ground], Outcome]:
    """A port whose connections are taken and left alone; with more callers than it queues, one that drops packets."""

    def play(ground: Ground) -> Outcome:
        with socket.create_server(("127.0.0.1", 0), backlog=backlog) as server, ExitStack() as waiting:
            for _ in range(callers):
                caller = waiting.enter_context(socket.socket())
                caller.setblocking(False)
                caller.connect_ex(server.getsockname())
            return _at(f"mongodb://127.0.0.1:{server.getsockname()[1]}/")(ground)

    return play


def _wrong_password(ground: Ground) -> Outcome:
    if binary() is None:
        raise NotHere("no mongod here")
    server = with_access_control(ground.folder, "right")
    try:
        return _at(server.uri.replace("mongodb://", "mongodb://root:wrong@") + "&authSource=admin")(ground)
    finally:
        server.stop()


def _tls(ground: Ground) -> Outcome:
    if binary() is None:
        raise NotHere("no mongod here")
    server = Mongod(replica_set=False, member=True)
    try:
        return _at(f"mongodb://{server.host}/?tls=true&directConnection=true")(ground)
    finally:
        server.stop()


def _damaged(ground: Ground) -> Outcome:
    (ground.data / "db").mkdir(parents=True)
    (ground.data / "db" / "storage.bson").write_bytes(b"nonsense")
    return judged(ground.shell(LOOK), ground)


SITUATIONS = tuple(Situation(KIND, name, SAYS, play, WITHIN) for name, play in (
    ("nobody listens at the address", _at("mongodb://127.0.0.1:1/")),
    ("packets to the address are dropped", _silent(0, 3)),
    ("the port takes connections and never answers", _silent(5, 0)),
    ("a name that no DNS knows", _at("mongodb://no-such-host.invalid/")),
    ("`mongodb+srv://` without a DNS entry", _at("mongodb+srv://no-such-host.invalid/")),
    ("a wrong password", _wrong_password),
    ("TLS asked of a server without it", _tls),
    ("a connection string that cannot be read", _at("mongodb://ada:p@ss/word@host")),
    ("damaged files of the embedded MongoDB", _damaged),
))
