"""Loans: who has what, giving out and taking back, reserving."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, get_args
from urllib.parse import quote

from pydantic import BaseModel, Field

from backup_engine.errors import BadInput
from equipment.domain.life.loan import LONGEST_NOTE, LONGEST_WORDS, Holder, Loan, Terms, clean
from equipment.server.api.operation import Answer, Asked, Body, Operation, Parameter
from equipment.server.api.problems import Problem
from equipment.server.api.resources.records import LONGEST_KEY, entry_of
from equipment.store.life import lending, loans
from equipment.store.life.lending import Lent
from equipment.store.life.loans import Which

__all__ = ["OPERATIONS"]

Note = Annotated[str, Field(max_length=LONGEST_NOTE)]
Words = Annotated[str, Field(max_length=LONGEST_WORDS)]


class LoanDocument(BaseModel):
    """A loan or a reservation."""

    number: str
    record: str = Field(description="The key of the record")
    name: str = Field(description="What it was called when it was given")
    holder: str
    account: str = Field(description="The holder's account; empty for somebody who has none")
    state: str = Field(description="reserved, out, back or cancelled")
    first: date
    last: date | None = Field(description="Due back on that day; null until further notice")
    overdue: bool
    place: str
    note: str
    by: str = Field(description="Who wrote it down")
    given: str | None
    ended: str | None
    ended_by: str
    end_note: str


class Loans(BaseModel):
    """Loans, at most 500."""

    items: list[LoanDocument]


class Out(Body):
    """On which terms a thing goes out. Without ``account`` and ``holder`` to whoever the token belongs to."""

    account: Words = Field("", description="The key of an account")
    holder: Words = Field("", description="The name of somebody who has none")
    last: date | None = Field(None, description="Due back on that day; null until further notice")
    place: Words = ""
    note: Note = ""


class Reservation(Out):
    """For whom and for which days a thing is kept."""

    first: date
    last: date


class Ending(Body):
    """How it ended."""

    note: Note = ""


class Longer(Body):
    """Until when it is prolonged."""

    last: date | None = Field(description="Null until further notice")


def _listed(asked: Asked) -> Answer:
    which, record = asked.one("which", "out"), asked.one("record")
    states: dict[str, Which] = {name: name for name in get_args(Which)}
    if which not in states:
        raise BadInput(f"which is one of {', '.join(states)}.")
    if record:
        if len(record) > LONGEST_KEY:
            raise BadInput("There is no such record.")
        found = loans.of_thing(asked.db, record, limit=loans.MOST)
    else:
        found = loans.listed(asked.db, states[which], date.today(), account=asked.one("account"),
                             name=asked.one("holder"))
    return Answer({"items": list(map(_shown, found))})


def _one(asked: Asked) -> Answer:
    return Answer(_shown(_known(asked)))


def _out(asked: Asked) -> Answer:
    body: Out = asked.body
    entry, today = entry_of(asked), date.today()
    terms = Terms(_holder(asked), today, body.last, body.place, body.note)
    [lent] = lending.check_out(asked.db, asked.who, [entry], terms, today=today)
    return _made(asked, _done(lent))


def _reserved(asked: Asked) -> Answer:
    body: Reservation = asked.body
    entry, today = entry_of(asked), date.today()
    terms = Terms(_holder(asked), body.first, body.last, body.place, body.note)
    clean(terms, today, reserving=True)  # what cannot be at all is no conflict
    try:
        return _made(asked, lending.reserve(asked.db, asked.who, entry, terms, today=today))
    except BadInput as error:
        raise _conflict(error) from error


def _back(asked: Asked) -> Answer:
    [lent] = lending.check_in(asked.db, asked.who, [_known(asked).number], note=asked.body.note)
    return Answer(_shown(_done(lent)))


def _cancelled(asked: Asked) -> Answer:
    return Answer(_shown(_done(lending.cancel(asked.db, asked.who, _known(asked).number, note=asked.body.note))))


def _prolonged(asked: Asked) -> Answer:
    loan, last, today = _known(asked), asked.body.last, date.today()
    clean(Terms(loan.terms.holder, today, last), today)
    try:
        return Answer(_shown(lending.prolong(asked.db, asked.who, loan.number, last, today=today)))
    except BadInput as error:
        raise _conflict(error) from error


def _holder(asked: Asked) -> Holder:
    body: Out = asked.body
    if body.account and body.holder:
        raise BadInput("account and holder are two ways to say who gets it.", hint="Send one of them.")
    if body.holder:
        return Holder(body.holder)
    if body.account in ("", asked.account.key):
        return Holder(asked.account.name, asked.account.key)
    found = next((each for each in lending.people(asked.db, asked.who) if each.account == body.account), None)
    if found is None:
        raise BadInput(f"There is no account {body.account}.", hint="For somebody who has none send holder.")
    return found


def _known(asked: Asked) -> Loan:
    loan = loans.find(asked.db, asked.path["number"])
    if loan is None:
        raise Problem(404, "NoSuchLoan", "There is no such loan.")
    return loan


def _done(lent: Lent) -> Loan:
    if lent.loan is None:
        raise Problem(409, "Conflict", f"{lent.name}: {lent.why}.", hint="Look again who has it.")
    return lent.loan


def _conflict(error: BadInput) -> Problem:
    return Problem(409, "Conflict", error.message, hint=error.hint)


def _made(asked: Asked, loan: Loan) -> Answer:
    return Answer(_shown(loan), 201, {"Location": f"{asked.base}/loans/{quote(loan.number, safe='')}"})


def _shown(loan: Loan) -> dict[str, Any]:
    terms = loan.terms
    return {
        "number": loan.number, "record": loan.thing, "name": loan.name, "holder": terms.holder.name,
        "account": terms.holder.account, "state": loan.state, "first": terms.first.isoformat(),
        "last": terms.last.isoformat() if terms.last else None, "overdue": loan.is_overdue(date.today()),
        "place": terms.place, "note": terms.note, "by": loan.by,
        "given": loan.given.isoformat() if loan.given else None,
        "ended": loan.ended.isoformat() if loan.ended else None, "ended_by": loan.ended_by, "end_note": loan.end_note}


WHO: Final = ("Technicians do so for everybody; others for themselves, where an administrator allows it "
              "(loans.manage, loans.own).")
OPERATIONS: Final = (
    Operation("GET", "/loans", "listLoans", "Who has what", "records.read", _listed, {200: Loans}, (422,), parameters=(
        Parameter("which", "Which loans", {"type": "string", "enum": list(get_args(Which)), "default": "out"}),
        Parameter("account", "Of this account only"), Parameter("holder", "Of this name without an account only"),
        Parameter("record", "All loans of the record of this key, the newest first")),
        about="At most 500: those due first come first; of ended ones the last ended."),
    Operation("GET", "/loans/{number}", "getLoan", "One loan", "records.read", _one, {200: LoanDocument}, (404,)),
    Operation("POST", "/records/{key:path}/loan", "checkOut", "Check a thing out", "records.read", _out,
              {201: LoanDocument}, (404, 409), body=Out, about=WHO),
    Operation("POST", "/records/{key:path}/reservation", "reserve", "Reserve a thing for some days", "records.read",
              _reserved, {201: LoanDocument}, (404, 409), body=Reservation, about=WHO),
    Operation("POST", "/loans/{number}/return", "checkIn", "Check a thing in", "records.read", _back,
              {200: LoanDocument}, (404, 409), body=Ending, about=WHO),
    Operation("POST", "/loans/{number}/cancel", "cancelReservation", "Give a reservation up", "records.read",
              _cancelled, {200: LoanDocument}, (404, 409), body=Ending, about=WHO),
    Operation("POST", "/loans/{number}/prolong", "prolong", "Move the day it is due back", "records.read", _prolonged,
              {200: LoanDocument}, (404, 409), body=Longer, about=WHO),
)
