"""Whose a remote is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backup_engine.errors import ForeignTarget
from backup_engine.remotes import claims
from backup_engine.remotes.address import parse
from backup_engine.remotes.folder import FolderStore

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(parse(f"file://{tmp_path}"))


def test_a_free_place_is_claimed_once(store: FolderStore) -> None:
    assert claims.read(store) is None
    first = claims.require(store, "me", "Lab", NOW)

    assert claims.require(store, "me", "Lab", NOW) == first
    assert len(list(store.list("claims"))) == 1


def test_another_installation_is_refused_by_name(store: FolderStore) -> None:
    claims.require(store, "other-installation", "Lab", NOW)
    store.put("sets/20260101_000000-x.json", b"")

    with pytest.raises(ForeignTarget, match=r"“Lab” on .+ \(other-in\) keeps its backups in .* last wrote there on 2"):
        claims.require(store, "me", "Mine", NOW)


def test_of_two_at_once_one_has_it(store: FolderStore) -> None:
    def claim(n: int) -> bool:
        try:
            return claims.require(store, f"installation-{n}", "Lab", NOW).installation == f"installation-{n}"
        except ForeignTarget:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(8))) == 1


def test_taking_over_refuses_the_one_before(store: FolderStore) -> None:
    claims.require(store, "old", "Lab", NOW)
    claims.take_over(store, "new", "Lab", NOW)

    assert claims.require(store, "new", "Lab", NOW).number == 2
    with pytest.raises(ForeignTarget):
        claims.require(store, "old", "Lab", NOW)


@pytest.mark.parametrize("garbage", [b"", b"[]", b"{}", b"\xff", b'{"installation": 1}', b"{" * 70_000])
def test_garbage_refuses_until_somebody_takes_over(store: FolderStore, garbage: bytes) -> None:
    store.put("claims/000007.json", garbage)

    with pytest.raises(ForeignTarget, match="cannot be read"):
        claims.require(store, "me", "Lab", NOW)
    assert claims.take_over(store, "me", "Lab", NOW).number == 8


def test_what_a_claim_says_is_shown_as_plain_text(store: FolderStore) -> None:
    claims.require(store, "other", "![x](http://evil.example)\x1b[2J\nsecond <b>line</b>", NOW)

    with pytest.raises(ForeignTarget) as refused:
        claims.require(store, "me", "Mine", NOW)
    assert "“!(x)(http://evil.example) (2J” on" in str(refused.value)
