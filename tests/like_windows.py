"""A Python that behaves as on Windows where the program could notice: run it in a process of its own.

    python -m tests.like_windows imports                  every module of the program
    python -m tests.like_windows command ARGUMENTS…       the command line

What Windows lacks is hidden (modules, functions, flags, signals), and what it refuses is refused: to open a folder, to
move or remove a file that is open, to rename onto a file, names with a colon and the like. Locks are ``msvcrt``'s. It
is no Windows: other programs' code was imported before, and the paths stay those of this system.
"""

from __future__ import annotations

import errno
import fcntl
import importlib
import os
import pkgutil
import re
import shutil
import signal
import sys
import sysconfig
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

HIDDEN_MODULES = ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog", "readline")
HIDDEN = {
    os: ("fork", "forkpty", "getuid", "geteuid", "getgid", "getegid", "getpgid", "setsid", "killpg", "register_at_fork",
         "statvfs", "fstatvfs", "fchmod", "fchown", "chown", "lchown", "pread", "pwrite", "posix_spawn", "mkfifo",
         "mknod", "sched_getaffinity", "WTERMSIG", "uname", "sync",
         "O_NOFOLLOW", "O_DIRECTORY", "O_NONBLOCK", "O_CLOEXEC"),
    signal: ("SIGHUP", "SIGPIPE", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGCHLD", "setitimer"),
}
NO_NAME = re.compile(r'(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?$|.*[<>:"|?*].*|.*[. ]$')
OTHERS = (
    "pymongo", "click", "pydantic", "numpy", "orjson", "pyrage", "segno", "obstore", "asyncssh", "asyncio",
    "multiprocessing.pool", "concurrent.futures",
)
"""Other programs' code that the command line uses."""
OTHERS_OF_THE_APP = (
    "streamlit", "pandas", "mongomock", "pyarrow", "altair", "anyio", "starlette", "authlib", "httpx", "argon2",
    "xlsxwriter", "python_calamine", "streamlit.starlette", "streamlit.testing.v1",
)


def become(*more: str) -> None:
    """Change this process, once the code of others is there, and of ``more`` of them."""
    for name in (*OTHERS, *more):
        importlib.import_module(name)
    sysconfig.get_config_vars()  # kept from now on: it reads a file whose name has the platform in it
    usage, flock = shutil.disk_usage, fcntl.flock
    room = os.statvfs
    for module, names in HIDDEN.items():
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    os.supports_dir_fd.clear()
    os.supports_fd.clear()
    shutil._use_fd_functions = False  # type: ignore[attr-defined]
    shutil.disk_usage = lambda path: _with(os, "statvfs", room, lambda: usage(path))
    for name in HIDDEN_MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    sys.modules["msvcrt"] = _locks(flock)
    os.open, os.unlink, os.remove = _open(os.open), _careful(os.unlink), _careful(os.remove)
    os.replace = _careful(os.replace)
    os.rename = _onto_nothing(_careful(os.rename))
    sys.platform = "win32"


def _with(module: Any, name: str, value: Any, call: Callable[[], Any]) -> Any:
    setattr(module, name, value)
    try:
        return call()
    finally:
        delattr(module, name)


def _locks(flock: Callable[[int, int], None]) -> Any:
    def locking(descriptor: int, mode: int, count: int) -> None:
        assert (mode, count) == (2, 1) and os.lseek(descriptor, 0, os.SEEK_CUR) > 1 << 20, "it would lock what is read"
        try:
            flock(descriptor, 2 | 4)  # LOCK_EX | LOCK_NB
        except BlockingIOError:
            raise PermissionError(errno.EACCES, "Permission denied") from None

    module: Any = types.ModuleType("msvcrt")
    module.locking, module.LK_NBLCK, module.LK_UNLCK = locking, 2, 0
    return module


def _open(real: Callable[..., int]) -> Any:
    def opened(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if dir_fd is not None:
            raise NotImplementedError("dir_fd unavailable on this platform")
        place = Path(os.fspath(path))
        if NO_NAME.fullmatch(place.name):
            raise OSError(errno.EINVAL, "Invalid argument", str(path))
        if place.is_dir():
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, flags, mode)

    return opened


def _careful(real: Callable[..., None]) -> Any:
    """Refuse what is open in this process."""
    def call(*paths: Any, dir_fd: int | None = None) -> None:
        if dir_fd is not None:
            raise NotImplementedError("dir_fd unavailable on this platform")
        in_use = {os.readlink(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")  # noqa: PTH115, PTH208
                  if Path(f"/proc/self/fd/{number}").exists()}
        for path in paths:
            if os.path.realpath(path) in in_use:
                raise PermissionError(errno.EACCES, "The process cannot access the file, it is used", str(path))
        real(*paths)

    return call


def _onto_nothing(real: Callable[..., None]) -> Any:
    def rename(source: Any, target: Any) -> None:
        if Path(target).exists():
            raise FileExistsError(errno.EEXIST, "Cannot create a file when that file already exists", str(target))
        real(source, target)

    return rename


def modules() -> list[str]:
    """Every module of the program, and the files beside it but ``app``, which is a script for Streamlit."""
    names = ["backup_csv_for_db_restore", "test_backup_system"]
    for package in ("backup_engine", "equipment"):
        names += [package, *(found.name for found in pkgutil.walk_packages(
            [str(Path(__file__).resolve().parents[1] / package)], f"{package}."))]
    return names


if __name__ == "__main__":
    what, *sys.argv[1:] = sys.argv[1:]
    become(*(OTHERS_OF_THE_APP if what == "imports" else ()))
    if what == "imports":
        for module in modules():
            if not module.endswith("__main__"):
                importlib.import_module(module)
        print(len(modules()))
    else:
        importlib.import_module("backup_csv_for_db_restore")._main()
