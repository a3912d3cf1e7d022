"""Every command of README, docs and the README beside the backups is typed as it stands there, in the order written.

By an ordinary user, with nothing in the environment, in a fresh copy of the program. What cannot be run here stands in
one of the two tables below, with the reason; a block that is in none of them is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from backup_engine.repository import readme
from equipment.settings import Settings, read
from tests import ordinary_user
from tests.doc_commands import Block, Checkout, blocks, inline
from tests.doc_pages import PAGES, ROOT

# README.md installs requirements-dev.txt, and here nothing is downloaded: it must be there, to the last one.
pytest.importorskip("yaml", reason="no yaml here: pip install -r requirements-dev.txt")

LOG_LINE = ("2026-11-27T07:13:11.181+05:45 INFO    58F78D37 equipment.deeds: records.bulk_edi"
            "t by Ada from 10.0.0.7: record:1f and 36 more (Location: A → B)")
NO_COMMANDS = {
    ("docs/architecture.md", "app.py                          the page and the server app around it"): "a map of files",
    ("docs/backup-format.md", "restore_data_to_db/"): "a map of files",
    ("docs/backup-format.md", "claims/000001.json                             whose it is: the highest number counts"):
        "a map of objects",
    ("docs/metrics.md", "scrape_configs:"): "a piece of the configuration of Prometheus, which is not here",
    ("docs/operations.md", LOG_LINE): "a line of the log",
}
"""Blocks that show something, by page and first line."""
NOT_RUN = {
    ("docs/api.md", "import json, os"): "needs a server and a token: tests/server/test_api.py runs it",
    ("docs/api.md", "curl --silent"): "needs a server and a token: tests/server/test_api.py runs it",
    ("CONTRIBUTING.md", "apt-get install chromium jq"): "installs packages of the system",
    ("docs/deployment.md", "sudo useradd"): "makes an account and a service; tests/test_deploy.py checks the units",
    ("docs/deployment.md", "sudo -u equipment install"): "of that account; tests/test_deploy.py runs what is installed",
    ("docs/deployment.md", "docker compose"): "needs a Docker engine; tests/test_containers.py checks the files",
    ("docs/operations.md", "# recover.py"): "a program with arguments: tests/nightmares/test_bare_hands.py runs it",
    ("docs/reliability.md", "scripts/faults"): "takes from four minutes to half an hour",
}
"""Blocks, or single lines of them, that are commands and are not run, by page and how they begin."""
NAMES = [path.relative_to(ROOT).as_posix() for path in PAGES]
OPTIONS = re.compile(r"([A-Z_]+=\S.*\n)+")
FIRST_STEPS = """
from backup_csv_for_db_restore import DatabaseBackupRestore
from equipment import settings
from equipment.server import database
database.connect(settings.installed()).Equipment.insert_one({"ID": 7, "Vendor": "Acme"})
assert DatabaseBackupRestore().create_backup(force=True)[0]
database.close()
"""
"""What somebody does on the page as soon as it is there: a record, and a backup."""
CHECKED = {
    "from backup_csv_for_db_restore import DatabaseBackupRestore": (
        "", "\nassert success and newest['equipment_records_count'] == 1, message\n"),
    "from backup_csv_for_db_restore import backup_restore_ui, integrate_auto_backup_into_main_app": (
        "app = None\nimport streamlit as st\nst.session_state.user_role = 'admin'\n",
        "\nassert st.session_state.user_role == 'admin'\n"),
}
"""What a Python example needs before it, and what must hold after it."""
PAGE = """
from streamlit.testing.v1 import AppTest
test = AppTest.from_file("typed_page.py", default_timeout=60).run()
assert not test.exception, test.exception
assert "Create Backup Now" in [button.label for button in test.button], test
"""


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    """One copy for the whole module, in which README.md is followed first."""
    with ordinary_user.place() as place:
        yield Checkout(place)


def left_out(block: Block) -> bool:
    """Whether a block is in one of the tables."""
    return (block.page, block.first) in NO_COMMANDS or _excused(block.page, block.first) is not None


def _excused(name: str, line: str) -> tuple[str, str] | None:
    return next((key for key in NOT_RUN if key[0] == name and line.strip().startswith(key[1])), None)


def commands(block: Block) -> str:
    """The lines of a block that are to be typed."""
    return "".join(line for line in block.text.splitlines(keepends=True) if _excused(block.page, line) is None)


def follow(checkout: Checkout, block: Block) -> None:
    """Do what a block says."""
    text = commands(block)
    if block.language == "python":
        before, after = CHECKED[block.first]
        if "backup_restore_ui" in block.first:
            (checkout.folder / "typed_page.py").write_text(before + text + after)
            checkout.python(PAGE)
        else:
            checkout.python(before + text + after)
    elif block.language:
        pytest.fail(f"{block.page} has a block of {block.language} that nobody checks:\n{block.text}")
    elif OPTIONS.fullmatch(text):
        given = dict(line.split("=", 1) for line in text.splitlines())
        assert read(given) != Settings() and set(given) <= set(re.findall(r"`(\w+)`", (ROOT / "README.md").read_text()))
    elif "streamlit run" in text:
        checkout.serve(here(checkout, text))
    else:
        # Where a line runs all tests, one file of them is enough: the others are running already.
        checkout.run(here(checkout, text), folder=folder_for(checkout, text),
                     PYTEST_ADDOPTS="-n 0 tests/test_layout.py")


def here(checkout: Checkout, text: str) -> str:
    """The same with folders that an ordinary user may make, and with a backup that is there."""
    for folder in ("/opt", "/srv"):
        (checkout.place / folder.strip("/")).mkdir(exist_ok=True)
        text = re.sub(rf"(?<![\w.]){folder}/", f"{checkout.place}{folder}/", text)
    ordinary_user.hand_over(checkout.place / "opt")
    ordinary_user.hand_over(checkout.place / "srv")
    text = re.sub(r'(?<=--at ")\d{4}', "2999", text)  # the newest backup is the one of that moment as well
    return re.sub(r"_[LX]\.(csv|json)", lambda end: f"_{label(checkout)}.{end[1]}", text)


def folder_for(checkout: Checkout, text: str) -> Path | None:
    """The folder of the day for what is said of files in it; None for the program's own."""
    return newest(checkout).parent if "_backup_L" in text or "_X." in text else None


def newest(checkout: Checkout) -> Path:
    return max(checkout.folder.glob("restore_data_to_db/*day/equipment_backup_*.csv"), key=lambda path: path.name)


def label(checkout: Checkout) -> str:
    found = list(checkout.folder.glob("restore_data_to_db/*day/equipment_backup_*.csv"))
    return max(found, key=lambda path: path.name).stem.removeprefix("equipment_backup_") if found else ""


def begin(checkout: Checkout) -> None:
    """Have what README.md leaves behind, where its test was not asked for."""
    if not (checkout.folder / ".venv").exists():
        checkout.run("python3 -m venv .venv")
        checkout.python(FIRST_STEPS)


@pytest.mark.parametrize("name", ["README.md", *(name for name in NAMES if name != "README.md")])
def test_every_block_runs_in_the_order_written(name: str, checkout: Checkout) -> None:
    if name != "README.md":
        begin(checkout)
    for block in blocks(name):
        if not left_out(block):
            follow(checkout, block)
        if "streamlit run app.py" in block.text:
            checkout.python(FIRST_STEPS)
    for command in inline(name):
        checkout.run(command)


def test_the_readme_beside_the_backups_holds(checkout: Checkout) -> None:
    begin(checkout)
    with_program, checks = (re.findall(rf"{title}.*?\n\n", readme.TEXT, re.S)[0] for title in (
        "RESTORE A BACKUP WITH THE PROGRAM", "CHECK A BACKUP"))
    lines = re.findall(r"^      (\S.*)$", with_program, re.M)

    said = [checkout.run(line, answer="y\n" if " restore " in line else "") for line in lines]
    [summed, *_] = re.findall(r"^      (sha256sum .*)$", checks, re.M)
    digest = checkout.run(here(checkout, summed), folder=newest(checkout).parent).split()[0]

    assert "Restore completed successfully: 1 records in Equipment" in said[-1]
    metadata = newest(checkout).parent / f"backup_metadata_{label(checkout)}.json"
    assert f'"backup_hash": "{digest}"' in metadata.read_text()


def test_the_tables_name_only_what_is_there() -> None:
    there = {(name, block.first) for name in NAMES for block in blocks(name)}
    lines = [(name, line.strip()) for name in NAMES for block in blocks(name) for line in block.text.splitlines()]

    assert set(NO_COMMANDS) <= there
    assert [key for key in NOT_RUN if not any(n == key[0] and line.startswith(key[1]) for n, line in lines)] == []


def test_commands_are_found() -> None:
    found = {name: [block.first for block in blocks(name) if not left_out(block)] for name in NAMES}

    assert len(found["README.md"]) >= 4 and len(found["docs/operations.md"]) >= 3
    assert ".venv/bin/python test_backup_system.py" in inline("README.md")
