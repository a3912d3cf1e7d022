"""The whole application as a person starts it: ``streamlit run app.py`` in a process of its own.

    with RunningApp() as app:                     # embedded MongoDB in a temporary folder
        httpx.get(app.url + "/healthz")
        code = app.setup_code()

    with RunningApp(MONGODB_URI=server.uri, MONGODB_DATABASE=database.name) as app: ...
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from equipment.accounts import cookie
from equipment.settings.place_options import PlaceOptions
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90
DATABASE = str(PlaceOptions.model_fields["mongodb_database"].default)
_names: dict[int, str] = {}
"""What the servers that were started here call their cookie, by port."""
SETUP_CODE = re.compile(r"set-up code[^:\n]*:\s*(\S+)", re.IGNORECASE)


class RunningApp:
    """One running server. Options are environment variables; folders are temporary unless given.

    Attributes: ``url`` (no slash at the end), ``port``, ``data_folder``, ``backup_folder``, ``process``.
    """

    def __init__(self, *, folder: Path | None = None, wait: bool = True, root: Path = ROOT,
                 before: tuple[str, ...] = (), **environment: str) -> None:
        """``root`` is the checkout; ``before`` is put before the command, such as one that drops privileges."""
        pytest.importorskip("psutil", reason="no psutil here: pip install -r requirements-dev.txt")
        self._own_folder = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="equipment-run-"))
        self.data_folder = self.folder / "data"
        self.backup_folder = self.folder / "backups"
        self.log = self.folder / f"console-{time.monotonic_ns()}.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = environment
        self.root, self.before = root, before
        uri = environment.get("MONGODB_URI")
        folder_of_data = environment.get("EQUIPMENT_DATA_FOLDER", str(self.data_folder.absolute()))
        where = cookie.hosts(uri) if uri else [folder_of_data]
        _names[self.port] = cookie.name(where, environment.get("MONGODB_DATABASE", DATABASE))
        self.process = self._start()
        if wait:
            self.await_answer()

    def _start(self) -> subprocess.Popen[bytes]:
        # What the developer has set for an installation of their own must not reach this one.
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith(("MONGODB_", "EQUIPMENT_", "BACKUP_", "STREAMLIT_", "COV"))}
        environment = {
            **kept, "EQUIPMENT_DATA_FOLDER": str(self.data_folder), "BACKUP_FOLDER": str(self.backup_folder),
            "PYTHONUNBUFFERED": "1", **self.environment,
        }
        command = [*self.before, sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)]
        with self.log.open("wb") as output:
            return subprocess.Popen(
                command, cwd=self.root, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            )

    def __enter__(self) -> RunningApp:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _value: BaseException | None,
                 _trace: TracebackType | None) -> None:
        self.stop()

    def console(self) -> str:
        """Give everything the server has printed so far."""
        return self.log.read_text("utf-8", "replace")

    def setup_code(self) -> str:
        """Give the set-up code of the first run from the console."""
        codes: list[str] = []

        def printed() -> bool:
            codes[:] = SETUP_CODE.findall(self.console())
            return bool(codes)

        wait_for(printed, "the set-up code on the console")
        return codes[-1]

    def await_answer(self) -> None:
        """Wait until the health check answers, whatever it says."""
        wait_for(self._answers, "an answer of /healthz", START_SECONDS)

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(f"the app ended with code {self.process.returncode}:\n{self.console()[-3000:]}")
        with contextlib.suppress(URLError, ConnectionError, http.client.HTTPException, TimeoutError):
            self.get("/healthz")
            return True
        return False

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Ask for a path; gives status, headers with lower-case names, and body."""
        return self.request("GET", path, headers=headers)

    def request(self, method: str, path: str, *, headers: dict[str, str] | None = None,
                data: bytes | None = None) -> tuple[int, dict[str, str], bytes]:
        """Send one request; an error status is an answer, not an exception."""
        try:
            with urlopen(Request(self.url + path, data, headers or {}, method=method), timeout=20) as answer:
                return answer.status, _lower(answer.headers), answer.read()
        except HTTPError as error:
            return error.code, _lower(error.headers), error.read()

    def kill(self) -> None:
        """End the app as a power cut would; its MongoDB lives on."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end(self) -> int:
        """End the app as Ctrl-C would and give its exit code; its folders stay."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the app did not stop:\n{self.console()[-3000:]}") from None

    def stop(self) -> None:
        """End the app, its MongoDB and its folders."""
        try:
            self.end()
        finally:
            print(self.console())  # pytest shows it when the test failed
            for pid in mongods(self.data_folder):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if self._own_folder:
                shutil.rmtree(self.folder, ignore_errors=True)


def mongods(data_folder: Path) -> list[int]:
    """Process ids of every mongod that runs over this data folder."""
    import psutil

    wanted = str(data_folder.resolve() / "db")
    pids = []
    for process in psutil.process_iter(["cmdline", "status"]):
        command = process.info["cmdline"] or []
        if wanted in command and "mongod" in command[0] and process.info["status"] != psutil.STATUS_ZOMBIE:
            pids.append(process.pid)
    return pids


def cookie_name(url: str) -> str:
    """Give the name of the cookie of the server at that address; of one that was started elsewhere the old name."""
    return _names.get(urlsplit(url).port or 0, cookie.OLD)


def cookie_header(url: str, text: str) -> str:
    """Give the header with which a browser sends the cookie to that server."""
    return f"{cookie_name(url)}={text}"


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 30) -> None:
    """Wait until the condition holds; raises ``AssertionError`` naming what did not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(0.05)


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
