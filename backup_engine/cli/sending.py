"""Sending to the remotes what waits, behind the command that makes backups: what the uploads of a server do there.

Nothing is sent while somebody has to say first whose the backups are or has to let a recovered copy act, outside the
hours and times of a remote, in the pause after trouble, and while another process sends. Trouble never fails the
backup.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from backup_engine import offsite, push as pushing, upkeep
from backup_engine.errors import BackupError, BadInput, Busy, Cancelled, ChoiceNeeded
from backup_engine.model import Watch
from backup_engine.policy.schedule import Schedule
from backup_engine.push import Pushed
from backup_engine.remotes import registry
from backup_engine.remotes.registry import Remote
from backup_engine.scheduling import preferences
from backup_engine.scheduling.preferences import Preferences
from backup_engine.scheduling.sending import is_time, send_if_due
from backup_engine.workspace import Workspace

__all__ = ["Sent", "pushed_data", "send_waiting"]


@dataclass
class Sent:
    """What came of it."""

    pushed: list[Pushed] = field(default_factory=list)
    """Of each remote for which something waited."""
    notes: list[str] = field(default_factory=list)
    """What was left to another time or to somebody else, and why, in sentences."""
    troubles: list[str] = field(default_factory=list)
    """What is wrong, as ``offsite.troubles`` says it."""
    stopped: bool = False
    """Whether somebody asked to stop."""

    @property
    def sentences(self) -> list[str]:
        """What was done and what was not, without the trouble."""
        done = [replace(each, problem="").message for each in self.pushed
                if each.sent or each.with_own or each.cleared]
        return [*done, *self.notes]


def send_waiting(ws: Workspace, *, watch: Watch) -> Sent:
    """Send to every remote what waits for it and do the day's work there, if due. Raises nothing of the engine."""
    sent = Sent()
    try:
        database = ws.connect()
        remotes = list(registry.known(ws, database).values())
        if remotes:
            offsite.writer_of(ws, database)
        when = preferences.load(database, Preferences(), ws.schedules).sending
        for remote in remotes:
            _send(ws, remote, when(remote.name), sent, watch)
        sent.notes += _left(ws, when)
        sent.troubles += offsite.troubles(ws)
    except Cancelled:
        sent.stopped = True
        sent.notes.append("Sending was stopped; what has arrived is not sent again.")
    except ChoiceNeeded as asked:
        sent.notes.append(f"Nothing is sent to remotes: {asked.detail.rstrip('.')}.")
    except BackupError as problem:
        sent.troubles.append(f"nothing could be sent to remotes: {problem}")
    return sent


def _send(ws: Workspace, remote: Remote, schedule: Schedule | None, sent: Sent, watch: Watch) -> None:
    try:
        if (is_time(ws, remote.name, schedule) and pushing.has_work(ws, remote)) or upkeep.has_work(ws, remote):
            # A server may have the login while the environment of cron has not: then nothing is wrong with the remote,
            # and a failure noted in its line would hold up the server as well.
            with offsite.open_store(remote):
                pass
        pushed = send_if_due(ws, remote, schedule, watch=watch)
        sent.pushed += [pushed] if pushed is not None else []
        upkeep.care_if_due(ws, remote, watch=watch)
    except BadInput as missing:
        sent.troubles.append(f"nothing can be sent to the remote {remote.name} from here: {missing}")
    except Busy as busy:
        sent.notes.append(f"{busy.message.rstrip('.')}; it is left to that one.")


def _left(ws: Workspace, when: Callable[[str], Schedule | None]) -> list[str]:
    """Say what waits for the hours of a remote, or for its times."""
    said = []
    for each in offsite.remote_standings(ws):
        if not each.waiting or each.remote is None:
            continue
        number = len(each.waiting)
        waits = f"{number:,} backup{' waits' if number == 1 else 's wait'} for the"
        schedule = when(each.name)
        if schedule is not None and not is_time(ws, each.name, schedule):
            said.append(f"{waits} times of remote {each.name} ({schedule.words}).")
        elif not each.remote.address.open_at(ws.clock().hour):
            said.append(f"{waits} hours of remote {each.name}.")
    return said


def pushed_data(done: Pushed) -> dict[str, Any]:
    """Describe for ``--json`` what was sent to a remote."""
    return {"remote": done.name, "sent": [backup.label for backup in done.sent], "waiting": done.waiting,
            "with_application": done.with_own, "problem": done.problem, "cleared": list(done.cleared),
            "replaced": [{"label": one.label, "why": one.why} for one in done.replaced]}
