"""An SSH server as a remote: asyncssh's own, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

from backup_engine.errors import HostKeyUnknown, RemoteFailed, RemoteRefused
from backup_engine.remotes.address import parse
from backup_engine.remotes.base import Store
from backup_engine.remotes.patient import Patient
from backup_engine.remotes.sftp import SftpStore
from tests.backup_engine.remotes.conformance import Conformance
from tests.backup_engine.remotes.servers import SECRET, Proxy, SshServer, ssh
from tests.ports import free_port

LOGIN = {"SFTP_PASSWORD": SECRET}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with ssh(tmp_path_factory.mktemp("ssh")) as running:
        yield running


@pytest.fixture
def store(server: SshServer) -> Iterator[Store]:
    opened = SftpStore(parse(server.url), host_key=server.fingerprint, environment=LOGIN)
    yield opened
    opened.close()


@pytest.fixture
def nobody() -> Iterator[Store]:
    port = free_port()
    opened = SftpStore(parse(f"sftp://lab@127.0.0.1:{port}/backups"), host_key="SHA256:x", environment=LOGIN)
    yield opened
    opened.close()


class TestSftp(Conformance):
    pass


def test_an_unknown_server_is_asked_about_before_a_password_is_sent(server: SshServer) -> None:
    store = SftpStore(parse(server.url), environment=LOGIN)

    with pytest.raises(HostKeyUnknown) as asked:
        Patient(store).put("data/x", b"x")

    assert asked.value.fingerprint == server.fingerprint.rstrip("=")
    assert server.fingerprint.rstrip("=") in str(asked.value)


def test_a_fingerprint_in_the_address_counts(server: SshServer) -> None:
    store = SftpStore(parse(f"{server.url}?host_key={server.fingerprint.replace('+', '%2B')}"), environment=LOGIN)
    store.put("data/pinned", b"x")

    assert store.read("data/pinned") == b"x"


def test_a_wrong_password_is_refused_once(server: SshServer) -> None:
    pauses: list[float] = []
    store = SftpStore(parse(server.url), host_key=server.fingerprint, environment={"SFTP_PASSWORD": "guessed-wrong"})

    with pytest.raises(RemoteRefused) as refused:
        Patient(store, pause=pauses.append).stat("data/x")

    assert pauses == [] and "guessed-wrong" not in str(refused.value)


def test_a_server_with_another_key_stops(tmp_path: Path) -> None:
    with ssh(tmp_path) as server:
        store = SftpStore(parse(server.url), host_key=server.fingerprint, environment=LOGIN)
        store.put("data/x", b"x")
        server.new_key()
        store.close()

        with pytest.raises(RemoteRefused, match="another key"):
            Patient(store).read("data/x")


def test_without_links_nothing_is_overwritten_either(tmp_path: Path) -> None:
    with ssh(tmp_path, links=False) as server:
        store = SftpStore(parse(server.url), host_key=server.fingerprint, environment=LOGIN)
        store.put("data/x", b"first", create=True)

        with pytest.raises(FileExistsError):
            store.put("data/x", b"second", create=True)
        assert store.read("data/x") == b"first"


def test_a_connection_that_breaks_is_made_again(server: SshServer) -> None:
    proxy = Proxy(server.port)
    url = parse(server.url.replace(str(server.port), str(proxy.port)))
    store = SftpStore(url, host_key=server.fingerprint, environment=LOGIN)
    proxy.cuts = [20_000, 40_000]
    try:
        Patient(store, pause=lambda _: None).put("data/cut", bytes(100_000), create=True)

        assert proxy.accepted == 3
        assert store.stat("data/cut").size == 100_000
        assert [entry.key for entry in store.list("data") if ".tmp" in entry.key] == []
    finally:
        store.close()
        proxy.close()


def test_a_server_that_refuses_every_connection(server: SshServer) -> None:
    proxy = Proxy(server.port)
    proxy.refusals = 99
    url = parse(server.url.replace(str(server.port), str(proxy.port)))
    store = SftpStore(url, host_key=server.fingerprint, environment=LOGIN)

    with pytest.raises(RemoteFailed):
        Patient(store, attempts=3, pause=lambda _: None).stat("data/x")
    assert proxy.accepted == 3
    proxy.close()


@pytest.mark.parametrize("passphrase", [None, "hush-hush"])
def test_a_private_key_gets_in_and_another_one_does_not(tmp_path: Path, passphrase: str | None) -> None:
    (tmp_path / "there").mkdir()
    right, wrong = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    for name, key in (("right", right), ("wrong", wrong)):
        key.write_private_key(tmp_path / name, "pkcs8-pem", passphrase=passphrase)
    more = {"SFTP_PASSPHRASE": passphrase} if passphrase else {}
    with ssh(tmp_path / "there") as server:
        server.allowed = right.convert_to_public()

        def opened(name: str, **login: str) -> SftpStore:
            return SftpStore(parse(server.url), host_key=server.fingerprint,
                             environment={"SFTP_PRIVATE_KEY_FILE": str(tmp_path / name), **login})

        opened("right", **more).put("data/x", b"x")
        with pytest.raises(RemoteRefused):
            opened("wrong", **more).read("data/x")
        with pytest.raises(RemoteFailed):
            opened("missing", **more).read("data/x")
        if passphrase:
            with pytest.raises(RemoteRefused) as refused:
                opened("right", SFTP_PASSPHRASE="guessed-wrong").read("data/x")
            assert "guessed-wrong" not in str(refused.value)
