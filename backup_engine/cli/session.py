"""What all commands share: the options given, the engine they ask for, the answer they give, the progress bar."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from backup_engine.api import DatabaseBackupRestore
from backup_engine.cli import passphrase
from backup_engine.cli.signals import Signals
from backup_engine.csv_format.seal import Seal
from backup_engine.deeds import take_untold
from backup_engine.errors import BadInput, NoBackupsFound
from backup_engine.fetch import spooled, viewed
from backup_engine.keys.identity import read_file
from backup_engine.keys.signing import checked_public
from backup_engine.model import BackupSet, Progress, Watch
from backup_engine.mongo.connection import Connection
from backup_engine.ownership import lookup
from backup_engine.policy.moments import moment_of, newest_at
from backup_engine.repository import ledger
from backup_engine.workspace import Workspace

__all__ = ["Answer", "Given", "ProgressBar", "Session", "common_options", "from_remote", "verb"]

NEWEST = ("newest", "latest")
COMMON = ("uri", "database", "folder", "work_folder", "settings", "compression", "recipients", "identities",
          "passphrase", "signing_key", "signed_by", "as_json", "debug")
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Answer:
    """What a command found: a sentence, data for ``--json``, lines for people, and the exit code."""

    message: str
    data: Mapping[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    code: int = 0


@dataclass(frozen=True)
class Given:
    """The options every command takes; ``None`` where the installation decides."""

    uri: str | None = None
    database: str | None = None
    folder: str | None = None
    work_folder: str | None = None
    settings: str | None = None
    compression: str | None = None
    recipients: tuple[str, ...] = ()
    identities: tuple[Path, ...] = ()
    passphrase: bool = False
    signing_key: str | None = None
    signed_by: str | None = None
    as_json: bool = False
    debug: bool = False


class ProgressBar:
    """One line on a terminal that says where an operation is; silent anywhere else."""

    WIDTH = 24
    INTERVAL = 0.1

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted
        self._shown = ""
        self._next = 0.0

    def show(self, progress: Progress) -> None:
        """Draw, at most ten times a second."""
        if not self._wanted or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self.INTERVAL
        line = self._line(progress)
        # Blanks to the length of the line before, which would show behind a shorter one.
        sys.stderr.write("\r" + line.ljust(len(self._shown)))
        sys.stderr.flush()
        self._shown = line

    def end(self) -> None:
        """Remove the line."""
        if self._shown:
            sys.stderr.write("\r" + " " * len(self._shown) + "\r")
            sys.stderr.flush()
            self._shown = ""

    def _line(self, progress: Progress) -> str:
        if not progress.total:
            return f"{progress.phase} {progress.done:,}" if progress.done else progress.phase
        share = min(progress.done / progress.total, 1.0)
        bar = "█" * round(share * self.WIDTH)
        return f"{progress.phase} [{bar:<{self.WIDTH}}] {progress.done:,} of {progress.total:,}"


class Session:
    """One run of the program."""

    def __init__(self, engine: Callable[..., DatabaseBackupRestore], signals: Signals, given: Given) -> None:
        self._engine = engine
        self._signals = signals
        self.given = given

    def take(self, **given: Any) -> None:
        """Note options; what is given to a command wins over what is given before it."""
        # An empty text is one that was given, and is refused: --uri "$URI" must not mean the installation's.
        said = {name: value for name, value in given.items() if value is not None and value not in (False, ())}
        self.given = replace(self.given, **said)

    @cached_property
    def progress(self) -> ProgressBar:
        """The progress bar of this run."""
        return ProgressBar(sys.stderr.isatty() and not self.given.as_json)

    @cached_property
    def backups(self) -> DatabaseBackupRestore:
        """The backup system the options ask for; nothing is contacted yet. Raises ``BadInput``."""
        asked = {"connection_string": self.given.uri, "database": self.given.database,
                 "backup_folder": self.given.folder, "work_folder": self.given.work_folder,
                 "settings_file": self.given.settings, "compression": self.given.compression,
                 "recipients": self.given.recipients or None, "signing_key": self.given.signing_key}
        try:
            backups = self._engine(**{name: value for name, value in asked.items() if value is not None})
        except TypeError as error:  # an engine without an installation takes no settings
            raise BadInput(str(error)) from error
        connect = backups.workspace.connect
        if self.given.uri and isinstance(connect, Connection):
            connect = Connection(self.given.uri, connect.database, short_lived=True)
        backups.workspace = replace(backups.workspace, connect=self._signals.reaching(connect),
                                    seal=self._keyed(backups))
        if self.given.signed_by is not None:
            backups.workspace = replace(backups.workspace, signed_by=checked_public(self.given.signed_by))
        return backups

    def _keyed(self, backups: DatabaseBackupRestore) -> Seal:
        """Give the seal with the keys that were named; asks for passphrases. Raises ``BadInput``, ``WrongKey``."""
        keys = [read_file(path, ask=lambda path=path: passphrase.ask(f"Passphrase of {path}"))  # type: ignore[misc]
                for path in self.given.identities]
        phrases = (passphrase.ask("Passphrase of the backups"),) if self.given.passphrase else ()
        return backups.workspace.seal.with_keys(tuple(identity for key in keys for identity in key.identities), phrases)

    def take_untold(self) -> str:
        """Give, once, why what was done could not be told to the activity log; empty when it was."""
        return take_untold(self.backups.workspace) if "backups" in self.__dict__ else ""

    @property
    def workspace(self) -> Workspace:
        """What the verbs work with."""
        return self.backups.workspace

    @contextmanager
    def listed(self, remote: str | None) -> Iterator[Workspace]:
        """The workspace, or one over what lies in a remote."""
        if remote is None:
            yield self.workspace
            return
        with self.watch() as watch, viewed(self.workspace, remote, watch=watch) as there:
            yield there

    @contextmanager
    def reading(self, remote: str | None, which: str, at: str | None = None) -> Iterator[tuple[Workspace, BackupSet]]:
        """A set and the workspace to read it in; from a remote it is fetched first. ``at`` names a moment instead."""
        def chosen(there: Workspace) -> BackupSet:
            return self.find(which, there) if at is None else self.at(at, there)

        if remote is None:
            yield self.workspace, chosen(self.workspace)
            return
        with self.watch() as watch, \
                spooled(self.workspace, remote, chosen, meant=which if at is None else at, watch=watch) as found:
            yield found

    def at(self, text: str, place: Workspace) -> BackupSet:
        """Find the newest good set at a moment or before. Raises ``BadInput``, ``NoBackupsFound``."""
        moment = moment_of(text, place.clock())
        if isinstance(moment, str):
            return place.catalog.find(moment)
        sets = lookup.shown(place).at_hand(place.catalog.sets())
        return newest_at(sets, moment, ledger.bad(ledger.read(place.storage)))

    def find(self, which: str, ws: Workspace | None = None) -> BackupSet:
        """Find a set by id, label, or as ``newest``. Raises ``NoBackupsFound``."""
        place = ws or self.workspace
        catalog = place.catalog
        if which not in NEWEST:
            return catalog.find(which)
        owner = lookup.shown(place)
        usable = [backup for backup in owner.at_hand(catalog.sets())
                  if backup.usable and backup.trigger not in ("pre_restore", "imported")]
        if not usable:
            raise NoBackupsFound(catalog.why_empty(owner.may_restore))
        return usable[-1]

    @property
    def signalled(self) -> int:
        """The exit code of a run that a signal has stopped."""
        return self._signals.exit_code

    @contextmanager
    def watch(self) -> Iterator[Watch]:
        """Give the watch of a long operation: progress on the terminal, cancelled by a signal."""
        with self._signals.asked():
            yield Watch(self.progress.show, lambda: bool(self._signals.received))
        self.progress.end()


def common_options(function: Function) -> Function:
    """Add the options that stand before or after the command's name."""
    options = [
        click.option("--uri", metavar="URI", help="Connection string of the MongoDB server."),
        click.option("--database", metavar="NAME", help="Name of the database, on that server or the installation's."),
        click.option("--folder", metavar="PATH", help="Folder of the backups."),
        click.option("--work-folder", metavar="PATH",
                     help="Folder for the safety backup of a restore from a folder that can only be read."),
        click.option("--settings", metavar="FILE", help="File of options that counts after the environment and before "
                                                        "the secrets; only its owner may read it."),
        click.option("--compression", metavar="HOW", help="How new backups are compressed: none, gzip or zstd."),
        click.option("--recipient", "recipients", multiple=True, metavar="age1…",
                     help="Public key to encrypt new backups for; give two, kept in two places, or `none`."),
        click.option("--identity", "identities", multiple=True, metavar="FILE", type=click.Path(path_type=Path),
                     help="Identity file (secret key) that opens encrypted backups."),
        click.option("--passphrase", is_flag=True,
                     help="Ask for the passphrase of backups that were made with one."),
        click.option("--signing-key", metavar="FILE", help="Signature key that signs new backups."),
        click.option("--signed-by", metavar="KEY", help="Take only backups that are signed by this public key."),
        click.option("--json", "as_json", is_flag=True, help="Answer in JSON."),
        click.option("--debug", is_flag=True, hidden=True, help="Show where in the program an unexpected fault arose."),
    ]
    for option in reversed(options):  # the last one applied is the first in the help
        function = option(function)
    return function


from_remote = click.option("--from", "remote", metavar="NAME",
                           help="Read from the remote of that name instead of the backup folder.")
"""The option of every command that can read from a remote."""


def verb(name: str, **settings: Any) -> Callable[[Callable[..., Answer]], click.Command]:
    """Make a command of a function ``(session, **arguments) -> Answer``."""

    def decorate(function: Callable[..., Answer]) -> click.Command:
        @click.pass_context
        @wraps(function)
        def run(context: click.Context, /, **arguments: Any) -> Answer:
            common = {key: arguments.pop(key) for key in COMMON}
            context.obj.take(**common)
            return function(context.obj, **arguments)

        return click.command(name, **settings)(common_options(run))

    return decorate
