"""What is done to the list within a limit of memory: ``fill COUNT``, ``account``, ``import COUNT``, ``import-all``."""

from __future__ import annotations

import csv
import io
import sys

from backup_engine.errors import BackupError
from equipment.accounts.passwords import PASSWORDS
from equipment.exchange import importing
from equipment.exchange.reading import tables
from equipment.server import database
from equipment.settings import get_settings
from equipment.store.access import SYSTEM, Db
from equipment.store.accounts import users
from scripts.bench_parts.documents import documents

BATCH = 5_000


def main() -> None:
    """Do it over this installation's database."""
    db = database.connect(get_settings())
    try:
        {"fill": _fill, "account": _account, "import": _import, "import-all": _import_all}[sys.argv[1]](db)
    finally:
        database.close()


def _fill(db: Db) -> None:
    batch = []
    for document in documents(int(sys.argv[2])):
        batch.append(document)
        if len(batch) == BATCH:
            db["Equipment"].insert_many(batch)
            batch = []
    if batch:
        db["Equipment"].insert_many(batch)


def _account(db: Db) -> None:
    users.create(db, SYSTEM, "admin", "admin", password_hash=PASSWORDS.hash("correct horse battery"))


def _import(db: Db) -> None:
    """Take in a table that changes every record's location, as the page does."""
    table = tables.read(_table(int(sys.argv[2])), "list.csv")
    rows = importing.apply_mapping(table, importing.suggest(table.headers, ["ID", "Location", "Vendor", "Serial"]))
    print(importing.run(db, SYSTEM, importing.plan(db, rows, ("ID",), clear_empty=False)).message)


def _import_all(db: Db) -> None:
    """Take in whole records, all of them new."""
    text, rows = io.StringIO(), documents(int(sys.argv[2]))
    first = next(rows)
    columns = [name for name in first if name not in ("_id", "ID", "uuid")]
    writer = csv.DictWriter(text, columns, extrasaction="ignore")
    writer.writeheader()
    for document in (first, *rows):
        writer.writerow(document)
    data = text.getvalue().encode()
    del text
    try:
        table = tables.read(io.BytesIO(data), "list.csv")
        mapped = importing.apply_mapping(table, importing.suggest(table.headers, columns))
        print(importing.run(db, SYSTEM, importing.plan(db, mapped, (), clear_empty=False)).message)
    except BackupError as refused:
        sys.exit(str(refused))


def _table(count: int) -> io.BytesIO:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["ID", "Vendor", "Serial", "Location"])
    for document in documents(count):
        writer.writerow([document["ID"], document["Vendor"], document["Serial"], "moved"])
    return io.BytesIO(text.getvalue().encode())


if __name__ == "__main__":
    main()
