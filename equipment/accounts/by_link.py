"""Choosing another password by the link of a mail, without being signed in and without becoming so."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from equipment.accounts.login import SignInRefused, Visitor, hash_of
from equipment.accounts.passwords import PASSWORDS, Passwords, check_rules
from equipment.store import activity
from equipment.store.access import Account, Db, Who
from equipment.store.accounts import attempts, password_links, sessions

__all__ = ["DEAD", "choose"]

DEAD: Final = (f"This link no longer works. It is good for {password_links.MINUTES} minutes and for one password, and "
               "the newest one alone counts.")


def choose(
    db: Db, secret: str, new: str, visitor: Visitor, *, passwords: Passwords = PASSWORDS, now: datetime | None = None
) -> Account:
    """Give the account behind a link that password; the link is used up and every sign-in of the account ends.

    Nobody is signed in by it: a second factor is asked for at the next sign-in as always. Raises ``SignInRefused`` for
    a dead link and while too many sign in, and ``BadInput`` for a password that cannot be taken; the last two leave the
    link as it was.
    """
    behind = password_links.account_behind(db, secret, now=now)
    if behind is None:
        raise SignInRefused(DEAD)
    check_rules(new, behind.name)
    account = password_links.use(db, secret, hash_of(passwords, new), now=now)
    if account is None:
        raise SignInRefused(DEAD)
    sessions.end_all(db, account.key, now=now)
    if not account.has_factor:
        # Who tried in vain before asking need not wait. With a second factor codes could be guessed without end.
        for subject in (attempts.account_subject(account.key), attempts.place_subject(account.key, visitor.address)):
            attempts.forgive(db, subject)
    activity.record(db, Who("", account.name, visitor.address), "user.password", f"user:{account.key}",
                    note="by the link of a mail")
    return account
