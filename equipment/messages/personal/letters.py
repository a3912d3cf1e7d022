"""The words of mails to single people. Pure.

None holds more than the name of the account: a mail goes through other people's servers. The name is put into one line,
so that none of it passes for a line of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from urllib.parse import quote, urlsplit

from equipment.domain.counting import number_of
from equipment.domain.life.loan import Loan, due_in_words
from equipment.messages.wording import Message, in_one_line
from equipment.store.accounts.password_links import MINUTES

__all__ = ["FRAGMENT", "PARAMETER", "address_of", "email_changed", "factor_reset", "link", "loans_due",
           "password_changed", "password_reset", "provider"]

PARAMETER = ("link", "password")
"""Name and value by which the page knows that a link was opened. No secret."""
FRAGMENT = "new-password="
"""Before the secret, behind the #: a browser sends that part to nobody, so that no server or proxy writes it into its
log and no other page is told it as where somebody came from."""


def address_of(public: str, secret: str) -> str:
    """Give the link to choose a password, under the address people use."""
    split = urlsplit(public)
    return f"{split.scheme}://{split.netloc}{split.path.rstrip('/')}/?{'='.join(PARAMETER)}#{FRAGMENT}{secret}"


def link(public: str, name: str, secret: str, asked_at: datetime, asked_from: str) -> Message:
    """The mail with the link."""
    return _message("choose a new password", public, [
        f"A new password was asked for, for your account {in_one_line(name)} of the equipment list.",
        "",
        f"Open this link within {MINUTES} minutes and choose it there. The link works once, and a newer one ends it:",
        "",
        address_of(public, secret),
        "",
        f"It was asked for on {_moment(asked_at)}, from {in_one_line(asked_from)}.",
        "If that was not you, do nothing: your password is as it was. Give the link to nobody."])


def provider(public: str, name: str, asked_at: datetime, asked_from: str) -> Message:
    """The mail instead, to whom an identity provider vouches for."""
    return _message("your password is with your organisation", public, [
        f"A new password was asked for, for your account {in_one_line(name)} of the equipment list.",
        "",
        "This account has no password here. Use “Sign in with your organisation”; a forgotten password is replaced "
        "there.",
        "",
        f"It was asked for on {_moment(asked_at)}, from {in_one_line(asked_from)}."])


def password_changed(public: str, name: str, at: datetime, address: str, *, by_link: bool) -> Message:
    """The mail after a password was changed."""
    how = "by the link of a mail" if by_link else "by somebody who was signed in"
    return _message("your password was changed", public, [
        f"The password of your account {in_one_line(name)} was changed on {_moment(at)}, {how}, from "
        f"{in_one_line(address)}.",
        "",
        "If that was you, there is nothing to do. If it was not, tell an administrator at once."])


def password_reset(public: str, name: str, at: datetime) -> Message:
    """The mail after an administrator replaced a password by a one-time code, which is in no mail."""
    return _message("your password was reset", public, [
        f"An administrator replaced the password of your account {in_one_line(name)} by a one-time code on "
        f"{_moment(at)}, and ended every sign-in of it.",
        "",
        "The code is handed to you by a person and comes in no mail. Sign in with it and choose a password. If you did "
        "not ask for that, tell another administrator at once."])


def factor_reset(public: str, name: str, at: datetime) -> Message:
    """The mail after an administrator took a second factor away."""
    return _message("your second factor was reset", public, [
        f"An administrator took away the second factor of your account {in_one_line(name)} on {_moment(at)}: since "
        "then the password alone opens it.",
        "",
        "Set it up anew under your name at the top. If you did not ask for that, tell another administrator at once."])


def email_changed(public: str, name: str, at: datetime) -> Message:
    """The mail to the address that was an account's until now."""
    return _message("your e-mail was changed", public, [
        f"Your account {in_one_line(name)} of the equipment list has another e-mail, or none, since {_moment(at)}. "
        "Mails about it no longer come here.",
        "",
        "If you wanted that, there is nothing to do. If not, tell an administrator at once: a forgotten password is "
        "replaced by a mail to the new address."])


def loans_due(public: str, name: str, loans: Sequence[Loan], today: date) -> Message:
    """The mail about what is due back or overdue. Of a thing it names the ID, as the calibration mail does."""
    late = sum(loan.is_overdue(today) for loan in loans)
    lines = []
    for loan in sorted(loans, key=lambda each: (each.terms.last or date.max, each.name)):
        link = f"  {public}/?id={quote(loan.thing, safe='')}" if public else ""
        lines.append(f"  {loan.terms.last}  {due_in_words(loan.terms.last, today)}  "
                     f"{in_one_line(loan.name.partition(' · ')[0])}{link}")
    subject = f"{number_of(late, 'thing')} overdue" if late else f"{number_of(len(loans), 'thing')} due back"
    return _message(subject, public, [
        f"{in_one_line(name)}, you have this from the equipment list:", "", *lines, "",
        "Bring it back, or ask for another day: who gives things out moves it under Loans."])


def _message(subject: str, public: str, lines: list[str]) -> Message:
    where = f" at {public}" if public else ""
    return Message(f"Equipment list: {subject}", "\n".join([*lines, "", f"Sent by the equipment list{where}.", ""]))


def _moment(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
