"""What the server does once, before the first visitor and after the last."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import anyio
import pytest

from equipment.server import application
from equipment.settings import Settings
from equipment.store.list.indexing import followed


def test_what_is_alive_after_the_start_takes_no_part_in_later_collections(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(application, "_start", lambda warm_up: warm_up())
    monkeypatch.setattr(application, "_stop", lambda: done.append("stopped"))
    monkeypatch.setattr(gc, "freeze", lambda: done.append("frozen"))

    async def serve() -> None:
        async with application.lifespan(lambda: done.append("warm"))(None):
            done.append("serving")

    anyio.run(serve)

    assert done == ["warm", "frozen", "serving", "stopped"]


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
