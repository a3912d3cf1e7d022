"""Garbage is collected beside the pages, and what is alive after the start takes no part in it."""

from __future__ import annotations

import gc
import tomllib
import weakref

import anyio
import pytest

from equipment.server import garbage
from equipment.settings import ROOT


class Cycle:
    def __init__(self) -> None:
        self.me = self


def test_what_ended_pages_leave_in_cycles_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gc, "freeze", lambda: None)  # everything the test runner holds would stay frozen
    seen: list[bool] = []

    async def serve() -> None:
        async with garbage.collected(every=0.01):
            left = weakref.ref(Cycle())
            with anyio.fail_after(10):
                while left() is not None:
                    await anyio.sleep(0.01)
            seen.append(left() is None)

    gc.disable()
    try:
        anyio.run(serve)
    finally:
        gc.enable()

    assert seen == [True]


def test_it_ends_with_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gc, "freeze", lambda: None)
    collections: list[int] = []
    monkeypatch.setattr(gc, "collect", lambda: collections.append(1))

    async def serve() -> int:
        async with garbage.collected(every=0.01):
            with anyio.fail_after(10):
                while len(collections) < 3:
                    await anyio.sleep(0.01)
        ended = len(collections)
        await anyio.sleep(0.05)
        return ended

    assert anyio.run(serve) == len(collections)


def test_streamlit_leaves_it_to_us() -> None:
    options = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))

    assert options["runner"]["postScriptGC"] is False
