"""Who made a set: what a signature covers, what it does not, and that a forged set does not get past it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import merge, restore
from backup_engine.cli.main import main
from backup_engine.create import create
from backup_engine.errors import BadInput, VerificationFailed
from backup_engine.keys import signing
from backup_engine.keys.identity import write_private
from backup_engine.prune import pin
from backup_engine.verify import verify, verify_all
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import back_up, fill
from tests.backup_engine.keys.public_only import host, with_key

Db = Database[dict[str, Any]]


def key(folder: Path, name: str = "signer.pem") -> Path:
    path = folder / name
    if not path.exists():
        write_private(path, signing.new_pem())
    return path


def signed(folder: Path, database: Db, name: str = "signer.pem", **options: Any) -> Workspace:
    return host(folder, database, signing_key=key(folder, name), **options).workspace


def asking(ws: Workspace) -> Workspace:
    assert ws.signer is not None
    return replace(ws, signed_by=ws.signer.public)


def test_a_set_is_signed_and_stays_so_when_it_is_pinned(tmp_path: Path, database: Db) -> None:
    fill(database)
    ws = signed(tmp_path, database)
    pinned = pin(ws, back_up(ws))

    assert verify(asking(ws), pinned, 1).ok
    assert verify(with_key(asking(ws)), pinned, 2).ok
    assert verify_all(asking(ws)).ok


@pytest.mark.parametrize("forger", ["without a key", "with a key of their own"])
def test_a_set_that_somebody_else_put_there_is_not_taken(tmp_path: Path, database: Db, forger: str) -> None:
    """They know the public key, so what they write is encrypted as it should be."""
    fill(database)
    mine = asking(signed(tmp_path, database))
    back_up(mine)
    database.Equipment.update_many({}, {"$set": {"Vendor": "forged"}})
    theirs = host(tmp_path, database).workspace if "without" in forger else signed(tmp_path, database, "other.pem")
    forged = back_up(theirs)

    keyed = with_key(mine)
    for use in (lambda: merge.plan(keyed, forged, "equipment"),
                lambda: restore.replace(keyed, restore.plan_replace(keyed, forged, ("equipment",)))):
        with pytest.raises(VerificationFailed, match="is not signed by ed25519:") as caught:
            use()
        assert "Somebody else" in caught.value.hint
    assert not verify_all(mine).ok
    assert verify(replace(mine, signed_by=""), forged, 1).ok  # nobody asked


@pytest.mark.parametrize("change", ["counts", "collections", "source", "timestamp_utc"])
def test_a_signature_is_for_everything_that_counts(tmp_path: Path, database: Db, change: str) -> None:
    fill(database)
    ws = signed(tmp_path, database)
    metadata = json.loads(json.dumps(back_up(ws).metadata))
    assert ws.signer is not None
    assert signing.is_signed_by(metadata, ws.signer.public)
    if change == "counts":
        metadata["equipment_records_count"] += 1
    elif change == "collections":
        metadata["collections"]["equipment"]["stored_sha256"] = "0" * 64
    else:
        metadata[change] = "2020-01-01T00:00:00.000000Z"

    assert not signing.is_signed_by(metadata, ws.signer.public)


def test_the_full_set_of_a_differential_must_be_signed_as_well(tmp_path: Path, database: Db) -> None:
    fill(database, 400)
    plain = host(tmp_path, database, recipients="none").workspace
    create(plain, force=True, kind="full")
    database.Equipment.delete_one({"_id": 3})
    ws = asking(signed(tmp_path, database, recipients="none"))
    differential = create(ws, force=True, kind="differential").set
    assert differential is not None and differential.kind == "differential"

    with_base = verify(ws, differential, 1)

    assert [problem.kind for problem in with_base.problems] == ["signature"]
    assert "it rests on is not signed" in with_base.problems[0].message


@pytest.mark.parametrize("content", ["", "words", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_signature_key_stops_before_anything(tmp_path: Path, database: Db, content: str) -> None:
    (tmp_path / "key.pem").write_text(content)

    with pytest.raises(BadInput, match="holds no signature key"):
        host(tmp_path, database, signing_key=tmp_path / "key.pem")
    with pytest.raises(BadInput, match="cannot be read"):
        host(tmp_path, database, signing_key=tmp_path / "gone.pem")


@pytest.mark.parametrize("text", ["", "ed25519:", "ed25519:AAAA", "age1x", "ed25519:" + "!" * 44])
def test_what_is_no_public_signature_key_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="no public signature key"):
        signing.checked_public(text)


def test_on_the_command_line_and_on_the_sheet(
    tmp_path: Path, database: Db, shared_mongod: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(database)

    def run(*words: str) -> tuple[int, Any]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["--uri", shared_mongod.uri, "--database", database.name, "--folder", str(tmp_path / "sets"),
                  "--json", *words])
        return int(ended.value.code or 0), json.loads(capsys.readouterr().out)

    signer = tmp_path / "signer.pem"
    public = run("keys", "signer", str(signer))[1]["public"]
    assert signer.stat().st_mode & 0o777 == 0o600
    assert run("--signing-key", str(signer), "keys", "new", str(tmp_path / "key.txt"))[0] == 0
    sheet = re.sub(r"<[^>]+>", "", (tmp_path / "key.html").read_text())  # as it is read and typed
    assert f"--signed-by {public}" in sheet

    assert run("backup", "--signing-key", str(signer))[0] == 0
    assert run("verify", "newest", "--signed-by", public)[0] == 0
    assert run("backup", "--force")[0] == 0
    code, refused = run("verify", "newest", "--signed-by", public)
    assert code == 13 and "is not signed by" in refused["message"]
    assert run("restore", "newest", "--mode", "replace", "--yes", "--signed-by", public)[0] == 13
    assert run("verify", "--signed-by", "x")[0] == 2
