"""A command of the program, run in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.cli.main import main
from tests.mongod import Mongod

Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def run(tmp_path: Path, shared_mongod: Mongod, database: Database, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process with ``--json``: ``(exit code, answer)``."""

    def call(*words: str, uri: str | None = shared_mongod.uri, place: Path | None = None) -> tuple[int, Any]:
        given = ["--folder", str(place or tmp_path / "sets"), "--database", database.name, "--json"]
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([*(["--uri", uri] if uri else []), *given, *words])
        return int(ended.value.code or 0), json.loads(capsys.readouterr().out)

    return call
