"""The parent of the embedded MongoDB: ends it when nobody is left who uses its data folder.

    python -I -S keeper.py PRESENT START USERS SOCKET LOG mongod ARGUMENTS…

A program of its own, as whoever started the server may be killed. Every user holds PRESENT and USERS shared; the kernel
frees both, however a user dies. It waits for PRESENT without holding START, so that nobody is kept from coming; it asks
for USERS only while it holds START, under which users come and go, so that none of them takes it for another user.
Keeps the server's log short meanwhile. Ends with the server's exit code, or 128 and the signal that ended it.
"""

# Only what is built in: it lives as long as the server, with 3 MB of its own (subprocess and pathlib would be 3 more).
import os
import signal
import sys
import time
from _thread import start_new_thread

if sys.platform != "win32":  # where there is no embedded MongoDB
    import fcntl

STOP_SECONDS = 60
AGAIN_SECONDS = 1.0
LOG_BYTES = 20_000_000
"""So long may the log grow before another is begun; one old one is kept."""
LOG_SECONDS = 5.0


def main(present: str, start: str, users: str, socket: str, log: str, *command: str) -> int:
    """Run the server until it ends by itself or is ended here."""
    os.umask(0o077)  # what was set may be the shell's: whoever uses the embedded MongoDB need not be this application
    server = os.posix_spawn(command[0], command, os.environ)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # systemd ends the whole group: the server hears it itself
    # In a thread: the main one notices the server's own end at once, which a wait for a lock would not.
    start_new_thread(_watch, (server, present, start, users))
    start_new_thread(_bound, (server, log))
    code = os.waitstatus_to_exitcode(os.waitpid(server, 0)[1])
    if _ended_here:
        _remove(socket)
    return code if code >= 0 else 128 - code


_ended_here: list[int] = []


def _watch(server: int, present: str, start: str, users: str) -> None:
    while True:
        with open(present, "ab") as file:  # noqa: PTH123 - pathlib is not built in
            fcntl.flock(file, fcntl.LOCK_EX)
        with open(start, "ab") as alone:  # noqa: PTH123
            fcntl.flock(alone, fcntl.LOCK_EX)
            if _nobody_holds(users):
                _ended_here.append(server)
                os.kill(server, signal.SIGTERM)
                # This process ends with the server, and lets the next user start one only then.
                time.sleep(STOP_SECONDS)
        time.sleep(AGAIN_SECONDS)  # somebody came, or is of an earlier version, which knew no PRESENT


def rotate(log: str) -> None:
    """Keep this log as the old one, in place of the one before."""
    os.replace(log, log + ".1")  # noqa: PTH105


def _bound(server: int, log: str) -> None:
    """Let the server begin another log when this one is long; it goes on with the renamed one until it hears."""
    while True:
        time.sleep(LOG_SECONDS)
        try:
            if os.stat(log).st_size > LOG_BYTES:  # noqa: PTH116
                rotate(log)
                os.kill(server, signal.SIGUSR1)
        except OSError:
            continue  # taken away by somebody, or the server has just ended


def _nobody_holds(users: str) -> bool:
    with open(users, "ab") as file:  # noqa: PTH123
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _remove(socket: str) -> None:
    try:
        if os.path.exists(socket):  # noqa: PTH110 - a server that ends in order takes it away itself
            os.unlink(socket)  # noqa: PTH108
        os.rmdir(os.path.dirname(socket))  # noqa: PTH106, PTH120
    except OSError:
        return  # in a folder that holds more


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
