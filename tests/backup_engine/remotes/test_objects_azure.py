"""Azure Blob Storage as a remote, on Azurite where node is there: ``npm install -g azurite``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backup_engine.remotes.address import parse
from backup_engine.remotes.base import Store
from backup_engine.remotes.objects import ObjectStore
from tests.backup_engine.remotes.conformance import Conformance
from tests.backup_engine.remotes.servers import AZURE_ACCOUNT, AZURE_KEY, azurite
from tests.ports import free_port

LOGIN = {"AZURE_STORAGE_ACCOUNT_NAME": AZURE_ACCOUNT, "AZURE_STORAGE_ACCOUNT_KEY": AZURE_KEY}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with azurite() as running:
        yield running


@pytest.fixture
def store(endpoint: str) -> Store:
    return ObjectStore(parse(f"az://backups/lab?endpoint={endpoint}&allow=http"), environment=LOGIN)


@pytest.fixture
def nobody() -> Store:
    port = free_port()
    url = f"az://backups/lab?endpoint=http://127.0.0.1:{port}/{AZURE_ACCOUNT}&allow=http"
    return ObjectStore(parse(url), environment=LOGIN)


class TestAzure(Conformance):
    pass
