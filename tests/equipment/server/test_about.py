"""What people send to whoever helps them: enough to help, and nothing that must not be sent."""

from __future__ import annotations

import platform
from typing import Any

import pymongo
from pymongo.database import Database

from equipment import __version__
from equipment.server import about
from equipment.settings import Settings

SECRETS = {"mongodb_uri": "mongodb://ada:s3cret-uri@db.lab.example/", "smtp_password": "s3cret-mail",
           "health_token": "s3cret-token-of-the-watch", "notify": "json://s3cret-notify.lab.example",
           "backup_remote": "s3://s3cret-bucket/x", "public_url": "https://s3cret-host.lab.example"}


def test_the_versions_are_told_without_a_name_of_a_host(database: Database[dict[str, Any]]) -> None:
    settings = Settings.model_validate({"mongodb_uri": "mongodb://ada:pass@db.lab.example/"})

    told = "\n".join(about.lines(settings, database))

    assert f"Equipment {__version__}" in told and f"Python {platform.python_version()}" in told
    assert f"MongoDB {database.client.server_info()['version']}, at the address in MONGODB_URI" in told
    assert "lab.example" not in told and platform.node() not in told


def test_a_database_that_is_down_is_told_as_that() -> None:
    with pymongo.MongoClient[dict[str, Any]]("mongodb://127.0.0.1:9", serverSelectionTimeoutMS=50) as client:
        told = about.lines(Settings(), client["x"])

    assert told[-1].startswith("MongoDB does not answer")


def test_options_are_named_and_only_numbers_switches_and_choices_have_values() -> None:
    settings = Settings.model_validate(SECRETS | {
        "backup_interval_hours": 2, "backup_continuous": True, "log_format": "json", "backup_compression": "zstd",
        "mail_to": "ada@lab.example"})

    told = about.options(settings)

    assert {"BACKUP_INTERVAL_HOURS: 2.0", "BACKUP_CONTINUOUS: True", "EQUIPMENT_LOG_FORMAT: json",
            "BACKUP_COMPRESSION: zstd", "MONGODB_URI: given", "EQUIPMENT_SMTP_PASSWORD: given",
            "EQUIPMENT_MAIL_TO: given"} <= set(told)
    assert not [line for line in told if "s3cret" in line or "lab.example" in line]
    assert about.options(Settings()) == []
