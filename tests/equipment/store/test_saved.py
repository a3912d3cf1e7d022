"""Every collection of the application is either saved with the backups or named as one that is not, with the reason."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import bson
import pytest

from backup_engine.model import OWNER_SOURCES
from backup_engine.mongo import versions
from backup_engine.replacing import journal
from equipment.store import access, activity, saved
from equipment.store.accounts import administrators, attempts, calendar_links, password_links
from equipment.store.life import attachments, events, file_bytes, loans, plans, stocktakings
from equipment.store.list import column_values, ids, schema, views

ROOT = Path(saved.__file__).parents[1]


def collections_in_the_code() -> set[str]:
    """Texts in the store's modules that look like names of collections."""
    texts = {node.value for path in (ROOT / "store").rglob("*.py") if path.name != "saved.py"
             for node in ast.walk(ast.parse(path.read_text()))
             if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts
            if text.lower().startswith("equipment_") and text.translate({ord(c): None for c in "_."}).isalpha()}


def test_no_collection_is_forgotten() -> None:
    told = {source.collection for source in saved.SAVED} | saved.NOT_SAVED.keys()
    lists = {source.collection for source in OWNER_SOURCES}

    assert len(collections_in_the_code()) > 9
    assert collections_in_the_code() - lists == {name for name in told if name.lower().startswith("equipment_")}
    assert told & lists == set()
    assert {journal.COLLECTION, versions.COLLECTION} <= saved.NOT_SAVED.keys()


def test_the_names_are_those_of_the_modules() -> None:
    assert {source.key: source.collection for source in saved.SAVED} == {
        "users": access.USERS, "settings": administrators.SETTINGS, "views": views.VIEWS, "columns": schema.COLUMNS,
        "deleted_columns": column_values.VALUES, "trash": ids.TRASH, "activity": activity.ACTIVITY,
        "loans": loans.LOANS, "stocktakings": stocktakings.STOCKTAKINGS,
        "events": events.EVENTS, "plans": plans.PLANS,
        "files": attachments.ATTACHMENTS, "file_parts": file_bytes.CHUNKS, "file_lengths": file_bytes.FILES}
    assert {access.SESSIONS, access.TOKENS, attempts.ATTEMPTS, password_links.LINKS, calendar_links.CALENDARS,
            ids.RESERVED} <= saved.NOT_SAVED.keys()


@pytest.mark.parametrize(("key", "document", "counts"), [
    ("activity", {"action": "backup.create"}, False), ("activity", {"action": "backup.auto.created"}, False),
    ("activity", {"action": "records.save"}, True), ("activity", {}, True), ("users", {"action": "backup.x"}, True),
])
def test_entries_about_backups_are_no_change(key: str, document: dict[str, str], counts: bool) -> None:
    assert saved.APPLICATION_DATA.counts(key, bson.encode(document)) is counts


def test_the_command_line_can_afford_it() -> None:
    """It is loaded at every start: what it needs must not load the list, the pages or the tables."""
    code = ("import sys, equipment.store.saved; "
            "print([name for name in sys.modules if name in ('streamlit', 'pyarrow', 'pandas', 'numpy') "
            "or name.startswith('equipment.store.list')])")
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT.parent, check=True)

    assert ended.stdout.strip() == "[]"
