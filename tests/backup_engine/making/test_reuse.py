"""Which full sets copy rows of which, and that a set is the same with and without."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import create, restore
from backup_engine.csv_format.reused import ReusedRows
from backup_engine.csv_format.seal import Seal
from backup_engine.making import digests, reuse
from backup_engine.model import BackupSet
from backup_engine.repository import ledger
from backup_engine.verify import verify
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock, raw, workspace

Doc = dict[str, Any]
COUNT = 2_000


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "WORTH_IT", 10)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def ws(database: Database[Doc], tmp_path: Path, clock: StillClock) -> Workspace:
    database.Equipment.insert_many([{"_id": n, "v": f"saved {n}"} for n in range(COUNT)])
    database.Equipment_select_options.insert_one({"_id": 1, "Category": "a"})
    return workspace(tmp_path, database, clock=clock)


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows copied, a number for each file that could have some."""
    counts, finish = list[int](), ReusedRows.finish

    def counted(self: ReusedRows) -> None:
        finish(self)
        counts.append(self.copied)

    monkeypatch.setattr(ReusedRows, "finish", counted)
    return counts


def full(ws: Workspace, clock: StillClock, **span: float) -> BackupSet:
    made = create.create(ws, force=True, kind="full").set
    assert made is not None
    clock.pass_by(**(span or {"minutes": 1}))
    return made


def test_a_set_with_copied_rows_is_the_one_that_would_have_been_made(
    ws: Workspace, database: Database[Doc], clock: StillClock, tmp_path: Path, copied: list[int]
) -> None:
    full(ws, clock)
    database.Equipment.update_many({"_id": {"$lt": 20}}, {"$set": {"v": "changed"}})
    database.Equipment.delete_one({"_id": 1_000})

    second = full(ws, clock)
    afresh = full(workspace(tmp_path / "elsewhere", database, clock=clock), clock)

    assert copied == [COUNT - 21, 1]
    for key, part in second.parts.items():
        other = afresh.parts[key]
        assert (part.stored_sha256, part.content_sha256, part.blocks, part.layout) == (
            other.stored_sha256, other.content_sha256, other.blocks, other.layout)
        assert part.table is not None and other.table is not None and part.table.sha256 == other.table.sha256
    assert verify(ws, second, 2).ok
    wished = raw(database, "Equipment")
    database.Equipment.delete_many({})
    restore.replace(ws, restore.plan_replace(ws, second, ["equipment"]))
    assert raw(database, "Equipment") == wished


def test_no_proof_is_older_than_a_week(
    ws: Workspace, clock: StillClock, copied: list[int]
) -> None:
    proven = [full(ws, clock, days=1).parts["equipment"].table for _ in range(9)]

    assert len(copied) == 2 * 7, "the first set and the one after seven days are proven anew"
    moments = [table.proven for table in proven if table is not None]
    assert len({*moments[:7]}) == 1 and moments[7] > moments[0] and moments[8] == moments[7]


def test_rows_of_another_encoder_are_not_copied(
    ws: Workspace, clock: StillClock, copied: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    full(ws, clock)
    monkeypatch.setattr(reuse, "CODEC", reuse.CODEC + 1)
    full(ws, clock)

    assert copied == []


def test_a_clock_that_was_ahead_ends_nothing(ws: Workspace, clock: StillClock, copied: list[int]) -> None:
    full(ws, clock)
    clock.pass_by(days=-30)
    full(ws, clock)

    assert copied == [], "a proof of the future is none"


def test_a_damaged_earlier_set_is_told_and_all_is_encoded(
    ws: Workspace, database: Database[Doc], clock: StillClock, tmp_path: Path
) -> None:
    first = full(ws, clock)
    path = next(tmp_path.glob(f"*/equipment_backup_{first.label}.csv"))
    path.write_bytes(path.read_bytes().replace(b"saved 777", b"saved 778"))

    second = full(ws, clock)

    assert any("no rows of an earlier backup were used" in warning for warning in second.warnings)
    assert verify(ws, second, 2).ok and second.parts["equipment"].records == COUNT
    assert second.parts["equipment"].table.proven > first.parts["equipment"].table.proven  # type: ignore[union-attr]


@pytest.mark.parametrize("table", ["exchanged", "cut", "gone", "other"])
def test_a_table_that_is_not_the_one_written_is_not_used(
    ws: Workspace, clock: StillClock, tmp_path: Path, copied: list[int], table: str
) -> None:
    first = full(ws, clock)
    path = tmp_path / ".state" / f"digests_{first.label}_equipment.bin"
    data = path.read_bytes()
    path.write_bytes({"exchanged": data[:16] + data[64:96] + data[48:64] + data[16:48] + data[96:], "cut": data[:-48],
                      "gone": b"", "other": data[::-1]}[table])
    if table == "gone":
        path.unlink()

    second = full(ws, clock)

    assert copied == [1], "only the options were copied"
    assert second.parts["equipment"].content_sha256 == first.parts["equipment"].content_sha256
    assert verify(ws, second, 2).ok


def test_sets_that_were_found_damaged_or_are_nobodys_are_no_source(
    ws: Workspace, database: Database[Doc], clock: StillClock, tmp_path: Path, copied: list[int]
) -> None:
    first = full(ws, clock)
    ledger.remember(ws.storage, first, 2, ok=False, when=clock())
    full(ws, clock)
    assert copied == []

    client = database.client
    other = client[f"{database.name}_other"]
    try:
        other.Equipment.insert_many([{"_id": n, "v": f"saved {n}"} for n in range(COUNT)])
        other.Equipment_select_options.insert_one({"_id": 1})
        full(workspace(tmp_path, other, clock=clock), clock)
        assert copied == [], "another database on the same folder"
    finally:
        client.drop_database(other.name)


def test_without_the_key_all_is_encoded(
    ws: Workspace, database: Database[Doc], clock: StillClock, tmp_path: Path, copied: list[int]
) -> None:
    from pyrage import x25519

    key = x25519.Identity.generate()
    public = str(key.to_public())
    blind = workspace(tmp_path / "sealed", database, clock=clock, seal=Seal(recipients=(public,)))
    full(blind, clock)
    full(blind, clock)
    assert copied == []

    seal = Seal(recipients=(public,), identities=(str(key),))
    seeing = workspace(tmp_path / "sealed", database, clock=clock, seal=seal)
    full(seeing, clock)
    full(seeing, clock)
    assert copied == [COUNT, 1]


def test_metadata_that_says_nonsense_of_a_table_leaves_a_set_that_is_whole(
    ws: Workspace, clock: StillClock, tmp_path: Path, copied: list[int]
) -> None:
    from backup_engine.repository import manifest

    first = full(ws, clock)
    path = next(tmp_path.glob(f"*/{first.metadata_file}"))
    metadata = json.loads(path.read_text("utf-8"))
    for part in metadata["collections"].values():
        part["digests"] = {"sha256": 7, "proven_utc": "yesterday"}
    path.write_bytes(manifest.encode(metadata))

    second = full(ws, clock)

    assert copied == [] and verify(ws, second, 2).ok
    assert next(one for one in ws.catalog.sets() if one.label == first.label).state == "complete"
