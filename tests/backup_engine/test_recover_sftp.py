"""Recovery from an SSH server: a person confirms its key, or nothing is asked of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backup_csv_for_db_restore import DatabaseBackupRestore
from backup_engine import recover as recovering
from backup_engine.cli.main import main
from backup_engine.errors import HostKeyUnknown, RemoteRefused
from tests.backup_engine.machines import Data, Machines, everything, standing
from tests.backup_engine.remotes.servers import SECRET, SshServer, ssh
from tests.mongod import Mongod


@pytest.fixture
def machines(tmp_path: Path, database: Data) -> Iterator[Machines]:
    with standing(tmp_path, database) as both:
        yield both


@pytest.fixture
def server(tmp_path: Path, machines: Machines, monkeypatch: pytest.MonkeyPatch) -> Iterator[SshServer]:
    """An SSH server that has what the lab's remote has."""
    machines.back_up()
    (tmp_path / "ssh").mkdir()
    shutil.copytree(tmp_path / "disk", tmp_path / "ssh" / "backups")
    monkeypatch.setenv("SFTP_PASSWORD", SECRET)
    with ssh(tmp_path / "ssh") as running:
        yield running


def test_a_key_that_nobody_has_confirmed_is_shown_and_confirmed_by_the_flag(
    machines: Machines, server: SshServer
) -> None:
    with pytest.raises(HostKeyUnknown) as unknown:
        recovering.look(machines.bare, server.url)
    with pytest.raises(RemoteRefused):
        recovering.look(machines.bare, server.url, host_key=f"SHA256:{'A' * 43}")
    found = recovering.look(machines.bare, server.url, host_key=server.fingerprint)
    before = sorted((server.folder / "backups").rglob("*"))
    done = recovering.recover(machines.bare, found)

    assert unknown.value.fingerprint == server.fingerprint.rstrip("=")
    assert done.verified and everything(machines.new)["Equipment"] == everything(machines.old)["Equipment"]
    assert sorted((server.folder / "backups").rglob("*")) == before


def test_a_key_in_the_address(machines: Machines, server: SshServer) -> None:
    key = server.fingerprint.replace("+", "%2B")
    found = recovering.look(machines.bare, f"{server.url}?host_key={key}")

    assert recovering.recover(machines.bare, found).verified


def test_a_wrong_password(machines: Machines, server: SshServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFTP_PASSWORD", "guessed-wrong")

    with pytest.raises(RemoteRefused) as refused:
        recovering.look(machines.bare, server.url, host_key=server.fingerprint)

    assert "guessed-wrong" not in str(refused.value)


@pytest.mark.parametrize("confirmed", [True, False])
def test_on_the_command_line_a_person_compares_it(
    machines: Machines, server: SshServer, shared_mongod: Mongod, confirmed: bool, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = list[str]()

    def answer(question: str, **_: Any) -> None:
        asked.append(question)
        if not confirmed:
            raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", answer)
    with pytest.raises(SystemExit) as ended:
        main(["--folder", str(machines.root / "bare"), "--uri", shared_mongod.uri, "--database", machines.new.name,
              "recover", "--from", server.url, "--yes"], engine=DatabaseBackupRestore)

    said = capsys.readouterr()
    assert asked == ["Is that what its administrator says?"], "--yes does not confirm a key"
    assert f"shows the key {server.fingerprint.rstrip('=')}." in said.err
    assert ended.value.code == (0 if confirmed else 130)
    assert machines.new.Equipment.count_documents({}) == (20 if confirmed else 0)


def test_without_a_terminal_the_flag_is_named(
    machines: Machines, server: SshServer, shared_mongod: Mongod, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--folder", str(machines.root / "bare"), "--uri", shared_mongod.uri, "--database", machines.new.name,
              "--json", "recover", "--from", server.url, "--yes"], engine=DatabaseBackupRestore)

    answer = json.loads(capsys.readouterr().out)
    assert ended.value.code == 22 and answer["error"] == "HostKeyUnknown"
    assert f"--host-key {server.fingerprint.rstrip('=')}" in answer["hint"]
