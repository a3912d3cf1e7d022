"""S3 as a remote on a server that overwrites what it was asked to create: ``rclone serve s3``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backup_engine.errors import RemoteRefused
from backup_engine.remotes.base import Store
from backup_engine.remotes.objects import ObjectStore
from backup_engine.remotes.patient import Patient
from backup_engine.remotes.probe import probe
from tests.backup_engine.remotes.conformance import Conformance
from tests.backup_engine.remotes.servers import ENVIRONMENT, lying, s3
from tests.ports import free_port


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with lying() as running:
        yield running


@pytest.fixture
def store(endpoint: str) -> Store:
    return ObjectStore(s3(endpoint), environment=ENVIRONMENT)


@pytest.fixture
def nobody() -> Store:
    port = free_port()
    return ObjectStore(s3(f"http://127.0.0.1:{port}"), environment=ENVIRONMENT)


class TestLying(Conformance):
    creates = False


def test_a_bucket_that_is_not_there_is_refused(endpoint: str) -> None:
    store = Patient(ObjectStore(s3(endpoint, "nowhere"), environment=ENVIRONMENT), pause=lambda _: None)

    with pytest.raises(RemoteRefused, match="NoSuchBucket"):
        store.put("data/x", b"x")


def test_the_lie_is_found_out(store: Store, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)

    proven = probe(Patient(store), s3(endpoint))

    assert any("overwrites what it was asked to create only" in words for words in proven.cannot)
    assert proven.lock == ""
