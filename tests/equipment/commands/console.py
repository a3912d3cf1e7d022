"""The commands typed in this process, against a database of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pymongo.database import Database

from equipment import backups, settings
from equipment.__main__ import main
from equipment.server import console_log
from equipment.settings import Settings
from tests.mongod import Mongod

Db = Database[dict[str, Any]]
Run = Callable[..., Result]


@contextmanager
def typed(monkeypatch: pytest.MonkeyPatch, folder: Path, server: Mongod, database: Db) -> Iterator[Run]:
    """Give what runs ``python -m equipment`` with words; the log of the tests stays as it is."""
    monkeypatch.setattr(console_log, "begin", lambda **_: None)
    monkeypatch.setattr(console_log, "begin_with", lambda *_, **__: None)
    monkeypatch.chdir(folder)
    chosen = Settings(data_folder=folder, backup_folder=folder / "backups", embedded_database=False,
                      mongodb_uri=server.uri, mongodb_database=database.name)
    with settings.use(chosen):
        yield lambda *words: CliRunner().invoke(main, [str(word) for word in words])
        backups.stop()
