"""What a remote gets, and when: as soon as it is there, or at the times of its schedule."""

from __future__ import annotations

from backup_engine import push
from backup_engine.model import Watch
from backup_engine.policy.schedule import Schedule
from backup_engine.push import Pushed
from backup_engine.remotes import queue
from backup_engine.remotes.registry import Remote
from backup_engine.scheduling import rounds
from backup_engine.workspace import Workspace

__all__ = ["is_time", "send_if_due"]


def is_time(ws: Workspace, name: str, schedule: Schedule | None) -> bool:
    """Whether one of its times has passed since it last got all that waited; always without a schedule."""
    return schedule is None or schedule.due(rounds.last(ws.storage, f"remote {name}"), ws.clock()).is_due


def send_if_due(ws: Workspace, remote: Remote, schedule: Schedule | None, *, watch: Watch) -> Pushed | None:
    """Send what waits for a remote, if its time has come; None where nothing was tried. Raises what ``push`` does.

    The time goes on until nothing waits any more: past the pause after trouble, and past the hours of the remote.
    """
    if not is_time(ws, remote.name, schedule) or not push.is_due(ws, remote, queue.read(ws.storage, remote.name)):
        return None
    begun = ws.clock()
    pushed = push.push(ws, remote.name, watch=watch) if push.has_work(ws, remote) else None
    if schedule is not None and not (pushed and (pushed.problem or pushed.waiting)):
        rounds.done(ws.storage, f"remote {remote.name}", begun)
    return pushed
