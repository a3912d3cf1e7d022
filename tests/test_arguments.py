"""What docs/operations.md says of arguments, flags, options and defaults is what counts, in every combination."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, cast

import mongomock
import pymongo
import pytest
from pymongo.database import Database

from backup_csv_for_db_restore import DatabaseBackupRestore
from backup_engine import keep
from backup_engine.api import DatabaseBackupRestore as Engine
from backup_engine.cli.session import Given, Session
from backup_engine.cli.signals import Signals
from backup_engine.csv_format import age
from backup_engine.csv_format.seal import Seal
from backup_engine.errors import BadInput
from backup_engine.keys import choice
from backup_engine.mongo.connection import Connection
from backup_engine.policy.tiers import TIERS
from backup_engine.scheduling.preferences import SCHEDULES, Preferences, load
from equipment import settings
from equipment.server import database as server
from equipment.settings import ROOT, Settings, in_force, settings_file, sources
from tests.doc_pages import block, page, rows
from tests.mongod import Mongod

OPERATIONS = page("docs/operations.md")
COMBINATIONS = rows(block(OPERATIONS, "combinations"), "way to it")
SOURCES = rows(block(OPERATIONS, "sources"), "what")
INSTALLATION, GIVEN, PATH, OWN = "Installed_DB", "Given_DB", "Path_DB", "Own_DB"
WAYS = ["nothing", "`connection_string`", "`connection_string` with a path",
        "`connection_string` with the path `/admin`", "`connection_string` that is `MONGODB_URI`", "`client`",
        "`client` with a path", "`connect`", "`connection_string` and `client`", "`connection_string` and `connect`",
        "`client` and `connect`"]
SCHEDULED = {"schedule": "backup", "schedule of verification": "verify", "schedule of drills": "drill",
             "time zone": "time_zone"}
DATABASE_USED = {"the installation's": INSTALLATION, "the given one": GIVEN, "the path's": PATH, "its own": OWN}


@pytest.fixture
def installation(shared_mongod: Mongod, tmp_path: Path) -> Iterator[Settings]:
    """One with a database of its own and an address whose path is another."""
    uri = with_path(shared_mongod, PATH, "installed")
    chosen = Settings(mongodb_uri=uri, mongodb_database=INSTALLATION, backup_folder=tmp_path)
    with settings.use(chosen):
        yield chosen
    server.close()


def with_path(mongod: Mongod, path: str, name: str) -> str:
    """The server's address with a database in its path and a name by which its clients are told apart."""
    return mongod.uri.replace("/?", f"/{path}?") + f"&appName={name}"


def arguments(mongod: Mongod, chosen: Settings, way: str) -> dict[str, Any]:
    """The arguments of one way of the table."""
    path = "admin" if "/admin" in way else PATH if "path" in way else ""
    own = chosen.mongodb_uri is not None and chosen.mongodb_uri.get_secret_value()
    uri = own if "MONGODB_URI" in way else with_path(mongod, path, "given")
    client = pymongo.MongoClient[dict[str, Any]](with_path(mongod, path, "given"))
    values = {"connection_string": uri, "client": client, "connect": lambda: client[OWN]}
    return {name: value for name, value in values.items() if f"`{name}`" in way}


def server_of(database: Database[dict[str, Any]], mongod: Mongod) -> str:
    """Whose client this is: the installation's has the name of the app."""
    assert database.client.admin.command("ping")["ok"] == 1
    name = database.client.options.pool_options.metadata["application"]["name"]
    return "the installation's" if name == "equipment" else "its own"


def test_every_combination_is_in_the_table_once() -> None:
    assert sorted((way, given) for way, given, *_ in COMBINATIONS) == sorted(product(WAYS, ("given", "not given")))


@pytest.mark.parametrize(("way", "given", "whose", "used"), COMBINATIONS)
def test_the_database_used_is_the_one_in_the_table(
    way: str, given: str, whose: str, used: str, installation: Settings, shared_mongod: Mongod
) -> None:
    words = arguments(shared_mongod, installation, way)
    if given == "given":
        words["database"] = GIVEN

    if whose == "`TypeError`":
        with pytest.raises(TypeError, match="drop"):
            DatabaseBackupRestore(**words)
        return
    workspace = DatabaseBackupRestore(**words).workspace
    database = workspace.connect()

    assert (server_of(database, shared_mongod), database.name) == (whose, DATABASE_USED[used])
    # What it is called while it cannot be asked; nobody knows of a way that only gives the database.
    assert workspace.database_name == ("" if way == "`connect`" else database.name)


@pytest.mark.parametrize(("way", "given", "whose", "used"), [
    row for row in COMBINATIONS if "`client`" not in row[0] and "`connect`" not in row[0]
])
def test_the_flags_mean_the_same(
    way: str, given: str, whose: str, used: str, installation: Settings, shared_mongod: Mongod
) -> None:
    uri = arguments(shared_mongod, installation, way).get("connection_string")
    asked = Given(uri=uri, database=GIVEN if given == "given" else None)

    workspace = Session(DatabaseBackupRestore, Signals(), asked).workspace
    database = workspace.connect()

    assert workspace.database_name == database.name
    assert (server_of(database, shared_mongod), database.name) == (whose, DATABASE_USED[used])


LEVELS = ("argument", "environment", "settings file", "secrets", "default")
SAID: dict[str, dict[str, Any]] = {
    "server": {level: f"mongodb://{level.split()[0]}.invalid/" for level in LEVELS} | {"default": None},
    "database": {level: level.split()[0] for level in LEVELS} | {"default": "Equipment_DB"},
    "folder": {level: str(ROOT / level) for level in LEVELS} | {"default": str(ROOT / "restore_data_to_db")},
    "interval": dict(zip(LEVELS, (2.5, 3, 4, 5, 1), strict=True)),
    **{what: dict(zip(LEVELS, ("1 2 * * *", "2 2 * * *", "3 2 * * *", "4 2 * * *", ""), strict=True))
       for what in ("schedule", "schedule of verification", "schedule of drills")},
    "time zone": dict(zip(LEVELS, ("Europe/Berlin", "Asia/Tokyo", "UTC", "Africa/Cairo", ""), strict=True)),
    "retention": dict(zip(LEVELS, (20, 30, 40, 50, 7), strict=True)),
    "compression": dict(zip(LEVELS, ("zstd", "gzip", "none", "zstd", "none"), strict=True)),
    "recipients": {level: age.public_half(age.new_identity()) for level in LEVELS} | {"default": ""},
    **{f"{tier.unit}s kept": dict(zip(LEVELS, (5, 4, 3, 2, 0), strict=True)) for tier in TIERS},
    "remotes": {level: f"disk=file:///{level.split()[0]}" for level in LEVELS} | {"default": ""},
}


@pytest.mark.parametrize("first", range(len(LEVELS)), ids=LEVELS)
@pytest.mark.parametrize(("what", "argument", "flag", "option"), [row[:4] for row in SOURCES], ids=lambda word: word)
def test_the_first_source_that_says_something_counts(
    what: str, argument: str, flag: str, option: str, first: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``first`` is the first source that says something; every later one says something else."""
    said = {level: SAID[what][level] for level in LEVELS[first:]}
    option, secrets, file = option.strip("`"), tmp_path / "secrets.toml", tmp_path / "settings.toml"
    if "environment" in said:
        monkeypatch.setenv(option, str(said["environment"]))
    secrets.write_text(f"{option} = {said['secrets']!r}\n" if "secrets" in said else "")
    settings_file.write(file, {option: said["settings file"]} if "settings file" in said else {})
    monkeypatch.setattr(sources, "_secrets_path", lambda home_in_file=None: secrets)
    monkeypatch.setattr(server, "connect", lambda chosen: chosen)
    given = {argument.strip("`"): said["argument"]} if "argument" in said else {}
    if "schedules" in given:
        given["schedules"] = {SCHEDULED[what]: said["argument"]}
    if "tiers" in given:  # one of them: about the others the other sources go on deciding
        given["tiers"] = {next(tier.name for tier in TIERS if what == f"{tier.unit}s kept"): said["argument"]}
    flags = {flag.strip("`-"): said["argument"]} if "argument" in said and flag else {}

    assert what_counts(DatabaseBackupRestore(settings_file=file, **given), what) == said[LEVELS[first]]
    if flag:
        asked: Any = {{"recipient": "recipients"}.get(name, name): (value,) if name == "recipient" else value
                      for name, value in flags.items()}
        session = Session(DatabaseBackupRestore, Signals(), Given(settings=str(file), **asked))
        assert what_counts(session.backups, what) == said[LEVELS[first]]


def what_counts(system: Engine, what: str) -> Any:
    """What a system uses: ``server.connect`` gives the settings it was asked with."""
    connect = inspect.unwrap(system.workspace.connect)
    if what in ("server", "database") and isinstance(connect, Connection):
        return connect._uri if what == "server" else connect.database
    if what == "server":
        uri = connect().mongodb_uri  # type: ignore[attr-defined]
        return uri and uri.get_secret_value()
    if what in SCHEDULED:  # nothing is stored in this database
        stored = load(cast(Any, mongomock.MongoClient())["empty"], Preferences(), system.workspace.schedules)
        return getattr(stored, SCHEDULES[SCHEDULED[what]])
    if what in ("compression", "recipients"):  # nothing is stored in this database
        seal = choice.effective(system.workspace, cast(Any, mongomock.MongoClient())["empty"])
        return seal.compression if what == "compression" else ",".join(seal.recipients)
    if what.endswith(" kept"):
        counted = keep.counting(system.workspace, cast(Any, mongomock.MongoClient())["empty"]).counts
        assert sum(counted.values()) == max(counted.values())
        return max(counted.values())
    if what == "database":
        return connect().mongodb_database  # type: ignore[attr-defined]
    return {"folder": system.workspace.storage.describe(), "interval": system.interval_hours,
            "retention": system.workspace.keep_days,
            "remotes": " ".join(f"{name}={url}" for name, url in system.workspace.remotes.items())}[what]


def test_the_defaults_in_the_table_are_the_programs() -> None:
    told = {option.strip("`"): default.strip("`") for *_, option, default in SOURCES}
    real = {name: f"{value:g}" if isinstance(value, float) else str(value)
            for name, value in in_force(Settings()).items()}

    assert told.pop("MONGODB_URI") == "the embedded MongoDB" and "MONGODB_URI" not in real
    stored = {told.pop("BACKUP_COMPRESSION"), told.pop("BACKUP_RECIPIENTS")}
    assert stored == {"what the page says, else none"} and not {"BACKUP_COMPRESSION", "BACKUP_RECIPIENTS"} & real.keys()
    scheduled = {told.pop(name) for name in [*told] if name.endswith("_SCHEDULE") or name == "BACKUP_TIME_ZONE"}
    assert scheduled == {"what the page says, else none"}
    assert not {Settings.model_fields[f"backup_{name}"].default for name in ("schedule", "time_zone")} - {""}
    tiers = {name: told.pop(name) for name in [*told] if name.startswith("BACKUP_KEEP_")}
    assert set(tiers.values()) == {"what the page says, else 0"} and not tiers.keys() & real.keys()
    assert tiers.keys() == {f"BACKUP_KEEP_{tier.name.upper()}" for tier in TIERS}
    assert told.pop("BACKUP_REMOTE") == "none" and "BACKUP_REMOTE" not in real
    assert told == {name: real[name].removeprefix(f"{ROOT}/") for name in told}


@pytest.mark.parametrize("empty", ["uri", "database", "folder"])
def test_an_empty_flag_is_refused_and_not_taken_for_none(empty: str, installation: Settings) -> None:
    session = Session(DatabaseBackupRestore, Signals(), Given())
    session.take(**{empty: ""})

    with pytest.raises(BadInput):
        _ = session.backups


def test_the_stored_choice_counts_where_nothing_was_said_and_for_what_was_not(
    shared_mongod: Mongod, tmp_path: Path
) -> None:
    stored, given = (age.public_half(age.new_identity()) for _ in range(2))
    with shared_mongod.client() as client:
        choice.save(client[GIVEN], choice.Choice("gzip", (stored,)))
        client[GIVEN].Equipment.insert_one({"_id": 1})

        for number, (words, compression, recipients) in enumerate([
            ({}, "gzip", [stored]), ({"compression": "zstd"}, "zstd", [stored]),
            ({"recipients": given}, "gzip", [given]),
            ({"recipients": "none"}, "gzip", []), ({"compression": "none", "recipients": ()}, "none", []),
            ({"seal": Seal()}, "none", []),
        ]):
            options: Any = words
            system = DatabaseBackupRestore(
                shared_mongod.uri, database=GIVEN, backup_folder=tmp_path / str(number), **options)
            created = system.create(force=True)
            assert created.set is not None
            codec = created.set.metadata["codec"]
            assert (codec["compression"], codec["recipients"]) == (compression, recipients), words
        client.drop_database(GIVEN)


def test_the_seal_and_a_part_of_it_contradict_each_other() -> None:
    for part in ({"compression": "zstd"}, {"recipients": "none"}):
        with pytest.raises(TypeError, match="drop one"):
            DatabaseBackupRestore(seal=Seal(), **cast(Any, part))


def test_a_backup_of_a_named_database_is_of_that_database(
    installation: Settings, shared_mongod: Mongod, tmp_path: Path
) -> None:
    with shared_mongod.client() as client:
        client[INSTALLATION].Equipment.insert_one({"_id": "wrong"})
        client[GIVEN].Equipment.insert_many([{"_id": "right"}, {"_id": "right too"}])

    system = DatabaseBackupRestore(database=GIVEN, backup_folder=tmp_path / "sets")
    success, file, message = system.create_backup()

    assert success and file, message
    assert "right too" in Path(file).read_text() and "wrong" not in Path(file).read_text()
    with shared_mongod.client() as client:
        for name in (GIVEN, INSTALLATION):
            client.drop_database(name)
