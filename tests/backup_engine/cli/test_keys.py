"""Keys on the command line: made, printed, used; and that the world's own programs open what is stored."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pymongo.database import Database

from backup_csv_for_db_restore import DatabaseBackupRestore
from backup_engine.cli.main import main
from backup_engine.keys import sheet
from equipment.store.access import SYSTEM
from equipment.store.accounts import users
from tests.backup_engine.cli.conftest import Run
from tests.backup_engine.cli.test_main import ROOT
from tests.backup_engine.engine import fill, raw
from tests.mongod import Mongod
from tests.programs import program

Db = Database[dict[str, Any]]
CODE = ("backup_engine", "equipment", "backup_csv_for_db_restore.py", "app.py", ".streamlit", "restore_data_to_db")


def made(run: Run, path: Path, *words: str) -> str:
    code, answer = run("keys", "new", str(path), *words)
    assert code == 0, answer
    return str(answer["recipient"])


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("encrypted", [False, True], ids=["open", "encrypted"])
def test_other_programs_open_the_files(
    run: Run, tmp_path: Path, database: Db, compression: str, encrypted: bool
) -> None:
    fill(database, 300)
    key = tmp_path / "key.txt"
    flags = ["--recipient", made(run, key)] if encrypted else []
    code, answer = run("backup", "--compression", compression, *flags)
    assert code == 0, answer
    file = Path(answer["file"])
    assert file.name.partition(".csv")[2] == {"none": "", "gzip": ".gz", "zstd": ".zst"}[compression] + (
        ".age" if encrypted else "")

    if encrypted:
        opened = tmp_path / file.name.removesuffix(".age")
        subprocess.run([program("age"), "-d", "-i", str(key), "-o", str(opened), str(file)], check=True)
        file = opened
    if compression != "none":
        unpacked = file.with_suffix("") if file.parent == tmp_path else tmp_path / file.with_suffix("").name
        with unpacked.open("wb") as out:
            subprocess.run([program(compression), "-dc", str(file)], stdout=out, check=True)
        file = unpacked
    table = pd.read_csv(file, dtype=str)

    assert len(table) == 300
    assert table.loc[7, ["_id", "Serial", "Vendor"]].tolist() == ["7", "00007", "ACME, Inc."]


def test_keys_new_makes_a_private_file_and_a_sheet_and_overwrites_neither(run: Run, tmp_path: Path) -> None:
    public = made(run, tmp_path / "key.txt")

    for name in ("key.txt", "key.html"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    before = (tmp_path / "key.txt").read_text()
    assert f"# public key: {public}\n" in before
    assert run("keys", "new", str(tmp_path / "key.txt"))[0] == 2
    assert run("keys", "new", str(tmp_path / "other.txt"), "--sheet", str(tmp_path / "key.html"))[0] == 2
    assert not (tmp_path / "other.txt").exists()
    assert (tmp_path / "key.txt").read_text() == before


def test_the_sheet_has_what_is_needed_and_no_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from equipment import __version__

    with pytest.raises(SystemExit):
        main(["--uri", "mongodb://ada:hunter2@db.example.org/", "--folder", str(tmp_path / "sets"), "keys", "new",
              str(tmp_path / "key.txt")], engine=DatabaseBackupRestore)
    text = (tmp_path / "key.html").read_text()

    assert f"version {__version__}" in text and str(tmp_path / "sets") in text
    assert re.search(r"[0-9a-f]{4}( [0-9a-f]{4}){3}", text)
    assert "hunter2" not in text and "<svg" in text
    assert "http" not in text.replace("https://age-encryption.org", "").replace("http://www.w3.org/2000/svg", "")
    assert "hunter2" not in capsys.readouterr().out


@pytest.mark.parametrize(("address", "shown"), [
    ("/srv/backups", "/srv/backups"), ("s3://key:se@cr/et@bucket/p?signature=x#y", "s3://bucket/p"),
    ("sftp://ada@host:22/x", "sftp://host:22/x"), ("https://host/x?token=1", "https://host/x"),
])
def test_an_address_on_the_sheet_has_no_secrets(address: str, shown: str) -> None:
    assert sheet.without_secrets(address) == shown


@pytest.mark.parametrize("places", [(), ("disk",), ("away", "disk")], ids=["a folder", "a remote", "two remotes"])
@pytest.mark.parametrize("passphrase", ["", "correct horse battery"], ids=["bare", "under a passphrase"])
def test_following_the_sheet_word_for_word_brings_everything_back(
    tmp_path: Path, database: Db, shared_mongod: Mongod, passphrase: str, places: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    """The machine and its database are gone; there are the paper, a copy of the folder or a remote, and the program."""
    def lab(*words: str) -> dict[str, Any]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["--uri", shared_mongod.uri, "--database", database.name, "--folder", str(tmp_path / "sets"), "--json",
                  *words], engine=DatabaseBackupRestore)
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert ended.value.code in (0, None), answer
        return answer

    fill(database)
    users.create(database, SYSTEM, "Ada", "admin", password_hash="hash")
    for place in places:
        (tmp_path / place).mkdir()
        lab("remotes", "add", place, f"file://{tmp_path}/{place}?keep_days=30")
    monkeypatch.setattr("backup_engine.cli.passphrase.ask", lambda prompt, twice=False: passphrase)
    public = lab("keys", "new", str(tmp_path / "key.txt"), *(["--with-passphrase"] if passphrase else []))["recipient"]
    lab("backup", "--recipient", public, "--compression", "zstd")
    lab("push", "--now") if places else None
    before = raw(database, "Equipment")
    paper = (tmp_path / "key.html").read_text()
    database.client.drop_database(database.name)
    (tmp_path / "key.txt").unlink()

    fresh = tmp_path / "fresh"
    fresh.mkdir()
    for name in CODE:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, fresh / name)
    key = re.search(r'<pre id="key">(.*?)</pre>', paper, re.S)
    assert key is not None
    (fresh / "identity.txt").write_text(html.unescape(key[1]) + "\n")
    if not places:
        shutil.copytree(tmp_path / "sets", fresh / "backups")
    elif "away" in places:
        shutil.rmtree(tmp_path / "away")
    shutil.rmtree(tmp_path / "sets") if places else None
    (fresh / ".venv").symlink_to(sys.prefix)  # as its README makes it
    environment = {"PATH": os.environ["PATH"], "MONGODB_URI": shared_mongod.uri,
                   "MONGODB_DATABASE": f"{database.name}_fresh", "HOME": str(tmp_path)}
    commands = sheet.commands_on(paper)
    assert len(commands) == max(1, len(places)) and "keep_days" not in paper
    codes = []
    for command in commands:
        done = subprocess.run(["sh", "-c", command], cwd=fresh, env=environment, input=f"{passphrase}\n",
                              capture_output=True, text=True, check=False)
        codes.append(done.returncode)
        assert done.returncode == 0 or "away" in command, f"{command}\n{done.stdout}{done.stderr}"

    restored = database.client[f"{database.name}_fresh"]
    try:
        assert codes == [2, 0][-len(commands):]
        assert raw(restored, "Equipment") == before
        assert restored.equipment_users.count_documents({"_id": "ada", "state": "active"}) == 1
    finally:
        database.client.drop_database(restored.name)
    if passphrase or places:  # the way without the program asks for one on a terminal: tests/backup_engine/keys
        return
    [file] = (fresh / "backups").glob("*day/equipment_*.age")
    [by_hand] = re.findall(r"<p><code>(age .*?)</code>", paper)
    plain = subprocess.run(["sh", "-c", html.unescape(by_hand).replace("FILE.csv.age", str(file))], cwd=fresh,
                           env=environment, capture_output=True, check=True)
    assert b"ACME, Inc." in subprocess.run(
        [program("zstd"), "-dc"], input=plain.stdout, capture_output=True, check=True).stdout


def test_an_encrypted_backup_on_the_command_line(run: Run, tmp_path: Path, database: Db) -> None:
    fill(database)
    public, other = made(run, tmp_path / "key.txt"), made(run, tmp_path / "other.txt")
    key = ("--identity", str(tmp_path / "key.txt"))
    label = run("backup", "--recipient", public, "--recipient", other)[1]["backup"]["label"]

    assert run("verify", label)[0] == 0
    for words in (("verify", label, "--level", "2"), ("drill",), ("restore", label, "--mode", "replace", "--yes")):
        code, refused = run(*words)
        assert (code, refused["error"]) == (12, "KeyNeeded"), words
    code, report = run("verify", "--all", "--level", "2")
    assert (code, report["ok"]) == (12, False)
    assert report["message"].startswith("Key needed: 1 of 1 backups are encrypted and were not looked into")
    assert run("verify", "--all", "--level", "2", *key)[0] == 0
    assert "not proven" in opens_with(run, tmp_path, label)
    assert run("drill", *key)[0] == 0
    shown = opens_with(run, tmp_path, label)
    assert re.search(f"{public} .proven", shown) and re.search(f"{other} .not proven", shown)
    database.Equipment.delete_many({})
    assert run("restore", label, "--mode", "replace", "--yes", *key)[0] == 0
    assert run("undo", "--yes", "--recipient", public)[0] == 0
    assert database.Equipment.count_documents({}) == 0


def opens_with(run: Run, tmp_path: Path, label: str) -> str:
    from backup_engine.cli import look
    from backup_engine.repository.catalog import Catalog
    from backup_engine.storage import LocalStorage
    from tests.backup_engine.engine import workspace

    place = LocalStorage(tmp_path / "sets")
    ws = workspace(place, lambda: pytest.fail("the database was asked"))
    return look._opens_with(ws, Catalog(place, ws.sources).find(label))


@pytest.mark.parametrize("words", [
    ("--compression", "rar"), ("--recipient", "age1x"), ("--recipient", ""), ("--identity", "/nowhere")])
def test_what_cannot_be_used_stops_before_anything(run: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    code, refused = run("backup", *words)

    assert (code, refused["error"]) == (2, "BadInput")
    assert not (tmp_path / "sets").exists()
