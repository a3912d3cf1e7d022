"""The installation that a command works in, who it acts as, and how it ends: in words and a code, never a traceback."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import click
from pydantic import SecretStr
from pymongo.errors import PyMongoError

from backup_engine.arguments import checked, database_named
from backup_engine.cli.signals import Signals
from backup_engine.cli.streams import make_fit
from backup_engine.errors import BackupError, BadInput, Cancelled, DatabaseUnreachable
from backup_engine.machine import private
from backup_engine.model import Progress, Watch
from equipment.accounts import setup
from equipment.logs import reference
from equipment.server import console_log, database
from equipment.settings import Settings, get_settings
from equipment.store import outside
from equipment.store.access import Db, Who

__all__ = ["Given", "Installation", "opened", "where"]

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Given:
    """What a command was told about where to work and how to answer; None where the installation decides."""

    uri: str | None = None
    database: str | None = None
    as_json: bool = False


@dataclass(frozen=True)
class Installation:
    """The options, the database, who acts, and the watch of what takes long: a signal cancels it."""

    settings: Settings
    db: Db
    who: Who
    watch: Watch


def where(function: Function) -> Function:
    """Add the options that say where, as the commands for backups have them."""
    for option in (
        click.option("--database", metavar="NAME", help="Name of the database, on that server or the installation's."),
        click.option("--uri", metavar="URI", help="Connection string of the MongoDB server."),
    ):
        function = option(function)
    return function


@contextmanager
def opened(given: Given) -> Iterator[Installation]:
    """Open the database; end the program with an error's words and code instead of a traceback."""
    make_fit()
    private.set_umask()
    console_log.begin(command=True)
    with Signals() as signals:
        try:
            with reference.request():
                settings = _settings(given)
                console_log.begin_with(settings, command=True)
                if database.choose(settings) is database.Choice.NONE:
                    problem, hint = database.no_mongodb()
                    raise BadInput(f"{problem[:1].upper()}{problem[1:]}.", hint=hint)
                db = signals.reaching(lambda: database.connect(settings))()
                setup.prepare(db, settings)
                with signals.asked():
                    # Whoever may run this may read the whole database anyway: the operating system is the gate.
                    yield Installation(settings, db,
                                       Who("system:command", outside.actor().partition("@")[0], "console"),
                                       Watch(_progress(given), lambda: bool(signals.received)))
        except (KeyboardInterrupt, Cancelled):
            _end(given, Cancelled("stopped", hint="What was written until then stands in Activity."), signals.exit_code)
        except BackupError as error:
            _end(given, error, error.exit_code)
        except PyMongoError as error:
            _end(given, DatabaseUnreachable(type(error).__name__), DatabaseUnreachable.exit_code)
        except BrokenPipeError:
            sys.exit(signals.broken_pipe())
        finally:
            database.close()


def _settings(given: Given) -> Settings:
    """Give the installation's settings with another server or database, by the rules of the commands for backups."""
    settings = get_settings()
    said = checked({"connection_string": given.uri, "database": given.database})
    own = settings.mongodb_uri and settings.mongodb_uri.get_secret_value()
    name = said.get("database") or (database_named(said) if said.get("connection_string") not in (None, own) else None)
    changed: dict[str, Any] = {"mongodb_database": name} if name else {}
    if "connection_string" in said:
        changed["mongodb_uri"] = SecretStr(said["connection_string"])
    return settings.model_copy(update=changed)


def _progress(given: Given) -> Callable[[Progress], None] | None:
    """Say each step once, on a terminal alone."""
    if given.as_json or not sys.stderr.isatty():
        return None
    told: set[str] = set()

    def show(progress: Progress) -> None:
        if progress.phase not in told:
            told.add(progress.phase)
            click.echo(f"{progress.phase} …", err=True)

    return show


def _end(given: Given, error: BackupError, code: int) -> NoReturn:
    if given.as_json:
        click.echo(json.dumps({"ok": False, "exit_code": code, "error": error.code.lstrip("_"),
                               "message": error.message, "hint": error.hint}, ensure_ascii=False, indent=1))
    else:
        click.echo(str(error), err=True)
    sys.exit(code)
