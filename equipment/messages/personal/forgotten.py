"""A forgotten password: whoever says a name or an e-mail is told one sentence, and only the account's own mail more.

What is done before the answer is the same for every name and reads no account. Looking one up, making the link and
sending it come after, behind the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from equipment.accounts.login import SignInRefused, Visitor, in_words
from equipment.domain import mail_address
from equipment.domain.names import name_key
from equipment.domain.person import stored_person
from equipment.messages.personal import letters
from equipment.messages.personal.post import Letter, Post, running
from equipment.store import activity, moments
from equipment.store.access import USERS, Db, Who
from equipment.store.accounts import attempts, password_links

__all__ = ["ANSWER", "LONGEST", "ask", "is_offered"]

ANSWER: Final = ("If there is such an account and an e-mail is stored with it, a link is on its way. It is good for "
                 f"{password_links.MINUTES} minutes. Look into the folder for unwanted mail, too.")
LONGEST: Final = mail_address.LONGEST
"""Characters of a name or an e-mail that are looked at."""
PER_ADDRESS: Final = attempts.Limit(free=10, first=60, longest=900)
PER_ACCOUNT: Final = attempts.Limit(free=3, first=60, longest=900)
"""Whoever asks for somebody else only brings mails into that inbox: the longest wait is half of what a link is good
for, so that the owner always has one that works."""
IN_ALL: Final = attempts.Limit(free=100, first=1, longest=10)
"""A flood from many addresses sends at most one mail in ten seconds, and locks nobody out for longer."""
EVERYBODY: Final = "forgotten passwords"
MOST_ACCOUNTS: Final = 5
"""Accounts that may share an e-mail and are told at once."""


def is_offered() -> bool:
    """Tell whether a link can be sent: there is a mail server, and it was said under which address people come here."""
    post = running()
    return post is not None and post.sends_links


def ask(db: Db, typed: str, visitor: Visitor, *, now: datetime | None = None) -> None:
    """Take the wish for a new password of whoever is called so, or has that e-mail. Known or not makes no difference.

    Raises ``SignInRefused`` when this address, or everybody together, asks too often.
    """
    post, now = running(), now or moments.now()
    if post is None or not post.sends_links:
        raise SignInRefused("No mails are sent here. An administrator gives you a one-time code.")
    _wait_or_refuse(db, visitor, now)
    if not post.hand_over(lambda: _written(db, post, typed[:LONGEST], visitor, now)):
        raise SignInRefused("Too many people ask at this moment. Try again in a minute.")


def _wait_or_refuse(db: Db, visitor: Visitor, now: datetime) -> None:
    address = _subject(attempts.address_subject(visitor.address))
    wait = attempts.admit(db, address, PER_ADDRESS, now=now)
    if not wait:
        wait = attempts.admit(db, EVERYBODY, IN_ALL, now=now)
        if wait:
            attempts.take_back(db, address)  # nothing was done
    if wait:
        raise SignInRefused(f"Too many links were asked for. Wait {in_words(wait)} and try again.")


def _written(db: Db, post: Post, typed: str, visitor: Visitor, now: datetime) -> Sequence[Letter]:
    found = _accounts(db, typed)
    if not found:
        # A name nobody has is not written down: it may be a password typed into the wrong field.
        activity.record(db, Who("", "unknown name", visitor.address), "user.link", "user:unknown")
    made = [_letter(db, post, user, visitor, now) for user in found]
    return [letter for letter in made if letter is not None]


def _accounts(db: Db, typed: str) -> list[dict[str, Any]]:
    named = db[USERS].find_one({"_id": name_key(typed)})
    found = [named] if named else []
    if mail_address.is_mail_address(typed.strip()):
        having = db[USERS].find({"state": "active", "email": {"$type": "string"}}, {"email": 1})
        keys = [user["_id"] for user in having if mail_address.same(user["email"], typed.strip())]
        found += db[USERS].find({"_id": {"$in": [key for key in keys[:MOST_ACCOUNTS] if key != name_key(typed)]}})
    return found


def _letter(db: Db, post: Post, user: dict[str, Any], visitor: Visitor, now: datetime) -> Letter | None:
    key, name, to = str(user["_id"]), str(user["name"]), stored_person(user).email
    if attempts.admit(db, _subject(attempts.account_subject(key)), PER_ACCOUNT, now=now):
        return None
    local = user.get("source", "local") == "local"
    message, note = None, ""
    if user.get("state") != "active":
        note = "the account is not active: no mail"
    elif not to:
        note = "no e-mail is stored: no mail"
    elif not local:
        message, note = letters.provider(post.address, name, now, visitor.address), "told to use the identity provider"
    elif secret := password_links.issue(db, key, now=now):
        message = letters.link(post.address, name, secret, now, visitor.address)
    activity.record(db, Who("", name, visitor.address), "user.link", f"user:{key}", note=note)
    return Letter(to, message) if message else None


def _subject(whose: str) -> str:
    return f"forgotten {whose}"
