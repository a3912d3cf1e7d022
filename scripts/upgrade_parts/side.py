"""One version's turn, run in its checkout: ``python -m scripts.upgrade_parts.side TURN NAME FOLDER``.

Reads ``keys.json``, ``list.bson`` and ``record.json`` in FOLDER and writes ``record.json``; says every step as a line
of JSON. The installation is the one in the environment.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any
from unittest.mock import patch

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

import backup_engine
from backup_csv_for_db_restore import DatabaseBackupRestore
from scripts.upgrade_parts.making import DIFFERENTIAL, Making, Record
from scripts.upgrade_parts.steps import Step, Steps, require
from scripts.upgrade_parts.taking import Taking

PASSWORD = "correct horse battery staple 9"
PAGE_SECONDS = 60


def main() -> None:
    """Take the turn."""
    turn, name, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    home = Path(backup_engine.__file__).parent.parent
    require(home == Path.cwd(), f"the engine of {home} was loaded in {Path.cwd()}")
    keys = json.loads((folder / "keys.json").read_text())
    steps = Steps(_tell)
    if turn == "make":
        documents = bson.decode_all((folder / "list.bson").read_bytes(), CodecOptions(document_class=RawBSONDocument))
        making = Making(DatabaseBackupRestore(), name, keys, [document.raw for document in documents], steps)
        users: Any = []
        with steps.step("add accounts"):
            users = _add_users(name)
        record = making.run() | {"users": users, "administrator": f"{name} admin"}
        (folder / "record.json").write_text(json.dumps(record))
        return
    record = json.loads((folder / "record.json").read_text())
    taking = Taking(DatabaseBackupRestore(), name, keys, record, steps)
    taking.look()
    with steps.step("accounts"):
        there = _users()
        require(there == record["users"], f"they were {record['users']} and are {there}")
    with steps.step("sign in on the page"):
        _sign_in(record["administrator"])
    taking.restore()
    with steps.step("command line: list, restore, undo"):
        _command_line(taking)


def _tell(step: Step) -> None:
    print(json.dumps(asdict(step)), flush=True)


def _run(*words: str, stdin: str = "") -> str:
    done = subprocess.run([sys.executable, *words], input=stdin, capture_output=True, text=True, check=False)
    said = (done.stderr or done.stdout)[-500:].strip()
    require(done.returncode == 0, f"{' '.join(words)} ended with {done.returncode}: {said}")
    return done.stdout


def _users() -> Any:
    return json.loads(_run("-m", "equipment", "user", "list", "--json"))


def _add_users(name: str) -> Any:
    add = ("-m", "equipment", "user", "add")
    _run(*add, f"{name} admin", "--role", "admin", "--password-stdin", stdin=PASSWORD + "\n")
    _run(*add, f"{name} technician", "--role", "technician")
    return _users()


def _sign_in(name: str) -> None:
    """Draw the page, sign in as the administrator the other version made, and look whether everything is drawn."""
    import streamlit
    from streamlit.testing.v1 import AppTest

    # AppTest stands in for the browser, but knows neither an address nor components of our own.
    context, components = type(streamlit.context), streamlit.components.v2
    nothing = patch.object(components, "component", lambda *_, **__: lambda **_: None)
    with nothing, patch.object(context, "ip_address", None), patch.object(context, "headers", {}):
        page = AppTest.from_file(str(Path.cwd() / "app.py"), default_timeout=PAGE_SECONDS).run()
        fields = {field.label: field for field in page.text_input}
        require({"Name", "Password"} <= fields.keys(), f"the page asks for {sorted(fields)}")
        fields["Name"].input(name)
        fields["Password"].input(PASSWORD)
        next(button for button in page.button if button.label == "Sign in").click().run()
    complaints = [str(part.value) for part in (*page.error, *page.exception)]
    require(not complaints, f"the page says: {'; '.join(complaints)}")
    tabs = [tab.label for tab in page.tabs]
    require("User Management" in tabs, f"an administrator sees the tabs {tabs}")


def _command_line(taking: Taking) -> None:
    command = "backup_csv_for_db_restore.py"
    listed = {backup["label"] for backup in json.loads(_run(command, "list", "--json"))["backups"]}
    noted: Record = next(noted for noted in taking.record["sets"] if noted["what"] == DIFFERENTIAL)
    require(noted["label"] in listed, f"list does not name {noted['label']}")
    before = taking.content()
    _run(command, "restore", noted["label"], "--mode", "replace", "--yes")
    taking.must_be(noted["content"])
    _run(command, "undo", "--yes")
    taking.must_be(before)


if __name__ == "__main__":
    main()
