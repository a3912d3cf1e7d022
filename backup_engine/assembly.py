"""The workspace that the checked arguments of `DatabaseBackupRestore` ask for; nothing is contacted for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from backup_engine.csv_format.seal import UNSEALED, Seal
from backup_engine.keys import safety
from backup_engine.keys.choice import BOTH
from backup_engine.keys.signing import Signer
from backup_engine.mongo.connection import LOCAL_URI, Connection
from backup_engine.repository.annex import annex
from backup_engine.repository.catalog import Catalog
from backup_engine.storage import LocalStorage, open_storage
from backup_engine.storage.base import Storage
from backup_engine.workspace import Workspace

__all__ = ["assembled"]


def assembled(given: Mapping[str, Any], database_name: str) -> Workspace:
    """Put the parts together; ``given`` is what ``arguments.checked`` made of the arguments that were given."""
    storage = open_storage(given.get("backup_folder", "restore_data_to_db"), given.get("work_folder", ""))
    key_place = LocalStorage(given["work_folder"]) if "work_folder" in given else None
    connection = Connection(given.get("connection_string") or LOCAL_URI, database_name, client=given.get("client"))
    return Workspace(
        sources=given["sources"], storage=storage, catalog=Catalog(storage, given["sources"]),
        connect=given.get("connect") or connection,
        clock=given["clock"], keep_days=given["keep_days"], tiers=given.get("tiers", {}),
        schedules=given.get("schedules", {}), workers=given.get("workers"),
        seal=_seal(given, key_place or storage),
        said=BOTH if "seal" in given else BOTH & given.keys(), key_place=key_place,
        signer=Signer(Path(given["signing_key"])) if "signing_key" in given else None,
        database_name=database_name, remotes=given.get("remotes", {}),
        annex=annex(storage, given["application"], given["sources"]) if "application" in given else None,
    )


def _seal(given: Mapping[str, Any], keys_at: Storage) -> Seal:
    """How new files are stored, and the keys at hand: those that were given, and those of safety sets."""
    seal = replace(given.get("seal", UNSEALED), **{name: given[name] for name in BOTH & given.keys()})
    return replace(seal, also=safety.reader(keys_at)).with_keys(given.get("identities", ()))
