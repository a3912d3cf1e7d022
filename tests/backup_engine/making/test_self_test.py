"""The self-test passes here, and bites when a library behaves otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backup_engine.csv_format import cells
from backup_engine.errors import BackupError
from backup_engine.making.self_test import self_test
from backup_engine.records import content_sum


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    self_test.cache_clear()
    yield
    self_test.cache_clear()


def test_it_passes() -> None:
    self_test()


def test_it_notices_another_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cells._PLAIN["bool"], bool, lambda value: f"~{str(value).lower()}")

    with pytest.raises(BackupError, match="self-test failed: the text"):
        self_test()


def test_it_notices_another_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        content_sum, "digests", lambda documents: [bytes([len(document) % 256]) for document in documents])

    with pytest.raises(BackupError, match="self-test failed"):
        self_test()


def test_it_notices_documents_that_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cells.PARSERS, "int32", lambda text: int(text) + 1)

    with pytest.raises(BackupError, match=r"do not come back \(none\)"):
        self_test()
