"""Commands about whose the backups in the folder are."""

from __future__ import annotations

import click

from backup_engine import activate as activating, adopt as adopting
from backup_engine.adopt import Holding
from backup_engine.cli.restore import DO_NOT_ASK, ask
from backup_engine.cli.session import Answer, Session, verb
from backup_engine.cli.words import standby_data, table, when
from backup_engine.errors import BadInput
from backup_engine.ownership import lookup, standby
from backup_engine.ownership.owner import Owner

_ANSWERS = {"new": adopting.start_anew, "copy": adopting.is_copy, "rolled-back": adopting.was_rolled_back}


@verb("owners", help="Say of which databases the backups in the folder are, and who this one is.")
@click.option("--this-is", "answer", type=click.Choice(list(_ANSWERS)),
              help="Answer the question that stops backups or retention: a new database, a copy of another one, or one "
                   "that was rolled back to an earlier state.")
def owners(session: Session, answer: str | None) -> Answer:
    """List databases, or answer."""
    ws = session.workspace
    owner = _ANSWERS[answer](ws) if answer else lookup.of(ws)
    return _answer(session, owner)


@verb("adopt", help="Take over the backups of another database: after moving, or when the old one was lost. WHICH is "
                    "its name or the beginning of its id, or all.")
@click.argument("which", metavar="[WHICH]", required=False, default="")
@click.option("--gone", is_flag=True,
              help="Say that the old database is no more: retention may clear its backups away.")
@click.option("--not-gone", is_flag=True, help="Take that back.")
def adopt(session: Session, which: str, gone: bool, not_gone: bool) -> Answer:
    """Adopt."""
    if gone and not_gone:
        raise BadInput("Give --gone or --not-gone, not both.")
    adopting.adopt(session.workspace, which, gone=True if gone else False if not_gone else None)
    return _answer(session, lookup.of(session.workspace))


@verb("activate", help="Let a recovered copy act as the original did: automatic backups, uploads and retention. Only "
                       "when the original is no more, or no longer makes backups.")
@click.option("--yes", is_flag=True, help=DO_NOT_ASK)
def activate(session: Session, yes: bool) -> Answer:
    """Activate."""
    ws = session.workspace
    copy = standby.read(ws.connect())
    if copy is not None and not yes:
        click.echo(f"{copy.words[:1].upper()}{copy.words[1:]}.", err=True)
        ask("Is the original no more, or does it no longer make backups?")
    done = activating.activate(ws)
    return Answer(done.message, {"standby": None, "was": standby_data(done.standby)})


def _answer(session: Session, owner: Owner) -> Answer:
    ws = session.workspace
    holdings = adopting.holdings(ws, owner)
    now = ws.clock()
    rows = [(holding.called, holding.relation + (", gone" if holding.gone else ""), f"{len(holding.sets):,}",
             *(when(holding.sets[end].started, now) if holding.sets else "" for end in (0, -1)))
            for holding in holdings]
    who = f"This is “{owner.database}”" + (f", id {owner.database_id}" if owner.database_id else ", without an id yet")
    message = f"{who}. Attention: {owner.question.words}." if owner.question else f"{who}."
    data = {"database": owner.database, "database_id": owner.database_id, "replica_set": owner.replica_set,
            "question": owner.question.kind if owner.question else None,
            "holdings": [_data(holding) for holding in holdings]}
    return Answer(message, data, table(("DATABASE", "", "BACKUPS", "FROM", "TO"), rows) if rows else ())


def _data(holding: Holding) -> dict[str, object]:
    return {"database": holding.database, "database_id": holding.database_id, "relation": holding.relation,
            "gone": holding.gone, "backups": len(holding.sets)}


COMMANDS = (owners, adopt, activate)
