"""Mails to whoever has something: the day before it is due, the day after, and every week until it is back.

What was sent is noted with the loan before it is sent, so that of two processes one sends it. A crash in that very
moment costs one reminder, and the next one comes a week later at the latest.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final

from equipment.domain.life.loan import Loan
from equipment.domain.person import stored_person
from equipment.messages.personal import letters
from equipment.messages.personal.post import Letter, Post, running
from equipment.store.access import USERS, Db
from equipment.store.life import loans
from equipment.store.life.lending import reminds

__all__ = ["send", "tag_of"]

log = logging.getLogger(__name__)
AGAIN: Final = 7
"""Days between two reminders of what is overdue."""
REST: Final = timedelta(hours=1)
"""Between two looks."""
_looked: dict[str, datetime] = {}


def send(db: Db, now: datetime, hour: int) -> None:
    """Remind everybody who is to be reminded at ``now``, from ``hour`` of the server's day on; looks once an hour."""
    post = running()
    before = _looked.get(db.name)
    if post is None or now.hour < hour or (before is not None and now - before < REST and now.date() == before.date()):
        return
    _looked[db.name] = now
    if not reminds(db):
        return
    today = now.date()
    due: dict[str, list[Loan]] = {}
    for loan in loans.due_by(db, today + timedelta(days=1)):
        if (tag := tag_of(loan, today)) and loans.note_reminder(db, loan.number, tag):
            due.setdefault(loan.terms.holder.account, []).append(loan)
    for account, wanted in due.items():
        if not post.hand_over(partial(_letters, db, post, account, wanted, today)):
            log.warning("a reminder of %d loans was not sent: too many mails wait", len(wanted))


def tag_of(loan: Loan, today: date) -> str:
    """Name the reminder that a loan gets today; empty when it gets none. Another due day begins anew."""
    if loan.terms.last is None or not loan.terms.holder.account:
        return ""
    days = (today - loan.terms.last).days
    if days in (0, -1):
        return f"{loan.terms.last} before"
    return f"{loan.terms.last} after {(days - 1) // AGAIN}" if days > 0 else ""


def _letters(db: Db, post: Post, account: str, wanted: Sequence[Loan], today: date) -> list[Letter]:
    user: Mapping[str, Any] = db[USERS].find_one({"_id": account, "state": "active"}) or {}
    to = stored_person(user).email
    return [Letter(to, letters.loans_due(post.address, str(user.get("name", account)), wanted, today))] if to else []
