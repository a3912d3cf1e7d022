"""What the server does once, before the first visitor and after the last."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import anyio
import pytest
from pymongo.database import Database

from backup_engine.errors import DatabaseUnreachable
from equipment.server import application
from equipment.settings import Settings
from equipment.store import access
from equipment.store.list.indexing import followed


def test_what_is_alive_after_the_start_takes_no_part_in_later_collections(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(application, "_start", lambda warm_up, _: warm_up())
    monkeypatch.setattr(application, "_stop", lambda: done.append("stopped"))
    monkeypatch.setattr(gc, "freeze", lambda: done.append("frozen"))

    async def serve() -> None:
        async with application.lifespan(lambda: done.append("warm"))(None):
            done.append("serving")

    anyio.run(serve)

    assert done == ["warm", "frozen", "serving", "stopped"]


def test_a_second_factor_is_asked_for_though_the_database_came_after_the_start(
    tmp_path: Path, database: Database[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "second_factor", "optional")
    settings = Settings(home=tmp_path, data_folder=tmp_path, second_factor="required")

    def away(*_: Any) -> None:
        raise DatabaseUnreachable("MongoDB does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(application.database, "connect", away)
        application._open(settings)
    for _ in range(2):  # of the second page on everything else is done
        application.prepare(settings, database)
        assert access.second_factor == "required"
        access.second_factor = "optional"


@pytest.mark.parametrize(("option", "place"), [
    ("", ("index", followed.LONG)), ("files", ("index", 0)), ("memory", None),
])
def test_where_the_index_of_the_list_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: Any, place: tuple[str, int] | None
) -> None:
    monkeypatch.setattr(followed, "_place", None)
    settings = Settings(home=tmp_path, data_folder=tmp_path, list_index=option)
    (tmp_path / "index").mkdir()

    application._place_index(settings)

    assert followed._place == (place and (tmp_path / place[0], place[1]))
    assert (tmp_path / "index").exists() == (place is not None)
