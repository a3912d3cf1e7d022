"""Back up and restore the equipment list: the class, the two page functions and the command line.

    from backup_csv_for_db_restore import DatabaseBackupRestore
    backup_system = DatabaseBackupRestore()
    success, backup_file, message = backup_system.create_backup(backup_interval_hours=1)

Without arguments everything is this installation's: its database, its folder, its interval.
``.venv/bin/python backup_csv_for_db_restore.py --help`` lists the commands.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from equipment import __version__, prerequisites

with prerequisites.explained(__name__ == "__main__"):
    from backup_engine import api
    from backup_engine.arguments import checked, database_named
    from backup_engine.cli import leaving

__all__ = ["DatabaseBackupRestore", "backup_restore_ui", "integrate_auto_backup_into_main_app"]


class DatabaseBackupRestore(api.DatabaseBackupRestore):
    """``backup_engine.api.DatabaseBackupRestore`` with this installation's defaults bound in."""

    version = __version__

    def __init__(
        self, connection_string: str | None = None, *, settings_file: str | Path | None = None, **options: Any
    ) -> None:
        """Take whatever is not given from the installation's settings; see the parent for every option.

        ``settings_file`` adds a file of options to the sources of the settings, between the environment and the
        secrets. ``database`` alone is another database on the installation's server.
        """
        given = checked({"connection_string": connection_string, **options}, also=("settings_file",))
        from equipment import settings
        from equipment.server import database
        from equipment.store.saved import application_of

        chosen = settings.get_settings() if settings_file is None else settings.installed(Path(settings_file))
        given.setdefault("backup_folder", str(chosen.backup_folder))
        given.setdefault("work_folder", str(chosen.work_folder))
        given.setdefault("keep_days", chosen.backup_keep_days)
        given["tiers"] = {**chosen.backup_tiers, **given.get("tiers", {})}
        given.setdefault("interval_hours", chosen.backup_interval_hours)
        given["schedules"] = {**chosen.backup_schedules, **given.get("schedules", {})}
        given.setdefault("remotes", chosen.backup_remote)
        if chosen.backup_signing_key is not None:
            given.setdefault("signing_key", chosen.backup_signing_key)
        if "seal" not in given:
            said = {"compression": chosen.backup_compression, "recipients": chosen.backup_recipients}
            given = {**{name: value for name, value in said.items() if value}, **given}
        if "sources" not in given:  # lists of one's own are not this application's
            given.setdefault("application", application_of(chosen))
        name, of_ours = "", False
        own_uri = chosen.mongodb_uri and chosen.mongodb_uri.get_secret_value()
        if not given.keys() & {"connection_string", "client", "connect"}:
            name = given.pop("database", chosen.mongodb_database)
            own = chosen.model_copy(update={"mongodb_database": name})
            given["connect"], of_ours = (lambda: database.connect(own)), True
        elif "connect" not in given:
            # The installation's own address is its own database as well, whatever the path says.
            named = None if given.get("connection_string") == own_uri else database_named(given)
            given.setdefault("database", named or chosen.mongodb_database)
        super().__init__(**given)
        from equipment import data_disk
        from equipment.store import outside

        self.workspace = replace(self.workspace, database_name=name or self.workspace.database_name,
                                 room=(lambda: data_disk.look(chosen)) if of_ours else None,
                                 tell=outside.teller(self.workspace.connect))


class _Reported(DatabaseBackupRestore):
    """The engine of the command line: how a backup ended is told to whom the installation names."""

    def __init__(self, settings_file: str | Path | None, chosen: Any, **options: Any) -> None:
        super().__init__(settings_file=settings_file, **options)
        elsewhere = any(options.get(name) for name in ("connection_string", "database", "backup_folder"))
        named = chosen.smtp_url or chosen.notify or chosen.dead_man_url
        self._told = chosen if named and not elsewhere else None

    def create(self, *arguments: Any, **options: Any) -> api.Created:
        """Make a backup as the parent does."""
        if self._told is None:
            return super().create(*arguments, **options)
        from equipment.messages import outside

        with outside.reported(self._told, self.workspace):
            return super().create(*arguments, **options)


def backup_restore_ui(app: Any = None) -> None:
    """Draw the Backup & Restore tab inside a Streamlit page, for administrators only.

    ``app`` may offer ``current_user() -> (name, role)``; otherwise ``st.session_state.user_role`` decides.
    """
    from equipment.ui.backup import tab  # here, so that the command line does not load Streamlit

    tab.show(app, _backups())


def integrate_auto_backup_into_main_app(app: Any = None, backup_interval_hours: float | None = None) -> None:
    """Check at a page load whether a backup is due and start it in the background; never waits, never breaks a page.

    ``backup_interval_hours`` (0.1–168) seeds the interval when nobody has set one.
    """
    from equipment.ui.backup import page_check

    page_check.run(app, _backups(), backup_interval_hours)


def _backups() -> Any:
    from equipment import backups, settings
    from equipment.server import database

    chosen = settings.get_settings()
    return backups.of(chosen, lambda: database.connect(chosen))


def _logging(*, settings_file: str | Path | None = None, **options: Any) -> DatabaseBackupRestore:
    """Give the engine of one command, whose log is as the same options say."""
    from equipment.server import console_log
    from equipment.settings import get_settings, installed

    console_log.begin(command=True)
    chosen = get_settings() if settings_file is None else installed(Path(settings_file))
    console_log.begin_with(chosen, command=True)
    return _Reported(settings_file, chosen, **options)


def _main() -> None:
    from backup_engine.cli.main import main
    from equipment.logs import reference
    from equipment.unattended.commands import COMMANDS

    try:
        with reference.request():
            main(engine=_logging, further=COMMANDS)
    finally:
        opened = sys.modules.get("equipment.server.database")  # not imported here: --help is to be quick
        if opened is not None:
            with suppress(KeyboardInterrupt):  # then the server's keeper ends it
                opened.close()


if __name__ == "__main__":
    leaving.at_once(_main)
