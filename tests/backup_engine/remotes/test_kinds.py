"""Opening a store by its address."""

from __future__ import annotations

import subprocess
import sys

import pytest

from backup_engine.remotes.address import KINDS, parse
from backup_engine.remotes.kinds import open_store
from tests.backup_engine.remotes.servers import ENVIRONMENT

URLS = {"s3": "s3://backups/x", "gs": "gs://backups/x?credentials=none", "az": "az://backups/x",
        "sftp": "sftp://lab@host/x", "file": "file:///x"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_opens_without_asking_anybody(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**ENVIRONMENT, "SFTP_PASSWORD": "x", "AZURE_STORAGE_ACCOUNT_NAME": "x",
                        "AZURE_STORAGE_ACCOUNT_KEY": "eA=="}.items():
        monkeypatch.setenv(name, value)

    assert open_store(parse(URLS[kind])).describe() == URLS[kind].partition("?")[0]


def test_the_libraries_are_loaded_only_when_asked_for() -> None:
    script = ("import sys; from backup_engine import api; from backup_engine.remotes import kinds, address;"
              "kinds.open_store(address.parse('file:///x'));"
              "print([name for name in ('obstore', 'asyncssh') if name in sys.modules])")

    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == "[]"
