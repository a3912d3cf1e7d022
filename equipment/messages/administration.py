"""Messages for the screens: what is set up and chosen, what was sent and what waits, and trying it out.

Every verb asks its ``Caller`` first, as in ``backups``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pymongo.errors import PyMongoError

from backup_engine.api import BadInput, DatabaseUnreachable, Watch
from equipment.backups import Backups, Caller
from equipment.jobs import Job
from equipment.messages import choices as chosen, dead_man, wording
from equipment.messages.channels import Channel, channels, dead_man_words, recipients
from equipment.messages.choices import Choices
from equipment.messages.dead_man import Pinged
from equipment.messages.deadline import Talks
from equipment.messages.keeping import Keeping
from equipment.messages.messenger import running, sender_of
from equipment.messages.state import State
from equipment.settings import Settings, option_name
from equipment.store import messages as stored

__all__ = ["DEAD_MAN", "JOB", "OPTIONS", "Shown", "change", "columns", "shown", "test"]

JOB = "messages"
"""The kind of the job that sends a test."""
DEAD_MAN = "dead-man"
OPTIONS = {name: option_name(name) for name in ("smtp_url", "notify", "dead_man_url", "mail_to", "public_url")}
"""Where what is shown comes from."""


@dataclass(frozen=True)
class Shown:
    """How messages stand."""

    channels: Mapping[str, Channel]
    dead_man: str
    """Where the dead-man URL leads, without its key; empty without one."""
    pinged: Pinged | None
    """The last ping of this process."""
    recipients: tuple[str, ...]
    given: bool
    """Whether an option names the recipients, so that they are not chosen on the page."""
    choices: Choices
    state: State


def shown(backups: Backups, caller: Caller, settings: Settings) -> Shown:
    """Say how messages stand. Raises ``AdminOnly``, ``DatabaseUnreachable``."""
    caller.check("backup.see")
    database = backups.workspace(caller).connect()
    try:
        choices = chosen.stored(stored.choices(database))
    except PyMongoError as problem:
        raise DatabaseUnreachable(type(problem).__name__) from problem
    messenger = running()
    return Shown(
        channels(settings, choices), dead_man_words(settings),
        messenger.dead_man.last if messenger and messenger.dead_man else None,
        recipients(settings, choices), bool(settings.mail_to), choices, Keeping(settings.data_folder).load(database))


def change(backups: Backups, caller: Caller, settings: Settings, version: int, **changes: Any) -> Choices:
    """Store choices by name; gives what counts then. ``version`` is that of the choices that were looked at.

    Raises ``AdminOnly``, ``BadInput`` for what cannot be used, for what an option decides, and when somebody else
    changed them meanwhile; ``DatabaseUnreachable``.
    """
    caller.check("backup.settings")
    if settings.mail_to and "mail_to" in changes:
        raise BadInput(f"{option_name('mail_to')} of this installation names the recipients.",
                       hint="Change it there, or take it away first.")
    values = chosen.checked(changes)
    database = backups.workspace(caller).connect()
    try:
        before = chosen.stored(stored.choices(database))
        if before.version != version:
            raise stored.overtaken()
        after = chosen.stored({**stored.choices(database), **values})
        if words := chosen.differences(before, after):
            stored.choose(database, caller.who, values, version, words)
        return chosen.stored(stored.choices(database))
    except PyMongoError as problem:
        raise DatabaseUnreachable(type(problem).__name__) from problem


def columns(backups: Backups, caller: Caller) -> list[str]:
    """Give the columns by which the calibration mail can be grouped. Raises ``AdminOnly``, ``DatabaseUnreachable``."""
    from equipment.store.list import listing  # tables need pyarrow

    caller.check("backup.see")
    return listing.sheet(backups.workspace(caller).connect()).columns


def test(backups: Backups, caller: Caller, settings: Settings) -> Job:
    """Start sending a test message by every channel; the result is what came of each, in words, by its name.

    The dead-man URL is not told anything, because that would report a backup: its server is reached, no more.
    Raises ``AdminOnly``, ``StandingBy`` for a recovered copy that stands by.
    """
    caller.check("backup.settings")
    standby = backups.owner().standby
    if standby is not None:
        raise standby.refusal
    choices = shown(backups, caller, settings).choices
    backups.note(caller, "settings.messages", "test message", "sent to every channel")
    return backups.jobs.start(JOB, "Send a test message", caller.name,
                              lambda watch: _tried(settings, choices, caller.name, watch))


def _tried(settings: Settings, choices: Choices, asked_by: str, _: Watch) -> dict[str, str]:
    sender = sender_of(settings)
    work: dict[str, Callable[[], str]] = {
        name: partial(channel.send, wording.trial(sender, name, asked_by))
        for name, channel in channels(settings, choices).items()}
    if settings.dead_man_url is not None:
        url = settings.dead_man_url.get_secret_value()
        work[DEAD_MAN] = partial(dead_man.reach, url)
    return Talks().all(work, lambda words: words)
