"""Google Cloud Storage as a remote, on a stand-in that answers as Google describes it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backup_engine.errors import BadInput, RemoteFailed
from backup_engine.remotes.address import parse
from backup_engine.remotes.base import Store
from backup_engine.remotes.objects import ObjectStore
from tests.backup_engine.remotes.conformance import Conformance
from tests.backup_engine.remotes.google import BUCKET, google, login
from tests.ports import free_port


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with google() as running:
        yield running


@pytest.fixture
def store(endpoint: str) -> Store:
    return ObjectStore(parse(f"gs://{BUCKET}/lab?allow=http"), environment=login(endpoint))


@pytest.fixture
def nobody() -> Store:
    return ObjectStore(parse(f"gs://{BUCKET}/lab?allow=http"), environment=login(f"http://127.0.0.1:{free_port()}"))


class TestGoogle(Conformance):
    pass


def test_a_key_that_is_none_is_said(endpoint: str) -> None:
    store = ObjectStore(parse(f"gs://{BUCKET}/lab"), environment={"GOOGLE_SERVICE_ACCOUNT_KEY": "{}"})

    with pytest.raises(RemoteFailed, match=r"gs://backups/lab: x: .*service account"):
        store.stat("x")


def test_without_a_login_the_variables_are_named() -> None:
    with pytest.raises(BadInput, match="GOOGLE_SERVICE_ACCOUNT_KEY, GOOGLE_SERVICE_ACCOUNT say nothing"):
        ObjectStore(parse(f"gs://{BUCKET}/lab"), environment={})
