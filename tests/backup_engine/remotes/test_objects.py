"""S3 as a remote, on SeaweedFS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from backup_engine.errors import BadInput, RemoteFailed, RemoteRefused
from backup_engine.model import OWNER_SOURCES
from backup_engine.remotes import target as targets
from backup_engine.remotes.address import parse
from backup_engine.remotes.base import Store
from backup_engine.remotes.objects import ObjectStore, said
from backup_engine.remotes.patient import Patient
from backup_engine.remotes.probe import NO_LOCK, probe
from backup_engine.remotes.s3_requests import S3Requests
from backup_engine.remotes.target import Sending, Target
from backup_engine.remotes.view import RemoteView
from backup_engine.repository.catalog import Catalog
from backup_engine.verify import verify
from tests.backup_engine.remotes.conformance import Conformance, fresh
from tests.backup_engine.remotes.machine_role import ROLES, machine_role
from tests.backup_engine.remotes.servers import ENVIRONMENT, KEY, SECRET, Proxy, s3, seaweed
from tests.backup_engine.stored import folder, store as make
from tests.ports import free_port


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with seaweed() as running:
        yield running


@pytest.fixture
def store(endpoint: str) -> Store:
    return ObjectStore(s3(endpoint), environment=ENVIRONMENT)


@pytest.fixture
def nobody() -> Store:
    port = free_port()
    return ObjectStore(s3(f"http://127.0.0.1:{port}"), environment=ENVIRONMENT)


@pytest.fixture
def proxy(endpoint: str) -> Iterator[Proxy]:
    proxy = Proxy(int(endpoint.rpartition(":")[2]))
    yield proxy
    proxy.close()


@pytest.fixture
def through(proxy: Proxy) -> Patient:
    store = ObjectStore(s3(f"http://127.0.0.1:{proxy.port}"), environment=ENVIRONMENT)
    return Patient(store, pause=lambda _: None)


class TestS3(Conformance):
    pass


def test_the_rights_of_a_machine_are_asked_for_only_where_the_address_says_so(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with machine_role() as role:
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", role.address)
        key = fresh()
        ObjectStore(s3(endpoint), environment=ENVIRONMENT).put(key, b"x")
        with pytest.raises(BadInput):
            ObjectStore(s3(endpoint), environment={})
        with pytest.raises(RemoteRefused):
            ObjectStore(s3(endpoint, more="&credentials=none")).read(key)
        assert role.asked == []

        assert ObjectStore(s3(endpoint, more="&credentials=instance-role")).read(key) == b"x"
        assert role.asked == ["/latest/api/token", f"{ROLES}/", f"{ROLES}/lab"]


@pytest.mark.parametrize("environment", [
    {**ENVIRONMENT, "AWS_SECRET_ACCESS_KEY": "guessed-wrong"}, {**ENVIRONMENT, "AWS_ACCESS_KEY_ID": "stranger"},
    {"AWS_ACCESS_KEY_ID": "poor", "AWS_SECRET_ACCESS_KEY": SECRET},
])
def test_a_login_without_the_right_is_refused_once(endpoint: str, environment: dict[str, str]) -> None:
    pauses: list[float] = []
    store = Patient(ObjectStore(s3(endpoint), environment=environment), pause=pauses.append)

    with pytest.raises(RemoteRefused) as refused:
        store.put(fresh(), b"x")

    words = str(refused.value)
    assert pauses == [] and "\n" not in words and "Signature=" not in words and "guessed-wrong" not in words


def test_no_login_means_no_question_to_the_cloud() -> None:
    with pytest.raises(BadInput, match="AWS_SECRET_ACCESS_KEY"):
        ObjectStore(parse("s3://backups/lab"), environment={})


def test_a_connection_cut_in_the_middle_is_made_again(through: Patient, proxy: Proxy) -> None:
    key, data = fresh(), bytes(2_000_000)
    proxy.cuts = [500_000, 1_500_000]

    through.put(key, data)

    assert proxy.accepted >= 3
    assert through.read(key) == data


def test_connections_that_are_refused(through: Patient, proxy: Proxy) -> None:
    proxy.refusals = 3
    through.put(fresh(), b"x")

    assert proxy.accepted >= 4


def test_a_server_that_never_answers_is_given_up(through: Patient, proxy: Proxy) -> None:
    proxy.refusals = 99

    with pytest.raises(RemoteFailed, match=rf"no answer from 127\.0\.0\.1:{proxy.port} \(error sending request\)"):
        through.put(fresh(), b"x")
    assert proxy.accepted >= through.attempts


def test_a_slow_server_is_waited_for(through: Patient, proxy: Proxy) -> None:
    proxy.delay = 0.3
    key = fresh()
    through.put(key, bytes(200_000), create=True)

    assert through.stat(key).size == 200_000


def test_a_lost_reply_to_a_create_is_success(through: Patient, proxy: Proxy) -> None:
    key = fresh()
    proxy.lost_replies = 1

    through.put(key, b"mine", create=True)

    assert through.read(key) == b"mine"
    assert proxy.lost_replies == 0


def test_somebody_elses_object_is_not_taken_for_a_lost_reply(through: Patient, proxy: Proxy, store: Store) -> None:
    key = fresh()
    store.put(key, b"them", create=True)
    proxy.lost_replies = 1

    with pytest.raises(FileExistsError):
        through.put(key, b"mine", create=True)


def test_messages_hold_one_line_and_no_signature() -> None:
    error = OSError("error sending request for url (https://host/b/k?X-Amz-Signature=abc&X=1): broken\n\nDebug: secret")

    assert said(error) == "error sending request for url (https://host/b/k?…): broken"
    answer = OSError("Error performing PUT https://host/b in 1ms - Server returned non-2xx status code: 500 Oops: "
                     "![](http://evil.example/x) \x1b[2J <?xml?><Error><Code>Internal</Code></Error>")
    assert said(answer) == ("PUT https://host/b: it answered with status code: 500 Oops"
                            ": Internal")


def test_a_server_that_is_not_there_is_said_in_few_words(nobody: Store) -> None:
    with pytest.raises(RemoteFailed) as failed:
        nobody.read("x")

    assert "lab: no answer from 127.0.0.1:" in failed.value.message
    assert "Generic" not in failed.value.message


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def test_an_honest_store_is_proven(store: Store, endpoint: str, login: None) -> None:
    proven = probe(Patient(store), s3(endpoint))

    assert proven.lock == ""
    assert proven.cannot == ("is spoken to without encryption (http): whoever is on the way can read along", NO_LOCK)
    assert list(store.list("probe")) == []


def test_object_lock_is_tried_and_shown(endpoint: str, login: None) -> None:
    address = s3(endpoint, "locked", "lab")
    asked = S3Requests(address, {"ACCESS_KEY_ID": KEY, "SECRET_ACCESS_KEY": SECRET})
    rule = (b'<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>'
            b'<Mode>COMPLIANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectLockConfiguration>')
    assert asked.ask("PUT", "", {"object-lock": ""}, data=rule)[0] == 200
    store = Patient(ObjectStore(address))

    proven = probe(store, address)

    assert proven.lock == "COMPLIANCE, 1 days"
    assert NO_LOCK not in proven.cannot
    store.put("data/kept", b"x")
    store.delete("data/kept")  # leaves a marker only
    [version] = asked.versions("data/kept")
    assert asked.remove_for_good("data/kept", version) == 403


def test_a_signature_of_a_wrong_login_is_refused(endpoint: str) -> None:
    asked = S3Requests(s3(endpoint), {"ACCESS_KEY_ID": KEY, "SECRET_ACCESS_KEY": "guessed-wrong"})

    status, words = asked.ask("GET", "", {"versioning": ""})

    assert status == 403 and "guessed-wrong" not in words
    assert asked.lock_days() == "" and not asked.versioned()


def test_a_backup_goes_there_through_a_broken_line_and_reads_as_it_was(
    through: Patient, proxy: Proxy, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "PIECE_BYTES", 100_000)
    ws, _ = folder(tmp_path)
    backup = make(ws, 5000)
    proxy.refusals, proxy.cuts, proxy.lost_replies = 1, [30_000, 150_000, 60_000], 2

    Target(through, OWNER_SOURCES).send(ws, backup, Sending())

    assert (proxy.refusals, proxy.cuts, proxy.lost_replies) == (0, [], 0)
    target = Target(store, OWNER_SOURCES)
    entry = next(entry for entry in target.entries() if entry.backup.backup_id == backup.backup_id)
    assert len(entry.files[str(backup.parts["equipment"].file)].pieces) > 3
    view = RemoteView(target, lambda: [entry])
    there = replace(ws, storage=view, catalog=Catalog(view, OWNER_SOURCES))
    assert verify(there, backup, 2).ok


def test_403_in_the_middle_stops_and_goes_on_later(
    endpoint: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "PIECE_BYTES", 100_000)
    ws, _ = folder(tmp_path)
    backup, sending, put = make(ws, 5000), Sending(), store.put
    poor = ObjectStore(s3(endpoint), environment={"AWS_ACCESS_KEY_ID": "poor", "AWS_SECRET_ACCESS_KEY": SECRET})

    def taken_away(key: str, data: bytes, *, create: bool = False) -> None:
        (put if len(sending.done) < 2 else poor.put)(key, data, create=create)

    monkeypatch.setattr(store, "put", taken_away)
    with pytest.raises(RemoteRefused):
        Target(Patient(store), OWNER_SOURCES).send(ws, backup, sending)
    assert len(sending.done) == 2 and backup.backup_id not in Target(store, OWNER_SOURCES).backup_ids()

    monkeypatch.setattr(store, "put", put)
    Target(Patient(store), OWNER_SOURCES).send(ws, backup, sending)
    assert backup.backup_id in Target(store, OWNER_SOURCES).backup_ids()


def test_what_the_environment_says_to_the_library_does_not_count(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_SESSION_TOKEN": "stale", "AWS_REGION": "moon",
                        "AWS_ACCESS_KEY_ID": "other", "AWS_SECRET_ACCESS_KEY": "other", "AWS_SKIP_SIGNATURE": "true",
                        "AWS_METADATA_ENDPOINT": "http://127.0.0.1:9", "AWS_BUCKET": "other"}.items():
        monkeypatch.setenv(name, value)
    store, key = ObjectStore(s3(endpoint), environment=ENVIRONMENT), fresh()

    store.put(key, b"x")

    assert store.read(key) == b"x"
