"""The options that say where the data are: the database, and the folders of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, ValidationInfo, field_validator

from equipment.settings.places import FromHome, from_home

__all__ = ["PlaceOptions"]


class PlaceOptions(BaseModel):
    """What an installation says about its database and folders."""

    # The first field: pydantic shows a validator only those above, and the folders below start at this one.
    home: Path | None = Field(
        default=None,
        description="Folder of an installed copy's data and of its .streamlit/secrets.toml; it must exist. "
                    "A checkout is its own folder and does not ask.")
    mongodb_uri: SecretStr | None = Field(
        default=None,
        description="Connection string of your MongoDB. Without it the MongoDB that comes with the requirements runs. "
                    "A database in its path is only where the login is checked.")
    mongodb_database: str = Field(
        default="Equipment_DB", min_length=1, max_length=63, pattern=r'^[^/\\. "$*<>:|?\x00]+$',
        description="Name of the database that holds the equipment list.")
    data_folder: FromHome = Field(
        default=Path(".data"),
        description="Folder of the embedded MongoDB's files; relative to the folder of app.py or EQUIPMENT_HOME.")
    runtime_folder: FromHome | None = Field(
        default=None,
        description="Folder for the socket of the embedded MongoDB; a short path without capital letters. By default "
                    "systemd's RUNTIME_DIRECTORY, or a private folder in the temporary folder.")
    work_folder: Path | None = Field(
        default=None,
        description="Folder for the safety backup of a restore from a backup folder that can only be read; by default "
                    "`work` in the data folder.")
    list_index: Literal["", "memory", "files"] = Field(
        default="", description="Where the index of the list is: in memory, or in files in `index` in the data folder, "
                                "which are made from the list and belong into no backup. By default in files from "
                                "20,000 records on.")
    embedded_database: bool = Field(
        default=True,
        description="Run a MongoDB of our own when there is no MONGODB_URI. With false the app asks for one instead.")
    min_free_mb: int = Field(
        default=500, ge=0, le=1_000_000,
        description="Free megabytes on the disk of the data folder below which the list is read-only, as a full disk "
                    "ends the embedded MongoDB; 0 never.")

    @field_validator("work_folder")
    @classmethod
    def _in_data_folder(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None:
            return from_home(value, info)
        data = info.data.get("data_folder")  # not there when it was refused
        return data / "work" if data else None
