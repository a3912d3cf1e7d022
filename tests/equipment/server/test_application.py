"""What the server does once, before the first visitor and after the last."""

from __future__ import annotations

import gc

import anyio
import pytest

from equipment.server import application


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
