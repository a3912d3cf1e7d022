"""The commands that need the installation: the daemon, and the schedule with the files for the system.

What they work with is loaded when they are called, so that no other command waits for it.
"""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from backup_engine.cli.session import Answer, Session, verb
from backup_engine.errors import BackupError, BadInput, DatabaseUnreachable

if TYPE_CHECKING:
    from backup_engine.api import Preferences
    from equipment.settings import Settings
    from equipment.unattended.daemon import Daemon
    from equipment.unattended.in_force import Line
    from equipment.unattended.timers import Text

__all__ = ["COMMANDS"]

WARNED = 3
KINDS = ("cron", "systemd", "windows")
"""As in ``timers``, which is not loaded for --help."""
ELSEWHERE = ("uri", "database", "folder")
"""Given with one of these it is not the installation's own list."""


@verb("daemon", help="Keep the schedule without the app: make what is due, send, verify, rehearse and tell, until a "
                     "signal ends it.")
@click.option("--once", is_flag=True, help="Do what is due now and end, as from cron or a timer.")
def daemon(session: Session, once: bool) -> Answer:
    """Run the daemon, or one round of it."""
    from equipment.server import console_log, sd_notify
    from equipment.unattended.daemon import Daemon

    manager = sd_notify.manager()  # first: MongoDB, a child, must not speak for this process
    settings = _settings(session)
    engine = session.backups
    if not once:
        console_log.begin_with(settings)  # its log is its answer
    keeper = Daemon(settings, engine, own=_is_own(session))
    ended = False
    try:
        if once:
            return _round(session, keeper)
        keeper.keep(manager, threading.Event().wait)
    except KeyboardInterrupt:
        if once:
            raise
    finally:
        manager.tell(STOPPING=1)
        ended = keeper.stop()
    return Answer("The daemon has ended." if ended else "The daemon has ended in the middle of something.",
                  code=0 if ended else session.signalled)


@verb("schedule", help="Say what is done by itself, who decided so, and when next; or print the files with which the "
                       "system does what is due.")
@click.option("--print", "system", type=click.Choice(KINDS),
              help="Print whole files for that system, with the paths of this installation.")
@click.option("--write-settings", is_flag=True,
              help="Write the options in force into the settings file that the printed files read.")
def schedule(session: Session, system: str | None, write_settings: bool) -> Answer:
    """Show the schedule, or print files."""
    if system or write_settings:
        return _files(session, system, write_settings)
    from backup_engine.cli.words import table
    from equipment.unattended.in_force import in_force

    settings, ws = _settings(session), session.workspace
    database = ws.connect()
    wanted = _wanted(session, settings)
    lines = in_force(ws, database, settings, wanted)
    shown = table(("WHAT", "WHEN", "SAID BY", "NEXT"),
                  [(line.what, line.words, line.source, _local(line.times[0]) if line.times else "") for line in lines])
    more = [f"Next backups: {', '.join(map(_local, line.times))}." for line in lines
            if line.what == "backups" and line.times]
    said = "Times are those of this machine." if wanted.automatic else "Automatic backups are off: none is made."
    return Answer(said, {"schedule": [_data(line) for line in lines]}, (*shown, "", *more))


def _round(session: Session, keeper: Daemon) -> Answer:
    from backup_engine.cli.sending import pushed_data, send_waiting

    checks = keeper.once()
    standing_by = keeper.scheduler.standby is not None
    with session.watch() as watch:
        sent = None if standing_by else send_waiting(keeper.scheduler.workspace, watch=watch)
    troubles = [check.message for check in checks if check.result == "failed"]
    done = [check.message for check in checks if check.result == "created"]
    pushed, notes = ((), ()) if sent is None else (sent.pushed, sent.sentences)
    troubles += [f"{words[:1].upper()}{words[1:]}." for words in (sent.troubles if sent else ())]
    if not session.given.as_json:
        for trouble in troubles:  # where cron mails it from
            click.echo(trouble, err=True)
    words = [*done, *([hindrance + "."] if (hindrance := keeper.hindrance()) else ()), *notes]
    code = session.signalled if sent and sent.stopped else WARNED if troubles else 0
    nothing = "" if troubles else "Nothing was due."
    return Answer(" ".join(words) or nothing or "Not all that was due was done.",
                  {"done": done, "troubles": troubles, "remotes": [pushed_data(each) for each in pushed]}, code=code)


def _files(session: Session, system: str | None, write: bool) -> Answer:
    from equipment import settings as sources
    from equipment.server import database
    from equipment.unattended.installed import files, minutes_for

    if not _is_plain(session):
        raise BadInput("The files take all options from the settings file: no other option goes with --print and "
                       "--write-settings.", hint="Put it into that file, or into the environment and write it.")
    settings, given = _settings(session), session.given.settings
    choice = database.choose(settings)
    if choice in (database.Choice.DEMO, database.Choice.NONE):
        problem, hint = database.no_mongodb()
        raise BadInput(f"Nothing can be backed up: {problem}.", hint=hint)
    notes = []
    if write:
        notes.append(f"Written: {sources.write_file(settings)}")
    elif given is None and not _is_current(settings):
        notes.append(f"The settings file {sources.file_of(settings)}, which these files read, does not say what is in "
                     "force: add --write-settings.")
    chosen = []
    if system is not None:
        preferences = _wanted(session, settings)
        if preferences.continuous:
            notes.append("Continuous protection takes a process that stays: the daemon, or the app.")
        minutes = minutes_for(preferences.backups, session.workspace.clock())
        chosen = [text for text in files(settings, choice, minutes=minutes,
                                         settings_file=None if write or given is None else Path(given))
                  if text.kind == system]
    for note in () if session.given.as_json else notes:
        click.echo(note, err=True)
    return Answer("\n\n".join(_headed(text, len(chosen)) for text in chosen),
                  {"files": [{"name": text.name, "for": text.title, "content": text.content + "\n"}
                             for text in chosen], "notes": notes})


def _headed(text: Text, count: int) -> str:
    """A file, and above it where it belongs, where there are several."""
    return text.content if count == 1 else f"# {text.title}\n\n{text.content}"


def _wanted(session: Session, settings: Settings) -> Preferences:
    """What counts: as the database says where it can be asked, else as the options do. Raises nothing of the engine."""
    from backup_engine.api import Preferences, Scheduler

    scheduler = Scheduler(session.workspace, Preferences(interval_hours=settings.backup_interval_hours))
    try:
        return scheduler.refresh()
    except DatabaseUnreachable as problem:
        click.echo(f"What was chosen in the app is not known: {problem}", err=True)
        return scheduler.preferences


def _settings(session: Session) -> Settings:
    from equipment.settings import get_settings, installed

    return installed(Path(session.given.settings)) if session.given.settings else get_settings()


def _is_current(settings: Settings) -> bool:
    from equipment.settings import is_current

    try:
        return is_current(settings)
    except BackupError:  # it cannot be read: then it does not say so
        return False


def _is_own(session: Session) -> bool:
    return not any(getattr(session.given, name) for name in ELSEWHERE)


def _is_plain(session: Session) -> bool:
    from dataclasses import fields, replace

    from backup_engine.cli.session import Given

    plain = replace(session.given, settings=None, as_json=False, debug=False)
    return all(getattr(plain, each.name) == getattr(Given(), each.name) for each in fields(Given))


def _local(moment: datetime) -> str:
    """A moment by this machine's clock, with the offset of that day."""
    return f"{moment.astimezone():%a %Y-%m-%d %H:%M %z}"


def _data(line: Line) -> dict[str, Any]:
    return {"what": line.what, "when": line.words, "said_by": line.source,
            "next": [moment.isoformat() for moment in line.times]}


COMMANDS = (daemon, schedule)
