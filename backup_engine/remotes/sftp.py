"""A folder on an SSH server, through ``asyncssh``.

The server's key must be known before anything is sent: its fingerprint stands in the address or has been confirmed by
a person; another key stops. Neither ``~/.ssh/config`` nor an agent is asked: what counts is what was written down.
"""

from __future__ import annotations

import asyncio
import posixpath
import secrets
import stat as modes
import threading
from collections import deque
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

import asyncssh
from asyncssh.constants import FX_FILE_ALREADY_EXISTS, FXF_CREAT, FXF_EXCL, FXF_TRUNC, FXF_WRITE

from backup_engine.errors import BackupFileNotFound, HostKeyUnknown, RemoteFailed, RemoteRefused
from backup_engine.remotes import credentials
from backup_engine.remotes.address import Address
from backup_engine.remotes.base import Stored, check_key, is_key, plain

__all__ = ["SftpStore"]

CONNECT_SECONDS = 15
SMALL_SECONDS = 30
SLOWEST = 50_000
"""Bytes a second below which a connection counts as broken."""
Answer = TypeVar("Answer")


class SftpStore:
    """Keys are paths below the folder of the address."""

    def __init__(
        self, address: Address, *, host_key: str = "", environment: dict[str, str] | None = None
    ) -> None:
        """``host_key`` is the fingerprint a person confirmed; one in the address wins. Nothing is contacted yet."""
        self._address = address
        self._secrets = credentials.of(address, environment)
        self._pinned = (address.options.get("host_key") or host_key).rstrip("=")
        self._root = address.path[2:] if address.path.startswith("/~") else address.path
        self._root = self._root.lstrip("/") if address.path.startswith("/~") else self._root
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None
        self._lock = threading.Lock()

    def describe(self) -> str:
        """Give the address."""
        return self._address.shown

    def weaknesses(self) -> tuple[str, ...]:
        """Say what the protocol lacks."""
        return ("keeps no checksums: what was sent is read back",)

    def list(self, folder: str) -> Iterator[Stored]:
        """Walk the folder; links are not followed."""
        return iter(self._run(self._walk(folder), SMALL_SECONDS * 20))

    def put(self, key: str, data: bytes, *, create: bool = False) -> None:
        """Write; with ``create`` under a temporary name and then a link, which servers refuse where one is there."""
        check_key(key)
        self._run(self._put(self._path(key), data, create), SMALL_SECONDS + len(data) // SLOWEST)

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Read a part of a file."""
        size = self.stat(key).size
        wanted = max(0, size - start) if length is None else min(length, max(0, size - start))
        return self._run(self._read(self._path(key), start, wanted), SMALL_SECONDS + wanted // SLOWEST)

    def stat(self, key: str) -> Stored:
        """Describe a file."""
        check_key(key)
        status = self._run(self._stat(self._path(key)), SMALL_SECONDS)
        if status is None:
            raise BackupFileNotFound(f"{self._address.shown}: {key}")
        return _stored(key, status)

    def delete(self, key: str) -> None:
        """Remove a file, and the folders it leaves empty."""
        check_key(key)
        self._run(self._delete(key), SMALL_SECONDS)

    def close(self) -> None:
        """Hang up and end the thread that talks."""
        with self._lock:
            self._drop()
            if self._loop is not None:
                # a moment later, so that what the hang-up leaves to be done is done
                self._loop.call_soon_threadsafe(self._loop.call_later, 0.2, self._loop.stop)
                self._loop = None

    def _run(self, work: Coroutine[Any, Any, Answer], seconds: float) -> Answer:
        with self._lock, self._named():  # one request at a time: nothing here gains by several
            try:
                future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, seconds), self._running_loop())
                return future.result()
            except BaseException as problem:
                work.close()
                if not isinstance(problem, asyncssh.SFTPNoSuchFile | FileExistsError | BackupFileNotFound):
                    self._drop()  # whatever it was, the next attempt begins with a new connection
                raise

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=_serve, args=(self._loop,), name="sftp", daemon=True).start()
        return self._loop

    def _drop(self) -> None:
        connection, self._connection, self._sftp = self._connection, None, None
        if connection is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(connection.abort)

    async def _client(self) -> asyncssh.SFTPClient:
        if self._sftp is None:
            watcher = _HostKey(self._pinned)
            keys = self._secrets.get("PRIVATE_KEY_FILE")
            try:
                self._connection, _ = await asyncssh.create_connection(
                    lambda: watcher, self._address.host, self._address.port, username=self._address.user, config=None,
                    known_hosts=([], [], []), agent_path=None, client_keys=[keys] if keys else None,
                    passphrase=self._secrets.get("PASSPHRASE"), password=self._secrets.get("PASSWORD"),
                    connect_timeout=CONNECT_SECONDS, login_timeout=SMALL_SECONDS, keepalive_interval=15,
                )
            except asyncssh.HostKeyNotVerifiable:
                raise self._about_key(watcher.seen) from None
            self._sftp = await self._connection.start_sftp_client()
        return self._sftp

    def _about_key(self, seen: str) -> RemoteFailed:
        if not self._pinned:
            return HostKeyUnknown(
                f"{self._address.shown} shows the key {seen}, which nobody has confirmed", fingerprint=seen,
                hint="Compare it with what the server's administrator says, then confirm it.")
        return RemoteRefused(
            f"{self._address.shown} shows another key ({seen}) than the one that was confirmed ({self._pinned})",
            hint="If the server was set up anew, confirm the new key; if not, somebody may be in between.")

    async def _walk(self, folder: str) -> Sequence[Stored]:
        client, todo = await self._client(), [folder]
        found: deque[Stored] = deque()
        while todo:
            here = todo.pop()
            try:
                entries = [entry async for entry in client.scandir(self._path(here))]
            except asyncssh.SFTPNoSuchFile:
                continue
            for entry in entries:
                name = str(entry.filename)
                key = f"{here}/{name}" if here else name
                mode = entry.attrs.permissions or 0
                if is_key(key) and modes.S_ISDIR(mode):
                    todo.append(key)
                elif is_key(key) and modes.S_ISREG(mode):
                    found.append(_stored(key, entry.attrs))
        return found

    async def _put(self, path: str, data: bytes, create: bool) -> None:
        client = await self._client()
        await client.makedirs(posixpath.dirname(path), asyncssh.SFTPAttrs(permissions=0o700), exist_ok=True)
        if not create:
            await self._write(client, path, data, FXF_WRITE | FXF_CREAT | FXF_TRUNC)
            return
        draft = f"{posixpath.dirname(path)}/.tmp-{secrets.token_hex(8)}"
        try:
            await self._write(client, draft, data, FXF_WRITE | FXF_CREAT | FXF_EXCL)
            await self._link(client, draft, path)
        finally:
            with suppress(asyncssh.Error, OSError):
                await client.remove(draft)

    async def _link(self, client: asyncssh.SFTPClient, draft: str, path: str) -> None:
        try:
            await client.link(draft, path)
        except asyncssh.SFTPError:
            # Servers word it in many ways, or have no links: what lies there decides.
            if await self._stat(path) is not None:
                raise FileExistsError(path) from None
            await self._write(client, path, await self._read(draft, 0, -1), FXF_WRITE | FXF_CREAT | FXF_EXCL)

    async def _write(self, client: asyncssh.SFTPClient, path: str, data: bytes, flags: int) -> None:
        # encoding=None with numeric flags: else the library takes the file for text
        attributes = asyncssh.SFTPAttrs(permissions=0o600)
        async with await client.open(path, flags, attributes, encoding=None) as file:
            await file.write(data)
            with suppress(asyncssh.SFTPOpUnsupported):
                await file.fsync()

    async def _read(self, path: str, start: int, length: int) -> bytes:
        client = await self._client()
        async with await client.open(path, "rb") as file:
            data = await file.read(length, start)
        assert isinstance(data, bytes)  # opened as binary
        return data

    async def _stat(self, path: str) -> asyncssh.SFTPAttrs | None:
        client = await self._client()
        try:
            status = await client.lstat(path)
        except asyncssh.SFTPNoSuchFile:
            return None
        return status if modes.S_ISREG(status.permissions or 0) else None

    async def _delete(self, key: str) -> None:
        client = await self._client()
        with suppress(asyncssh.SFTPNoSuchFile):
            await client.remove(self._path(key))
        folder = posixpath.dirname(key)
        with suppress(asyncssh.SFTPError):  # not empty, or gone
            while folder:
                await client.rmdir(self._path(folder))
                folder = posixpath.dirname(folder)

    def _path(self, key: str) -> str:
        return posixpath.join(self._root, key) if key else self._root

    @contextmanager
    def _named(self) -> Iterator[None]:
        where = self._address.shown
        try:
            yield
        except (FileExistsError, RemoteFailed, BackupFileNotFound):
            raise
        except asyncssh.SFTPNoSuchFile:
            raise BackupFileNotFound(where) from None
        except asyncssh.SFTPPermissionDenied as error:
            raise RemoteRefused(f"{where}: {_said(error)}", hint="Check the rights of the user there.") from None
        except asyncssh.PermissionDenied as error:
            raise RemoteRefused(f"{where}: {_said(error)}", hint="Check the user, its key or its password.") from None
        except asyncssh.KeyImportError as error:
            raise RemoteRefused(f"{where}: the private key cannot be read: {_said(error)}") from None
        except TimeoutError:
            raise RemoteFailed(f"{where} does not answer in time") from None
        except asyncssh.SFTPError as error:
            if error.code == FX_FILE_ALREADY_EXISTS:
                raise FileExistsError(where) from None
            raise RemoteFailed(f"{where}: {_said(error)}") from None
        except (asyncssh.Error, OSError) as error:
            raise RemoteFailed(f"{where}: {_said(error)}") from None


class _HostKey(asyncssh.SSHClient):
    """Looks at the key a server shows before anything else is said."""

    def __init__(self, pinned: str) -> None:
        self._pinned = pinned
        self.seen = ""

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Accept only the key that was confirmed."""
        self.seen = key.get_fingerprint().rstrip("=")
        return bool(self._pinned) and self.seen == self._pinned


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()


def _said(error: BaseException) -> str:
    return plain(str(error)) or type(error).__name__


def _stored(key: str, status: asyncssh.SFTPAttrs) -> Stored:
    return Stored(key, int(status.size or 0), datetime.fromtimestamp(int(status.mtime or 0), UTC))
