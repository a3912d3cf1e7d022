"""The constructor: what it refuses, in which words, and that nothing was touched by then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mongomock
import pymongo
import pytest

from backup_csv_for_db_restore import DatabaseBackupRestore
from backup_engine import api
from backup_engine.arguments import KEEP_DAYS, checked, database_named
from backup_engine.errors import BadInput
from backup_engine.model import Source
from backup_engine.policy.tiers import TIERS
from equipment import settings
from equipment.settings import Settings

URI = "mongodb://127.0.0.1:9/"
ENGINES = pytest.mark.parametrize("engine", [api.DatabaseBackupRestore, DatabaseBackupRestore], ids=["api", "face"])


@pytest.fixture
def untouched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder in which nothing may appear, and settings that nobody may ask for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "get_settings", lambda: pytest.fail("the installation was asked"))
    return tmp_path


@ENGINES
def test_an_unknown_argument_names_the_known_ones(engine: Callable[..., Any], untouched: Path) -> None:
    with pytest.raises(TypeError) as caught:
        engine(databse="Laboratory", folder="x")

    assert "'databse', 'folder'" in str(caught.value)
    assert all(name in str(caught.value) for name in ("connection_string", "database", "backup_folder", "keep_days"))
    assert ("settings_file" in str(caught.value)) is (engine is DatabaseBackupRestore)


@ENGINES
@pytest.mark.parametrize(("given", "words"), [
    ({"connection_string": URI, "client": mongomock.MongoClient()}, "connection_string and client both .* drop one"),
    ({"connection_string": URI, "connect": dict}, "connection_string and connect both .* drop one"),
    ({"client": mongomock.MongoClient(), "connect": dict}, "client and connect both .* drop one"),
    ({"connect": dict, "database": "Laboratory"}, "connect gives the database itself: drop database"),
])
def test_contradictory_arguments_say_which_to_drop(
    engine: Callable[..., Any], given: dict[str, Any], words: str, untouched: Path
) -> None:
    with pytest.raises(TypeError, match=words):
        engine(**given)


WRONG: dict[str, list[Any]] = {
    "connection_string": ["", "  ", 5, b"mongodb://h"], "client": ["mongodb://h", mongomock.MongoClient()["db"], 5],
    "connect": ["db", 5], "database": ["", "a b", "a/b", "x" * 64, "ü" * 32, 5], "backup_folder": ["", " ", 5, "a\0b"],
    "keep_days": [None, 0, -1, 3651, 10**10, 7.5, "7", True, float("nan")],
    "tiers": [7, "8w", {"weekly": -1}, {"weekly": 521}, {"weekly": "8"}, {"weekly": True}, {"fortnightly": 1}],
    "schedules": [7, "30 2 * * *", {"backup": "30 2 * *"}, {"drill": "0 0 30 2 *"}, {"verify": 5},
                  {"merge": "0 0 * * *"}, {"time_zone": "Mars/Phobos"}],
    "interval_hours": [0, 0.05, 169, "x", True, float("nan")],
    "sources": [(), [], "ab", 5, (Source("a", "A"), Source("a", "B")), (Source("a", "A"), Source("b", "A")),
                (Source("../x", "A"),), (Source("a", ""),), (("a", "A"),)],
    "seal": ["gzip"], "compression": ["rar", "", 5], "recipients": ["age1x", "", ["  "], 5, ["none", "age1x"]],
    "identities": ["age1x", "words", 5, [5]], "signing_key": ["", 5],
    "clock": [5], "workers": [-1, True, 2.0, "2", 10**9],
    "remotes": [5, ["file:///x"], "file:///x", "a=nonsense", {"A": "file:///x"}, {"a": 5}, "a=s3://k:hush@b/x"],
}


@ENGINES
@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_value_that_cannot_be_used_is_refused(
    engine: Callable[..., Any], name: str, value: Any, untouched: Path
) -> None:
    with pytest.raises(BadInput) as caught:
        engine(**{name: value})

    assert len(caught.value.message) < 200
    assert list(untouched.iterdir()) == []


def test_the_bounds_of_keep_days_are_in_the_words_and_in_the_settings() -> None:
    with pytest.raises(BadInput, match="keep_days must be a whole number of days from 1 to 3650, not 0"):
        checked({"keep_days": 0})

    bounds = {type(rule).__name__: rule for rule in Settings.model_fields["backup_keep_days"].metadata}
    assert (bounds["Ge"].ge, bounds["Le"].le) == KEEP_DAYS  # type: ignore[attr-defined]


def test_the_bounds_of_tiers_are_those_of_the_settings() -> None:
    for tier in TIERS:
        bounds = {type(rule).__name__: rule for rule in Settings.model_fields[f"backup_keep_{tier.name}"].metadata}
        assert (bounds["Ge"].ge, bounds["Le"].le) == (0, tier.most)  # type: ignore[attr-defined]


@ENGINES
def test_values_at_their_bounds_are_taken(engine: Callable[..., Any], tmp_path: Path) -> None:
    for days in KEEP_DAYS:
        system = engine(backup_folder=tmp_path, keep_days=days, tiers={"hourly": 0, "yearly": 100},
                        interval_hours="168", workers=0, database="ü" * 31)

        assert system.workspace.keep_days == days
        assert system.workspace.tiers == {"hourly": 0, "yearly": 100}
        assert system.interval_hours == 168.0


@pytest.mark.parametrize(("uri", "name"), [
    ("mongodb://h", None), ("mongodb://h/", None), ("mongodb://h/lab", "lab"), ("mongodb://u:%2F@h,i:1/lab?w=1", "lab"),
    ("mongodb+srv://u:p@cluster.invalid/lab?retryWrites=true", "lab"), ("mongodb://%2Ftmp%2Fm.sock/lab", "lab"),
    ("mongodb://u:p@h/admin?authSource=admin", None), ("mongodb://h/local", None), ("mongodb://h/config", None),
    ("mongodb://h/?authSource=lab", None), ("no address", None), ("mongodb://h:x/lab", None),
])
def test_the_database_in_the_path(uri: str, name: str | None) -> None:
    assert database_named({"connection_string": uri}) == name


@pytest.mark.parametrize(("path", "name"), [("lab", "lab"), ("admin", None), ("", None)])
def test_the_database_in_the_path_of_a_client(path: str, name: str | None) -> None:
    with pymongo.MongoClient[dict[str, Any]](URI + path, connect=False) as client:
        assert database_named({"client": client}) == name
