"""``scripts/upgrade_check`` bites: what one version spoils for the other is a failed step with words."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrage
import pytest
from pymongo.database import Database

from backup_csv_for_db_restore import DatabaseBackupRestore
from equipment.settings import ROOT
from scripts.upgrade_parts import checkouts, rules, seals
from scripts.upgrade_parts.installation import Installation
from scripts.upgrade_parts.making import FULL, LIST, Making, Record
from scripts.upgrade_parts.samples import odd_documents, records
from scripts.upgrade_parts.steps import Step, Steps
from scripts.upgrade_parts.taking import Taking
from tests.mongod import Mongod

Doc = dict[str, Any]
SCRIPT = ROOT / "scripts" / "upgrade_check"
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@dataclass
class Left:
    """What one version left: over this database and folder, with this record."""

    system: DatabaseBackupRestore
    folder: Path
    keys: dict[str, str]
    record: Record

    @property
    def database(self) -> Database[Doc]:
        return self.system.workspace.connect()

    def taken(self, turn: Callable[[Taking], None]) -> dict[str, str]:
        """Let a version take its turn; words by step, empty where it went well."""
        steps: list[Step] = []
        turn(Taking(self.system, "reader", self.keys, self.record, Steps(steps.append)))
        return {step.name: step.words for step in steps}

    def file(self, what: str, pattern: str) -> Path:
        """A file of the set that goes by that name in the record."""
        label = next(noted["label"] for noted in self.record["sets"] if noted["what"] == what)
        return next(self.folder.glob(f"*day/{pattern.format(label)}"))


@pytest.fixture(scope="module")
def left(shared_mongod: Mongod, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Left]:
    """Everything a version leaves, but for the set under a passphrase, which costs seconds."""
    folder = tmp_path_factory.mktemp("backups")
    key = pyrage.x25519.Identity.generate()
    keys = {"public": str(key.to_public()), "secret": str(key), "passphrase": "unused"}
    steps: list[Step] = []
    with shared_mongod.client() as client, pytest.MonkeyPatch.context() as patch:
        patch.delitem(seals.SEALED, seals.PASSPHRASE)
        database = client["upgrade_check"]
        system = DatabaseBackupRestore(connect=lambda: database, backup_folder=str(folder))
        record = Making(system, "writer", keys, [*odd_documents(), *records()], Steps(steps.append)).run()
        assert [step for step in steps if step.words] == []
        yield Left(system, folder, keys, record)
        client.drop_database(database.name)


def byte_of_a_row(left: Left) -> Callable[[], object]:
    file = left.file(FULL, "equipment_backup_{}.csv")
    before = file.read_bytes()
    file.write_bytes(before.replace(b"Oscilloscope", b"Oscilloskope", 1))
    return lambda: file.write_bytes(before)


def name_of_a_key(left: Left) -> Callable[[], object]:
    file = left.file(FULL, "backup_metadata_{}.json")
    before = file.read_bytes()
    file.write_bytes(before.replace(b'"collections"', b'"parts"', 1))
    return lambda: file.write_bytes(before)


def a_set_that_is_gone(left: Left) -> Callable[[], object]:
    file = left.file(FULL, "backup_metadata_{}.json")
    aside = file.rename(file.with_suffix(".aside"))
    return lambda: aside.rename(file)


def a_document(left: Left) -> Callable[[], object]:
    first = left.database[LIST].find_one({"ID": 1}) or {}
    left.database[LIST].update_one({"ID": 1}, {"$set": {"ID": float(first["ID"])}})
    return lambda: left.database[LIST].replace_one({"_id": first["_id"]}, first)


def another_collection(left: Left) -> Callable[[], object]:
    left.database["backup_restore_state"].update_one({"_id": "preferences"}, {"$set": {"interval_hours": 2.0}})
    return lambda: left.database["backup_restore_state"].update_one(
        {"_id": "preferences"}, {"$set": {"interval_hours": left.record["choices"]["interval_hours"]}})


SPOILT = [
    (byte_of_a_row, {"verify, level 2"}),
    (name_of_a_key, {"list", "verify, level 2"}),
    (a_set_that_is_gone, {"list", "verify, level 2"}),
    (a_document, {"data folder: every document"}),
    (another_collection, {"data folder: every document", "settings"}),
]


@pytest.mark.parametrize(("spoil", "failing"), SPOILT, ids=[spoil.__name__ for spoil, _ in SPOILT])
def test_what_is_spoilt_fails(left: Left, spoil: Callable[[Left], Callable[[], object]], failing: set[str]) -> None:
    mend = spoil(left)
    try:
        said = left.taken(Taking.look)
    finally:
        mend()

    assert {step for step, words in said.items() if words} == failing


def test_a_restore_that_brings_something_else_fails(left: Left) -> None:
    assert not any(left.taken(Taking.look).values())
    full = next(noted for noted in left.record["sets"] if noted["what"] == FULL)
    full["content"][LIST]["documents"][0] = "0" * 64

    said = left.taken(Taking.restore)

    assert {step for step, words in said.items() if words} == {f"replace: {FULL}", "merge"}
    assert "1 of" in said[f"replace: {FULL}"]


def test_the_rules_of_the_format() -> None:
    before = {"sets": [{"what": "full", "min_reader_version": 2}], "all": [], "triggers": ["manual"]}
    now = {"sets": [{"what": "full", "min_reader_version": 3}], "all": [{"trigger": "later"}], "triggers": ["manual"]}
    same, broken = list[Step](), list[Step]()

    rules.check(before, before, Steps(same.append))
    rules.check(before, now, Steps(broken.append))

    assert [step.words for step in same] == ["", ""]
    assert [step.words for step in broken] == [
        "full: 2 became 3", "the earlier version calls a set damaged whose trigger is later"]


def test_no_option_of_an_installation_is_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://elsewhere")
    monkeypatch.setenv("BACKUP_FOLDER", "/elsewhere")

    environment = Installation(tmp_path / "new").environment

    assert "MONGODB_URI" not in environment
    assert environment["BACKUP_FOLDER"] == str(tmp_path / "new" / "backups")


@needs_git
def test_a_shallow_clone_is_told_what_to_do(tmp_path: Path) -> None:
    earlier = commit(tmp_path / "whole", "a")
    commit(tmp_path / "whole", "b")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{tmp_path / 'whole'}", "shallow")

    assert checkouts.full_name(tmp_path / "whole", earlier[:8]) == earlier
    with pytest.raises(checkouts.NoHistory, match="git fetch --unshallow"):
        checkouts.full_name(tmp_path / "shallow", earlier)
    with pytest.raises(checkouts.NoHistory, match="not a git checkout"):
        checkouts.full_name(tmp_path, earlier)


@needs_git
def test_the_present_is_what_lies_there_now_without_what_git_ignores(tmp_path: Path) -> None:
    root = tmp_path / "root"
    commit(root, "gone")
    (root / "gone").unlink()
    (root / ".gitignore").write_text("secrets.toml\n")
    (root / "secrets.toml").touch()
    (root / "new").touch()

    checkouts.present(root, tmp_path / "copy")

    assert {file.name for file in (tmp_path / "copy").iterdir()} == {".gitignore", "new"}


def test_without_the_commit_the_script_says_so_and_ends_with_2() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "no-such-commit"], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def commit(repository: Path, name: str) -> str:
    """Commit one more file; give the commit's full name."""
    if not repository.exists():
        git(repository.parent, "init", "-q", repository.name)
    (repository / name).touch()
    git(repository, "add", "--all")
    git(repository, "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-q", "-m", name)
    return git(repository, "rev-parse", "HEAD").strip()


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True).stdout
