"""The log of the command line: quiet unless asked, in the form of the options, and never a reason to fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.mongod import Mongod
from tests.server.running_app import ROOT

SECRET = "hunter2-Tr0ub4dor"


@pytest.fixture(scope="module")
def options(shared_mongod: Mongod, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of an installation on the test's server."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("COV", "EQUIPMENT_", "MONGODB_"))}
    with shared_mongod.client() as client:
        yield {**kept, "MONGODB_URI": shared_mongod.uri, "MONGODB_DATABASE": "test_command_log", "TZ": "Asia/Kathmandu",
               "BACKUP_FOLDER": str(tmp_path_factory.mktemp("backups")), "EQUIPMENT_LOG_FORMAT": "json",
               "EQUIPMENT_ADMIN_PASSWORD": SECRET}
        client.drop_database("test_command_log")


def run(options: dict[str, str], *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    return subprocess.run([sys.executable, *words], cwd=ROOT, env=options, text=True, timeout=120, check=False,
                          **streams)


def backup(options: dict[str, str], *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return run(options, "backup_csv_for_db_restore.py", *(words or ("backup", "--force")), **more)


def test_a_command_that_succeeds_answers_and_logs_nothing(options: dict[str, str]) -> None:
    ended = backup(options)

    assert "\nBackup created successfully" in ended.stdout
    assert ended.stderr == ""


def test_with_info_a_deed_is_a_line(options: dict[str, str]) -> None:
    ended = backup({**options, "EQUIPMENT_LOG_LEVEL": "INFO"})
    deeds = [line for line in map(json.loads, ended.stderr.splitlines()) if "action" in line]

    assert [line["action"] for line in deeds] == ["backup.create"]
    assert deeds[0]["time"].endswith("+05:45") and len(deeds[0]["reference"]) == 8
    assert "\nBackup created successfully" in ended.stdout


def test_an_account_that_is_made_is_a_line_and_its_code_is_not(options: dict[str, str]) -> None:
    ended = run({**options, "EQUIPMENT_LOG_LEVEL": "info", "EQUIPMENT_LOG_FORMAT": "text"},
                "-m", "equipment", "user", "add", "Ada\n2026-01-01T00:00:00 INFO forged", "--role", "admin")
    refused = ended.returncode != 0
    if refused:  # such a name is refused; an honest one is not
        ended = run({**options, "EQUIPMENT_LOG_LEVEL": "info", "EQUIPMENT_LOG_FORMAT": "text"},
                    "-m", "equipment", "user", "add", "Ada", "--role", "admin")
    code = ended.stdout.rsplit(": ", 1)[1].strip()

    [line] = [line for line in ended.stderr.splitlines() if "equipment.deeds: user.create by " in line]
    assert "+05:45 INFO" in line and "user:ada" in line
    assert len(code) > 8 and code not in ended.stderr


def test_a_wrong_option_of_the_log_is_refused_by_name(options: dict[str, str]) -> None:
    ended = backup({**options, "EQUIPMENT_LOG_FORMAT": "xml"})

    assert ended.returncode == 2
    assert "EQUIPMENT_LOG_FORMAT" in ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("stream", ["full", "closed", "gone"])
def test_a_backup_is_made_whatever_becomes_of_its_log(options: dict[str, str], stream: str) -> None:
    loud = {**options, "EQUIPMENT_LOG_LEVEL": "debug"}
    if stream == "full":
        with Path("/dev/full").open("w") as console:
            ended = backup(loud, stderr=console)
    elif stream == "closed":
        command = f'exec "{sys.executable}" backup_csv_for_db_restore.py backup --force 2>&-'
        ended = subprocess.run(["sh", "-c", command], cwd=ROOT, env=loud, text=True, timeout=120, check=False,
                               stdout=subprocess.PIPE)
    else:
        read, write = os.pipe()
        os.close(read)
        ended = backup(loud, stderr=write)
        os.close(write)

    assert ended.returncode == 0
    assert "\nBackup created successfully" in ended.stdout


def test_no_secret_of_a_connection_string_is_told(options: dict[str, str]) -> None:
    loud = {**options, "EQUIPMENT_LOG_LEVEL": "debug"}
    ways = [
        way
        for uri in (f"mongodb://ada:{SECRET}@127.0.0.1:1/", f"mongodb://ada:x@{SECRET}@h:1/", f"mongodb://ada:{SECRET}@")
        for way in (({**loud, "MONGODB_URI": uri},), (loud, "--uri", uri, "backup"),
                    (loud, "--debug", "--uri", uri, "backup"))
    ]
    with ThreadPoolExecutor(3) as together:  # most of the time of each is patience with a server that is not there
        for ended in together.map(lambda way: backup(*way), ways):
            assert ended.returncode != 0
            assert SECRET not in ended.stdout + ended.stderr
