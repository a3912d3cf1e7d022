"""Commands about places off this machine."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from backup_engine import fetch as fetching, offsite, push as pushing
from backup_engine.cli.make import WARNED
from backup_engine.cli.sending import pushed_data
from backup_engine.cli.session import Answer, Session, verb
from backup_engine.cli.words import age, as_data, table
from backup_engine.errors import BadInput, RemoteFailed
from backup_engine.offsite import Changed, Standing
from backup_engine.remotes.queue import stay_there
from backup_engine.workspace import Workspace

__all__ = ["COMMANDS", "remote_data", "standing_of"]

WITH_WORD = {"add": "the URL", "confirm-key": "the fingerprint"}
ACTIONS = ("list", "add", "test", "confirm-key", "take-over", "remove")


@verb("remotes", help="List the remotes and how they stand; add one by its URL, try it out, confirm the key of an SSH "
                      "server by its fingerprint, take over what another installation wrote to, or forget one.")
@click.argument("action", type=click.Choice(ACTIONS), default="list", metavar=f"[{'|'.join(ACTIONS)}]")
@click.argument("name", required=False, metavar="[NAME]")
@click.argument("word", required=False, metavar="[URL|FINGERPRINT]")
def remotes(session: Session, action: str, name: str | None, word: str | None) -> Answer:
    """List, or change one."""
    ws = session.workspace
    if action == "list":
        if name:
            raise BadInput("remotes list takes no name.")
        return _listed(ws)
    if name is None:
        raise BadInput(f"Name the remote: remotes {action} NAME.")
    if (word is None) == (action in WITH_WORD):
        raise BadInput(f"remotes {action} takes a name{' and ' * (action in WITH_WORD)}{WITH_WORD.get(action, '')}.")
    done = _changed(ws, action, name, word or "")
    return Answer(done.message, {"remote": done.remote.name, "cannot": list(done.remote.cannot),
                                 "lock": done.remote.lock})


@verb("push", help="Send what waits for the remotes, or for one of them.")
@click.argument("name", required=False, metavar="[NAME]")
@click.option("--now", is_flag=True, help="Wait neither for the hours of a remote nor after a failure.")
def push(session: Session, name: str | None, now: bool) -> Answer:
    """Send."""
    ws = session.workspace
    names = [name] if name else [standing.name for standing in offsite.remote_standings(ws)]
    if not names:
        raise BadInput("There is no remote.", hint="Set BACKUP_REMOTE, or: remotes add NAME URL")
    with session.watch() as watch:
        done = [pushing.push(ws, each, now=now, watch=watch) for each in names]
    data = {"remotes": [pushed_data(each) for each in done]}
    failed = any(each.problem for each in done)
    return Answer(" ".join(each.message for each in done), data, code=RemoteFailed.exit_code if failed else 0)


@verb("fetch", help="Bring a backup back from a remote into the backup folder, with the full backup it rests on.")
@click.argument("name", metavar="NAME")
@click.argument("backup_id", metavar="ID")
def fetch(session: Session, name: str, backup_id: str) -> Answer:
    """Fetch."""
    ws = session.workspace
    with session.watch() as watch:
        which = backup_id
        if backup_id in ("newest", "latest"):
            with session.listed(name) as there:
                which = session.find(backup_id, there).backup_id
        done = fetching.fetch(ws, name, which, watch=watch)
    data = {"backup": as_data(done.set), "fetched": [as_data(each) for each in done.brought],
            "application": [each.label for each in done.own], "problem": done.trouble}
    return Answer(done.message, data, code=WARNED if done.trouble else 0)


def standing_of(standing: Standing, now: datetime) -> str:
    """How a remote stands, in a line."""
    line = standing.line
    said = [standing.state + (f" ({len(standing.waiting):,} to send)" if standing.waiting else "")]
    said += [f"last sent {age(now - line.last_sent)} ago"] if line.last_sent else []
    said += [f"read back {age(now - line.read_back)} ago"] if line.read_back else []
    said += [line.problem or line.damage] if line.problem or line.damage else []
    return ", ".join(said)


def remote_data(standing: Standing) -> dict[str, Any]:
    """Describe a remote for ``--json``."""
    remote, line = standing.remote, standing.line
    moments = {"last_sent": line.last_sent, "read_back": line.read_back, "next_try": line.next_try}
    data: dict[str, Any] = {
        "name": standing.name, "state": standing.state, "problem": line.problem, "damage": line.damage,
        "retention": line.retention,
        "replaced": [{"label": each.label, "why": each.why} for each in line.replaced.values()],
        "waiting": [backup.label for backup in standing.waiting],
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }
    if remote is not None:
        data |= {"address": remote.address.shown, "cannot": list(remote.cannot), "lock": remote.lock,
                 "host_key": remote.host_key, "set_up": remote.set_up,
                 "proven": remote.proven.isoformat() if remote.proven else None}
    return data


def _listed(ws: Workspace) -> Answer:
    standings, now = offsite.remote_standings(ws), ws.clock()
    if not standings:
        return Answer("There is no remote. Set BACKUP_REMOTE, or: remotes add NAME URL", {"remotes": []})
    rows = [(each.name, each.remote.address.shown if each.remote else "", standing_of(each, now)) for each in standings]
    notes = [f"{each.name} {words}." for each in standings if each.remote for words in each.remote.cannot]
    notes += [f"{each.name} keeps new objects from being deleted: {each.remote.lock}." for each in standings
              if each.remote and each.remote.lock]
    notes += [f"{each.name}: nothing is deleted there: {each.line.retention}." for each in standings
              if each.line.retention]
    notes += [f"{each.name}: as before they were stored anew: {stay_there(each.line.replaced.values())}."
              for each in standings if each.line.replaced]
    trouble = sum(each.state == "trouble" for each in standings)
    number = "1 remote" if len(standings) == 1 else f"{len(standings):,} remotes"
    message = f"{number}, {trouble:,} in trouble." if trouble else f"{number}."
    return Answer(message, {"remotes": [remote_data(each) for each in standings]},
                  (*table(("REMOTE", "ADDRESS", "STATE"), rows), *notes))


def _changed(ws: Workspace, action: str, name: str, word: str) -> Changed:
    if action == "add":
        return offsite.add_remote(ws, name, word)
    if action == "confirm-key":
        return offsite.confirm_remote_key(ws, name, word)
    change = {"test": offsite.test_remote, "take-over": offsite.take_over_remote, "remove": offsite.remove_remote}
    return change[action](ws, name)


COMMANDS = (remotes, push, fetch)
