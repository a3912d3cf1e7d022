"""A large import in a process of its own, of lower priority, so that visitors' pages do not wait for it.

Planning and writing 100,000 rows hold Python's lock for some twenty seconds, and each page waited for it at every
answer of the database. Rows and plans go through the pipes in pieces. The process stops between two batches when it is
asked to, and when the process that started it is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from backup_engine.errors import BackupError
from backup_engine.model import Watch
from backup_engine.records.spool import Spool
from equipment.beside import process, serving
from equipment.beside.serving import InPieces
from equipment.domain.values.dates import Order
from equipment.exchange import importing
from equipment.exchange.importing import Imported, Mapped
from equipment.exchange.plan import Plan
from equipment.exchange.rows import Rows
from equipment.server import database
from equipment.settings import Settings, use
from equipment.store.access import Db, Who
from equipment.store.list import listing

__all__ = ["LARGE", "plan", "run", "serve"]

LARGE: Final = 1_000
"""Rows from which on it pays: the process takes 0.7 s to start, and a thousand rows are 0.1 s of the page's."""
AT_ONCE: Final = 1_000
PROGRAM: Final = "from equipment.aside import imports; imports.serve()"


def plan(
    settings: Settings, db: Db, rows: Mapped, identity: Sequence[str], *, clear_empty: bool, watch: Watch
) -> Plan:
    """Do ``importing.plan`` beside this process. Raises what that raises, and ``BackupError`` when the process ends."""
    if not _pays(db, len(rows)):
        return importing.plan(db, rows, identity, clear_empty=clear_empty, watch=watch)
    importing.require_memory(rows)
    names = tuple(rows[0])
    pieces = ([tuple(row.values()) for row in rows[start : start + AT_ONCE]] for start in range(0, len(rows), AT_ONCE))
    request = {"what": "plan", "settings": process.told(settings), "names": names, "identity": tuple(identity),
               "clear_empty": clear_empty}
    made: Plan = process.call(PROGRAM, request, pieces, watch=watch, ended=_ended, made=_plan_of)
    return made


def run(
    settings: Settings, db: Db, who: Who, planned: Plan, *, skip_taken: bool = False,
    date_orders: Mapping[str, Order] | None = None, note: str = "", watch: Watch
) -> Imported:
    """Do ``importing.run`` beside this process. Raises what that raises, and ``BackupError`` when the process ends."""
    options = {"skip_taken": skip_taken, "date_orders": dict(date_orders or {}), "note": note}
    if not _pays(db, len(planned)):
        return importing.run(db, who, planned, watch=watch, **options)  # type: ignore[arg-type]
    request = {"what": "run", "settings": process.told(settings), "who": who, "about": _about(planned),
               "options": options}
    try:
        done: Imported = process.call(PROGRAM, request, planned.rows.contents(), watch=watch, ended=_ended)
    finally:
        listing.wrote(db)  # this process has not seen what was written
    return done


def _pays(db: Db, rows: int) -> bool:
    return rows > LARGE and process.works(db.client)


def _ended(code: int) -> BackupError:
    return BackupError(f"the import's own process ended before its work was done (code {code})",
                       hint="What was written until then stands in Activity and can be undone there. Plan the "
                            "import again: rows that are in the list change nothing.")


def _about(planned: Plan) -> dict[str, Any]:
    about = {name: value for name, value in vars(planned).items() if name != "rows"}
    return {**about, "starts": planned.rows.starts}


def _plan_of(about: dict[str, Any], pieces: Iterator[bytes]) -> Plan:
    return Plan(Spool.of(pieces, about.pop("starts")), **about)


def serve() -> None:
    """Be the process."""
    try:
        serving.serve(_given, _done)
    finally:
        database.close()


def _given(request: dict[str, Any], pieces: Iterator[Any]) -> Any:
    if request["what"] == "run":
        return _plan_of(request["about"], pieces)
    rows = Rows(request["names"])
    for piece in pieces:
        rows.extend(piece)
    return rows


def _done(request: dict[str, Any], given: Any, watch: Watch) -> Any:
    with use(request["settings"]):  # what is said in the environment is not said to this process
        db = database.connect(request["settings"])
        if request["what"] == "run":
            return importing.run(db, request["who"], given, watch=watch, **request["options"])
        made = importing.plan(db, given, request["identity"], clear_empty=request["clear_empty"], watch=watch)
        return InPieces(_about(made), made.rows.contents())
