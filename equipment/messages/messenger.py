"""The loop that tells: looks every half minute what is wrong, and sends what is to be told.

One process does it, the one that keeps the schedule; a copy that stands by never does. What is to be sent is kept
before it is sent: a crash in between costs a second message, never the only one.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final

from pymongo.database import Database
from pymongo.errors import PyMongoError

from backup_engine import api
from backup_engine.api import BackupError
from equipment.messages import choices as chosen, findings, outbox, troubles, weekly
from equipment.messages.channels import Channel, channels, is_set_up
from equipment.messages.choices import MAIL, Choices
from equipment.messages.dead_man import DeadMan
from equipment.messages.deadline import Talks
from equipment.messages.entries import OVERLAP, hear
from equipment.messages.findings import Place
from equipment.messages.keeping import Keeping
from equipment.messages.kinds import KINDS, at_least
from equipment.messages.outbox import Box, Written
from equipment.messages.state import State
from equipment.messages.troubles import News
from equipment.messages.wording import Message, Sender
from equipment.settings import Settings
from equipment.store import messages as stored

__all__ = ["Messenger", "running", "sender_of", "start", "stop"]

log = logging.getLogger(__name__)
TICK_SECONDS: Final = 30.0
Db = Database[dict[str, Any]]


class Messenger:
    """Tells what becomes of one installation."""

    def __init__(
        self, settings: Settings, scheduler: api.Scheduler, *, leads: Callable[[], bool] | None = None,
        clock: Callable[[], datetime] | None = None, talks: Talks | None = None, tick_seconds: float = TICK_SECONDS,
    ) -> None:
        """``leads`` says whether it is this process's to send, by default whether it keeps the schedule."""
        self._settings = settings
        self._scheduler = scheduler
        self._leads = leads or (lambda: scheduler.leads)
        self._clock = clock or scheduler.workspace.clock
        self._talks = talks or Talks()
        self._tick_seconds = tick_seconds
        self._keeping = Keeping(settings.data_folder)
        self._started = self._clock()
        self._reached = True
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.dead_man = DeadMan(settings.dead_man_url.get_secret_value()) if settings.dead_man_url else None

    def start(self) -> None:
        """Tell from now on, and let the dead-man URL know of each backup that is made by itself."""
        if self.dead_man is not None:
            self._scheduler.begun = self._begun
        self._thread = threading.Thread(target=self._run, name="messages", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 5) -> None:
        """End the loop; what waits is sent by whoever leads next."""
        self._stop.set()
        self._scheduler.begun = None
        if self._thread is not None:
            self._thread.join(seconds)
            self._thread = None
        if self.dead_man is not None:
            self.dead_man.stop(seconds)

    def tick(self) -> None:
        """Look and tell once. While it is another process's to tell, or the copy stands by, nothing happens."""
        if not self._leads() or self._scheduler.standby is not None:
            return
        now, database = self._clock(), self._database()
        before = self._keeping.load(database)
        state = replace(before, first=before.first or self._started, choices=self._choices(before, database))
        choices = chosen.stored(state.choices)
        ways = channels(self._settings, choices)
        state = self._looked(state, choices, ways, database, now)
        if database is not None:
            state = self._weeklies(state, choices, ways, database, now)
            self._remind(choices, database, now)
        if not self._kept(before, state, database):
            return
        self._send(self._keeping.load(None), ways, database, now)

    def _looked(
        self, state: State, choices: Choices, ways: Mapping[str, Channel], database: Db | None, now: datetime
    ) -> State:
        assert state.first is not None
        place, done = Place(self._scheduler, self._settings, state.first), list[News]()
        if database is not None:
            position = state.heard.position or state.first
            try:
                entries = list(stored.since(database, position - OVERLAP))
            except PyMongoError as problem:
                log.info("Activity cannot be read: %s", type(problem).__name__)
            else:
                heard, done = hear(state.heard, entries, state.first, now)
                state = replace(state, heard=heard)
        found = findings.look(place, database, state.heard.failing, now)
        known, news = troubles.told(state.troubles, found.troubles, now, unknown=found.unknown)
        wanted = [each for each in (*done, *news) if each.kind not in choices.off]
        week = dict(state.week)
        for each in wanted:
            if each.phase in ("new", "done"):
                week[each.kind] = week.get(each.kind, 0) + 1
        boxes = {name: outbox.put(state.boxes.get(name, Box()), _for(channel, wanted))
                 for name, channel in ways.items()}
        return replace(state, troubles=known, boxes=boxes, week=week)

    def _weeklies(
        self, state: State, choices: Choices, ways: Mapping[str, Channel], database: Db, now: datetime
    ) -> State:
        makers: dict[str, tuple[bool, Callable[[], Message], Sequence[str]]] = {
            "summary": (choices.summary, lambda: self._summary(state, now), _for_info(ways)),
            "calibration": (choices.calibration, lambda: self._due(choices, database, now),
                            [MAIL] if MAIL in ways else _for_info(ways)),
        }
        days, boxes, week = dict(state.weekly), dict(state.boxes), state.week
        for name, (on, make, to) in makers.items():
            day, is_due = weekly.day_due(days.get(name), now, choices.weekday, choices.hour)
            if is_due and on:
                try:
                    message = make()
                except (BackupError, PyMongoError) as problem:
                    log.warning("the weekly %s is made later: %s", name, problem)
                    continue
                except Exception:  # a fault in a summary must not keep troubles from being told
                    log.exception("the weekly %s is left out", name)
                else:
                    week = {} if name == "summary" else week
                    for channel in to:
                        boxes[channel] = outbox.put_letter(boxes[channel], Written(message.subject, message.text))
            days[name] = day
        return replace(state, weekly=days, boxes=boxes, week=week)

    def _send(self, state: State, ways: Mapping[str, Channel], database: Db | None, now: datetime) -> None:
        sender = sender_of(self._settings)
        messages = {name: outbox.take(state.boxes[name], now, sender)
                    for name in ways if name in state.boxes and outbox.due(state.boxes[name], now)}
        if not messages:
            return
        work = {name: partial(_delivered, ways[name], messages[name]) for name in messages}
        ends = self._talks.all(work, lambda words: (0, words))
        boxes = dict(state.boxes)
        for name, (count, problem) in ends.items():
            boxes[name] = outbox.after(boxes[name], now, messages[name][:count], problem)
            if problem:
                log.warning("nobody could be told by %s: %s", name, problem)
        self._kept(state, replace(state, boxes=boxes), database)

    def _kept(self, before: State, state: State, database: Db | None) -> bool:
        """Keep what changed; False when another process has told meanwhile."""
        if state == before:
            return True
        return self._keeping.save(database, replace(state, turn=before.turn + 1), before.turn)

    def _summary(self, state: State, now: datetime) -> Message:
        assert state.first is not None
        return weekly.summary(Place(self._scheduler, self._settings, state.first), state,
                              sender_of(self._settings), now)

    def _due(self, choices: Choices, database: Db, now: datetime) -> Message:
        # here: tables need pyarrow, which a command that makes a backup need not load
        from equipment.messages.due_mail import due_mail
        from equipment.store.life import due
        from equipment.store.list import listing, schema

        today, days = now.date(), choices.calibration_days
        planned = due.planned(database, date.min, today + timedelta(days=days))
        return due_mail(listing.sheet(database), schema.types(database), today, days, choices.calibration_column,
                        sender_of(self._settings), planned)

    def _remind(self, choices: Choices, database: Db, now: datetime) -> None:
        from equipment.messages.personal import loan_reminders  # here: as above, it knows records

        try:
            loan_reminders.send(database, now, choices.hour)
        except PyMongoError as problem:
            log.warning("who has something that is due is reminded later: %s", type(problem).__name__)

    def _choices(self, state: State, database: Db | None) -> Mapping[str, Any]:
        if database is None:
            return state.choices
        try:
            return stored.choices(database)
        except PyMongoError as problem:
            log.info("what administrators chose is taken from memory: %s", type(problem).__name__)
            return state.choices

    def _database(self) -> Db | None:
        try:
            database = self._scheduler.workspace.connect()
        except BackupError as problem:  # said once, and not every half minute for a night
            log.log(logging.INFO if self._reached else logging.DEBUG, "messages go by the folder alone: %s", problem)
            self._reached = False
            return None
        self._reached = True
        return database

    def _begun(self) -> Callable[[api.Check], None]:
        assert self.dead_man is not None
        tell = self.dead_man.tell
        tell("start")

        def ended(check: api.Check) -> None:
            if check.result != "not needed":
                tell("success" if check.result == "created" else "fail")
            elif not self._scheduler.due().is_due:  # another process has made it meanwhile
                tell("success")

        return ended

    def _run(self) -> None:
        while not self._stop.wait(self._tick_seconds):
            try:
                self.tick()
            except Exception:  # a thread that ended here would never tell anybody anything again
                log.exception("telling failed")


def sender_of(settings: Settings) -> Sender:
    """Say who sends: database and host, and the address people use."""
    return Sender(f"{settings.mongodb_database} on {socket.gethostname()}", settings.public_url.rstrip("/"))


def _for(channel: Channel, news: Sequence[News]) -> list[News]:
    return [each for each in news if at_least(KINDS[each.kind].severity, channel.least)]


def _for_info(ways: Mapping[str, Channel]) -> list[str]:
    return [name for name, channel in ways.items() if channel.least == "info"]


def _delivered(channel: Channel, messages: Sequence[Message]) -> tuple[int, str]:
    """Send them in their order; gives how many were taken, and why the next one was not."""
    for count, message in enumerate(messages):
        if problem := channel.send(message):
            return count, problem
        log.info("told by %s: %s", channel.name, message.subject)
    return len(messages), ""


_running: list[Messenger] = []


def start(settings: Settings, scheduler: api.Scheduler) -> None:
    """Begin to tell in this process, if the installation names anybody to tell."""
    if is_set_up(settings):
        _running.append(Messenger(settings, scheduler))
        _running[-1].start()


def stop() -> None:
    """End it."""
    while _running:
        _running.pop().stop()


def running() -> Messenger | None:
    """The one of this process, if there is one."""
    return _running[-1] if _running else None
