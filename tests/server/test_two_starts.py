"""Two apps over one data folder share one MongoDB; the last one out stops it."""

from __future__ import annotations

from pathlib import Path

from tests.server.running_app import RunningApp, mongods


def test_two_starts_share_one_server_and_the_last_one_stops_it(tmp_path: Path) -> None:
    with RunningApp(folder=tmp_path) as first, RunningApp(folder=tmp_path) as second:
        assert len(mongods(tmp_path / "data")) == 1

        first.end()

        assert len(mongods(tmp_path / "data")) == 1
        assert second.get("/healthz")[0] == 200
        second.end()
        assert mongods(tmp_path / "data") == []


def test_two_starts_at_the_same_moment_make_one_server(tmp_path: Path) -> None:
    with RunningApp(folder=tmp_path, wait=False) as first, RunningApp(folder=tmp_path, wait=False) as second:
        first.await_answer()
        second.await_answer()

        assert first.get("/healthz")[0] == second.get("/healthz")[0] == 200
        assert len(mongods(tmp_path / "data")) == 1
