"""A scrape looks at the folder and at what was heard, and has no way to the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Never

import pytest

from backup_engine.errors import DatabaseUnreachable
from equipment import backups
from equipment.server import database
from equipment.server.metrics.view import look
from equipment.settings import Settings


@pytest.fixture(autouse=True)
def _stopped() -> Iterator[None]:
    yield
    backups.stop()


def test_nobody_asks_or_starts_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(_settings: Settings) -> Never:
        raise AssertionError("the database was asked")

    monkeypatch.setattr(database, "connect", asked)
    view = look(Settings(data_folder=tmp_path / "data", backup_folder=tmp_path / "sets"))

    assert view.owner.guessed
    assert view.backups.engine.workspace.remembered is view.workspace.remembered
    with pytest.raises(DatabaseUnreachable):
        view.workspace.connect()
