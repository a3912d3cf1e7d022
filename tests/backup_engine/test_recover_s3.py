"""Recovery from a bucket, on SeaweedFS: with a login that may only read, and when that does not go well."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from backup_engine import recover as recovering
from backup_engine.errors import BadInput, NoBackupsFound, RemoteFailed, RemoteRefused
from backup_engine.push import push
from backup_engine.remotes import target as targets
from backup_engine.remotes.objects import ObjectStore
from tests.backup_engine.engine import back_up
from tests.backup_engine.machines import Data, Machines, everything, standing
from tests.backup_engine.remotes.servers import ENVIRONMENT, SECRET, Proxy, s3, seaweed
from tests.backup_engine.stored import age_seal
from tests.ports import free_port

READER = {"AWS_ACCESS_KEY_ID": "poor", "AWS_SECRET_ACCESS_KEY": SECRET}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with seaweed() as running:
        yield running


@pytest.fixture
def machines(tmp_path: Path, database: Data) -> Iterator[Machines]:
    with standing(tmp_path, database) as both:
        yield both


@pytest.fixture
def source(endpoint: str, machines: Machines, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Two backups in a bucket, encrypted, and the environment of somebody who may only read there."""
    url = s3(endpoint, prefix=tmp_path.name).url
    machines.lab = replace(machines.lab, remotes={"cloud": url}, seal=age_seal("zstd"))
    machines.bare = replace(machines.bare, seal=machines.lab.seal)
    login(monkeypatch, ENVIRONMENT)
    for vendor in ("older", "newer"):
        machines.lab.clock.pass_by(hours=1)  # type: ignore[attr-defined]
        machines.old.Equipment.update_many({}, {"$set": {"Vendor": vendor}})
        back_up(machines.lab)
    assert push(machines.lab, "cloud").waiting == 0
    login(monkeypatch, READER)
    return url


def login(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def keys(endpoint: str, tmp_path: Path) -> list[tuple[str, int]]:
    with closing(ObjectStore(s3(endpoint, prefix=tmp_path.name), environment=ENVIRONMENT)) as store:
        return sorted((stored.key, stored.size) for stored in store.list(""))


def test_a_login_that_may_only_read_is_enough_and_nothing_is_changed_there(
    machines: Machines, source: str, endpoint: str, tmp_path: Path
) -> None:
    before = keys(endpoint, tmp_path)

    found = recovering.look(machines.bare, source)
    done = recovering.recover(machines.bare, found)

    assert done.verified and found.chosen.host and found.chosen.encrypted
    assert everything(machines.new)["Equipment"] == everything(machines.old)["Equipment"]
    assert [pair.backup.seq for pair in (found.chosen, *found.before)] == [2, 1]
    assert before and keys(endpoint, tmp_path) == before
    assert "?" not in done.message and SECRET not in done.message


def test_a_wrong_login(machines: Machines, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    login(monkeypatch, {"AWS_SECRET_ACCESS_KEY": "guessed-wrong"})

    with pytest.raises(RemoteRefused) as refused:
        recovering.look(machines.bare, source)

    assert refused.value.exit_code == 22 and "guessed-wrong" not in str(refused.value)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(BadInput, match="There is no login"):
        recovering.look(machines.bare, source)


def test_a_bucket_that_is_gone_an_empty_prefix_and_a_server_that_is_not_there(
    machines: Machines, source: str, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    login(monkeypatch, ENVIRONMENT)
    with pytest.raises((RemoteFailed, NoBackupsFound)) as gone:
        recovering.look(machines.bare, s3(endpoint, bucket="gone-for-good").url)
    with pytest.raises(NoBackupsFound, match="is empty"):
        recovering.look(machines.bare, s3(endpoint, prefix="nothing/here").url)
    port = free_port()
    with pytest.raises(RemoteFailed):
        recovering.look(machines.bare, s3(f"http://127.0.0.1:{port}").url)

    assert isinstance(gone.value, RemoteFailed)
    assert machines.new.list_collection_names() == []


def test_403_in_the_middle_stops_before_anything_is_written(
    machines: Machines, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody withdraws the login between looking and fetching, and between two pieces."""
    found, read = recovering.look(machines.bare, source), ObjectStore.read
    fetched = list[str]()

    def withdrawn(self: ObjectStore, key: str, start: int = 0, length: int | None = None) -> bytes:
        if key.startswith("data/") and length is None:
            fetched.append(key)
            if len(fetched) > 1:
                self = ObjectStore(self._address, environment={**READER, "AWS_SECRET_ACCESS_KEY": "withdrawn"})
        return read(self, key, start, length)

    with monkeypatch.context() as patched:
        patched.setattr(ObjectStore, "read", withdrawn)
        with pytest.raises(RemoteRefused):
            recovering.recover(machines.bare, found)

    assert len(fetched) == 2 and machines.new.list_collection_names() == []
    assert recovering.recover(machines.bare, found).verified


def test_a_line_that_breaks_is_taken_up_again(
    machines: Machines, endpoint: str, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Proxy(int(endpoint.rpartition(":")[2]))
    monkeypatch.setattr(targets, "READERS", 1)
    proxy.lost_replies, proxy.refusals = 2, 1
    try:
        url = s3(f"http://127.0.0.1:{proxy.port}", prefix=tmp_path.name).url
        done = recovering.recover(machines.bare, recovering.look(machines.bare, url))
    finally:
        proxy.close()

    assert done.verified and proxy.refusals == proxy.lost_replies == 0
